/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run-private.h"
#include "daemon/settings.h"

/*
 * Whose turn it is: jobs that wait, oldest first, and the threads that run
 * them. Main thread only.
 */

typedef struct _VmcJobDispatcher VmcJobDispatcher;

/**
 * vmc_job_dispatcher_new:
 * @live_fleet: says which hosts answer
 * @settings: says how many jobs run at a time; outlives the dispatcher
 * @ended: is called when the function of a job has returned; it has its final
 *   state, unless it was stopped
 * @user_data: for @ended
 *
 * Returns: (transfer full): a dispatcher without jobs
 */
VmcJobDispatcher *vmc_job_dispatcher_new(VmcLiveFleet *live_fleet,
                                         const VmcSettings *settings,
                                         VmcJobRunFunc ended,
                                         gpointer user_data);

/* Not while vmc_job_dispatcher_is_busy(). */
void vmc_job_dispatcher_free(VmcJobDispatcher *dispatcher);

/* The job must live until it has run or is removed. It starts by the next
 * vmc_job_dispatcher_run() at the earliest. */
void vmc_job_dispatcher_add(VmcJobDispatcher *dispatcher, VmcJobRun *run);

/* A job that may not have been added, or runs already. */
void vmc_job_dispatcher_remove(VmcJobDispatcher *dispatcher, VmcJobRun *run);

/* Starts what can start. Comes by itself when a job has ended or a host has
 * changed. */
void vmc_job_dispatcher_run(VmcJobDispatcher *dispatcher);

/* Nothing starts from now on. */
void vmc_job_dispatcher_stop(VmcJobDispatcher *dispatcher);

/* Whether a job runs. */
gboolean vmc_job_dispatcher_is_busy(VmcJobDispatcher *dispatcher);
