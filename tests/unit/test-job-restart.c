/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-queue.h"

#include "core/error.h"
#include "tests/unit/queue-bench.h"

/* ---- from one daemon to the next ------------------------------------------
 */

static gpointer
open_gate_soon(gpointer data)
{
    g_usleep(20000);
    vmc_queue_bench_open_gate();
    return NULL;
}

/* Ends the daemon while a job is inside the gate. */
static void
restart_inside(VmcDaemonFixture *fixture)
{
    vmc_fixture_wait_until(vmc_queue_bench_is_inside, NULL);
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
    guint64 id = vmc_queue_bench_submit(fixture, "gate", UUID_1);

    restart_inside(fixture);
    g_assert_cmpuint(vmc_job_queue_find_open(fixture->queue, UUID_1), ==, id);
    g_assert_true(vmc_live_fleet_is_held(fixture->live_fleet, UUID_1));
    forget_host(fixture);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_true(vmc_fixture_trail_has(
        record, "it was resumed at 'enter' with 'value'"));

    /* ids go on */
    g_assert_cmpuint(vmc_queue_bench_submit(fixture, "quick", UUID_1), ==,
                     id + 1);
}

/* What began to undo goes on undoing, whatever else could be done. */
static void
test_undo_resumed(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = vmc_queue_bench_submit(fixture, "undo", UUID_1);

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
    guint64 id = vmc_queue_bench_submit_reserve(fixture, "gate");

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

#define ADD(name, func)                                                        \
    g_test_add("/job-restart/" name, VmcDaemonFixture, NULL,                   \
               vmc_queue_bench_set_up, func, vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("resumed", test_resumed);
    ADD("undo-resumed", test_undo_resumed);
    ADD("resumed-waits", test_resumed_waits);
    ADD("unknown-kind-resumed", test_unknown_kind_resumed);
    return g_test_run();
}
