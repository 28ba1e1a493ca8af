/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/recovery.h"

#include "daemon/log.h"

#define TRY_AGAIN_S 60

struct _VmcRecovery {
    VmcLiveFleet *live_fleet;
    VmcJobQueue *queue;
    gulong host_handler;
    gulong job_handler;
    guint again_id;
};

static gboolean
is_up(VmcRecovery *self, const char *host)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(self->live_fleet, host);

    return link != NULL && vmc_link_is_up(link);
}

static gboolean
is_left(VmcRecovery *self, const VmcVm *vm)
{
    return vm->is_managed && vm->host != NULL && vm->destination != NULL &&
           !vmc_live_fleet_is_held(self->live_fleet, vm->uuid);
}

static void
settle(VmcRecovery *self, const VmcVm *vm)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) intent = json_object_new();

    json_object_set_string_member(intent, "from", vm->host);
    json_object_set_string_member(intent, "to", vm->destination);
    json_object_set_boolean_member(intent, "recover", TRUE);
    VmcJobRecord *record =
        vmc_job_record_new("migrate", vm->uuid, vm->name, intent);
    record->requested_by = g_strdup("recovery");
    vmc_log_notice(VMC_LOG("job", .vm = vm->name),
                   "VM '%s' was left between host '%s' and host '%s': looks "
                   "where it is",
                   vm->name, vm->host, vm->destination);
    if (vmc_job_queue_submit(self->queue, record, NULL, &error) == 0)
        vmc_log_notice(VMC_LOG("job", .vm = vm->name, .error = error),
                       "cannot take up VM '%s'", vm->name);
}

static gboolean try_again(gpointer data);

static void
look(VmcRecovery *self)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    gboolean is_any_left = FALSE;

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (!is_left(self, vm))
            continue;
        is_any_left = TRUE;
        if (is_up(self, vm->host) && is_up(self, vm->destination))
            settle(self, vm);
    }
    if (is_any_left && self->again_id == 0)
        self->again_id = g_timeout_add_seconds(TRY_AGAIN_S, try_again, self);
}

static gboolean
try_again(gpointer data)
{
    VmcRecovery *self = data;

    self->again_id = 0;
    look(self);
    return G_SOURCE_REMOVE;
}

static void
on_host_changed(VmcLiveFleet *live_fleet, VmcHost *host, gpointer data)
{
    if (host->state != VMC_HOST_UNREACHABLE)
        look(data);
}

/* A job that ended without knowing leaves its VM to us: later, since its host
 * has just not answered. */
static void
on_job_changed(VmcJobQueue *queue, VmcJobRecord *record, gpointer data)
{
    VmcRecovery *self = data;

    if (record->state == VMC_JOB_UNKNOWN && self->again_id == 0)
        self->again_id = g_timeout_add_seconds(TRY_AGAIN_S, try_again, self);
}

VmcRecovery *
vmc_recovery_new(VmcLiveFleet *live_fleet, VmcJobQueue *queue)
{
    g_return_val_if_fail(live_fleet != NULL && queue != NULL, NULL);
    VmcRecovery *self = g_new0(VmcRecovery, 1);

    self->live_fleet = g_object_ref(live_fleet);
    self->queue = g_object_ref(queue);
    self->host_handler = g_signal_connect(live_fleet, "host-changed",
                                          G_CALLBACK(on_host_changed), self);
    self->job_handler =
        g_signal_connect(queue, "changed", G_CALLBACK(on_job_changed), self);
    look(self);
    return self;
}

void
vmc_recovery_free(VmcRecovery *self)
{
    if (self == NULL)
        return;
    g_signal_handler_disconnect(self->live_fleet, self->host_handler);
    g_signal_handler_disconnect(self->queue, self->job_handler);
    g_clear_handle_id(&self->again_id, g_source_remove);
    g_object_unref(self->live_fleet);
    g_object_unref(self->queue);
    g_free(self);
}
