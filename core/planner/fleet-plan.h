/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/fleet-model.h"
#include "core/planner/plan.h"

/**
 * vmc_fleet_plan_new:
 * @fm: a fleet model
 * @target: for each of its VMs the host it should be on
 * @question: what was asked, for people
 *
 * The steps that lead from where the VMs are to @target, each with what it
 * gains and costs, the term it improves most and why, the hosts before and
 * after, and what of it cannot be done.
 *
 * Returns: (transfer full): the plan
 */
VmcPlan *vmc_fleet_plan_new(const VmcFleetModel *fm,
                            const gint32 *target,
                            const char *question);
