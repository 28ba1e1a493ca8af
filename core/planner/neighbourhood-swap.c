/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/trial.h"
#include "core/planner/walker.h"

/* Swap: two VMs on two hosts change places, in one step: it gets through where
 * both hosts are too full for a shift. */

static double
hosts_and_seats_delta(
    const VmcState *state, guint first, guint second, guint a, guint b)
{
    const VmcModel *model = state->model;

    return vmc_trial_host_cost_exchanged(state, a, second, first) -
           state->host_cost[a] +
           vmc_trial_host_cost_exchanged(state, b, first, second) -
           state->host_cost[b] + vmc_model_seat_cost(model, first, b) -
           vmc_model_seat_cost(model, first, a) +
           vmc_model_seat_cost(model, second, a) -
           vmc_model_seat_cost(model, second, b);
}

static gboolean
try_swap(VmcWalker *walker, guint first, guint second)
{
    VmcState *state = walker->state;
    VmcChange change = vmc_change_swap(state, first, second);
    gint32 a = change.move[0].from, b = change.move[0].to;

    if (a == b || a == VMC_NOWHERE || b == VMC_NOWHERE)
        return FALSE;
    double delta =
        hosts_and_seats_delta(state, first, second, (guint) a, (guint) b);
    double pull = vmc_walker_pull(walker, first, a, b) +
                  vmc_walker_pull(walker, second, b, a);
    if (delta + pull > walker->limit)
        return FALSE;
    delta += vmc_state_other_delta(state, &change);
    if (delta + pull > walker->limit ||
        !vmc_state_swap_fits(state, first, second))
        return FALSE;
    vmc_walker_take(walker, &change, delta);
    return TRUE;
}

static gboolean
step(VmcWalker *walker)
{
    VmcRandom *random = &walker->random;

    walker->n_tried++;
    return try_swap(
        walker, walker->movable[vmc_random_below(random, walker->n_movable)],
        walker->movable[vmc_random_below(random, walker->n_movable)]);
}

const VmcNeighbourhood vmc_neighbourhood_swap = {
    .name = "swap",
    .step = step,
};
