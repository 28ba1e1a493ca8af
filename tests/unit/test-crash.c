/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/crash-bench.h"

/*
 * kill -9 in the middle of anything: vmctld is killed at each call of each kind
 * of job, before the call has an effect or after. The next vmctld finishes the
 * job, or goes on undoing it.
 */

#define MAX_CALLS 60

/* Once, however often it was asked for. */
static void
assert_rebooted(VmcCourseBench *bench)
{
    vmc_sim_world_lock();
    const VmcSimDomain *domain =
        vmc_sim_host_find(vmc_sim_world_find("h1"), bench->uuid);
    g_assert_cmpuint(domain->guest.n_boots, ==, 2);
    vmc_sim_world_unlock();
}

static gboolean
is_shown(gpointer data)
{
    VmcCourseBench *bench = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);

    return vm != NULL && vm->is_managed;
}

static void
assert_done(VmcCourseBench *bench, const VmcJobRecord *record)
{
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    /* what was only found before is so again until it is seen */
    if ((bench->course->flags & VMC_COURSE_IS_FOUND) != 0)
        vmc_fixture_wait_until(is_shown, bench);
    vmc_course_bench_assert_done(bench, record);
    if (g_str_equal(bench->course->kind, "reboot"))
        assert_rebooted(bench);
}

/* A migration that had not begun is not begun again: the VM is where it was.
 * And what had begun to undo goes on with that. */
static void
assert_end(VmcCourseBench *bench,
           const VmcCrash *one,
           const VmcJobRecord *record)
{
    const gboolean may_fail =
        one->refused != NULL || g_str_equal(one->course->kind, "migrate");

    if (vmc_fixture_trail_has(record, "undoes what it did"))
        vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    if (may_fail && record->state == VMC_JOB_FAILED)
        vmc_course_bench_assert_failed(bench, record);
    else
        assert_done(bench, record);
}

/* FALSE when the job does not make so many calls: a guest that is quick is
 * looked at less often. */
static gboolean
crash(const VmcCourse *course, const char *refused, guint nth, VmcSimStep step)
{
    const VmcCrash one = {course, refused, nth, step};
    VmcCourseBench bench = {0};
    const gboolean was_killed = vmc_crash_bench_run(&bench, &one);
    g_autoptr(VmcJobRecord) record =
        vmc_daemon_fixture_finish(&bench.daemon, 1);

    assert_end(&bench, &one, record);
    vmc_course_bench_end(&bench);
    return was_killed;
}

static void
crash_everywhere(const VmcCourse *course, const char *refused)
{
    guint nth = 1;

    while (crash(course, refused, nth, VMC_SIM_STEP_BEFORE) &&
           crash(course, refused, nth, VMC_SIM_STEP_AFTER))
        g_assert_cmpuint(++nth, <, MAX_CALLS);
    g_assert_cmpuint(nth, >, 3); /* it was in the middle of something */
}

static void
test_course(gconstpointer data)
{
    crash_everywhere(data, NULL);
}

/* Its start is refused: the next vmctld does not take it for a create to be
 * finished, though its host would start it now. */
static void
test_undo(void)
{
    crash_everywhere(vmc_course_find("create"), "start");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vmc_crash_bench_init();
    vmc_course_bench_add_tests("/crash", test_course);
    g_test_add_func("/crash/undo", test_undo);
    return g_test_run();
}
