/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/budget.h"
#include "core/planner/walker.h"

/**
 * VmcCooling:
 * @hot: temperature at the beginning
 * @cold: temperature at the end
 * @begin: position in the budget where it begins
 * @end: where it ends
 */
typedef struct {
    double hot;
    double cold;
    double begin;
    double end;
} VmcCooling;

/**
 * vmc_anneal_measure:
 * @walker: a walker
 * @cooling: (out caller-allocates): its temperatures are set
 *
 * Looks at random changes without taking any, to learn what changes cost.
 *
 * Returns: %FALSE when nothing can change
 */
gboolean vmc_anneal_measure(VmcWalker *walker, VmcCooling *cooling);

/**
 * vmc_anneal:
 * @walker: a walker
 * @cooling: from which temperature to which, and when
 * @budget: what may be spent
 * @until: position where this part of the cooling ends
 *
 * Walks through neighbourhoods; takes a change that adds Δ to the score with
 * probability exp(−Δ ÷ temperature), which falls geometrically.
 */
void vmc_anneal(VmcWalker *walker,
                const VmcCooling *cooling,
                const VmcBudget *budget,
                double until);
