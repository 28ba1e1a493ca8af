/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-queue.h"

#include "core/error.h"
#include "daemon/jobs/json-value.h"
#include "daemon/store/store-private.h"
#include "tests/unit/queue-bench.h"

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
    guint64 id = vmc_queue_bench_submit(fixture, "quick", UUID_1);
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
    guint64 id = vmc_queue_bench_submit(fixture, "gate", UUID_1);
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
    guint64 other = vmc_queue_bench_submit(fixture, "quick", UUID_2);
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, other));
    vmc_queue_bench_open_gate();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    vmc_queue_bench_submit(fixture, "quick", UUID_1);
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
        ids[i] = vmc_queue_bench_submit(fixture, "gate", NULL);
    vmc_daemon_fixture_wait_for(fixture, ids[1], VMC_JOB_RUNNING);
    g_autoptr(VmcJobRecord) third = vmc_job_queue_get(fixture->queue, ids[2]);
    g_assert_cmpint(third->state, ==, VMC_JOB_QUEUED);
    vmc_queue_bench_open_gate();
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        vmc_job_record_free(vmc_daemon_fixture_finish(fixture, ids[i]));
    g_assert_cmpuint(vmc_queue_bench_most_inside(), <=, 2);
}

/* ---- what is reserved -----------------------------------------------------
 */

/* The next decision counts what the last one promised, at once. */
static void
test_reserve(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit_reserve(fixture, "gate");
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);

    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 8000);
    g_assert_true(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    vmc_daemon_fixture_wait_for(fixture, id, VMC_JOB_RUNNING);
    assert_cpu(fixture, 8000);
    vmc_queue_bench_open_gate();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    g_assert_false(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    assert_cpu(fixture, 8000);
}

static void
test_reserve_given_back(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit_reserve(fixture, "end");

    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    assert_cpu(fixture, 2000);
}

/* What a job says about its VM stands, though the job failed. */
static void
test_published_stands(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit_reserve(fixture, "publish");

    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    assert_cpu(fixture, 3000);
}

/* ---- cancelling -----------------------------------------------------------
 */

static void
test_cancel_queued(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->settings->max_running_jobs = 1;
    guint64 first = vmc_queue_bench_submit(fixture, "gate", UUID_2);
    vmc_daemon_fixture_wait_for(fixture, first, VMC_JOB_RUNNING);
    guint64 id = vmc_queue_bench_submit_reserve(fixture, "quick");

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
    vmc_queue_bench_open_gate();
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, first));
}

/* A running job stops at its next step. */
static void
test_cancel_running(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit(fixture, "gate", UUID_1);

    vmc_fixture_wait_until(vmc_queue_bench_is_inside, NULL);
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    vmc_queue_bench_open_gate();
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
    g_assert_cmpstr(record->step, ==, "enter");
    g_assert_true(vmc_fixture_trail_has(record, "was asked to stop"));
}

/* Waiting ends at once. */
static void
test_cancel_waiting(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit(fixture, "wait", UUID_1);

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
    g_autoptr(VmcVm) reserve = vmc_queue_bench_make_reserve(fixture);
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
    guint64 next = vmc_queue_bench_submit(fixture, "quick", UUID_1);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, next);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
}

/* ---- what is shown --------------------------------------------------------
 */

static void
test_history(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->settings->job_history = 3;
    for (guint i = 0; i < 5; i++)
        vmc_job_record_free(vmc_daemon_fixture_finish(
            fixture, vmc_queue_bench_submit(fixture, "quick", UUID_1)));
    guint64 open = vmc_queue_bench_submit(fixture, "gate", UUID_2);

    g_autoptr(GPtrArray) list = vmc_job_queue_list(fixture->queue);
    g_assert_cmpuint(list->len, ==, 4);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[0])->id, ==, open);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[1])->id, ==, 5);
    g_assert_cmpuint(((VmcJobRecord *) list->pdata[3])->id, ==, 3);
    g_assert_null(vmc_job_queue_get(fixture->queue, 1));
    vmc_queue_bench_open_gate();
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
    guint64 id = vmc_queue_bench_submit(fixture, "chatter", UUID_1);
    vmc_job_record_free(vmc_daemon_fixture_finish(fixture, id));
    gint64 taken_us = g_get_monotonic_time() - begin_us;
    /* journalled, running, done; and ten a second */
    g_assert_cmpint(watcher.n_changes, <=, 4 + taken_us / 100000);
    g_assert_true(g_str_has_suffix(states->str, "done 1000;"));
}

#define ADD(name, func)                                                        \
    g_test_add("/job-queue/" name, VmcDaemonFixture, NULL,                     \
               vmc_queue_bench_set_up, func, vmc_daemon_fixture_tear_down)

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
    ADD("history", test_history);
    ADD("progress-is-throttled", test_progress_is_throttled);
    return g_test_run();
}
