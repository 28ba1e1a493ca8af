/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/plan.h"

/**
 * vmc_plan_story:
 * @plan: a plan
 *
 * The plan for people: what it brings and what it costs, each step with its
 * reason and what would stay as it is without it, its hosts before and after,
 * and what it does not do.
 *
 * Returns: (transfer full): lines of text
 */
char *vmc_plan_story(const VmcPlan *plan);
