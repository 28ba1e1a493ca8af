/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-run-private.h"

#define TELL_INTERVAL_US (G_USEC_PER_SEC / 10)

/* ---- made and freed -------------------------------------------------------
 */

VmcJobRun *
vmc_job_run_new(VmcJobRecord *record, const VmcJobKind *kind)
{
    g_return_val_if_fail(record != NULL && kind != NULL, NULL);
    VmcJobRun *run = g_new0(VmcJobRun, 1);

    g_atomic_ref_count_init(&run->refs);
    g_mutex_init(&run->mutex);
    g_mutex_init(&run->gate);
    run->record = record;
    run->kind = kind;
    run->cancellable = g_cancellable_new();
    run->mailbox = vmc_job_mailbox_new(record->vm_uuid);
    return run;
}

VmcJobRun *
vmc_job_run_ref(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    g_atomic_ref_count_inc(&run->refs);
    return run;
}

void
vmc_job_run_unref(VmcJobRun *run)
{
    if (run == NULL || !g_atomic_ref_count_dec(&run->refs))
        return;
    g_clear_object(&run->live_fleet);
    g_clear_object(&run->cancellable);
    vmc_job_mailbox_free(run->mailbox);
    vmc_job_record_free(run->record);
    vmc_vm_unref(run->before);
    vmc_vm_unref(run->reserve);
    g_mutex_clear(&run->mutex);
    g_mutex_clear(&run->gate);
    g_free(run);
}

VmcJobRecord *
vmc_job_run_copy_record(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

    return vmc_job_record_copy(run->record);
}

void
vmc_job_run_add_note(VmcJobRun *run, const char *source, const char *text)
{
    g_return_if_fail(run != NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

    vmc_job_record_note(run->record, run->clock(), source, text);
}

/* ---- telling of it --------------------------------------------------------
 */

/* Main thread. @is_due is the flag of the source that came. */
static void
tell(VmcJobRun *run, gboolean *is_due)
{
    g_mutex_lock(&run->mutex);
    gboolean has_news = run->has_news;
    *is_due = FALSE;
    run->has_news = FALSE;
    if (has_news)
        run->told_us = g_get_monotonic_time();
    g_mutex_unlock(&run->mutex);
    if (has_news && run->changed != NULL)
        run->changed(run, run->changed_data);
}

static gboolean
tell_now(gpointer user_data)
{
    VmcJobRun *run = user_data;

    tell(run, &run->is_told_now);
    return G_SOURCE_REMOVE;
}

static gboolean
tell_soon(gpointer user_data)
{
    VmcJobRun *run = user_data;

    tell(run, &run->is_told_soon);
    return G_SOURCE_REMOVE;
}

static void
attach(VmcJobRun *run, GSource *source, GSourceFunc func)
{
    g_source_set_callback(source, func, vmc_job_run_ref(run),
                          (GDestroyNotify) vmc_job_run_unref);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

static guint
ms_until_next(VmcJobRun *run)
{
    gint64 left_us = run->told_us + TELL_INTERVAL_US - g_get_monotonic_time();

    return left_us > 0 ? (guint) (left_us / 1000) + 1 : 0;
}

void
vmc_job_run_tell(VmcJobRun *run, gboolean at_once)
{
    g_return_if_fail(run != NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->mutex);

    run->has_news = TRUE;
    if (run->is_told_now || (!at_once && run->is_told_soon))
        return;
    if (at_once) {
        run->is_told_now = TRUE;
        attach(run, g_idle_source_new(), tell_now);
    } else {
        run->is_told_soon = TRUE;
        attach(run, g_timeout_source_new(ms_until_next(run)), tell_soon);
    }
}

/* ---- run to its end -------------------------------------------------------
 */

static VmcJobState
state_of(const GError *error)
{
    if (error == NULL)
        return VMC_JOB_DONE;
    switch ((int) vmc_error_of(error)) {
    case VMC_ERROR_PARTIAL:
        return VMC_JOB_PARTIAL;
    case VMC_ERROR_CANCELLED:
        return VMC_JOB_CANCELLED;
    case VMC_ERROR_UNKNOWN:
        return VMC_JOB_UNKNOWN;
    default:
        return VMC_JOB_FAILED;
    }
}

static void
set_final(VmcJobRecord *record, const GError *error, gint64 now_s)
{
    record->state = state_of(error);
    record->finished_s = now_s;
    if (error == NULL) {
        record->progress_milli = 1000;
        return;
    }
    record->error_code = vmc_error_of(error);
    g_free(record->error_message);
    record->error_message = g_strdup(error->message);
}

/* The end is written first and shown afterwards. */
static gboolean
store_final_record(VmcJobRun *run, const VmcJobRecord *record, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->gate);

    return !run->is_stopping && vmc_store_put_job(run->store, record, error) &&
           vmc_store_trim_jobs(run->store, run->settings->job_history, error);
}

void
vmc_job_run_finish(VmcJobRun *run, const GError *error)
{
    g_return_if_fail(run != NULL);
    g_autoptr(VmcJobRecord) record = vmc_job_run_copy_record(run);
    g_autoptr(GError) unwritten = NULL;
    gint64 now_s = run->clock();
    g_autofree char *step = NULL;

    set_final(record, error, now_s);
    while (!store_final_record(run, record, &unwritten) && unwritten != NULL &&
           vmc_job_run_wait_for_store(run, unwritten, &step))
        g_clear_error(&unwritten);
    vmc_job_run_waited_for_store(run, step);
    if (vmc_job_run_is_stopping(run))
        return;
    /* when it cannot be written it has ended all the same; after a restart it
     * looks, and ends again */
    if (unwritten != NULL)
        vmc_job_run_add_note(run, "job", unwritten->message);
    g_mutex_lock(&run->mutex);
    set_final(run->record, error, now_s);
    g_mutex_unlock(&run->mutex);
}

static void
set_running(VmcJobRun *run)
{
    g_mutex_lock(&run->mutex);
    run->record->state = VMC_JOB_RUNNING;
    if (run->record->started_s == 0)
        run->record->started_s = run->clock();
    g_mutex_unlock(&run->mutex);
    vmc_job_run_tell(run, TRUE);
}

/* A job that ended without effect and without a word about its VM: what was
 * reserved for it is free again. */
static void
give_back_reserve(VmcJobRun *run)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(run->live_fleet);
    gboolean ok;

    if (run->reserve == NULL ||
        vmc_fleet_find_vm(fleet, run->reserve->uuid) != run->reserve)
        return;
    if (run->before != NULL)
        ok = vmc_job_run_publish_vm(run, run->before, &error);
    else
        ok = vmc_job_run_forget_vm(run, run->reserve->uuid, &error);
    if (!ok)
        vmc_job_run_add_note(run, "job", error->message);
}

static gboolean
check_managed(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    return (run->kind->flags & VMC_JOB_TAKES_FOUND) != 0 ||
           vmc_vm_check_managed(vm, error);
}

/* Its last migration has no known end: on either host it may be, or be half. */
static gboolean
check_at_rest(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    if (vm->destination == NULL ||
        (run->kind->flags & VMC_JOB_TAKES_MOVING) != 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "cannot %s VM '%s' while it is between host '%s' and host "
                "'%s': vmctld settles where it is when both answer",
                run->kind->name, vm->name, vm->host, vm->destination);
    return FALSE;
}

static gboolean
check_vm(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, NULL);

    return vm == NULL ||
           (check_managed(run, vm, error) && check_at_rest(run, vm, error));
}

void
vmc_job_run_execute(VmcJobRun *run)
{
    g_return_if_fail(run != NULL);
    g_autoptr(GError) error = NULL;

    run->has_acted = run->is_resumed;
    set_running(run);
    gboolean ok = check_vm(run, &error) && run->kind->run(run, &error);
    if (!ok && error == NULL)
        g_set_error(&error, VMC_ERROR, VMC_ERROR_FAILED,
                    "it failed without saying why");
    if (!ok && (state_of(error) == VMC_JOB_FAILED ||
                state_of(error) == VMC_JOB_CANCELLED))
        give_back_reserve(run);
    vmc_job_run_finish(run, ok ? NULL : error);
}

/* ---- stopping it ----------------------------------------------------------
 */

void
vmc_job_run_cancel(VmcJobRun *run)
{
    g_return_if_fail(run != NULL);
    g_cancellable_cancel(run->cancellable);
    vmc_job_mailbox_wake(run->mailbox);
}

void
vmc_job_run_stop(VmcJobRun *run)
{
    g_return_if_fail(run != NULL);
    g_mutex_lock(&run->gate);
    run->is_stopping = TRUE;
    g_mutex_unlock(&run->gate);
    vmc_job_mailbox_wake(run->mailbox);
}

gboolean
vmc_job_run_is_stopping(VmcJobRun *run)
{
    g_return_val_if_fail(run != NULL, FALSE);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->gate);

    return run->is_stopping;
}
