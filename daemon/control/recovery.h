/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"
#include "daemon/jobs/job-queue.h"

/*
 * Takes up what no job is at work on any more: a VM that was left in transit,
 * because the end of its migration could not be learned. When both hosts answer
 * a job looks at them and settles it. Jobs that were cut off are the queue's.
 */

typedef struct _VmcRecovery VmcRecovery;

/**
 * vmc_recovery_new:
 * @live_fleet: the fleet
 * @queue: where jobs are submitted
 *
 * Main thread. A VM that cannot be settled is tried again after a minute.
 *
 * Returns: (transfer full): the recovery, at work
 */
VmcRecovery *vmc_recovery_new(VmcLiveFleet *live_fleet, VmcJobQueue *queue);
void vmc_recovery_free(VmcRecovery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcRecovery, vmc_recovery_free)
