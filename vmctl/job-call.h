/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/invocation.h"
#include "vmctl/job-watch.h"

/*
 * What all verbs that change something have in common: vmctld takes the
 * request, answers with a job, and the job is followed, or not.
 */

/**
 * vmc_job_start:
 * @invocation: the invocation
 * @method: %SOUP_METHOD_POST or %SOUP_METHOD_DELETE
 * @path: (transfer full): what is changed
 * @body: (nullable) (transfer full): how
 * @error: why vmctld does not take it
 *
 * Returns: (transfer full): the job, begun or not
 */
JsonNode *vmc_job_start(VmcInvocation *invocation,
                        const char *method,
                        char *path,
                        JsonObject *body,
                        GError **error);

/**
 * vmc_job_follow:
 * @invocation: the invocation
 * @job: (inout): a job; at its end when %TRUE is returned and --no-wait was
 *   not given
 * @manner: what Ctrl-C means
 * @error: as vmc_job_watch()
 *
 * With --no-wait its number goes to stdout. As JSON the job goes there in any
 * case, as it is last seen.
 *
 * Returns: whether it was followed as far as was asked
 */
gboolean vmc_job_follow(VmcInvocation *invocation,
                        JsonNode **job,
                        VmcWatchManner manner,
                        GError **error);

/**
 * vmc_job_outcome:
 * @job: a job
 * @error: why it did not do all that it should, with the code it ended with
 *
 * Returns: %TRUE when it is done, or has not ended yet
 */
gboolean vmc_job_outcome(JsonNode *job, GError **error);

/**
 * vmc_job_carry_out:
 * @invocation: the invocation
 * @method: as vmc_job_start()
 * @path: (transfer full): as vmc_job_start()
 * @body: (nullable) (transfer full): as vmc_job_start()
 * @error: as the three above
 *
 * All of it, for verbs whose only result is that it worked.
 *
 * Returns: whether it did
 */
gboolean vmc_job_carry_out(VmcInvocation *invocation,
                           const char *method,
                           char *path,
                           JsonObject *body,
                           GError **error);
