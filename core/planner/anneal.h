/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/budget.h"
#include "core/planner/walker.h"

/**
 * VmcHeat:
 * @first: temperature to begin with
 * @last: temperature to end with
 */
typedef struct {
    double first;
    double last;
} VmcHeat;

/**
 * vmc_anneal_measure:
 * @walker: a walker
 *
 * Looks at random changes without taking any.
 *
 * Returns: temperatures between which annealing goes from taking many changes
 * to taking hardly any that make it worse
 */
VmcHeat vmc_anneal_measure(VmcWalker *walker);

/**
 * vmc_anneal:
 * @walker: a walker
 * @heat: from which temperature to which
 * @budget: how long
 *
 * Walks by shifts and swaps; takes a change that adds Δ to the score with
 * probability exp(−Δ ÷ temperature), which falls geometrically from the first
 * to the last over the budget.
 */
void vmc_anneal(VmcWalker *walker,
                const VmcHeat *heat,
                const VmcBudget *budget);
