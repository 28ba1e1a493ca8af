/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"
#include "daemon/jobs/job.h"

/**
 * vmc_job_hosts_find_missing:
 * @record: a job
 * @live_fleet: the fleet
 *
 * The hosts of a job are those its VM is on or moves to, and those its intent
 * names. One that is not in the fleet any more is not waited for.
 *
 * Returns: (transfer full) (nullable): a host of the job that does not answer
 */
char *vmc_job_hosts_find_missing(const VmcJobRecord *record,
                                 VmcLiveFleet *live_fleet);
