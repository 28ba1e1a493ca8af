/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/create-bench.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/sim-xml.h"

static char *
volume_name(guint index)
{
    return g_strdup_printf("%s-disk%u.qcow2", CREATE_BENCH_UUID, index);
}

static const VmcPool *
default_pool(VmcDaemonFixture *fixture, VmcFleet *fleet)
{
    const VmcHost *host = vmc_fleet_find_host(fleet, "h1");

    g_assert_cmpuint(host->pools->len, >, 0);
    return g_ptr_array_index(host->pools, 0);
}

/* The definition of sim-xml.h with the disks put in. */
static char *
make_xml(VmcDaemonFixture *fixture, const char *uuid, const char *name)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    g_autofree char *bare = sim_xml_new(uuid, name);
    g_auto(GStrv) halves = g_strsplit(bare, "</devices>", 2);
    g_autoptr(GString) xml = g_string_new(halves[0]);

    for (guint i = 0; i < CREATE_BENCH_DISKS; i++) {
        g_autofree char *volume = volume_name(i);
        g_string_append_printf(xml,
                               "<disk type='file' device='disk'>"
                               "<source file='%s/%s'/>"
                               "<target dev='vd%c' bus='virtio'/></disk>",
                               default_pool(fixture, fleet)->path, volume,
                               'a' + (char) i);
    }
    g_string_append_printf(xml, "</devices>%s", halves[1]);
    return g_strdup(xml->str);
}

VmcCreateOrder *
create_bench_order(VmcDaemonFixture *fixture, gboolean starts)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(CREATE_BENCH_UUID, "web1");
    VmcCreateOrder *order;

    vm->state = VMC_VM_CREATING;
    vm->is_managed = TRUE;
    vm->host = g_strdup("h1");
    vm->size = VMC_RESOURCES(1000, G_GUINT64_CONSTANT(512) << 20, 2 << 20, 0);
    order = vmc_create_order_new(vm);
    order->start = starts;
    order->domain_xml = make_xml(fixture, CREATE_BENCH_UUID, "web1");
    for (guint i = 0; i < CREATE_BENCH_DISKS; i++) {
        g_autofree char *volume = volume_name(i);
        VmcVolumeOrder *disk = vmc_volume_order_new("default", volume);
        disk->size_bytes = 1 << 20;
        g_ptr_array_add(order->disks, disk);
    }
    return order;
}

guint64
create_bench_submit(VmcDaemonFixture *fixture, gboolean starts)
{
    g_autoptr(VmcCreateOrder) order = create_bench_order(fixture, starts);
    g_autoptr(JsonObject) intent = vmc_create_order_to_json(order);
    g_autoptr(GError) error = NULL;
    guint64 id = vmc_job_queue_submit(
        fixture->queue,
        vmc_job_record_new("create", CREATE_BENCH_UUID, "web1", intent),
        order->vm, &error);

    g_assert_no_error(error);
    return id;
}

static void
define_xml(VmcDaemonFixture *fixture, const char *uuid, char *xml)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, uuid);

    call->xml = xml;
    vmc_daemon_fixture_perform(fixture, "h1", call);
}

void
create_bench_put(VmcDaemonFixture *fixture, VmcCreateOrder *order)
{
    for (guint i = 0; i < order->disks->len; i++) {
        const VmcVolumeOrder *disk = g_ptr_array_index(order->disks, i);
        g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_CREATE_DISK, NULL);
        call->pool = g_strdup(disk->pool);
        call->volume = g_strdup(disk->volume);
        call->bytes = disk->size_bytes;
        vmc_daemon_fixture_perform(fixture, "h1", call);
    }
    define_xml(fixture, order->vm->uuid, g_strdup(order->domain_xml));
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, order->vm->uuid);
    vmc_daemon_fixture_add_vm(fixture, order->vm->uuid, order->vm->name, "h1");
}

void
create_bench_define_sharing(VmcDaemonFixture *fixture,
                            const char *uuid,
                            const char *name)
{
    define_xml(fixture, uuid, make_xml(fixture, uuid, name));
    vmc_daemon_fixture_add_vm(fixture, uuid, name, "h1");
}

guint
create_bench_count_volumes(const char *host)
{
    vmc_sim_world_lock();
    VmcSimHost *sim_host = vmc_sim_world_find(host);
    VmcSimPool *pool = vmc_sim_host_find_pool(sim_host, "default");
    guint n_volumes = g_hash_table_size(pool->volumes);
    vmc_sim_world_unlock();
    return n_volumes;
}
