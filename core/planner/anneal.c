/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/anneal.h"

#include <math.h>
#include <stdlib.h>

/* Changes looked at to learn what changes cost, and of those that fit. */
#define MAX_DRAWS 100000
#define N_SAMPLES 2000

/* Out of 256 steps. */
#define SWAPS 128

static int
compare(const void *a, const void *b)
{
    double first = *(const double *) a, second = *(const double *) b;

    return (first > second) - (first < second);
}

/* Sizes of what random shifts add or take, ascending; returns how many. */
static guint
sample_deltas(VmcWalker *walker, double *sample)
{
    const VmcState *state = walker->state;
    guint n = 0;

    for (guint i = 0; i < MAX_DRAWS && n < N_SAMPLES; i++) {
        guint vm =
            walker
                ->movable[vmc_random_below(&walker->random, walker->n_movable)];
        guint host = vmc_random_below(&walker->random, state->model->n_hosts);
        if (state->host_of[vm] == VMC_NOWHERE ||
            !vmc_state_fits(state, vm, host))
            continue;
        double delta = fabs(vmc_state_delta(state, vm, (gint32) host));
        if (delta > 0)
            sample[n++] = delta;
    }
    qsort(sample, n, sizeof *sample, compare);
    return n;
}

VmcHeat
vmc_anneal_measure(VmcWalker *walker)
{
    double sample[N_SAMPLES];
    guint n = walker->n_movable > 0 ? sample_deltas(walker, sample) : 0;

    if (n == 0)
        return (VmcHeat){0, 0};
    return (VmcHeat){.first = sample[n / 2], .last = sample[n / 20] / 10};
}

void
vmc_anneal(VmcWalker *walker, const VmcHeat *heat, const VmcBudget *budget)
{
    double spent;

    if (walker->n_movable == 0 || heat->first <= 0)
        return;
    while ((spent = vmc_budget_spent(budget, walker)) < 1) {
        double temperature =
            heat->first * pow(heat->last / heat->first, MAX(0, spent));
        for (guint i = 0; i < VMC_BUDGET_STRIDE; i++) {
            walker->limit =
                -temperature * log(vmc_random_unit(&walker->random));
            if (vmc_random_next(&walker->random) % 256 < SWAPS)
                vmc_neighbourhood_swap.step(walker);
            else
                vmc_neighbourhood_shift.step(walker);
        }
    }
    vmc_walker_keep_best(walker);
}
