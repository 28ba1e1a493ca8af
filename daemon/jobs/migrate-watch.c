/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/migrate-watch.h"

/* Progress is asked for after so long, then ever more rarely: a small guest is
 * there before the second question. */
#define FIRST_LOOK_MS 50
#define LONGEST_LOOK_MS 500

/* The memory is most of it; the rest is the handover. */
#define PROGRESS_BEGIN_MILLI 100
#define PROGRESS_SPAN_MILLI 750

/* The thread that is inside the call, and what came of it. */
typedef struct {
    VmcLink *link;
    const VmcCall *call;
    GCancellable *give_up; /* stops waiting, not the migration */
    GMutex mutex;          /* over the rest */
    GCond cond;
    gboolean is_over;
    gboolean ok;
    GError *error;
} Flight;

static gpointer
fly(gpointer data)
{
    Flight *flight = data;
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;
    gboolean ok = vmc_link_call(flight->link, flight->call, &reply,
                                flight->give_up, &error);

    g_mutex_lock(&flight->mutex);
    flight->ok = ok;
    flight->error = g_steal_pointer(&error);
    flight->is_over = TRUE;
    g_cond_signal(&flight->cond);
    g_mutex_unlock(&flight->mutex);
    return NULL;
}

static gboolean
wait_until_over(Flight *flight, guint timeout_ms)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&flight->mutex);
    gint64 end_us = g_get_monotonic_time() + (gint64) timeout_ms * 1000;

    while (!flight->is_over)
        if (!g_cond_wait_until(&flight->cond, &flight->mutex, end_us))
            break;
    return flight->is_over;
}

gboolean
vmc_migrate_read(VmcJobRun *run,
                 const char *host,
                 VmcMigrationFacts *ret_facts,
                 GError **error)
{
    g_autoptr(VmcCall) call =
        vmc_call_new(VMC_CALL_READ_MIGRATION, vmc_job_run_record(run)->vm_uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!vmc_job_run_call(run, host, call, &reply, error))
        return FALSE;
    *ret_facts = reply.migration;
    return TRUE;
}

static void
show_progress(VmcJobRun *run, const char *source)
{
    VmcMigrationFacts facts = {0};

    if (!vmc_migrate_read(run, source, &facts, NULL) || !facts.is_active)
        return;
    guint64 all_bytes = facts.processed_bytes + facts.remaining_bytes;
    guint64 share_milli =
        all_bytes > 0 ? facts.processed_bytes / MAX(all_bytes / 1000, 1) : 0;
    vmc_job_run_progress(
        run, PROGRESS_BEGIN_MILLI +
                 (guint) (MIN(share_milli, 1000) * PROGRESS_SPAN_MILLI / 1000));
}

void
vmc_migrate_abort(VmcJobRun *run, const char *source)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_ABORT_MIGRATION,
                                           vmc_job_run_record(run)->vm_uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    vmc_job_run_note(run, "asks host '%s' to give up the migration", source);
    if (!vmc_job_run_call(run, source, call, &reply, &error))
        vmc_job_run_note(run, "%s", error->message);
}

static GError *
why_abort(VmcJobRun *run, gint64 end_us)
{
    if (g_cancellable_is_cancelled(vmc_job_run_cancellable(run)))
        return g_error_new(VMC_ERROR, VMC_ERROR_CANCELLED,
                           "the migration was cancelled");
    if (end_us != 0 && g_get_monotonic_time() >= end_us)
        return g_error_new(
            VMC_ERROR, VMC_ERROR_FAILED,
            "the migration took longer than the %u s it may by "
            "migration_timeout_s: the guest may write faster than the network "
            "carries",
            vmc_job_run_settings(run)->migration_timeout_s);
    return NULL;
}

/* Until the call returns. Asked to stop, it goes on watching: an abort is a
 * wish. */
static void
watch(VmcJobRun *run, Flight *flight, const char *source, GError **ret_abort)
{
    guint limit_s = vmc_job_run_settings(run)->migration_timeout_s;
    gint64 end_us =
        limit_s > 0 ? g_get_monotonic_time() + (gint64) limit_s * G_USEC_PER_SEC
                    : 0;
    guint pause_ms = FIRST_LOOK_MS;

    while (!wait_until_over(flight, pause_ms)) {
        pause_ms = MIN(2 * pause_ms, LONGEST_LOOK_MS);
        if (*ret_abort == NULL) {
            *ret_abort = why_abort(run, end_us);
            if (*ret_abort != NULL) {
                vmc_job_run_begin_undo(run, *ret_abort);
                vmc_migrate_abort(run, source);
            }
        }
        /* FALSE from here on means that vmctld is to end */
        if (!vmc_job_run_wait(run, 0))
            g_cancellable_cancel(flight->give_up);
        show_progress(run, source);
    }
}

gboolean
vmc_migrate_watch(VmcJobRun *run,
                  const char *source,
                  const VmcCall *call,
                  GError **error)
{
    g_return_val_if_fail(run != NULL && source != NULL, FALSE);
    g_return_val_if_fail(call != NULL, FALSE);
    g_autoptr(VmcLink) link = vmc_job_run_link(run, source, error);
    g_autoptr(GCancellable) give_up = g_cancellable_new();
    g_autoptr(GError) abort_reason = NULL;

    if (link == NULL)
        return FALSE;
    Flight flight = {.link = link, .call = call, .give_up = give_up};
    g_mutex_init(&flight.mutex);
    g_cond_init(&flight.cond);
    vmc_job_run_begin_act(run);
    GThread *thread = g_thread_new("migrate", fly, &flight);
    watch(run, &flight, source, &abort_reason);
    g_thread_join(thread);
    g_mutex_clear(&flight.mutex);
    g_cond_clear(&flight.cond);
    if (flight.ok)
        return TRUE;
    if (abort_reason != NULL) {
        g_propagate_error(error, g_steal_pointer(&abort_reason));
        g_clear_error(&flight.error);
    } else
        g_propagate_error(error, flight.error);
    return FALSE;
}
