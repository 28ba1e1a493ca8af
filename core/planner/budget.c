/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/budget.h"

static gboolean
has_time(const VmcSearchOptions *options)
{
    return options->budget_us > 0 && options->now_us != NULL;
}

static double
elapsed_us(const VmcBudget *budget)
{
    const VmcSearchOptions *options = budget->options;

    return (double) (options->now_us(options->clock) - budget->begin_us);
}

void
vmc_budget_init(VmcBudget *budget, const VmcSearchOptions *options)
{
    budget->options = options;
    budget->begin_us = has_time(options) ? options->now_us(options->clock) : 0;
}

double
vmc_budget_total(const VmcBudget *budget)
{
    const VmcSearchOptions *options = budget->options;

    if (options->max_steps > 0)
        return (double) options->max_steps;
    return has_time(options) ? (double) options->budget_us : 0;
}

double
vmc_budget_position(const VmcBudget *budget, const VmcWalker *walker)
{
    return budget->options->max_steps > 0 ? (double) walker->n_tried
                                          : elapsed_us(budget);
}

gboolean
vmc_budget_is_over(const VmcBudget *budget, const VmcWalker *walker)
{
    const VmcSearchOptions *options = budget->options;

    return walker->best_score <= options->goal ||
           vmc_budget_total(budget) <= 0 ||
           vmc_budget_position(budget, walker) >= vmc_budget_total(budget) ||
           (has_time(options) &&
            elapsed_us(budget) >= (double) options->budget_us);
}
