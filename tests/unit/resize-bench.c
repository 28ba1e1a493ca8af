/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/resize-bench.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/sim-fixture.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* A guest of 2 vCPUs (8 at most) and 1 GiB (virtio-mem 2 GiB, then DIMMs). */
#define HOST                                                                   \
    "vms=1&vms_managed=yes&vm_vcpus=2&vm_memory=1GiB&cores=16&memory=64GiB"

void
resize_bench_set_up_with(ResizeBench *bench, const char *parameters)
{
    g_autofree char *all = g_strconcat(HOST, parameters, NULL);

    vmc_sim_fixture_set_up(&bench->daemon, TRUE);
    vmc_daemon_fixture_add_sim_host(&bench->daemon, "h1", all);
    bench->uuid = vmc_sim_fixture_adopt(&bench->daemon, "h1");
}

/* @data: more parameters of the host */
void
resize_bench_set_up(ResizeBench *bench, gconstpointer data)
{
    resize_bench_set_up_with(bench, data != NULL ? data : "");
}

void
resize_bench_tear_down(ResizeBench *bench, gconstpointer data)
{
    vmc_daemon_fixture_tear_down(&bench->daemon, NULL);
    g_free(bench->uuid);
}

guint64
resize_bench_submit(ResizeBench *bench, const char *intent)
{
    return vmc_daemon_fixture_submit(&bench->daemon, "resize", bench->uuid,
                                     intent);
}

VmcJobRecord *
resize_bench_finish(ResizeBench *bench, guint64 id)
{
    return vmc_daemon_fixture_finish(&bench->daemon, id);
}

VmcJobRecord *
resize_bench_resize(ResizeBench *bench, const char *intent)
{
    return resize_bench_finish(bench, resize_bench_submit(bench, intent));
}

VmcDomainFacts *
resize_bench_look(ResizeBench *bench)
{
    return vmc_sim_fixture_look(&bench->daemon, "h1", bench->uuid);
}

/* What the guest has, what is stored, and what the fleet counts. */
void
resize_bench_assert_vcpus(ResizeBench *bench,
                          guint plugged,
                          guint online,
                          guint stored)
{
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);

    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, plugged);
    g_assert_cmpuint(facts->shape.vcpus_online, ==, online);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, stored);
    g_assert_cmpuint(vm->vcpus.plugged, ==, plugged);
    g_assert_cmpuint(vm->vcpus.usable, ==, online);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==,
                     1000 * (guint64) MAX(plugged, stored));
}

void
resize_bench_assert_memory(ResizeBench *bench,
                           guint64 plugged_mib,
                           guint64 stored_mib)
{
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);

    g_assert_cmpuint(vmc_vm_shape_memory_plugged(&facts->shape) / MIB, ==,
                     plugged_mib);
    g_assert_cmpuint(vmc_vm_shape_memory_stored(&facts->shape) / MIB, ==,
                     stored_mib);
    g_assert_cmpuint(vm->size.amount[VMC_MEMORY] / MIB, ==,
                     MAX(plugged_mib, stored_mib));
}

void
resize_bench_set_guest(ResizeBench *bench, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;

    vmc_sim_guest_set(bench->uuid, key, value, &error);
    g_assert_no_error(error);
}

gint64
resize_bench_result_number(const VmcJobRecord *record,
                           const char *triple,
                           const char *key)
{
    g_assert_nonnull(record->result);
    return json_object_get_int_member(
        json_object_get_object_member(record->result, triple), key);
}
