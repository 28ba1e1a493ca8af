/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/client.h"
#include "vmctl/terminal.h"

/*
 * Follows a job to its end: by the live feed, asking again whenever the feed
 * was lost, also across a restart of vmctld.
 */

typedef enum {
    VMC_WATCH_CANCELS,  /* Ctrl-C asks to cancel the job; a second one leaves */
    VMC_WATCH_DETACHES, /* Ctrl-C leaves the job alone and goes */
} VmcWatchManner;

/**
 * vmc_job_watch:
 * @client: the way to vmctld
 * @terminal: what this runs on
 * @job: the job as it was last seen
 * @manner: what Ctrl-C means
 * @error: %VMC_ERROR_UNKNOWN when the watch ended before the job: somebody
 *   left, or vmctld has been away for a minute
 *
 * Returns: (transfer full): the job at its end, good or bad
 */
JsonNode *vmc_job_watch(VmcClient *client,
                        const VmcTerminal *terminal,
                        JsonNode *job,
                        VmcWatchManner manner,
                        GError **error);

/**
 * vmc_job_is_ended:
 * @job: a job
 *
 * Returns: whether it will not change any more
 */
gboolean vmc_job_is_ended(JsonObject *job);

/**
 * vmc_job_label:
 * @job: a job
 *
 * Returns: (transfer full): for example "create 'web1'"
 */
char *vmc_job_label(JsonObject *job);
