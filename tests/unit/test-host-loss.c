/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/course-bench.h"

/*
 * A libvirtd that goes away in the middle of anything: the connection to a host
 * breaks at each call of each kind of job, before the call has an effect or
 * after. The job is done, or has failed and nothing has changed. Nothing is
 * half done, and asked for once more it is done.
 */

#define MAX_CALLS 60

static void
assert_end(VmcCourseBench *bench, const VmcJobRecord *record)
{
    if (record->state == VMC_JOB_DONE)
        vmc_course_bench_assert_done(bench, record);
    else
        vmc_course_bench_assert_failed(bench, record);
}

static void
report(const VmcCourse *course,
       guint nth,
       VmcSimStep step,
       const VmcJobRecord *record)
{
    const char *why = record->error_message;

    g_test_message("%s, lost %s call %u: %s%s%s", course->name,
                   vmc_sim_step_to_name(step), nth,
                   vmc_job_state_to_name(record->state),
                   why != NULL ? ": " : "", why != NULL ? why : "");
}

/* FALSE when the job does not make so many calls. */
static gboolean
lose(const VmcCourse *course, guint nth, VmcSimStep step)
{
    const VmcSimFault loss = {.kind = VMC_SIM_FAULT_DISCONNECT,
                              .step = step,
                              .host = "h1",
                              .nth = nth,
                              .times = 1};
    VmcCourseBench bench = {0};

    vmc_course_bench_begin(&bench, course);
    vmc_sim_fault_add(&loss);
    g_autoptr(VmcJobRecord) record = vmc_course_bench_carry_out(&bench);
    const gboolean has_struck = vmc_sim_fault_count() > 0;
    vmc_sim_fault_clear();
    report(course, nth, step, record);
    vmc_daemon_fixture_wait_for_host(&bench.daemon, "h1");
    assert_end(&bench, record);
    if (record->state != VMC_JOB_DONE) {
        g_autoptr(VmcJobRecord) again = vmc_course_bench_carry_out(&bench);
        vmc_course_bench_assert_done(&bench, again);
    }
    vmc_course_bench_end(&bench);
    return has_struck;
}

static void
test_course(gconstpointer data)
{
    guint nth = 1;

    while (lose(data, nth, VMC_SIM_STEP_BEFORE) &&
           lose(data, nth, VMC_SIM_STEP_AFTER))
        g_assert_cmpuint(++nth, <, MAX_CALLS);
    g_assert_cmpuint(nth, >, 3); /* it was in the middle of something */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vmc_course_bench_add_tests("/host-loss", test_course);
    return g_test_run();
}
