/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-run.h"

#include "daemon/jobs/job-run-private.h"
#include "daemon/jobs/json-value.h"

/* A job waits so long for a host that is away, until it answers again. */
#define AWAY_MAX_MS 30000
#define AWAY_LOOK_MS 100

/* How often a store that could not be written is tried again. */
#define STORE_LOOK_MS 250

#define UNDO_CODE "undo-code"
#define UNDO_MESSAGE "undo-message"

/* ---- the end of the daemon ------------------------------------------------
 */

static void
set_stopping(GError **error)
{
    g_set_error_literal(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                        "vmctld is stopping: the job goes on when it is "
                        "started again");
}

/* Takes the gate; %FALSE, without it, when vmctld is to end. */
static gboolean
enter_gate(VmcJobRun *run, GError **error)
{
    g_mutex_lock(&run->gate);
    if (!run->is_stopping)
        return TRUE;
    g_mutex_unlock(&run->gate);
    set_stopping(error);
    return FALSE;
}

static void
leave_gate(VmcJobRun *run)
{
    g_mutex_unlock(&run->gate);
}

static gboolean
is_cancelled(VmcJobRun *run)
{
    return !run->is_undoing && !run->cannot_cancel &&
           g_cancellable_is_cancelled(run->cancellable);
}

/* ---- what it is -----------------------------------------------------------
 */

const VmcJobRecord *
vmc_job_run_record(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    return run->record;
}

JsonObject *
vmc_job_run_intent(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    return run->record->intent;
}

GCancellable *
vmc_job_run_cancellable(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    return run->cancellable;
}

gboolean
vmc_job_run_is_resumed(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, FALSE);
    return run->is_resumed || json_object_get_boolean_member_with_default(
                                  run->record->intent, "recover", FALSE);
}

const VmcSettings *
vmc_job_run_settings(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    return run->settings;
}

gint64
vmc_job_run_now_s(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, 0);
    return run->clock();
}

/* ---- what there is --------------------------------------------------------
 */

VmcFleet *
vmc_job_run_fleet(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    return vmc_live_fleet_snapshot(run->live_fleet);
}

VmcVm *
vmc_job_run_vm(VmcJobRun *run, GError **error)
{
    g_return_val_if_fail(run != NULL, NULL);
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(run);
    const char *uuid = run->record->vm_uuid;
    VmcVm *vm = uuid != NULL ? vmc_fleet_find_vm(fleet, uuid) : NULL;

    if (vm != NULL)
        return vmc_vm_ref(vm);
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "there is no VM '%s' (%s) any more", run->record->vm_name,
                uuid != NULL ? uuid : "no UUID");
    return NULL;
}

VmcLink *
vmc_job_run_link(VmcJobRun *run, const char *host_name, GError **error)
{
    g_return_val_if_fail(run != NULL && host_name != NULL, NULL);
    VmcLink *link = vmc_live_fleet_link(run->live_fleet, host_name);

    if (link == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s' in the fleet: vmctl host list "
                    "shows those there are",
                    host_name);
    return link;
}

/* ---- the journal ----------------------------------------------------------
 */

static void
set_step(VmcJobRun *run, guint progress_milli, const char *text)
{
    g_mutex_lock(&run->mutex);
    g_free(run->record->step);
    run->record->step = g_strdup(text);
    run->record->progress_milli = MIN(progress_milli, 1000);
    vmc_job_record_note(run->record, run->clock(), "job", text);
    g_mutex_unlock(&run->mutex);
}

/* What somebody can mend. */
static gboolean
may_be_writable_soon(const GError *error)
{
    switch ((int) vmc_error_of(error)) {
    case VMC_ERROR_NO_SPACE:
    case VMC_ERROR_DENIED:
    case VMC_ERROR_BUSY:
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean
vmc_job_run_wait_for_store(VmcJobRun *run, const GError *error, char **step)
{
    if (!run->has_acted || !may_be_writable_soon(error))
        return FALSE;
    if (*step == NULL) {
        g_autofree char *text = g_strdup_printf(
            "wait until the state can be written: %s", error->message);
        *step = g_strdup(run->record->step != NULL ? run->record->step : "");
        set_step(run, run->record->progress_milli, text);
        vmc_job_run_tell(run, TRUE);
    }
    return vmc_job_run_wait(run, STORE_LOOK_MS);
}

void
vmc_job_run_waited_for_store(VmcJobRun *run, const char *step)
{
    if (step != NULL)
        set_step(run, run->record->progress_milli, step);
}

typedef gboolean (*WriteFunc)(VmcJobRun *run, gpointer data, GError **error);

static gboolean
write_once(VmcJobRun *run, WriteFunc func, gpointer data, GError **error)
{
    if (!enter_gate(run, error))
        return FALSE;
    gboolean ok = func(run, data, error);
    leave_gate(run);
    return ok;
}

/* A job that has done nothing yet says at once that it cannot be written; one
 * that has waits, so that a full disk leaves nothing half done. */
static gboolean
write_patiently(VmcJobRun *run, WriteFunc func, gpointer data, GError **error)
{
    g_autofree char *step = NULL;
    g_autoptr(GError) local = NULL;

    while (!write_once(run, func, data, &local) &&
           vmc_job_run_wait_for_store(run, local, &step))
        g_clear_error(&local);
    vmc_job_run_waited_for_store(run, step);
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
write_record(VmcJobRun *run, gpointer data, GError **error)
{
    g_autoptr(VmcJobRecord) copy = vmc_job_run_copy_record(run);

    if (vmc_store_put_job(run->store, copy, error))
        return TRUE;
    g_prefix_error(error, "cannot journal job %" G_GUINT64_FORMAT ": ",
                   copy->id);
    return FALSE;
}

/* A full disk must not keep a job from undoing: cut off, it would only undo
 * again. */
static void
journal_if_possible(VmcJobRun *run)
{
    g_autoptr(GError) error = NULL;

    if (!write_once(run, write_record, NULL, &error))
        vmc_job_run_note(run, "%s", error->message);
}

/* Between two hosts a VM may stand still until the next step: that goes on.
 * What is not written then is seen on the hosts by the next vmctld. */
static gboolean
journal(VmcJobRun *run, GError **error)
{
    if (run->is_undoing ||
        (run->has_acted && (run->kind->flags & VMC_JOB_HAS_TWO_HOSTS) != 0)) {
        journal_if_possible(run);
        return TRUE;
    }
    return write_patiently(run, write_record, NULL, error);
}

gboolean
vmc_job_run_step(VmcJobRun *run,
                 guint progress_milli,
                 GError **error,
                 const char *format,
                 ...)
{
    g_return_val_if_fail(run != NULL && format != NULL, FALSE);
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (is_cancelled(run)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                    "it was cancelled before it began to %s", text);
        return FALSE;
    }
    set_step(run, progress_milli, text);
    if (!journal(run, error))
        return FALSE;
    vmc_job_run_tell(run, TRUE);
    return TRUE;
}

static void
set_remembered(VmcJobRun *run, const char *key, const char *value)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

    vmc_job_record_remember(run->record, key, value);
}

gboolean
vmc_job_run_remember(VmcJobRun *run,
                     const char *key,
                     const char *value,
                     GError **error)
{
    g_return_val_if_fail(run != NULL && key != NULL && value != NULL, FALSE);
    set_remembered(run, key, value);
    return journal(run, error);
}

const char *
vmc_job_run_recall(VmcJobRun *run, const char *key)
{
    g_return_val_if_fail(run != NULL && key != NULL, NULL);
    return vmc_job_record_recall(run->record, key);
}

/* ---- undoing --------------------------------------------------------------
 */

void
vmc_job_run_begin_undo(VmcJobRun *run, const GError *why)
{
    g_return_if_fail(run != NULL && why != NULL);
    vmc_job_run_note(run, "undoes what it did: %s", why->message);
    set_remembered(run, UNDO_CODE, vmc_error_to_slug(vmc_error_of(why)));
    set_remembered(run, UNDO_MESSAGE, why->message);
    run->is_undoing = TRUE;
    journal_if_possible(run);
}

void
vmc_job_run_refuse_cancel(VmcJobRun *run)
{
    g_return_if_fail(run != NULL);
    run->cannot_cancel = TRUE;
}

GError *
vmc_job_run_undo_reason(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    const char *slug = vmc_job_run_recall(run, UNDO_CODE);
    const char *message = vmc_job_run_recall(run, UNDO_MESSAGE);
    VmcError code;

    if (slug == NULL || message == NULL || !vmc_error_from_slug(slug, &code))
        return NULL;
    return g_error_new_literal(VMC_ERROR, (int) code, message);
}

/* ---- the trail ------------------------------------------------------------
 */

void
vmc_job_run_note(VmcJobRun *run, const char *format, ...)
{
    g_return_if_fail(run != NULL && format != NULL);
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    vmc_job_run_add_note(run, "job", text);
    vmc_job_run_tell(run, FALSE);
}

void
vmc_job_run_progress(VmcJobRun *run, guint progress_milli)
{
    g_return_if_fail(run != NULL);
    g_mutex_lock(&run->mutex);
    run->record->progress_milli = MIN(progress_milli, 1000);
    g_mutex_unlock(&run->mutex);
    vmc_job_run_tell(run, FALSE);
}

void
vmc_job_run_set_result(VmcJobRun *run, JsonObject *result)
{
    g_return_if_fail(run != NULL && result != NULL);
    g_mutex_lock(&run->mutex);
    g_clear_pointer(&run->record->result, json_object_unref);
    run->record->result = vmc_json_object_copy(result);
    g_mutex_unlock(&run->mutex);
    vmc_job_run_tell(run, FALSE);
}

/* ---- publishing -----------------------------------------------------------
 */

static gboolean
write_vm(VmcJobRun *run, gpointer data, GError **error)
{
    return vmc_store_put_vm(run->store, data, error);
}

gboolean
vmc_job_run_publish_vm(VmcJobRun *run, VmcVm *vm, GError **error)
{
    g_return_val_if_fail(run != NULL && vm != NULL, FALSE);
    if (!write_patiently(run, write_vm, vm, error))
        return FALSE;
    vmc_live_fleet_put_vm(run->live_fleet, vm);
    return TRUE;
}

static gboolean
remove_vm(VmcJobRun *run, gpointer data, GError **error)
{
    return vmc_store_remove_vm(run->store, data, error);
}

gboolean
vmc_job_run_forget_vm(VmcJobRun *run, const char *uuid, GError **error)
{
    g_return_val_if_fail(run != NULL && uuid != NULL, FALSE);
    if (!write_patiently(run, remove_vm, (gpointer) uuid, error))
        return FALSE;
    vmc_live_fleet_remove_vm(run->live_fleet, uuid);
    return TRUE;
}

/* ---- hosts and waiting ----------------------------------------------------
 */

static gboolean
call_once(VmcJobRun *run,
          const char *host_name,
          const VmcCall *call,
          VmcReply *reply,
          GError **error)
{
    if (vmc_job_run_is_stopping(run)) {
        set_stopping(error);
        return FALSE;
    }
    g_autoptr(VmcLink) link = vmc_job_run_link(run, host_name, error);
    return link != NULL && vmc_link_call(link, call, reply, NULL, error);
}

void
vmc_job_run_begin_act(VmcJobRun *run)
{
    g_return_if_fail(run != NULL);
    run->has_acted = TRUE;
}

/* @error: (nullable): how the call ended. Unreachable means that nothing has
 * happened. */
static void
note_act(VmcJobRun *run, const VmcCall *call, const GError *error)
{
    if (vmc_call_kind_lane(call->kind) != VMC_LANE_STATS &&
        (error == NULL || vmc_error_of(error) != VMC_ERROR_UNREACHABLE))
        run->has_acted = TRUE;
}

static gboolean
may_wait(VmcJobRun *run)
{
    return !is_cancelled(run) && !vmc_job_run_is_stopping(run);
}

/* A job that has done nothing yet says at once that a host is away; one that
 * has goes on when it is there again, so that a libvirtd that is started anew
 * leaves nothing half done. */
static gboolean
waits_for_host(VmcJobRun *run, const GError *error)
{
    return vmc_error_of(error) == VMC_ERROR_UNREACHABLE &&
           (run->kind->flags & VMC_JOB_HAS_TWO_HOSTS) == 0 && run->has_acted &&
           run->away_ms < AWAY_MAX_MS;
}

gboolean
vmc_job_run_call(VmcJobRun *run,
                 const char *host_name,
                 const VmcCall *call,
                 VmcReply *reply,
                 GError **error)
{
    g_return_val_if_fail(run != NULL && call != NULL, FALSE);
    for (;;) {
        g_autoptr(GError) local = NULL;
        const gboolean ok = call_once(run, host_name, call, reply, &local);
        note_act(run, call, local);
        if (ok) {
            run->away_ms = 0;
            return TRUE;
        }
        if (waits_for_host(run, local) && run->away_ms == 0)
            vmc_job_run_note(run, "%s; waits for the host", local->message);
        if (!waits_for_host(run, local) ||
            !vmc_job_run_wait(run, AWAY_LOOK_MS)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        run->away_ms += AWAY_LOOK_MS;
    }
}

static gint64
end_of(guint timeout_ms)
{
    return g_get_monotonic_time() + (gint64) timeout_ms * 1000;
}

gboolean
vmc_job_run_wait(VmcJobRun *run, guint timeout_ms)
{
    g_return_val_if_fail(run != NULL, FALSE);
    gint64 end_us = end_of(timeout_ms);

    while (may_wait(run) && g_get_monotonic_time() < end_us)
        vmc_job_mailbox_wait(run->mailbox, end_us, FALSE);
    return may_wait(run);
}

void
vmc_job_run_listen(VmcJobRun *run, const char *host_name)
{
    g_return_if_fail(run != NULL && host_name != NULL);
    g_autoptr(VmcLink) link = vmc_live_fleet_link(run->live_fleet, host_name);

    if (link != NULL)
        vmc_job_mailbox_listen(run->mailbox, link);
}

gboolean
vmc_job_run_wait_event(VmcJobRun *run,
                       guint timeout_ms,
                       VmcJobEvent **ret_event)
{
    g_return_val_if_fail(run != NULL, FALSE);
    gint64 end_us = end_of(timeout_ms);
    g_autoptr(VmcJobEvent) event = NULL;

    while (event == NULL && may_wait(run) && g_get_monotonic_time() < end_us)
        event = vmc_job_mailbox_wait(run->mailbox, end_us, TRUE);
    if (!may_wait(run))
        return FALSE;
    if (ret_event != NULL)
        *ret_event = g_steal_pointer(&event);
    return TRUE;
}
