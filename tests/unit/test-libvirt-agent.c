/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-agent.h"

/* Whether a resize was done is judged by these two numbers. */
static void
test_meminfo(void)
{
    VmcGuestMemory memory = {0};

    g_assert_true(vmc_agent_parse_meminfo("MemTotal:         414020 kB\n"
                                          "MemFree:          380000 kB\n"
                                          "MemAvailable:     376996 kB\n",
                                          &memory));
    g_assert_cmpuint(memory.total_bytes, ==, G_GUINT64_CONSTANT(414020) * 1024);
    g_assert_cmpuint(memory.usable_bytes, ==,
                     G_GUINT64_CONSTANT(376996) * 1024);
}

/* Kernels before 3.14 do not have MemAvailable: then it is not known. */
static void
test_old_meminfo(void)
{
    VmcGuestMemory memory = {.usable_bytes = 1};

    g_assert_true(
        vmc_agent_parse_meminfo("MemTotal: 1 kB\nMemFree: 1 kB\n", &memory));
    g_assert_cmpuint(memory.usable_bytes, ==, 0);
    g_assert_false(vmc_agent_parse_meminfo("MemFree: 1 kB\n", &memory));
    g_assert_false(vmc_agent_parse_meminfo("", &memory));
}

static void
test_cpu_list(void)
{
    g_assert_cmpuint(vmc_agent_count_cpu_list(""), ==, 0);
    g_assert_cmpuint(vmc_agent_count_cpu_list("0"), ==, 1);
    g_assert_cmpuint(vmc_agent_count_cpu_list("0-3"), ==, 4);
    g_assert_cmpuint(vmc_agent_count_cpu_list("0-3,7,9-10"), ==, 7);
    g_assert_cmpuint(vmc_agent_count_cpu_list("3-1"), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-agent/meminfo", test_meminfo);
    g_test_add_func("/libvirt-agent/old-meminfo", test_old_meminfo);
    g_test_add_func("/libvirt-agent/cpu-list", test_cpu_list);
    return g_test_run();
}
