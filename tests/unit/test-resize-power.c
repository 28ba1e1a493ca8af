/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "tests/unit/resize-bench.h"

/* The size a VM was given is the one it has after a power cycle, whatever rung
 * it came by. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* The size survives a power cycle, which makes the guest anew of what is
 * stored. */
static void
test_survives_power_cycle(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":3,\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);

    g_assert_cmpuint(facts->shape.vcpus_config, ==, 3);
    g_assert_cmpuint(facts->shape.virtio_mem_config_bytes, ==, 1024 * MIB);
    g_assert_cmpuint(facts->shape.balloon_config_bytes, ==, 1024 * MIB);
}

/* A VM that is off gets it with its next start. */
static void
test_stopped(ResizeBench *bench, gconstpointer data)
{
    vmc_daemon_fixture_call(&bench->daemon, "h1", VMC_CALL_DESTROY,
                            bench->uuid);

    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":5,\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, 5);
    g_assert_cmpuint(vmc_vm_shape_memory_stored(&facts->shape), ==, 2147483648);
    g_assert_cmpint(facts->state, ==, VMC_RUN_SHUT_OFF);
}

static gboolean
guest_is_up(gpointer data)
{
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(data);

    return facts->shape.guest_total_bytes > 0;
}

static void
cycle_power(ResizeBench *bench)
{
    vmc_daemon_fixture_call(&bench->daemon, "h1", VMC_CALL_DESTROY,
                            bench->uuid);
    vmc_daemon_fixture_call(&bench->daemon, "h1", VMC_CALL_START, bench->uuid);
    vmc_fixture_wait_until(guest_is_up, bench);
}

/* What came as a DIMM is stored as one: the guest would not take it by
 * virtio-mem after the next boot either. */
static void
test_dimm_survives_power_cycle(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);
    cycle_power(bench);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(vmc_vm_shape_memory_plugged(&facts->shape), ==,
                     2147483648);
    g_assert_cmpuint(facts->shape.virtio_mem_config_bytes, ==, 0);

    g_autoptr(VmcJobRecord) down =
        resize_bench_resize(bench, "{\"memory_bytes\":1073741824}");
    vmc_fixture_assert_ended(down, VMC_JOB_DONE);
    cycle_power(bench);
    resize_bench_assert_memory(bench, 1024, 1024);
}

/* A DIMM that the guest does not let go is ballooned away, and is gone with
 * the next power cycle. */
static void
test_balloon_survives_power_cycle(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);
    g_autoptr(VmcJobRecord) down =
        resize_bench_resize(bench, "{\"memory_bytes\":1073741824}");
    vmc_fixture_assert_ended(down, VMC_JOB_DONE);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(facts->shape.dimms->len, ==, 1);
    resize_bench_assert_memory(bench, 1024, 1024);

    cycle_power(bench);
    g_autoptr(VmcDomainFacts) after = resize_bench_look(bench);
    g_assert_cmpuint(after->shape.dimms->len, ==, 0);
    resize_bench_assert_memory(bench, 1024, 1024);
}

static void
add(const char *path,
    const char *parameters,
    void (*test)(ResizeBench *bench, gconstpointer data))
{
    g_test_add(path, ResizeBench, parameters, resize_bench_set_up, test,
               resize_bench_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/resize-power/virtio-mem", NULL, test_survives_power_cycle);
    add("/resize-power/stopped", NULL, test_stopped);
    add("/resize-power/dimm", "&virtio_mem=no", test_dimm_survives_power_cycle);
    add("/resize-power/balloon", "&virtio_mem=no&unplug_dimms=no",
        test_balloon_survives_power_cycle);
    return g_test_run();
}
