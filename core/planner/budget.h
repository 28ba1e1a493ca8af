/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/search.h"
#include "core/planner/walker.h"

/**
 * VmcBudget:
 * @options: (transfer none): the search's
 * @begin_us: when the search began
 *
 * How far a search may go. A position in it is a number of steps where there is
 * a budget of steps, and of microseconds otherwise.
 */
typedef struct {
    const VmcSearchOptions *options;
    gint64 begin_us;
} VmcBudget;

/** Changes between two looks at the clock. */
#define VMC_BUDGET_STRIDE 512

/**
 * vmc_budget_init:
 * @budget: (out caller-allocates): what begins now
 * @options: (transfer none): the search's, which must outlive it
 */
void vmc_budget_init(VmcBudget *budget, const VmcSearchOptions *options);

/**
 * vmc_budget_total:
 * @budget: a budget
 *
 * Returns: the position where it ends; 0 when there is none at all
 */
double vmc_budget_total(const VmcBudget *budget);

/**
 * vmc_budget_position:
 * @budget: a budget
 * @walker: who spends it
 *
 * Returns: how far @walker is
 */
double vmc_budget_position(const VmcBudget *budget, const VmcWalker *walker);

/**
 * vmc_budget_is_over:
 * @budget: a budget
 * @walker: who spends it
 *
 * Returns: whether @walker has to stop: the budget is spent, or the goal is
 * reached
 */
gboolean vmc_budget_is_over(const VmcBudget *budget, const VmcWalker *walker);
