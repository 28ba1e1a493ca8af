/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/monitor-apply.h"

#include "daemon/control/admission.h"
#include "daemon/control/fleet-writer.h"
#include "daemon/control/observe.h"
#include "daemon/control/sightings.h"
#include "daemon/log.h"

struct _VmcMonitorApply {
    const VmcMonitorOptions *options;
    VmcLookAgainFunc look_again;
    gpointer look_again_data;
    VmcSightings *sightings;
    GHashTable *twice; /* UUID → why: VMs that run on two hosts */
    VmcFleetWriter *writer;
};

/* ---- small questions ------------------------------------------------------
 */

static VmcLiveFleet *
live_fleet(VmcMonitorApply *self)
{
    return self->options->live_fleet;
}

/* (transfer full) (nullable) */
static VmcVm *
find_vm(VmcMonitorApply *self, const char *uuid)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet(self));
    VmcVm *vm = vmc_fleet_find_vm(fleet, uuid);

    return vm != NULL ? vmc_vm_ref(vm) : NULL;
}

static gboolean
is_up(VmcMonitorApply *self, const char *host)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(live_fleet(self), host);

    return link != NULL && vmc_link_is_up(link);
}

static void
look_again(VmcMonitorApply *self, const char *host, const char *uuid)
{
    self->look_again(host, uuid, self->look_again_data);
}

static const char *
host_of(VmcHostRead *read)
{
    return vmc_link_get_host_name(read->link);
}

/* What was read before the VM changed is stale: it is read again. */
static gboolean
is_stale(VmcMonitorApply *self, VmcHostRead *read, const char *uuid)
{
    if (!vmc_live_fleet_changed_since(live_fleet(self), uuid, read->stamp))
        return FALSE;
    look_again(self, host_of(read), uuid);
    return TRUE;
}

/* ---- VMs of this host -----------------------------------------------------
 */

/* Puts @vm into the fleet, and what must outlive a restart into the store. */
static void
show_vm(VmcMonitorApply *self, VmcVm *vm)
{
    g_autoptr(VmcVm) known = find_vm(self, vm->uuid);
    const char *twice = g_hash_table_lookup(self->twice, vm->uuid);

    if (twice != NULL)
        vmc_vm_set_state(vm, vm->state, twice,
                         known != NULL ? known->state_since_s
                                       : vm->state_since_s);
    if (known != NULL && vmc_vm_looks_same(known, vm))
        return;
    vmc_live_fleet_put_vm(live_fleet(self), vm);
    if (vm->is_managed && (known == NULL || !vmc_vm_is_stored_same(known, vm)))
        vmc_fleet_writer_put_vm(self->writer, vm);
}

static void
apply_changed(VmcMonitorApply *self, VmcHostRead *read)
{
    for (guint i = 0; i < read->changed->len; i++) {
        VmcVm *vm = g_ptr_array_index(read->changed, i);
        if (!is_stale(self, read, vm->uuid))
            show_vm(self, vm);
    }
}

/* ---- VMs that this host has lost ------------------------------------------
 */

static void
move_to(VmcMonitorApply *self, const VmcVm *known, const char *host)
{
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);

    vmc_log_notice(VMC_LOG("host", .host = host, .vm = vm->name),
                   "VM '%s' was moved from host '%s' to host '%s', not by "
                   "vmctl",
                   vm->name, vm->host, host);
    g_free(vm->host);
    vm->host = g_strdup(host);
    show_vm(self, vm);
    look_again(self, host, vm->uuid);
}

static void
show_lost(VmcMonitorApply *self, const VmcVm *known)
{
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);
    g_autofree char *reason =
        g_strdup_printf("host '%s' has no domain of it any more", known->host);

    vmc_vm_set_state(vm, VMC_VM_UNKNOWN, reason, self->options->clock());
    vm->vcpus.plugged = vm->vcpus.usable = 0;
    vm->memory_bytes.plugged = vm->memory_bytes.usable = 0;
    if (vmc_vm_looks_same(known, vm))
        return;
    vmc_log_notice(VMC_LOG("host", .host = known->host, .vm = known->name),
                   "VM '%s': %s", known->name, reason);
    show_vm(self, vm);
}

static void
apply_absent(VmcMonitorApply *self, VmcHostRead *read, const char *uuid)
{
    g_autoptr(VmcVm) known = find_vm(self, uuid);
    VmcSight other;

    if (known == NULL || g_strcmp0(known->host, host_of(read)) != 0 ||
        known->destination != NULL ||
        vmc_live_fleet_is_held(live_fleet(self), uuid) ||
        is_stale(self, read, uuid))
        return;
    if (vmc_sightings_find_other(self->sightings, host_of(read), uuid, &other))
        move_to(self, known, other.host);
    else if (known->is_managed)
        show_lost(self, known);
    else
        vmc_live_fleet_remove_vm(live_fleet(self), uuid);
}

/* ---- VMs that the fleet has elsewhere -------------------------------------
 */

static void
alarm_twice(VmcMonitorApply *self, const VmcVm *known, const char *host)
{
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);

    if (g_hash_table_contains(self->twice, known->uuid))
        return;
    char *reason = g_strdup_printf(
        "runs twice: on host '%s' and on host '%s': stop one of them at once",
        known->host, host);
    vmc_log_error(VMC_LOG("host", .host = host, .vm = known->name),
                  "VM '%s' %s", known->name, reason);
    g_hash_table_replace(self->twice, g_strdup(known->uuid), reason);
    vmc_vm_set_state(vm, VMC_VM_RUNNING, reason, self->options->clock());
    show_vm(self, vm);
}

/* Two hosts have it, and what both say is fresh. */
static void
judge(VmcMonitorApply *self,
      const VmcVm *known,
      const VmcSight *there,
      const VmcSight *here)
{
    if (there->state == VMC_RUN_RUNNING && here->state == VMC_RUN_RUNNING)
        alarm_twice(self, known, here->host);
    else if (known->destination == NULL &&
             vmc_run_state_is_active(here->state) &&
             !vmc_run_state_is_active(there->state))
        move_to(self, known, here->host);
}

static void
apply_elsewhere(VmcMonitorApply *self, VmcHostRead *read, const char *uuid)
{
    g_autoptr(VmcVm) known = find_vm(self, uuid);
    VmcSight here, there;

    if (known == NULL || known->host == NULL ||
        vmc_live_fleet_is_held(live_fleet(self), uuid) ||
        is_stale(self, read, uuid) ||
        !vmc_sightings_get(self->sightings, host_of(read), uuid, &here))
        return;
    if (!vmc_sightings_find_other(self->sightings, host_of(read), uuid,
                                  &there)) {
        if (is_up(self, known->host))
            look_again(self, known->host, uuid); /* it will say it has not */
        else if (known->destination == NULL &&
                 vmc_run_state_is_active(here.state))
            move_to(self, known, host_of(read));
        return;
    }
    if (vmc_live_fleet_changed_since(live_fleet(self), uuid, there.stamp))
        look_again(self, there.host, uuid);
    else
        judge(self, known, &there, &here);
}

/* ---- who runs twice no more -----------------------------------------------
 */

static void
clear_twice(VmcMonitorApply *self)
{
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, self->twice);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        if (vmc_sightings_count_running(self->sightings, uuid) > 1)
            continue;
        g_autoptr(VmcVm) known = find_vm(self, uuid);
        if (known != NULL && known->host != NULL)
            look_again(self, known->host, uuid);
        g_hash_table_iter_remove(&iter);
    }
}

/* ---- the host itself ------------------------------------------------------
 */

static void
note_sightings(VmcMonitorApply *self, VmcHostRead *read)
{
    if (read->is_listed)
        vmc_sightings_forget_host(self->sightings, host_of(read));
    for (guint i = 0; i < read->domains->len; i++) {
        const VmcDomainFacts *facts = g_ptr_array_index(read->domains, i);
        vmc_sightings_note(self->sightings, host_of(read), facts->uuid,
                           facts->state, read->stamp);
    }
    for (guint i = 0; i < read->absent->len; i++)
        vmc_sightings_forget(self->sightings, host_of(read),
                             read->absent->pdata[i]);
}

static gboolean
was_drained(const VmcHost *host)
{
    return host->state == VMC_HOST_DRAINING || host->state == VMC_HOST_DRAINED;
}

static void
set_host_state(VmcMonitorApply *self,
               VmcHost *host,
               VmcHostState state,
               const char *reason)
{
    g_autofree char *old = host->state_reason; /* may be @reason */

    if (host->state != state)
        host->state_since_s = self->options->clock();
    host->state = state;
    host->state_reason = g_strdup(reason);
}

static gboolean
is_well(const VmcHost *host)
{
    return host->state == VMC_HOST_UP || was_drained(host);
}

/* It has told what it is, or at least what it runs. */
static void
show_host(VmcMonitorApply *self, VmcHostRead *read, const VmcHost *known)
{
    g_autoptr(VmcHost) host = vmc_host_copy(known);

    if (read->host != NULL) {
        vmc_host_unref(host);
        host = vmc_admission_merge(known, read->host, known->state_since_s);
        host->state = known->state;
    }
    if (!is_well(known)) {
        set_host_state(self, host, VMC_HOST_UP, NULL);
        vmc_log_info(VMC_LOG("host", .host = host->name), "host '%s' is up",
                     host->name);
    }
    vmc_live_fleet_put_host(live_fleet(self), host);
    if (!is_well(known) && read->host != NULL)
        vmc_fleet_writer_put_host(self->writer, host);
}

/* Its connection stands, and it does not say what it runs. */
static void
show_host_degraded(VmcMonitorApply *self,
                   const VmcHost *known,
                   const GError *error)
{
    g_autoptr(VmcHost) host = vmc_host_copy(known);

    if (known->state == VMC_HOST_DEGRADED)
        return;
    vmc_log_notice(VMC_LOG("host", .host = known->name, .error = error),
                   "host '%s' does not say what runs there", known->name);
    set_host_state(self, host, VMC_HOST_DEGRADED, error->message);
    vmc_live_fleet_put_host(live_fleet(self), host);
}

static void
apply_host(VmcMonitorApply *self, VmcHostRead *read)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet(self));
    const VmcHost *known = vmc_fleet_find_host(fleet, host_of(read));

    if (known == NULL)
        return;
    if (read->wants_list && !read->is_listed)
        show_host_degraded(self, known, read->error);
    else if (read->host != NULL || (read->is_listed && !is_well(known)))
        show_host(self, read, known);
}

static void
show_host_down(VmcMonitorApply *self, const VmcHost *known, const char *reason)
{
    g_autoptr(VmcHost) host = vmc_host_copy(known);

    set_host_state(self, host, VMC_HOST_UNREACHABLE, reason);
    vmc_log_notice(VMC_LOG("host", .host = host->name),
                   "host '%s' does not answer: %s", host->name, reason);
    vmc_live_fleet_put_host(live_fleet(self), host);
}

/* Nothing is known of what runs there; it counts as before. */
static void
show_vms_unknown(VmcMonitorApply *self, const char *host, const char *reason)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet(self));
    g_autofree char *why =
        g_strdup_printf("host '%s' does not answer: %s", host, reason);

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *known = vmc_fleet_vm_at(fleet, i);
        if (g_strcmp0(known->host, host) != 0 ||
            known->state == VMC_VM_CREATING ||
            vmc_live_fleet_is_held(live_fleet(self), known->uuid))
            continue;
        g_autoptr(VmcVm) vm = vmc_vm_copy(known);
        vmc_vm_set_state(vm, VMC_VM_UNKNOWN, why, self->options->clock());
        show_vm(self, vm);
    }
}

/* ---- public ---------------------------------------------------------------
 */

VmcMonitorApply *
vmc_monitor_apply_new(const VmcMonitorOptions *options,
                      VmcLookAgainFunc func,
                      gpointer user_data)
{
    VmcMonitorApply *self = g_new0(VmcMonitorApply, 1);

    self->options = options;
    self->look_again = func;
    self->look_again_data = user_data;
    self->sightings = vmc_sightings_new();
    self->twice =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->writer = vmc_fleet_writer_new(options->store, options->live_fleet);
    return self;
}

void
vmc_monitor_apply_free(VmcMonitorApply *self)
{
    if (self == NULL)
        return;
    vmc_fleet_writer_free(self->writer);
    vmc_sightings_free(self->sightings);
    g_hash_table_unref(self->twice);
    g_free(self);
}

void
vmc_monitor_apply_read(VmcMonitorApply *self, VmcHostRead *read)
{
    g_return_if_fail(self != NULL && read != NULL);
    apply_host(self, read);
    note_sightings(self, read);
    apply_changed(self, read);
    for (guint i = 0; i < read->elsewhere->len; i++)
        apply_elsewhere(self, read,
                        ((VmcDomainFacts *) read->elsewhere->pdata[i])->uuid);
    for (guint i = 0; i < read->absent->len; i++)
        apply_absent(self, read, read->absent->pdata[i]);
    clear_twice(self);
}

void
vmc_monitor_apply_down(VmcMonitorApply *self,
                       const char *host,
                       const char *reason)
{
    g_return_if_fail(self != NULL && host != NULL && reason != NULL);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet(self));
    const VmcHost *known = vmc_fleet_find_host(fleet, host);

    vmc_sightings_forget_host(self->sightings, host);
    if (known != NULL)
        show_host_down(self, known, reason);
    show_vms_unknown(self, host, reason);
    clear_twice(self);
}

void
vmc_monitor_apply_gone(VmcMonitorApply *self, const char *host)
{
    g_return_if_fail(self != NULL && host != NULL);
    vmc_sightings_forget_host(self->sightings, host);
    clear_twice(self);
}
