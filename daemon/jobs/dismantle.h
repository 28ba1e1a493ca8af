/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/create-order.h"
#include "daemon/jobs/job-run.h"

/*
 * Taking a VM away from its host: what delete does, and create when it undoes.
 */

/**
 * vmc_dismantle_domain:
 * @run: the job
 * @host_name: the host it is on
 * @error: as vmc_job_ask()
 *
 * Pulls its plug and removes its definition; what is not there is fine.
 *
 * Returns: whether the host has no trace of the domain
 */
gboolean vmc_dismantle_domain(VmcJobRun *run,
                              const char *host_name,
                              GError **error);

/**
 * vmc_dismantle_volume:
 * @run: the job
 * @host_name: the host it is on
 * @pool: storage pool
 * @volume: a volume of it; one that is not there is fine
 * @error: as vmc_job_ask()
 *
 * Returns: whether it is gone
 */
gboolean vmc_dismantle_volume(VmcJobRun *run,
                              const char *host_name,
                              const char *pool,
                              const char *volume,
                              GError **error);
