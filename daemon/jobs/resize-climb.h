/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/resize.h"
#include "daemon/jobs/job-run.h"

/*
 * One rung of a live resize, carried out on a host and watched until the guest
 * has it: what a call answers is one thing, what the VM looks like afterwards
 * is another, and only that counts.
 */

/**
 * VmcClimb:
 * @run: the job
 * @host: where the VM is
 * @target: what is wanted, after vmc_resize_begin()
 * @facts: (nullable): the VM as it was last seen
 * @shape: its shape as it was last seen, with what was stored since
 * @tried: rungs that brought no further effect, for vmc_resize_next()
 * @stored: which rungs were stored
 * @confirmed: which of them before @shape was looked at
 * @rungs: what was done, for the job's result
 * @complaint: (nullable): the last error of a call without effect
 */
typedef struct {
    VmcJobRun *run;
    char *host;
    VmcResizeTarget target;
    VmcDomainFacts *facts;
    VmcVmShape shape;
    guint32 tried;
    guint32 stored;
    guint32 confirmed;
    JsonArray *rungs;
    GError *complaint;
} VmcClimb;

void vmc_climb_clear(VmcClimb *climb);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcClimb, vmc_climb_clear)

/**
 * vmc_climb_look:
 * @climb: a climb
 * @error: as vmc_job_ask_call()
 *
 * Reads the VM and its guest anew.
 *
 * Returns: whether they could be read
 */
gboolean vmc_climb_look(VmcClimb *climb, GError **error);

/**
 * vmc_climb_step:
 * @climb: a climb
 * @step: a rung, of vmc_resize_next()
 * @error: %VMC_ERROR_CANCELLED; %VMC_ERROR_UNKNOWN when the host does not say
 *   what became of it
 *
 * Carries @step out, and looks until its effect is there or nothing moves any
 * more; then @step is among those tried.
 *
 * Returns: whether the climb may go on
 */
gboolean vmc_climb_step(VmcClimb *climb,
                        const VmcResizeStep *step,
                        GError **error);
