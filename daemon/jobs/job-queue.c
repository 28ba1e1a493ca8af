/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-queue.h"

#include "daemon/jobs/job-hosts.h"
#include "daemon/jobs/job-run-private.h"

#define SHUTDOWN_TIMEOUT_US (10 * G_USEC_PER_SEC)
#define LOOK_FOR_HOSTS_INTERVAL_S 2

enum { SIGNAL_CHANGED, N_SIGNALS };

static guint signals[N_SIGNALS];

struct _VmcJobQueue {
    GObject parent_instance;
    VmcJobQueueOptions options;
    gulong host_handler;
    guint64 last_id;
    GHashTable *open;      /* id → VmcJobRun */
    GHashTable *by_vm;     /* UUID → VmcJobRun, of those that are open */
    GQueue pending;        /* VmcJobRun in open, journalled, oldest first */
    GQueue ended;          /* VmcJobRecord, newest first */
    GThreadPool *workers;  /* runs jobs */
    GThreadPool *journals; /* one thread: writes of the queue itself */
    guint n_running;
    guint n_writing;
    guint look_id; /* while a job waits for a host */
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
    g_queue_clear(&self->pending);
    g_queue_clear_full(&self->ended, (GDestroyNotify) vmc_job_record_free);
    g_hash_table_unref(self->by_vm);
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
    self->by_vm = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&self->pending);
    g_queue_init(&self->ended);
}

/* ---- messages to the main thread ------------------------------------------
 */

typedef struct {
    VmcJobQueue *self;
    VmcJobRun *run;
    GError *error;
    void (*func)(VmcJobQueue *self, VmcJobRun *run, const GError *error);
} Message;

static gboolean
deliver(gpointer user_data)
{
    Message *message = user_data;

    message->func(message->self, message->run, message->error);
    return G_SOURCE_REMOVE;
}

static void
message_free(gpointer user_data)
{
    Message *message = user_data;

    vmc_job_run_unref(message->run);
    g_clear_error(&message->error);
    g_free(message);
}

/* The queue waits for its threads before it goes, so a message needs no
 * reference to it. */
static void
send(Message message)
{
    GSource *source = g_idle_source_new();

    g_source_set_callback(source, deliver, g_memdup2(&message, sizeof message),
                          message_free);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_attach(source, NULL);
    g_source_unref(source);
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

/* ---- the VM it holds ------------------------------------------------------
 */

static void
hold(VmcJobQueue *self, VmcJobRun *run)
{
    const char *uuid = run->record->vm_uuid;

    if (uuid == NULL)
        return;
    g_hash_table_replace(self->by_vm, g_strdup(uuid), run);
    vmc_live_fleet_hold_vm(self->options.live_fleet, uuid);
}

static void
reserve_vm(VmcJobQueue *self, VmcJobRun *run, VmcVm *reserve)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(self->options.live_fleet);
    VmcVm *before = vmc_fleet_find_vm(fleet, reserve->uuid);

    run->before = before != NULL ? vmc_vm_ref(before) : NULL;
    run->reserve = vmc_vm_ref(reserve);
    vmc_live_fleet_put_vm(self->options.live_fleet, reserve);
}

/* A job that ended without effect and without a word about its VM. */
static void
give_back_reserve(VmcJobQueue *self, VmcJobRun *run)
{
    if (run->reserve == NULL)
        return;
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(self->options.live_fleet);
    if (vmc_fleet_find_vm(fleet, run->reserve->uuid) != run->reserve)
        return;
    if (run->before != NULL)
        vmc_live_fleet_put_vm(self->options.live_fleet, run->before);
    else
        vmc_live_fleet_remove_vm(self->options.live_fleet, run->reserve->uuid);
}

static void
release(VmcJobQueue *self, VmcJobRun *run)
{
    const char *uuid = run->record->vm_uuid;

    if (uuid == NULL || g_hash_table_lookup(self->by_vm, uuid) != run)
        return;
    vmc_live_fleet_release_vm(self->options.live_fleet, uuid);
    g_hash_table_remove(self->by_vm, uuid);
}

/* ---- the end of a job -----------------------------------------------------
 */

static void
keep_ended(VmcJobQueue *self, VmcJobRecord *record)
{
    g_queue_push_head(&self->ended, record);
    while (g_queue_get_length(&self->ended) >
           self->options.settings->job_history)
        vmc_job_record_free(g_queue_pop_tail(&self->ended));
}

/* Its record has its final state. */
static void
end(VmcJobQueue *self, VmcJobRun *run, gboolean keep)
{
    g_autoptr(VmcJobRun) ref = vmc_job_run_ref(run);
    VmcJobState state = run->record->state;

    if (state == VMC_JOB_FAILED || state == VMC_JOB_CANCELLED)
        give_back_reserve(self, run);
    release(self, run);
    g_queue_remove(&self->pending, run);
    g_hash_table_remove(self->open, &run->record->id);
    run->changed = NULL; /* this is the last word on it */
    if (keep)
        keep_ended(self, vmc_job_run_copy_record(run));
    emit_changed(self, run);
}

/* ---- running --------------------------------------------------------------
 */

static void dispatch(VmcJobQueue *self);

static void
on_run_ended(VmcJobQueue *self, VmcJobRun *run, const GError *error)
{
    self->n_running--;
    if (vmc_job_state_is_final(run->record->state))
        end(self, run, TRUE);
    dispatch(self);
}

static void
work(gpointer data, gpointer user_data)
{
    VmcJobRun *run = data;

    vmc_job_run_execute(run);
    send((Message){user_data, run, NULL, on_run_ended});
}

static void
start(VmcJobQueue *self, VmcJobRun *run)
{
    g_queue_remove(&self->pending, run);
    run->is_started = TRUE;
    self->n_running++;
    g_thread_pool_push(self->workers, vmc_job_run_ref(run), NULL);
}

static void
note_waiting(VmcJobRun *run, const char *host)
{
    if (run->is_waiting_noted)
        return;
    run->is_waiting_noted = TRUE;
    g_autofree char *text =
        g_strdup_printf("waits for host '%s' to answer", host);
    vmc_job_run_add_note(run, "recovery", text);
    vmc_job_run_tell(run, TRUE);
}

/* A new job finds out by itself that a host does not answer, and fails; one
 * that was cut off may have had effects there, and waits. */
static gboolean
may_start(VmcJobQueue *self, VmcJobRun *run)
{
    g_autofree char *missing = NULL;

    if (run->is_ending)
        return FALSE;
    if (!run->is_resumed)
        return TRUE;
    missing = vmc_job_hosts_find_missing(run->record, self->options.live_fleet);
    if (missing != NULL)
        note_waiting(run, missing);
    return missing == NULL;
}

static gboolean
look_for_hosts(gpointer user_data)
{
    VmcJobQueue *self = user_data;

    self->look_id = 0;
    dispatch(self);
    return G_SOURCE_REMOVE;
}

static void
dispatch(VmcJobQueue *self)
{
    guint n_waiting = 0;

    if (self->is_stopping)
        return;
    for (GList *link = self->pending.head, *next; link != NULL; link = next) {
        VmcJobRun *run = link->data;
        next = link->next;
        if (self->n_running >= self->options.settings->max_running_jobs)
            break;
        if (may_start(self, run))
            start(self, run);
        else
            n_waiting++;
    }
    if (n_waiting > 0 && self->look_id == 0)
        self->look_id = g_timeout_add_seconds(LOOK_FOR_HOSTS_INTERVAL_S,
                                              look_for_hosts, self);
}

static void
on_host_changed(VmcLiveFleet *live_fleet, VmcHost *host, gpointer user_data)
{
    dispatch(user_data);
}

/* ---- writing without running ----------------------------------------------
 */

typedef struct {
    VmcJobQueue *self;
    VmcJobRun *run;
    GError *end; /* (nullable): it is to end with this; else it is new */
} Write;

/* It was given up: what it left on its hosts is not known. */
static void
mark_vm_unknown(VmcJobQueue *self, VmcJobRun *run)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(self->options.live_fleet);
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
    vmc_live_fleet_put_vm(self->options.live_fleet, unknown);
}

static void
on_ended_early(VmcJobQueue *self, VmcJobRun *run, const GError *error)
{
    self->n_writing--;
    if (run->record->state == VMC_JOB_UNKNOWN)
        mark_vm_unknown(self, run);
    if (vmc_job_state_is_final(run->record->state))
        end(self, run, TRUE);
}

static void
write_end(VmcJobQueue *self, VmcJobRun *run, const GError *why)
{
    /* first what the fleet was: an ended job is not looked at again */
    g_autoptr(GError) error = NULL;
    gboolean ok = TRUE;

    if (run->reserve != NULL && run->before != NULL)
        ok = vmc_store_put_vm(run->store, run->before, &error);
    else if (run->reserve != NULL)
        ok = vmc_store_remove_vm(run->store, run->reserve->uuid, &error);
    if (!ok)
        vmc_job_run_add_note(run, "job", error->message);
    vmc_job_run_finish(run, why);
    send((Message){self, run, NULL, on_ended_early});
}

static void
push_end(VmcJobQueue *self, VmcJobRun *run, GError *why)
{
    Write write = {self, vmc_job_run_ref(run), why};

    run->is_ending = TRUE;
    self->n_writing++;
    g_thread_pool_push(self->journals, g_memdup2(&write, sizeof write), NULL);
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
on_journalled(VmcJobQueue *self, VmcJobRun *run, const GError *error)
{
    self->n_writing--;
    if (error != NULL) {
        end_unwritten(self, run, error);
        return;
    }
    run->is_journalled = TRUE;
    emit_changed(self, run);
    if (g_cancellable_is_cancelled(run->cancellable) && !self->is_stopping)
        push_end(self, run, new_cancelled());
    g_queue_push_tail(&self->pending, run);
    dispatch(self);
}

static void
write_new(VmcJobQueue *self, VmcJobRun *run)
{
    g_autoptr(VmcJobRecord) record = vmc_job_run_copy_record(run);
    Message message = {self, run, NULL, on_journalled};

    if (!vmc_store_submit_job(run->store, record, run->reserve, &message.error))
        g_prefix_error(&message.error,
                       "the job was not begun, since it could not be "
                       "journalled: ");
    send(message);
}

static void
do_write(gpointer data, gpointer user_data)
{
    Write *write = data;

    if (write->end != NULL)
        write_end(write->self, write->run, write->end);
    else
        write_new(write->self, write->run);
    g_clear_error(&write->end);
    g_free(write);
}

static void
push_new(VmcJobQueue *self, VmcJobRun *run)
{
    Write write = {self, vmc_job_run_ref(run), NULL};

    self->n_writing++;
    g_thread_pool_push(self->journals, g_memdup2(&write, sizeof write), NULL);
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
    self->workers = g_thread_pool_new(
        work, self, (gint) options->settings->max_running_jobs, FALSE, NULL);
    self->journals = g_thread_pool_new(do_write, NULL, 1, FALSE, NULL);
    self->host_handler =
        g_signal_connect(self->options.live_fleet, "host-changed",
                         G_CALLBACK(on_host_changed), self);
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

static gboolean
check_free(VmcJobQueue *self, const VmcJobRecord *record, GError **error)
{
    VmcJobRun *other = record->vm_uuid != NULL
                           ? g_hash_table_lookup(self->by_vm, record->vm_uuid)
                           : NULL;

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
    return check_free(self, record, error) ? kind : NULL;
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
    hold(self, run);
    if (reserve != NULL)
        reserve_vm(self, run, reserve);
    push_new(self, run);
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
    for (GList *link = self->ended.head; link != NULL; link = link->next)
        if (((VmcJobRecord *) link->data)->id == id)
            return vmc_job_record_copy(link->data);
    return NULL;
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
    for (GList *link = self->ended.head; link != NULL; link = link->next)
        g_ptr_array_add(records, vmc_job_record_copy(link->data));
    g_ptr_array_sort(records, compare_newest_first);
    return records;
}

guint64
vmc_job_queue_find_open(VmcJobQueue *self, const char *vm_uuid)
{
    g_return_val_if_fail(VMC_IS_JOB_QUEUE(self) && vm_uuid != NULL, 0);
    VmcJobRun *run = g_hash_table_lookup(self->by_vm, vm_uuid);

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
        push_end(self, run,
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
    hold(self, run);
    g_queue_push_tail(&self->pending, run);
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

static gboolean
load_ended(VmcJobQueue *self, GError **error)
{
    guint limit = self->options.settings->job_history;
    g_autoptr(GPtrArray) records =
        vmc_store_load_jobs(self->options.store, limit, error);

    if (records == NULL)
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        VmcJobRecord *record = g_ptr_array_index(records, i);
        if (vmc_job_state_is_final(record->state))
            g_queue_push_tail(&self->ended, vmc_job_record_copy(record));
    }
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
    if (!load_ended(self, error) || !take_up_open(self, error))
        return FALSE;
    dispatch(self);
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

    while (self->n_running + self->n_writing > 0 &&
           g_get_monotonic_time() < end_us)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(wake_id);
    if (self->n_running > 0)
        g_object_ref(self); /* for the message of a job that is stuck */
}

void
vmc_job_queue_shutdown(VmcJobQueue *self)
{
    g_return_if_fail(VMC_IS_JOB_QUEUE(self));
    if (self->is_stopping)
        return;
    self->is_stopping = TRUE;
    g_signal_handler_disconnect(self->options.live_fleet, self->host_handler);
    g_clear_handle_id(&self->look_id, g_source_remove);
    /* what was submitted is written before the store may be closed */
    g_thread_pool_free(g_steal_pointer(&self->journals), FALSE, TRUE);
    stop_all(self);
    wait_for_threads(self);
    forget_all(self);
    g_thread_pool_free(g_steal_pointer(&self->workers), TRUE, FALSE);
}
