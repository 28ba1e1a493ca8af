/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "daemon/store/store-private.h"
#include "tests/unit/course-bench.h"

#include <string.h>

/*
 * A disk that fills up, or a file system that turns read-only, in the middle of
 * anything: the state cannot be written any more from each call of each kind of
 * job on. A job that has done nothing fails at once, with the reason; one that
 * has waits, says so, and is done when there is room again.
 */

#define MAX_CALLS 60

static gboolean
set_query_only(VmcStore *store, gpointer is_writable, GError **error)
{
    return vmc_store_exec(store,
                          GPOINTER_TO_INT(is_writable)
                              ? "PRAGMA query_only = OFF"
                              : "PRAGMA query_only = ON",
                          error);
}

/* The job's thread may be using it: not without the mutex. */
static void
set_writable(VmcCourseBench *bench, gboolean is_writable)
{
    g_autoptr(GError) error = NULL;

    vmc_store_read(bench->daemon.store, set_query_only,
                   GINT_TO_POINTER(is_writable), &error);
    g_assert_no_error(error);
}

typedef struct {
    VmcJobQueue *queue;
    guint64 id;
} Awaited;

static VmcJobRecord *
get(const Awaited *awaited)
{
    return vmc_job_queue_get(awaited->queue, awaited->id);
}

static gboolean
is_over(const VmcJobRecord *record)
{
    return vmc_job_state_is_final(record->state);
}

static gboolean
is_waiting(const VmcJobRecord *record)
{
    return record->step != NULL &&
           g_str_has_prefix(record->step, "wait until the state");
}

static gboolean
has_struck_or_ended(gpointer data)
{
    g_autoptr(VmcJobRecord) record = get(data);

    return vmc_sim_fault_count() > 0 || is_over(record);
}

static gboolean
waits_or_has_ended(gpointer data)
{
    g_autoptr(VmcJobRecord) record = get(data);

    return is_waiting(record) || is_over(record);
}

/* A migrated VM was told to run before anything was waited for. */
static void
assert_runs(VmcCourseBench *bench)
{
    if (g_str_equal(bench->course->kind, "migrate"))
        g_assert_cmpuint(vmc_sim_world_count_running(bench->uuid), ==, 1);
}

static void
assert_end(VmcCourseBench *bench, const VmcJobRecord *record)
{
    if (record->state == VMC_JOB_DONE) {
        vmc_course_bench_assert_done(bench, record);
        return;
    }
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_DENIED);
    g_assert_nonnull(strstr(record->error_message, "writable for vmctld"));
    vmc_course_bench_assert_failed(bench, record);
    g_autoptr(VmcJobRecord) again = vmc_course_bench_carry_out(bench);
    vmc_course_bench_assert_done(bench, again);
}

/* FALSE when the job does not make so many calls. */
static gboolean
lose(const VmcCourse *course, guint nth)
{
    const VmcSimFault hold = {
        .kind = VMC_SIM_FAULT_HANG, .host = "h1", .nth = nth, .times = 1};
    VmcCourseBench bench = {0};

    vmc_course_bench_begin(&bench, course);
    vmc_sim_fault_add(&hold);
    Awaited awaited = {bench.daemon.queue, vmc_course_bench_submit(&bench)};
    vmc_fixture_wait_until(has_struck_or_ended, &awaited);
    const gboolean has_struck = vmc_sim_fault_count() > 0;
    set_writable(&bench, FALSE);
    vmc_sim_fault_clear();
    vmc_fixture_wait_until(waits_or_has_ended, &awaited);
    g_autoptr(VmcJobRecord) waiting = get(&awaited);
    g_test_message("%s, unwritable from call %u on: %s, %s", course->name, nth,
                   vmc_job_state_to_name(waiting->state), waiting->step);
    if (has_struck && is_waiting(waiting))
        assert_runs(&bench);
    set_writable(&bench, TRUE);
    g_autoptr(VmcJobRecord) record =
        vmc_daemon_fixture_finish(&bench.daemon, awaited.id);
    assert_end(&bench, record);
    vmc_course_bench_end(&bench);
    return has_struck;
}

static void
test_course(gconstpointer data)
{
    guint nth = 1;

    while (lose(data, nth))
        g_assert_cmpuint(++nth, <, MAX_CALLS);
    g_assert_cmpuint(nth, >, 3); /* it was in the middle of something */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vmc_course_bench_add_tests("/store-loss", test_course);
    return g_test_run();
}
