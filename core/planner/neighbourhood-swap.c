/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/trial.h"
#include "core/planner/walker.h"

/* Swap: two VMs on two hosts change places, in one step: it gets through where
 * both hosts are too full for a shift. */

/* How often a VM is tried with one of its own group, out of 256: no rule of the
 * group stands in the way of such a swap. */
#define MATES 96

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
    if (delta + pull > walker->limit + state->most_gain)
        return FALSE;
    delta += vmc_state_other_delta(state, &change);
    if (delta + pull > walker->limit ||
        !vmc_state_swap_fits(state, first, second))
        return FALSE;
    vmc_walker_take(walker, &change, delta);
    return TRUE;
}

/* Another member of a group that @vm is in, or any VM. */
static guint
draw_mate(VmcWalker *walker, guint vm)
{
    const VmcModel *model = walker->state->model;
    VmcRandom *random = &walker->random;
    const VmcRows *rows = &model->tallies_of;
    guint32 n_tallies = rows->start[vm + 1] - rows->start[vm];

    if (n_tallies == 0)
        return walker->movable[vmc_random_below(random, walker->n_movable)];
    guint tally =
        rows->item[rows->start[vm] + vmc_random_below(random, n_tallies)];
    guint group = model->tallies[tally].group;
    guint32 first = model->groups.start[group];
    guint32 n = model->groups.start[group + 1] - first;
    guint mate = model->groups.item[first + vmc_random_below(random, n)];

    return model->is_movable[mate] ? mate : vm;
}

static gboolean
step(VmcWalker *walker)
{
    VmcRandom *random = &walker->random;
    guint first = walker->movable[vmc_random_below(random, walker->n_movable)];
    gboolean is_mate = vmc_random_next(random) % 256 < MATES;
    guint second =
        is_mate ? draw_mate(walker, first)
                : walker->movable[vmc_random_below(random, walker->n_movable)];

    walker->n_tried++;
    return try_swap(walker, first, second);
}

const VmcNeighbourhood vmc_neighbourhood_swap = {
    .name = "swap",
    .step = step,
};
