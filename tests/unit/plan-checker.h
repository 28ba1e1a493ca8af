/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/plan.h"

/**
 * plan_checker_run:
 * @fleet: the fleet before the plan
 * @plan: a plan of moves and starts
 * @ret_after: (out) (transfer full): the fleet after it
 *
 * Walks through a plan step by step and fails the test when any moment of it
 * breaks something hard: slow, by names, from the fleet alone, and with no code
 * of the planner. In a batch any order is tried that could matter: all steps at
 * once for room, one after the other forwards and backwards for rules. What was
 * broken before the plan may stay so, and may not get worse.
 */
void plan_checker_run(const VmcFleet *fleet,
                      const VmcPlan *plan,
                      VmcFleet **ret_after);
