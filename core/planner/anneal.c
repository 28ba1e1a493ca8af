/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/anneal.h"

#include <math.h>
#include <stdlib.h>

/* Changes looked at to learn what changes cost, and of those that fit. */
#define MAX_DRAWS 100000
#define N_SAMPLES 2000
#define N_FEW_SAMPLES 200

/* How often each neighbourhood is tried, out of 1024: see docs/planner.md for
 * what other shares brought. */
static const struct {
    guint share;
    const VmcNeighbourhood *neighbourhood;
} mix[] = {
    {872, &vmc_neighbourhood_swap},  {140, &vmc_neighbourhood_shift},
    {4, &vmc_neighbourhood_eject},   {4, &vmc_neighbourhood_rebuild},
    {4, &vmc_neighbourhood_company},
};

static int
compare(const void *a, const void *b)
{
    double first = *(const double *) a, second = *(const double *) b;

    return (first > second) - (first < second);
}

static guint
draw_movable(VmcWalker *walker)
{
    return walker
        ->movable[vmc_random_below(&walker->random, walker->n_movable)];
}

/* What a random shift adds or takes; 0 when it does not fit. */
static double
draw_shift(VmcWalker *walker)
{
    const VmcState *state = walker->state;
    guint vm = draw_movable(walker);
    guint host = vmc_random_below(&walker->random, state->model->n_hosts);

    if (state->host_of[vm] == VMC_NOWHERE || !vmc_state_fits(state, vm, host))
        return 0;
    return fabs(vmc_state_delta(state, vm, (gint32) host));
}

/* The same of a swap. */
static double
draw_swap(VmcWalker *walker)
{
    const VmcState *state = walker->state;
    guint first = draw_movable(walker);
    guint second = draw_movable(walker);
    gint32 a = state->host_of[first], b = state->host_of[second];

    if (a == b || a == VMC_NOWHERE || b == VMC_NOWHERE ||
        !vmc_state_swap_fits(state, first, second))
        return 0;
    return fabs(vmc_state_swap_delta(state, first, second));
}

/* Adds to @sample until it has @most; returns how many it has. */
static guint
draw_sample(VmcWalker *walker,
            double (*draw)(VmcWalker *walker),
            double *sample,
            guint n,
            guint most)
{
    for (guint i = 0; i < MAX_DRAWS && n < most; i++) {
        double delta = draw(walker);
        if (delta > 0)
            sample[n++] = delta;
    }
    return n;
}

/* Sizes of what random changes add or take, ascending; returns how many. In a
 * fleet that is full hardly a shift fits. */
static guint
sample_deltas(VmcWalker *walker, double *sample)
{
    guint n = draw_sample(walker, draw_shift, sample, 0, N_SAMPLES);

    n = draw_sample(walker, draw_swap, sample, n, N_FEW_SAMPLES);
    qsort(sample, n, sizeof *sample, compare);
    return n;
}

gboolean
vmc_anneal_measure(VmcWalker *walker, VmcCooling *cooling)
{
    double sample[N_SAMPLES];
    guint n = walker->n_movable > 0 ? sample_deltas(walker, sample) : 0;

    if (n == 0)
        return FALSE;
    cooling->hot = sample[n / 2] * 30;
    cooling->cold = MIN(sample[n / 20] / 3, cooling->hot);
    return TRUE;
}

static const VmcNeighbourhood *
draw_neighbourhood(VmcRandom *random)
{
    guint draw = vmc_random_next(random) % 1024;
    guint i = 0;

    while (draw >= mix[i].share)
        draw -= mix[i++].share;
    return mix[i].neighbourhood;
}

static void
walk_a_stride(VmcWalker *walker, double temperature)
{
    vmc_walker_heat(walker, temperature);
    for (guint i = 0; i < VMC_BUDGET_STRIDE; i++) {
        walker->limit = -temperature * log(vmc_random_unit(&walker->random));
        draw_neighbourhood(&walker->random)->step(walker);
    }
}

void
vmc_anneal(VmcWalker *walker,
           const VmcCooling *cooling,
           const VmcBudget *budget,
           double until)
{
    double position;

    while ((position = vmc_budget_position(budget, walker)) < until &&
           !vmc_budget_is_over(budget, walker)) {
        double spent =
            (position - cooling->begin) / (cooling->end - cooling->begin);
        walk_a_stride(walker, cooling->hot * pow(cooling->cold / cooling->hot,
                                                 CLAMP(spent, 0, 1)));
    }
}
