/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job.h"

/**
 * vmc_job_view:
 * @record: a job
 *
 * Of the intent, what would make the domain again is left out: it is large, and
 * its cloud-init data may hold passwords, which those who may only look are not
 * to see.
 *
 * Returns: (transfer full): the job as the API shows it
 */
JsonNode *vmc_job_view(const VmcJobRecord *record);
