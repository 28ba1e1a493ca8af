/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-queue.h"

#include "core/error.h"
#include "daemon/jobs/json-value.h"
#include "daemon/store/store-private.h"
#include "tests/unit/daemon-fixture.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"
#define UUID_3 "00000000-0000-4000-8000-000000000003"

/* ---- jobs that do as they are told ----------------------------------------
 */

/* Where a job of kind "gate" waits: it may go on when it is open. */
typedef struct {
    GMutex mutex;
    GCond cond;
    guint n_inside;
    guint n_most;
    gboolean is_open;
} Gate;

static Gate gate;

static void
gate_enter(void)
{
    g_mutex_lock(&gate.mutex);
    gate.n_inside++;
    gate.n_most = MAX(gate.n_most, gate.n_inside);
    while (!gate.is_open)
        g_cond_wait(&gate.cond, &gate.mutex);
    gate.n_inside--;
    g_mutex_unlock(&gate.mutex);
}

static void
gate_open(void)
{
    g_mutex_lock(&gate.mutex);
    gate.is_open = TRUE;
    g_cond_broadcast(&gate.cond);
    g_mutex_unlock(&gate.mutex);
}

static gboolean
gate_has_one(gpointer data)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate.mutex);

    return gate.n_inside > 0;
}

/* Two steps with a gate between them; says whether it was resumed. */
static gboolean
run_gate(VmcJobRun *run, GError **error)
{
    if (vmc_job_run_is_resumed(run))
        vmc_job_run_note(run, "it was resumed at '%s' with '%s'",
                         vmc_job_run_record(run)->step,
                         vmc_job_run_recall(run, "key"));
    if (!vmc_job_run_remember(run, "key", "value", error) ||
        !vmc_job_run_step(run, 100, error, "enter"))
        return FALSE;
    gate_enter();
    return vmc_job_run_step(run, 900, error, "leave");
}

static gboolean
run_quick(VmcJobRun *run, GError **error)
{
    return vmc_job_run_step(run, 500, error, "do it");
}

/* Ends as its intent says, as {"end":"partial"}. */
static gboolean
run_end(VmcJobRun *run, GError **error)
{
    const char *slug =
        json_object_get_string_member(vmc_job_run_intent(run), "end");
    VmcError code;

    g_assert_true(vmc_error_from_slug(slug, &code));
    g_set_error(error, VMC_ERROR, (int) code, "it ended as '%s'", slug);
    return FALSE;
}

/* Publishes the VM, then fails. */
static gboolean
run_publish(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) old = vmc_job_run_vm(run, error);
    g_autoptr(VmcVm) vm = vmc_vm_copy(old);

    vm->size.amount[VMC_CPU] = 3000;
    if (!vmc_job_run_publish_vm(run, vm, error))
        return FALSE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED, "failed after it");
    return FALSE;
}

static gboolean
run_chatter(VmcJobRun *run, GError **error)
{
    for (guint i = 0; i < 1000; i++)
        vmc_job_run_progress(run, i);
    return TRUE;
}

/* Waits for ever, or until it is cancelled. */
static gboolean
run_wait(VmcJobRun *run, GError **error)
{
    if (!vmc_job_run_step(run, 100, error, "wait"))
        return FALSE;
    g_assert_false(vmc_job_run_wait(run, G_MAXUINT));
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED, "it was woken");
    return FALSE;
}

/* Begins to undo; a wait in it is not ended by the cancel that caused it. */
static gboolean
run_undo(VmcJobRun *run, GError **error)
{
    g_autoptr(GError) why = vmc_job_run_undo_reason(run);

    if (why == NULL) {
        g_set_error(&why, VMC_ERROR, VMC_ERROR_REFUSED, "it was a bad idea");
        vmc_job_run_begin_undo(run, why);
        gate_enter();
    } else
        vmc_job_run_begin_undo(run, why);
    vmc_job_run_note(run, "undone");
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static const VmcJobKind *
find_kind(const char *name)
{
    static const VmcJobKind kinds[] = {
        {"gate", run_gate},       {"quick", run_quick},     {"end", run_end},
        {"publish", run_publish}, {"chatter", run_chatter}, {"wait", run_wait},
        {"undo", run_undo},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    gate.is_open = FALSE;
    gate.n_inside = 0;
    gate.n_most = 0;
    fixture->find_kind = find_kind;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_host(fixture, "h1");
    vmc_daemon_fixture_add_vm(fixture, UUID_1, "web1", "h1");
    vmc_daemon_fixture_add_vm(fixture, UUID_2, "web2", "h1");
}

static guint64
submit(VmcDaemonFixture *fixture, const char *kind, const char *uuid)
{
    return vmc_daemon_fixture_submit(fixture, kind, uuid, NULL);
}

/* web1 with eight vCPUs: what a resize would reserve. */
static VmcVm *
make_reserve(VmcDaemonFixture *fixture)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    VmcVm *reserve = vmc_vm_copy(vm);

    reserve->size.amount[VMC_CPU] = 8000;
    return reserve;
}

static guint64
submit_with_reserve(VmcDaemonFixture *fixture, const char *kind)
{
    g_autoptr(VmcVm) reserve = make_reserve(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) intent =
        vmc_json_parse_object("{\"end\":\"refused\"}", NULL);
    guint64 id = vmc_job_queue_submit(
        fixture->queue, vmc_job_record_new(kind, UUID_1, "web1", intent),
        reserve, &error);

    g_assert_no_error(error);
    return id;
}

static void
assert_cpu(VmcDaemonFixture *fixture, guint64 expected)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, expected);
    vm = (vmc_vm_unref(vm), vmc_vm_ref(vmc_fleet_find_vm(stored, UUID_1)));
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, expected);
}

/* ---- one after the other --------------------------------------------------
 */

typedef struct {
    VmcDaemonFixture *fixture;
    GString *states;
    guint n_changes;
} Watcher;

static void
on_changed(VmcJobQueue *queue, VmcJobRecord *record, gpointer data)
{
    Watcher *watcher = data;

    watcher->n_changes++;
    if (watcher->states->len == 0) {
        /* the API answers now: it must be durable */
        g_autoptr(GPtrArray) jobs =
            vmc_store_load_open_jobs(watcher->fixture->store, NULL);
        g_assert_cmpuint(jobs->len, ==, 1);
    }
    g_string_append_printf(watcher->states, "%s %u;",
                           vmc_job_state_to_name(record->state),
                           record->progress_milli);
}

static void
test_runs(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(GString) states = g_string_new(NULL);
    Watcher watcher = {fixture, states, 0};

    g_signal_connect(fixture->queue, "changed", G_CALLBACK(on_changed),
                     &watcher);
    guint64 id = submit(fixture, "quick", UUID_1);
    g_assert_cmpuint(vmc_job_queue_find_open(fixture->queue, UUID_1), ==, id);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_cmpuint(record->progress_milli, ==, 1000);
    g_assert_cmpint(record->created_s, >, 0);
    g_assert_cmpint(record->started_s, >=, record->created_s);
    g_assert_cmpint(record->finished_s, >=, record->started_s);
    g_assert_cmpstr(record->step, ==, "do it");
    g_assert_true(g_str_has_prefix(states->str, "queued 0;"));
    g_assert_true(g_str_has_suffix(states->str, "done 1000;"));
    g_assert_cmpuint(vmc_job_queue_find_open(fixture->queue, UUID_1), ==, 0);
    g_autoptr(GPtrArray) open = vmc_store_load_open_jobs(fixture->store, NULL);
    g_assert_cmpuint(open->len, ==, 0);
}

/* What the job's code returns is how the job ends. */
static void
test_ends(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *intent;
        VmcJobState state;
        VmcError code;
    } cases[] = {
        {"{\"end\":\"failed\"}", VMC_JOB_FAILED, VMC_ERROR_FAILED},
        {"{\"end\":\"refused\"}", VMC_JOB_FAILED, VMC_ERROR_REFUSED},
        {"{\"end\":\"unreachable\"}", VMC_JOB_FAILED, VMC_ERROR_UNREACHABLE},
        {"{\"end\":\"unknown\"}", VMC_JOB_UNKNOWN, VMC_ERROR_UNKNOWN},
        {"{\"end\":\"partial\"}", VMC_JOB_PARTIAL, VMC_ERROR_PARTIAL},
        {"{\"end\":\"cancelled\"}", VMC_JOB_CANCELLED, VMC_ERROR_CANCELLED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint64 id =
            vmc_daemon_fixture_submit(fixture, "end", UUID_1, cases[i].intent);
        g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
        g_assert_cmpint(record->state, ==, cases[i].state);
        g_assert_cmpint(record->error_code, ==, cases[i].code);
        g_assert_nonnull(strstr(record->error_message, "it ended as"));
    }
}

static void
test_busy(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit(fixture, "gate", UUID_1);
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf(
        "VM 'web1' is busy with job %" G_GUINT64_FORMAT " (gate)", id);

    g_assert_cmpuint(
        vmc_job_queue_submit(fixture->queue,
                             vmc_job_record_new("quick", UUID_1, "web1", NULL),
                             NULL, &error),
        ==, 0);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_BUSY);
    g_assert_true(g_str_has_prefix(error->message, expected));

    /* another VM is free */
    guint64 other = submit(fixture, "quick", UUID_2);
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, other));
    gate_open();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    submit(fixture, "quick", UUID_1);
}

static void
test_no_such_kind(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(
        vmc_job_queue_submit(fixture->queue,
                             vmc_job_record_new("fly", UUID_1, "web1", NULL),
                             NULL, &error),
        ==, 0);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

/* No more at a time than the settings say, and the oldest first. */
static void
test_bounded(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 ids[6];

    fixture->settings->max_running_jobs = 2;
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = submit(fixture, "gate", NULL);
    vmc_daemon_fixture_wait_for(fixture, ids[1], VMC_JOB_RUNNING);
    g_autoptr(VmcJobRecord) third = vmc_job_queue_get(fixture->queue, ids[2]);
    g_assert_cmpint(third->state, ==, VMC_JOB_QUEUED);
    gate_open();
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        vmc_job_record_free(vmc_daemon_fixture_finish(fixture, ids[i]));
    g_assert_cmpuint(gate.n_most, <=, 2);
}

/* ---- what is reserved -----------------------------------------------------
 */

/* The next decision counts what the last one promised, at once. */
static void
test_reserve(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit_with_reserve(fixture, "gate");
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);

    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 8000);
    g_assert_true(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    vmc_daemon_fixture_wait_for(fixture, id, VMC_JOB_RUNNING);
    assert_cpu(fixture, 8000);
    gate_open();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    g_assert_false(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    assert_cpu(fixture, 8000);
}

static void
test_reserve_given_back(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit_with_reserve(fixture, "end");

    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    assert_cpu(fixture, 2000);
}

/* What a job says about its VM stands, though the job failed. */
static void
test_published_stands(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit_with_reserve(fixture, "publish");

    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    assert_cpu(fixture, 3000);
}

/* ---- cancelling -----------------------------------------------------------
 */

static void
test_cancel_queued(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->settings->max_running_jobs = 1;
    guint64 first = submit(fixture, "gate", UUID_2);
    vmc_daemon_fixture_wait_for(fixture, first, VMC_JOB_RUNNING);
    guint64 id = submit_with_reserve(fixture, "quick");

    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
    g_assert_null(record->step);
    assert_cpu(fixture, 2000);

    /* once ended it cannot be cancelled */
    g_autoptr(GError) error = NULL;
    g_assert_false(vmc_job_queue_cancel(fixture->queue, id, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    g_clear_error(&error);
    g_assert_false(vmc_job_queue_cancel(fixture->queue, 999, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    gate_open();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, first));
}

/* A running job stops at its next step. */
static void
test_cancel_running(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit(fixture, "gate", UUID_1);

    vmc_fixture_wait_until(gate_has_one, NULL);
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    gate_open();
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
    g_assert_cmpstr(record->step, ==, "enter");
    g_assert_true(vmc_fixture_trail_has(record, "was asked to stop"));
}

/* Waiting ends at once. */
static void
test_cancel_waiting(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit(fixture, "wait", UUID_1);

    vmc_daemon_fixture_wait_for(fixture, id, VMC_JOB_RUNNING);
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
}

/* ---- a full disk ----------------------------------------------------------
 */

static void
set_max_pages(VmcDaemonFixture *fixture, guint n_pages)
{
    g_autofree char *sql =
        g_strdup_printf("PRAGMA max_page_count = %u", n_pages);

    g_assert_true(vmc_store_exec(fixture->store, sql, NULL));
}

static void
keep_last(VmcJobQueue *queue, VmcJobRecord *record, gpointer data)
{
    VmcJobRecord **last = data;

    vmc_job_record_free(*last);
    *last = vmc_job_record_copy(record);
}

static gboolean
has_last(gpointer data)
{
    return *(VmcJobRecord **) data != NULL;
}

/* A job that cannot be journalled is not begun, says why, and leaves the daemon
 * as able as before. */
static void
test_full_disk(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) last = NULL;
    gulong handler = g_signal_connect(fixture->queue, "changed",
                                      G_CALLBACK(keep_last), &last);
    g_autofree char *padding = g_strnfill(200000, 'x');
    g_autofree char *intent = g_strdup_printf("{\"padding\":\"%s\"}", padding);
    g_autoptr(VmcVm) reserve = make_reserve(fixture);
    g_autoptr(JsonObject) object = vmc_json_parse_object(intent, NULL);

    set_max_pages(fixture, 20);
    guint64 id = vmc_job_queue_submit(
        fixture->queue, vmc_job_record_new("quick", UUID_1, "web1", object),
        reserve, NULL);
    g_assert_cmpuint(id, >, 0);
    vmc_fixture_wait_until(has_last, &last);
    g_assert_cmpint(last->state, ==, VMC_JOB_FAILED);
    g_assert_cmpint(last->error_code, ==, VMC_ERROR_NO_SPACE);
    g_assert_null(last->step);
    g_assert_null(vmc_job_queue_get(fixture->queue, id));
    assert_cpu(fixture, 2000);
    g_signal_handler_disconnect(fixture->queue, handler);

    set_max_pages(fixture, 20000);
    guint64 next = submit(fixture, "quick", UUID_1);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, next);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
}

/* ---- from one daemon to the next ------------------------------------------
 */

static gpointer
open_gate_soon(gpointer data)
{
    g_usleep(20000);
    gate_open();
    return NULL;
}

/* Ends the daemon while a job is inside the gate. */
static void
restart_inside(VmcDaemonFixture *fixture)
{
    vmc_fixture_wait_until(gate_has_one, NULL);
    GThread *opener = g_thread_new("opener", open_gate_soon, NULL);
    vmc_daemon_fixture_end(fixture);
    g_thread_join(opener);
    vmc_daemon_fixture_begin(fixture);
}

/* Gives the host the resumed jobs wait for: none, since it is removed. */
static void
forget_host(VmcDaemonFixture *fixture)
{
    vmc_live_fleet_remove_host(fixture->live_fleet, "h1");
}

static void
test_resumed(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit(fixture, "gate", UUID_1);

    restart_inside(fixture);
    g_assert_cmpuint(vmc_job_queue_find_open(fixture->queue, UUID_1), ==, id);
    g_assert_true(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    forget_host(fixture);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_true(vmc_fixture_trail_has(
        record, "it was resumed at 'enter' with 'value'"));

    /* ids go on */
    g_assert_cmpuint(submit(fixture, "quick", UUID_1), ==, id + 1);
}

/* What began to undo goes on undoing, whatever else could be done. */
static void
test_undo_resumed(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit(fixture, "undo", UUID_1);

    restart_inside(fixture);
    forget_host(fixture);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    g_assert_cmpstr(record->error_message, ==, "it was a bad idea");
    g_assert_true(vmc_fixture_trail_has(record, "undone"));
}

static gboolean
is_noted(gpointer data)
{
    VmcDaemonFixture *fixture = data;
    g_autoptr(VmcJobRecord) record = vmc_job_queue_get(fixture->queue, 1);

    return vmc_fixture_trail_has(record, "waits for host 'h1'");
}

/* A host that is slow to come up does not fail the job; who does not want to
 * wait for it can give the job up. */
static void
test_resumed_waits(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = submit_with_reserve(fixture, "gate");

    restart_inside(fixture);
    vmc_fixture_wait_until(is_noted, fixture);
    vmc_daemon_fixture_wait_for(fixture, id, VMC_JOB_QUEUED);

    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_assert_nonnull(strstr(record->error_message, "last step: enter"));
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpint(vm->state, ==, VMC_VM_UNKNOWN);
}

static void
test_unknown_kind_resumed(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) old =
        vmc_job_record_new("teleport", UUID_1, "web1", NULL);

    old->id = 7;
    g_assert_true(vmc_store_put_job(fixture->store, old, NULL));
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    forget_host(fixture);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, 7);
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_assert_nonnull(strstr(record->error_message, "'teleport'"));
}

/* ---- what is shown --------------------------------------------------------
 */

static void
test_history(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->settings->job_history = 3;
    for (guint i = 0; i < 5; i++)
        vmc_job_record_free(vmc_daemon_fixture_finish(
            fixture, submit(fixture, "quick", UUID_1)));
    guint64 open = submit(fixture, "gate", UUID_2);

    g_autoptr(GPtrArray) list = vmc_job_queue_list(fixture->queue);
    g_assert_cmpuint(list->len, ==, 4);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[0])->id, ==, open);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[1])->id, ==, 5);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[3])->id, ==, 3);
    g_assert_null(vmc_job_queue_get(fixture->queue, 1));
    gate_open();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, open));

    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    g_autoptr(GPtrArray) after = vmc_job_queue_list(fixture->queue);
    g_assert_cmpuint(after->len, ==, 3);
    g_assert_cmpuint(((VmcJobRecord *) after->pdata[0])->id, ==, open);
}

/* A job that reports a thousand times does not wake everybody as often. */
static void
test_progress_is_throttled(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(GString) states = g_string_new("x");
    Watcher watcher = {fixture, states, 0};
    gint64 begin_us = g_get_monotonic_time();

    g_signal_connect(fixture->queue, "changed", G_CALLBACK(on_changed),
                     &watcher);
    guint64 id = submit(fixture, "chatter", UUID_1);
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    gint64 taken_us = g_get_monotonic_time() - begin_us;
    /* journalled, running, done; and ten a second */
    g_assert_cmpint(watcher.n_changes, <=, 4 + taken_us / 100000);
    g_assert_true(g_str_has_suffix(states->str, "done 1000;"));
}

#define ADD(name, func)                                                        \
    g_test_add("/job-queue/" name, VmcDaemonFixture, NULL, set_up, func,       \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("runs", test_runs);
    ADD("ends", test_ends);
    ADD("busy", test_busy);
    ADD("no-such-kind", test_no_such_kind);
    ADD("bounded", test_bounded);
    ADD("reserve", test_reserve);
    ADD("reserve-given-back", test_reserve_given_back);
    ADD("published-stands", test_published_stands);
    ADD("cancel-queued", test_cancel_queued);
    ADD("cancel-running", test_cancel_running);
    ADD("cancel-waiting", test_cancel_waiting);
    ADD("full-disk", test_full_disk);
    ADD("resumed", test_resumed);
    ADD("undo-resumed", test_undo_resumed);
    ADD("resumed-waits", test_resumed_waits);
    ADD("unknown-kind-resumed", test_unknown_kind_resumed);
    ADD("history", test_history);
    ADD("progress-is-throttled", test_progress_is_throttled);
    return g_test_run();
}
