/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host.h"

#include <glib.h>

static VmcHost *
make_host(void)
{
    VmcHost *host = vmc_host_new("kvm1", "qemu:///system");

    host->physical = VMC_RESOURCES(8000, 1000, 500, 0);
    host->reserved = VMC_RESOURCES(1000, 2000, 0, 0);
    host->ceiling_milli = VMC_RESOURCES(8000, 0, 1000, 1000);
    return host;
}

static void
test_state_names(void)
{
    for (guint i = 0; i < VMC_N_HOST_STATES; i++) {
        VmcHostState state;
        const char *name = vmc_host_state_to_name((VmcHostState) i);
        g_assert_true(vmc_host_state_from_name(name, &state));
        g_assert_cmpuint(state, ==, i);
    }
    VmcHostState untouched = VMC_HOST_ERROR;
    g_assert_false(vmc_host_state_from_name("upp", &untouched));
    g_assert_cmpint(untouched, ==, VMC_HOST_ERROR);
}

/* Capacity is physical − reserved and never wraps below zero. */
static void
test_capacity(void)
{
    g_autoptr(VmcHost) host = make_host();

    g_assert_true(vmc_resources_equal(vmc_host_capacity(host),
                                      VMC_RESOURCES(7000, 0, 500, 0)));
}

/* The ceiling is a multiple of capacity; none means no limit, and so does a
 * network whose speed nobody knows. */
static void
test_ceiling(void)
{
    g_autoptr(VmcHost) host = make_host();
    VmcResources ceiling = vmc_host_ceiling(host);

    g_assert_cmpuint(ceiling.amount[VMC_CPU], ==, 56000);
    g_assert_cmpuint(ceiling.amount[VMC_MEMORY], ==, G_MAXUINT64);
    g_assert_cmpuint(ceiling.amount[VMC_DISK], ==, 500);
    g_assert_cmpuint(ceiling.amount[VMC_NETWORK], ==, G_MAXUINT64);
}

/* A host that has no CPU to offer has none: only disk and network may be
 * unknown. */
static void
test_knows(void)
{
    g_autoptr(VmcHost) host = vmc_host_new("kvm1", "qemu:///system");

    g_assert_true(vmc_host_knows(host, VMC_CPU));
    g_assert_true(vmc_host_knows(host, VMC_MEMORY));
    g_assert_false(vmc_host_knows(host, VMC_DISK));
    g_assert_false(vmc_host_knows(host, VMC_NETWORK));
}

static void
test_takes_vms(void)
{
    g_autoptr(VmcHost) host = make_host();

    for (guint i = 0; i < VMC_N_HOST_STATES; i++) {
        host->state = (VmcHostState) i;
        g_assert_true(vmc_host_takes_vms(host) == (i == VMC_HOST_UP));
    }
}

/* A copy shares nothing that either could change. */
static void
test_copy(void)
{
    g_autoptr(VmcHost) host = make_host();
    g_ptr_array_add(host->pools, vmc_pool_new("default", "/images"));
    g_autoptr(VmcHost) copy = vmc_host_copy(host);
    VmcPool *pool = host->pools->pdata[0];

    g_free(host->name);
    host->name = g_strdup("other");
    pool->free_bytes = 5;
    const VmcPool *copied = copy->pools->pdata[0];
    g_assert_cmpstr(copy->name, ==, "kvm1");
    g_assert_cmpstr(copied->path, ==, "/images");
    g_assert_cmpuint(copied->free_bytes, ==, 0);
    g_assert_true(vmc_resources_equal(copy->physical, host->physical));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/state-names", test_state_names);
    g_test_add_func("/host/capacity", test_capacity);
    g_test_add_func("/host/ceiling", test_ceiling);
    g_test_add_func("/host/knows", test_knows);
    g_test_add_func("/host/takes-vms", test_takes_vms);
    g_test_add_func("/host/copy", test_copy);
    return g_test_run();
}
