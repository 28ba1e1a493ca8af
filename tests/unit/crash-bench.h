/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/course-bench.h"

/*
 * What a job leaves when vmctld is killed in the middle of it. A child process
 * carries the job out and is killed by a fault of a simulated host, as by
 * kill -9; then this process begins a daemon over the store and the hosts as
 * they were left.
 */

/**
 * VmcCrash:
 * @course: of the job
 * @refused: (nullable): a call that its host refuses, so that the job undoes
 * @nth: at which call the child is killed, from 1
 * @step: before it acts, or after
 */
typedef struct {
    const VmcCourse *course;
    const char *refused;
    guint nth;
    VmcSimStep step;
} VmcCrash;

/* Once, in main(), after g_test_init(). */
void vmc_crash_bench_init(void);

/**
 * vmc_crash_bench_run:
 * @bench: all zero
 * @crash: when the child is killed
 *
 * On return the daemon runs again; it may still be at work on job 1. End it
 * with vmc_course_bench_end().
 *
 * Returns: %FALSE when the job did not make so many calls, and has ended
 */
gboolean vmc_crash_bench_run(VmcCourseBench *bench, const VmcCrash *crash);
