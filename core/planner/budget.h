/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/search.h"
#include "core/planner/walker.h"

/**
 * VmcBudget:
 * @options: (transfer none): the search's
 * @begin_us: when the search began
 * @begin_share: the share of the whole where this part begins
 * @end_share: and where it ends
 *
 * A part of the search's budget of one walker.
 */
typedef struct {
    const VmcSearchOptions *options;
    gint64 begin_us;
    double begin_share;
    double end_share;
} VmcBudget;

/** Changes between two looks at the clock. */
#define VMC_BUDGET_STRIDE 512

/**
 * vmc_budget_spent:
 * @budget: a part of a budget
 * @walker: who spends it
 *
 * Returns: how much of this part is spent; 1 and above when it is over
 */
double vmc_budget_spent(const VmcBudget *budget, const VmcWalker *walker);
