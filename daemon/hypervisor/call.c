/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/call.h"

#include "core/name-table.h"

#include <glib/gstdio.h>

typedef struct {
    const char *name;
    VmcLane lane;
    guint deadline_ms;
} CallRow;

/* libvirt waits 30 s for the lock of a domain before it says that another
 * operation holds it: with less patience that clear answer would become an
 * unknown one. Calls that do not take the lock get less. A full clone of an
 * image takes as long as the disk does. */
#define LOCKING_MS 40000
#define READING_MS 15000
#define AGENT_MS 25000
#define COPYING_MS 900000

static const CallRow rows[VMC_N_CALLS] = {
    [VMC_CALL_READ_HOST] = {"read-host", VMC_LANE_STATS, 20000},
    [VMC_CALL_LIST_DOMAINS] = {"list-domains", VMC_LANE_STATS, 30000},
    [VMC_CALL_READ_USAGE] = {"read-usage", VMC_LANE_STATS, 30000},
    [VMC_CALL_READ_DOMAIN] = {"read-domain", VMC_LANE_STATS, READING_MS},
    [VMC_CALL_READ_GUEST] = {"read-guest", VMC_LANE_STATS, AGENT_MS},
    [VMC_CALL_READ_BOOT] = {"read-boot", VMC_LANE_STATS, AGENT_MS},
    [VMC_CALL_DEFINE] = {"define", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_UNDEFINE] = {"undefine", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_START] = {"start", VMC_LANE_CONTROL, 90000},
    [VMC_CALL_SHUTDOWN] = {"shutdown", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_REBOOT] = {"reboot", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_RESET] = {"reset", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_DESTROY] = {"destroy", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_SUSPEND] = {"suspend", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_RESUME] = {"resume", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_RENAME] = {"rename", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_SET_METADATA] = {"set-metadata", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_SET_VCPUS] = {"set-vcpus", VMC_LANE_CONTROL, 60000},
    [VMC_CALL_SET_GUEST_VCPUS] = {"set-guest-vcpus", VMC_LANE_CONTROL,
                                  AGENT_MS},
    [VMC_CALL_SET_VIRTIO_MEM] = {"set-virtio-mem", VMC_LANE_CONTROL,
                                 LOCKING_MS},
    [VMC_CALL_SET_BALLOON] = {"set-balloon", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_ATTACH_DIMM] = {"attach-dimm", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_DETACH_DIMM] = {"detach-dimm", VMC_LANE_CONTROL, LOCKING_MS},
    [VMC_CALL_ONLINE_GUEST_MEMORY] = {"online-guest-memory", VMC_LANE_CONTROL,
                                      AGENT_MS},
    [VMC_CALL_CREATE_DISK] = {"create-disk", VMC_LANE_CONTROL, COPYING_MS},
    [VMC_CALL_CREATE_SEED] = {"create-seed", VMC_LANE_CONTROL, 60000},
    [VMC_CALL_DELETE_VOLUME] = {"delete-volume", VMC_LANE_CONTROL, 60000},
    [VMC_CALL_MIGRATE] = {"migrate", VMC_LANE_MIGRATION, 0},
    [VMC_CALL_READ_MIGRATION] = {"read-migration", VMC_LANE_STATS, READING_MS},
    [VMC_CALL_ABORT_MIGRATION] = {"abort-migration", VMC_LANE_CONTROL,
                                  LOCKING_MS},
    [VMC_CALL_OPEN_CONSOLE] = {"open-console", VMC_LANE_CONTROL, READING_MS},
};

/* ---- the table ------------------------------------------------------------
 */

const char *
vmc_call_kind_to_name(VmcCallKind kind)
{
    g_return_val_if_fail(kind < VMC_N_CALLS, NULL);
    return rows[kind].name;
}

gboolean
vmc_call_kind_from_name(const char *name, VmcCallKind *ret_kind)
{
    return vmc_rows_find(rows, name, name, ret_kind);
}

VmcLane
vmc_call_kind_lane(VmcCallKind kind)
{
    g_return_val_if_fail(kind < VMC_N_CALLS, VMC_LANE_CONTROL);
    return rows[kind].lane;
}

guint
vmc_call_kind_deadline_ms(VmcCallKind kind)
{
    g_return_val_if_fail(kind < VMC_N_CALLS, 0);
    return rows[kind].deadline_ms;
}

/* ---- calls ---------------------------------------------------------------
 */

VmcCall *
vmc_call_new(VmcCallKind kind, const char *uuid)
{
    g_return_val_if_fail(kind < VMC_N_CALLS, NULL);
    VmcCall *call = g_new0(VmcCall, 1);
    call->kind = kind;
    call->uuid = g_strdup(uuid);
    return call;
}

VmcCall *
vmc_call_copy(const VmcCall *call)
{
    g_return_val_if_fail(call != NULL, NULL);
    VmcCall *copy = vmc_call_new(call->kind, call->uuid);
    copy->flags = call->flags;
    copy->name = g_strdup(call->name);
    copy->xml = g_strdup(call->xml);
    copy->alias = g_strdup(call->alias);
    copy->domain_type = g_strdup(call->domain_type);
    copy->pool = g_strdup(call->pool);
    copy->volume = g_strdup(call->volume);
    copy->image = g_strdup(call->image);
    copy->data = call->data != NULL ? g_bytes_ref(call->data) : NULL;
    copy->count = call->count;
    copy->bytes = call->bytes;
    copy->metadata = call->metadata != NULL ? vmc_vm_ref(call->metadata) : NULL;
    copy->migration = vmc_migration_order_copy(call->migration);
    return copy;
}

void
vmc_call_free(VmcCall *call)
{
    if (call == NULL)
        return;
    g_free(call->uuid);
    g_free(call->name);
    g_free(call->xml);
    g_free(call->alias);
    g_free(call->domain_type);
    g_free(call->pool);
    g_free(call->volume);
    g_free(call->image);
    g_clear_pointer(&call->data, g_bytes_unref);
    g_clear_pointer(&call->metadata, vmc_vm_unref);
    g_clear_pointer(&call->migration, vmc_migration_order_free);
    g_free(call);
}

VmcMigrationOrder *
vmc_migration_order_new(const char *destination_uri)
{
    g_return_val_if_fail(destination_uri != NULL, NULL);
    VmcMigrationOrder *order = g_new0(VmcMigrationOrder, 1);
    order->destination_uri = g_strdup(destination_uri);
    return order;
}

VmcMigrationOrder *
vmc_migration_order_copy(const VmcMigrationOrder *order)
{
    if (order == NULL)
        return NULL;
    VmcMigrationOrder *copy = vmc_migration_order_new(order->destination_uri);
    copy->bandwidth_mib_per_s = order->bandwidth_mib_per_s;
    copy->copy_disks = order->copy_disks;
    copy->pools_shared = order->pools_shared;
    return copy;
}

void
vmc_migration_order_free(VmcMigrationOrder *order)
{
    if (order == NULL)
        return;
    g_free(order->destination_uri);
    g_free(order);
}

/* ---- replies --------------------------------------------------------------
 */

void
vmc_reply_clear(VmcReply *reply)
{
    g_return_if_fail(reply != NULL);
    g_clear_pointer(&reply->host, vmc_host_unref);
    g_clear_pointer(&reply->domains, g_ptr_array_unref);
    g_clear_pointer(&reply->domain, vmc_domain_facts_unref);
    g_clear_pointer(&reply->usage, vmc_usage_free);
    g_clear_pointer(&reply->boot_id, g_free);
    g_clear_pointer(&reply->path, g_free);
    if (reply->fd >= 0)
        g_close(reply->fd, NULL);
    *reply = VMC_REPLY_INIT;
}
