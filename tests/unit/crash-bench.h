/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/daemon-fixture.h"

/*
 * What a job leaves when vmctld is killed in the middle of it. A child process
 * carries the job out and is killed by a fault of a simulated host, as by
 * kill -9; then this process begins a daemon over the store and the hosts as
 * they were left.
 */

/**
 * VmcCrashScenario:
 * @name: its name
 * @prepare: with hosts h1 and h2: makes what the job needs
 * @submit: submits the job; it is the first one of the daemon
 */
typedef struct {
    const char *name;
    void (*prepare)(VmcDaemonFixture *fixture);
    void (*submit)(VmcDaemonFixture *fixture);
} VmcCrashScenario;

/**
 * vmc_crash_bench_init:
 * @scenarios: (array length=n_scenarios): what there is; must outlive the tests
 * @n_scenarios: how many
 *
 * Once, in main(), after g_test_init().
 */
void vmc_crash_bench_init(const VmcCrashScenario *scenarios, guint n_scenarios);

/**
 * vmc_crash_bench_run:
 * @fixture: all zero
 * @name: a scenario
 * @call: the call at which the child is killed
 * @step: before it acts, or after
 * @nth: at which of these calls
 *
 * On return the daemon runs again, and its monitor; it may still be at work on
 * job 1. End it with vmc_daemon_fixture_tear_down().
 */
void vmc_crash_bench_run(VmcDaemonFixture *fixture,
                         const char *name,
                         const char *call,
                         VmcSimStep step,
                         guint nth);

/**
 * VmcCrashCase:
 * @name: a scenario
 * @call: the call at which the child is killed
 * @end: how the next vmctld ends the job
 * @shown: the state its VM is shown in, in the end
 */
typedef struct {
    const char *name;
    const char *call;
    VmcJobState end;
    VmcVmState shown;
} VmcCrashCase;

/* Each case twice: killed before the call acts, and after. */
void vmc_crash_bench_run_cases(const VmcCrashCase *cases,
                               guint n_cases,
                               const char *vm_uuid);
