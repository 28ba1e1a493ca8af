/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/budget.h"

static double
share_of_all(const VmcBudget *budget, const VmcWalker *walker)
{
    const VmcSearchOptions *options = budget->options;
    double steps = 0, time = 0;

    if (options->max_steps > 0)
        steps = (double) walker->n_tried / (double) options->max_steps;
    if (options->budget_us > 0 && options->now_us != NULL)
        time = (double) (options->now_us(options->clock) - budget->begin_us) /
               (double) options->budget_us;
    return MAX(steps, time);
}

double
vmc_budget_spent(const VmcBudget *budget, const VmcWalker *walker)
{
    const VmcSearchOptions *options = budget->options;

    if (walker->best_score <= options->goal ||
        (options->max_steps == 0 && options->budget_us == 0))
        return 1;
    return (share_of_all(budget, walker) - budget->begin_share) /
           (budget->end_share - budget->begin_share);
}
