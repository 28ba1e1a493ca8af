/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-holds.h"

struct _VmcJobHolds {
    VmcLiveFleet *live_fleet;
    GHashTable *by_vm; /* UUID → VmcJobRun */
};

VmcJobHolds *
vmc_job_holds_new(VmcLiveFleet *live_fleet)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(live_fleet), NULL);
    VmcJobHolds *self = g_new0(VmcJobHolds, 1);

    self->live_fleet = g_object_ref(live_fleet);
    self->by_vm = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

void
vmc_job_holds_free(VmcJobHolds *self)
{
    if (self == NULL)
        return;
    g_object_unref(self->live_fleet);
    g_hash_table_unref(self->by_vm);
    g_free(self);
}

VmcJobRun *
vmc_job_holds_find(VmcJobHolds *self, const char *vm_uuid)
{
    g_return_val_if_fail(self != NULL, NULL);

    return vm_uuid != NULL ? g_hash_table_lookup(self->by_vm, vm_uuid) : NULL;
}

gboolean
vmc_job_holds_check_free(VmcJobHolds *self,
                         const VmcJobRecord *record,
                         GError **error)
{
    VmcJobRun *other = vmc_job_holds_find(self, record->vm_uuid);

    if (other == NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                "VM '%s' is busy with job %" G_GUINT64_FORMAT
                " (%s): wait for it, or cancel it with vmctl job cancel "
                "%" G_GUINT64_FORMAT,
                record->vm_name, other->record->id, other->record->kind,
                other->record->id);
    return FALSE;
}

void
vmc_job_holds_take(VmcJobHolds *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    const char *uuid = run->record->vm_uuid;

    if (uuid == NULL)
        return;
    g_hash_table_replace(self->by_vm, g_strdup(uuid), run);
    vmc_live_fleet_hold_vm(self->live_fleet, uuid);
}

void
vmc_job_holds_release(VmcJobHolds *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    const char *uuid = run->record->vm_uuid;

    if (vmc_job_holds_find(self, uuid) != run)
        return;
    vmc_live_fleet_release_vm(self->live_fleet, uuid);
    g_hash_table_remove(self->by_vm, uuid);
}

void
vmc_job_holds_reserve(VmcJobHolds *self, VmcJobRun *run, VmcVm *reserve)
{
    g_return_if_fail(self != NULL && run != NULL && reserve != NULL);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    VmcVm *before = vmc_fleet_find_vm(fleet, reserve->uuid);

    run->before = before != NULL ? vmc_vm_ref(before) : NULL;
    run->reserve = vmc_vm_ref(reserve);
    vmc_live_fleet_put_vm(self->live_fleet, reserve);
}

void
vmc_job_holds_give_back(VmcJobHolds *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    if (run->reserve == NULL)
        return;
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    if (vmc_fleet_find_vm(fleet, run->reserve->uuid) != run->reserve)
        return;
    if (run->before != NULL)
        vmc_live_fleet_put_vm(self->live_fleet, run->before);
    else
        vmc_live_fleet_remove_vm(self->live_fleet, run->reserve->uuid);
}

void
vmc_job_holds_mark_unknown(VmcJobHolds *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    const char *uuid = run->record->vm_uuid;
    VmcVm *vm = uuid != NULL ? vmc_fleet_find_vm(fleet, uuid) : NULL;

    if (vm == NULL)
        return;
    g_autoptr(VmcVm) unknown = vmc_vm_copy(vm);
    unknown->state = VMC_VM_UNKNOWN;
    unknown->state_since_s = run->record->finished_s;
    g_free(unknown->state_reason);
    unknown->state_reason =
        g_strdup_printf("job %" G_GUINT64_FORMAT " (%s) was given up",
                        run->record->id, run->record->kind);
    vmc_live_fleet_put_vm(self->live_fleet, unknown);
}
