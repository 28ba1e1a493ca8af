/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run-private.h"

/*
 * What open jobs have of the fleet: each its VM, and what it reserved there.
 * Main thread only.
 */

typedef struct _VmcJobHolds VmcJobHolds;

/**
 * vmc_job_holds_new:
 * @live_fleet: the fleet; is told which VMs are held
 *
 * Returns: (transfer full): no holds
 */
VmcJobHolds *vmc_job_holds_new(VmcLiveFleet *live_fleet);
void vmc_job_holds_free(VmcJobHolds *holds);

/**
 * vmc_job_holds_find:
 * @holds: the holds
 * @vm_uuid: (nullable): a VM
 *
 * Returns: (transfer none) (nullable): the job that has it
 */
VmcJobRun *vmc_job_holds_find(VmcJobHolds *holds, const char *vm_uuid);

/**
 * vmc_job_holds_check_free:
 * @holds: the holds
 * @record: a job that is to take its VM
 * @error: %VMC_ERROR_BUSY, names the job that has it
 *
 * Returns: whether no other job has its VM
 */
gboolean vmc_job_holds_check_free(VmcJobHolds *holds,
                                  const VmcJobRecord *record,
                                  GError **error);

/* Its VM is free: vmc_job_holds_check_free(). The job must live until it is
 * released. */
void vmc_job_holds_take(VmcJobHolds *holds, VmcJobRun *run);
void vmc_job_holds_release(VmcJobHolds *holds, VmcJobRun *run);

/* The fleet shows the VM as @reserve from now on. */
void vmc_job_holds_reserve(VmcJobHolds *holds, VmcJobRun *run, VmcVm *reserve);

/* For a job that ended without effect: unless it has published its VM itself,
 * the fleet shows the VM as it was before. */
void vmc_job_holds_give_back(VmcJobHolds *holds, VmcJobRun *run);

/* For a job that was given up: what it left on its hosts is not known. */
void vmc_job_holds_mark_unknown(VmcJobHolds *holds, VmcJobRun *run);
