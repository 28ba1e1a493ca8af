/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/api/request.h"

/**
 * vmc_job_reply_submit:
 * @request: what asks for the job
 * @kind: kind of the job
 * @vm: the VM it is about
 * @intent: (nullable): its parameters
 * @reserve: (nullable): the VM as the fleet shall show it meanwhile
 * @error: %VMC_ERROR_BUSY when another job has the VM
 *
 * Submits a job, and answers 202 once it is in the journal, or with the error
 * that kept it out.
 *
 * Returns: whether it was submitted
 */
gboolean vmc_job_reply_submit(VmcRequest *request,
                              const char *kind,
                              const VmcVm *vm,
                              JsonObject *intent,
                              VmcVm *reserve,
                              GError **error);
