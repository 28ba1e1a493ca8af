/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/facts.h"

/*
 * What to do when the end of a migration is not known. An error from a
 * migration says nothing about where the VM is: only both hosts can. This is
 * the table that turns what they say into the next action; the job carries it
 * out, asks both again, and comes back until it is settled.
 *
 * It rests on the paused handoff: the destination is never running unless
 * vmctld resumed it, so a running source has always the right copy.
 */

/**
 * VmcReconcileAction:
 * @VMC_RECONCILE_SETTLED: one copy, on one host; nothing is left over
 * @VMC_RECONCILE_WAIT: a host must answer first, or libvirt is still at it
 * @VMC_RECONCILE_RESUME_SOURCE: it is there, whole and stopped
 * @VMC_RECONCILE_RESUME_DESTINATION: it is there, whole and stopped
 * @VMC_RECONCILE_DESTROY_SOURCE: the destination has it
 * @VMC_RECONCILE_DESTROY_DESTINATION: the source has it
 * @VMC_RECONCILE_UNDEFINE_SOURCE: a stale definition is left
 * @VMC_RECONCILE_UNDEFINE_DESTINATION: a stale definition is left
 * @VMC_RECONCILE_ALARM: a person must look: it is nowhere, or in post-copy
 */
typedef enum {
    VMC_RECONCILE_SETTLED,
    VMC_RECONCILE_WAIT,
    VMC_RECONCILE_RESUME_SOURCE,
    VMC_RECONCILE_RESUME_DESTINATION,
    VMC_RECONCILE_DESTROY_SOURCE,
    VMC_RECONCILE_DESTROY_DESTINATION,
    VMC_RECONCILE_UNDEFINE_SOURCE,
    VMC_RECONCILE_UNDEFINE_DESTINATION,
    VMC_RECONCILE_ALARM,
    VMC_N_RECONCILE_ACTIONS
} VmcReconcileAction;

const char *vmc_reconcile_action_to_name(VmcReconcileAction action);

/**
 * VmcWhereabouts:
 *
 * Where the VM is, as far as it is known.
 */
typedef enum {
    VMC_WHERE_UNKNOWN,
    VMC_WHERE_SOURCE,
    VMC_WHERE_DESTINATION,
} VmcWhereabouts;

/**
 * VmcReconcileView:
 * @source_answers: whether @source is known
 * @destination_answers: whether @destination is known
 * @source: what the source says
 * @destination: what the destination says
 * @is_migrating: the source says that a migration is active
 * @was_handed_over: the journal says that the destination was told to resume
 * @should_run: the VM ran before the migration
 */
typedef struct {
    gboolean source_answers;
    gboolean destination_answers;
    VmcRunState source;
    VmcRunState destination;
    gboolean is_migrating;
    gboolean was_handed_over;
    gboolean should_run;
} VmcReconcileView;

/**
 * VmcReconcileVerdict:
 * @action: what to do next
 * @where: where the VM is
 * @reason: (transfer none): why, in words, for the trail
 * @is_split_brain: both copies run: say so loudly
 */
typedef struct {
    VmcReconcileAction action;
    VmcWhereabouts where;
    const char *reason;
    gboolean is_split_brain;
} VmcReconcileVerdict;

/**
 * vmc_reconcile:
 * @view: what both hosts say
 *
 * Returns: the next action
 */
VmcReconcileVerdict vmc_reconcile(const VmcReconcileView *view);
