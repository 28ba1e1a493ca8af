/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-queue.h"

#include "daemon/jobs/job-dispatcher.h"
#include "daemon/jobs/job-history.h"
#include "daemon/jobs/job-holds.h"
#include "daemon/jobs/job-run-private.h"
#include "daemon/jobs/job-writer.h"
#include "daemon/log.h"

#define SHUTDOWN_TIMEOUT_US (10 * G_USEC_PER_SEC)

enum { SIGNAL_CHANGED, N_SIGNALS };

static guint signals[N_SIGNALS];

struct _VmcJobQueue {
    GObject parent_instance;
    VmcJobQueueOptions options;
    guint64 last_id;
    GHashTable *open; /* id → VmcJobRun */
    VmcJobHolds *holds;
    VmcJobHistory *history;
    VmcJobWriter *writer;
    VmcJobDispatcher *dispatcher;
    gboolean is_stopping;
};

G_DEFINE_TYPE(VmcJobQueue, vmc_job_queue, G_TYPE_OBJECT)

static void
vmc_job_queue_dispose(GObject *object)
{
    vmc_job_queue_shutdown(VMC_JOB_QUEUE(object));
    G_OBJECT_CLASS(vmc_job_queue_parent_class)->dispose(object);
}

static void
vmc_job_queue_finalize(GObject *object)
{
    VmcJobQueue *self = VMC_JOB_QUEUE(object);

    g_clear_object(&self->options.live_fleet);
    vmc_job_dispatcher_free(self->dispatcher);
    vmc_job_writer_free(self->writer);
    vmc_job_history_free(self->history);
    vmc_job_holds_free(self->holds);
    g_hash_table_unref(self->open);
    G_OBJECT_CLASS(vmc_job_queue_parent_class)->finalize(object);
}

static void
vmc_job_queue_class_init(VmcJobQueueClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = vmc_job_queue_dispose;
    G_OBJECT_CLASS(klass)->finalize = vmc_job_queue_finalize;
    signals[SIGNAL_CHANGED] =
        g_signal_new("changed", VMC_TYPE_JOB_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL,
                     NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
vmc_job_queue_init(VmcJobQueue *self)
{
    self->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify) vmc_job_run_unref);
}

/* ---- what is shown --------------------------------------------------------
 */

static void
on_run_changed(VmcJobRun *run, gpointer user_data)
{
    VmcJobQueue *self = user_data;
    g_autoptr(VmcJobRecord) record = vmc_job_run_copy_record(run);

    /* the end is told by end(), when all else of it is done */
    if (!vmc_job_state_is_final(record->state) && run->is_journalled)
        g_signal_emit(self, signals[SIGNAL_CHANGED], 0, record);
}

static void
emit_changed(VmcJobQueue *self, VmcJobRun *run)
{
    g_autoptr(VmcJobRecord) record = vmc_job_run_copy_record(run);

    g_signal_emit(self, signals[SIGNAL_CHANGED], 0, record);
}

/* ---- the end of a job -----------------------------------------------------
 */

/* For whoever reads the log of a fleet that nobody watched. */
static void
log_end(const VmcJobRecord *record)
{
    const VmcLogContext *context =
        VMC_LOG("job", .vm = record->vm_name, .job = record->id);
    g_autofree char *what = g_strdup_printf(
        "job %" G_GUINT64_FORMAT " (%s '%s') is %s", record->id, record->kind,
        record->vm_name, vmc_job_state_to_name(record->state));

    if (record->state == VMC_JOB_DONE)
        vmc_log_info(context, "%s", what);
    else
        vmc_log_notice(context, "%s: %s", what, record->error_message);
}

/* Its record has its final state. */
static void
end(VmcJobQueue *self, VmcJobRun *run, gboolean keep)
{
    g_autoptr(VmcJobRun) ref = vmc_job_run_ref(run);
    VmcJobState state = run->record->state;

    if (state == VMC_JOB_FAILED || state == VMC_JOB_CANCELLED)
        vmc_job_holds_give_back(self->holds, run);
    vmc_job_holds_release(self->holds, run);
    vmc_job_dispatcher_remove(self->dispatcher, run);
    g_hash_table_remove(self->open, &run->record->id);
    run->changed = NULL; /* this is the last word on it */
    log_end(run->record);
    if (keep)
        vmc_job_history_add(self->history, vmc_job_run_copy_record(run));
    emit_changed(self, run);
}

static void
on_run_ended(VmcJobRun *run, gpointer user_data)
{
    if (vmc_job_state_is_final(run->record->state))
        end(user_data, run, TRUE);
}

/* ---- writing without running ----------------------------------------------
 */

static void
write_end(VmcJobQueue *self, VmcJobRun *run, GError *why)
{
    run->is_ending = TRUE;
    vmc_job_writer_write_end(self->writer, run, why);
}

static void
on_end_written(VmcJobRun *run, const GError *error, gpointer user_data)
{
    VmcJobQueue *self = user_data;

    if (run->record->state == VMC_JOB_UNKNOWN)
        vmc_job_holds_mark_unknown(self->holds, run);
    if (vmc_job_state_is_final(run->record->state))
        end(self, run, TRUE);
}

static void
end_unwritten(VmcJobQueue *self, VmcJobRun *run, const GError *error)
{
    g_mutex_lock(&run->mutex);
    run->record->state = VMC_JOB_FAILED;
    run->record->finished_s = run->clock();
    run->record->error_code = vmc_error_of(error);
    run->record->error_message = g_strdup(error->message);
    g_mutex_unlock(&run->mutex);
    end(self, run, FALSE);
}

static GError *
new_cancelled(void)
{
    return g_error_new_literal(VMC_ERROR, VMC_ERROR_CANCELLED,
                               "it was cancelled before it began");
}

static void
on_new_written(VmcJobRun *run, const GError *error, gpointer user_data)
{
    VmcJobQueue *self = user_data;

    if (error != NULL) {
        end_unwritten(self, run, error);
        return;
    }
    run->is_journalled = TRUE;
    emit_changed(self, run);
    if (g_cancellable_is_cancelled(run->cancellable) && !self->is_stopping)
        write_end(self, run, new_cancelled());
    vmc_job_dispatcher_add(self->dispatcher, run);
    vmc_job_dispatcher_run(self->dispatcher);
}

/* ---- made -----------------------------------------------------------------
 */

VmcJobQueue *
vmc_job_queue_new_full(const VmcJobQueueOptions *options)
{
    g_return_val_if_fail(options != NULL && options->store != NULL, NULL);
    g_return_val_if_fail(options->live_fleet != NULL, NULL);
    g_return_val_if_fail(options->settings != NULL, NULL);
    VmcJobQueue *self = g_object_new(VMC_TYPE_JOB_QUEUE, NULL);

    self->options = *options;
    g_object_ref(self->options.live_fleet);
    if (self->options.clock == NULL)
        self->options.clock = vmc_clock_now_s;
    if (self->options.find_kind == NULL)
        self->options.find_kind = vmc_job_kind_find;
    self->dispatcher = vmc_job_dispatcher_new(
        options->live_fleet, options->settings, on_run_ended, self);
    self->holds = vmc_job_holds_new(options->live_fleet);
    self->history = vmc_job_history_new(options->settings);
    self->writer = vmc_job_writer_new(on_new_written, on_end_written, self);
    return self;
}

VmcJobQueue *
vmc_job_queue_new(VmcStore *store,
                  VmcLiveFleet *live_fleet,
                  const VmcSettings *settings)
{
    VmcJobQueueOptions options = {
        .store = store, .live_fleet = live_fleet, .settings = settings};

    return vmc_job_queue_new_full(&options);
}

static VmcJobRun *
make_run(VmcJobQueue *self, VmcJobRecord *record, const VmcJobKind *kind)
{
    VmcJobRun *run = vmc_job_run_new(record, kind);

    run->store = self->options.store;
    run->live_fleet = g_object_ref(self->options.live_fleet);
    run->settings = self->options.settings;
    run->clock = self->options.clock;
    run->changed = on_run_changed;
    run->changed_data = self;
    g_hash_table_insert(self->open, g_memdup2(&record->id, sizeof record->id),
                        run);
    return run;
}

/* ---- submitting -----------------------------------------------------------
 */

static const VmcJobKind *
check_submit(VmcJobQueue *self, const VmcJobRecord *record, GError **error)
{
    const VmcJobKind *kind = self->options.find_kind(record->kind);

    if (self->is_stopping) {
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                            "vmctld is stopping: try again when it is back");
        return NULL;
    }
    if (kind == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "there is no kind of job called '%s'", record->kind);
        return NULL;
    }
    return vmc_job_holds_check_free(self->holds, record, error) ? kind : NULL;
}

/* A domain that was only found is not stored: after a crash nothing else would
 * say which host the job has to wait for. */
static void
remember_host(VmcJobQueue *self, VmcJobRecord *record)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(self->options.live_fleet);
    const VmcVm *vm = record->vm_uuid != NULL
                          ? vmc_fleet_find_vm(fleet, record->vm_uuid)
                          : NULL;

    if (vm != NULL && !vm->is_managed && vm->host != NULL)
        vmc_job_record_remember(record, VMC_JOB_REMEMBERED_HOST, vm->host);
}

guint64
vmc_job_queue_submit(VmcJobQueue *self,
                     VmcJobRecord *record,
                     VmcVm *reserve,
                     GError **error)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self) && record != NULL, 0);
    const VmcJobKind *kind = check_submit(self, record, error);

    if (kind == NULL) {
        vmc_job_record_free(record);
        return 0;
    }
    record->id = ++self->last_id;
    record->state = VMC_JOB_QUEUED;
    record->created_s = self->options.clock();

    remember_host(self, record);
    VmcJobRun *run = make_run(self, record, kind);
    vmc_job_holds_take(self->holds, run);
    if (reserve != NULL)
        vmc_job_holds_reserve(self->holds, run, reserve);
    vmc_job_writer_write_new(self->writer, run);
    return record->id;
}

/* ---- looking --------------------------------------------------------------
 */

VmcJobRecord *
vmc_job_queue_get(VmcJobQueue *self, guint64 id)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self), NULL);
    VmcJobRun *run = g_hash_table_lookup(self->open, &id);

    if (run != NULL)
        return vmc_job_run_copy_record(run);
    const VmcJobRecord *ended = vmc_job_history_find(self->history, id);
    return ended != NULL ? vmc_job_record_copy(ended) : NULL;
}

static int
compare_newest_first(gconstpointer a, gconstpointer b)
{
    const VmcJobRecord *left = *(VmcJobRecord *const *) a;
    const VmcJobRecord *right = *(VmcJobRecord *const *) b;

    return left->id < right->id ? 1 : left->id > right->id ? -1 : 0;
}

GPtrArray *
vmc_job_queue_list(VmcJobQueue *self)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self), NULL);
    GPtrArray *records =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_job_record_free);
    GHashTableIter iter;
    gpointer run;

    g_hash_table_iter_init(&iter, self->open);
    while (g_hash_table_iter_next(&iter, NULL, &run))
        g_ptr_array_add(records, vmc_job_run_copy_record(run));
    vmc_job_history_copy_to(self->history, records);
    g_ptr_array_sort(records, compare_newest_first);
    return records;
}

guint64
vmc_job_queue_find_open(VmcJobQueue *self, const char *vm_uuid)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self) && vm_uuid != NULL, 0);
    VmcJobRun *run = vmc_job_holds_find(self->holds, vm_uuid);

    return run != NULL ? run->record->id : 0;
}

/* ---- cancelling -----------------------------------------------------------
 */

static gboolean
refuse_cancel(VmcJobQueue *self, guint64 id, GError **error)
{
    g_autoptr(VmcJobRecord) record = vmc_job_queue_get(self, id);

    if (record == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no job %" G_GUINT64_FORMAT, id);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "job %" G_GUINT64_FORMAT " (%s) has ended already: %s", id,
                    record->kind, vmc_job_state_to_name(record->state));
    return FALSE;
}

static GError *
new_given_up(VmcJobRun *run)
{
    return g_error_new(VMC_ERROR, VMC_ERROR_UNKNOWN,
                       "it was given up while it waited for a host that does "
                       "not answer: how far it had come there (last step: %s) "
                       "is to be seen when the host is back",
                       run->record->step != NULL ? run->record->step : "none");
}

gboolean
vmc_job_queue_cancel(VmcJobQueue *self, guint64 id, GError **error)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self), FALSE);
    VmcJobRun *run = g_hash_table_lookup(self->open, &id);

    if (run == NULL)
        return refuse_cancel(self, id, error);
    if (g_cancellable_is_cancelled(run->cancellable))
        return TRUE;
    vmc_job_run_add_note(run, "api", "was asked to stop");
    vmc_job_run_cancel(run);
    if (run->is_journalled && !run->is_started && !self->is_stopping)
        write_end(self, run,
                  run->is_resumed ? new_given_up(run) : new_cancelled());
    else
        vmc_job_run_tell(run, TRUE);
    return TRUE;
}

/* ---- recovery -------------------------------------------------------------
 */

/* A job of a kind that this build does not have: it is shown as it ended. */
static gboolean
run_nothing(VmcJobRun *run, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                "this vmctld does not know jobs of kind '%s': look after VM "
                "'%s' on its host",
                vmc_job_run_record(run)->kind,
                vmc_job_run_record(run)->vm_name);
    return FALSE;
}

static const VmcJobKind unknown_kind = {"unknown", run_nothing};

static void
take_up(VmcJobQueue *self, VmcJobRecord *record)
{
    const VmcJobKind *kind = self->options.find_kind(record->kind);
    gboolean has_begun = record->state == VMC_JOB_RUNNING;
    VmcJobRun *run =
        make_run(self, record, kind != NULL ? kind : &unknown_kind);

    record->state = VMC_JOB_QUEUED;
    run->is_resumed = TRUE;
    run->is_journalled = TRUE;
    vmc_job_run_add_note(run, "recovery",
                         has_begun ? "was cut off: looks, then goes on"
                                   : "had not begun when vmctld ended");
    vmc_job_holds_take(self->holds, run);
    vmc_job_dispatcher_add(self->dispatcher, run);
}

static gboolean
take_up_open(VmcJobQueue *self, GError **error)
{
    g_autoptr(GPtrArray) records =
        vmc_store_load_open_jobs(self->options.store, error);

    if (records == NULL)
        return FALSE;
    /* oldest first */
    g_ptr_array_set_free_func(records, NULL);
    for (guint i = records->len; i > 0; i--)
        take_up(self, g_ptr_array_index(records, i - 1));
    return TRUE;
}

gboolean
vmc_job_queue_recover(VmcJobQueue *self, GError **error)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self), FALSE);
    g_autoptr(GError) local = NULL;

    self->last_id = vmc_store_last_job_id(self->options.store, &local);
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!vmc_job_history_load(self->history, self->options.store, error) ||
        !take_up_open(self, error))
        return FALSE;
    vmc_job_dispatcher_run(self->dispatcher);
    return TRUE;
}

/* ---- the end of the daemon ------------------------------------------------
 */

static void
stop_all(VmcJobQueue *self)
{
    GHashTableIter iter;
    gpointer run;

    g_hash_table_iter_init(&iter, self->open);
    while (g_hash_table_iter_next(&iter, NULL, &run))
        vmc_job_run_stop(run);
}

static void
forget_all(VmcJobQueue *self)
{
    GHashTableIter iter;
    gpointer run;

    g_hash_table_iter_init(&iter, self->open);
    while (g_hash_table_iter_next(&iter, NULL, &run))
        ((VmcJobRun *) run)->changed = NULL;
}

static gboolean
wake_up(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

static void
wait_for_threads(VmcJobQueue *self)
{
    gint64 end_us = g_get_monotonic_time() + SHUTDOWN_TIMEOUT_US;
    guint wake_id = g_timeout_add(100, wake_up, NULL);

    while ((vmc_job_dispatcher_is_busy(self->dispatcher) ||
            vmc_job_writer_is_busy(self->writer)) &&
           g_get_monotonic_time() < end_us)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(wake_id);
    if (vmc_job_dispatcher_is_busy(self->dispatcher))
        g_object_ref(self); /* for the message of a job that is stuck */
}

void
vmc_job_queue_shutdown(VmcJobQueue *self)
{
    g_return_if_fail(VMC_IS_JOB_QUEUE(self));
    if (self->is_stopping)
        return;
    self->is_stopping = TRUE;
    vmc_job_dispatcher_stop(self->dispatcher);
    /* what was submitted is written before the store may be closed */
    vmc_job_writer_stop(self->writer);
    stop_all(self);
    wait_for_threads(self);
    forget_all(self);
}
