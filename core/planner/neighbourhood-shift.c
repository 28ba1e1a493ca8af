/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/trial.h"
#include "core/planner/walker.h"

/* Shift: one VM goes to another host. A VM is drawn once and tried on a few
 * hosts, since what its own host gains is the same for all of them. Cheap
 * refusals come first: cost, then room, then the terms of more than one host,
 * then rules. */

#define N_HOSTS_TO_TRY 4

typedef struct {
    VmcWalker *walker;
    guint vm;
    guint from;
    double leaving; /* what the score gains or loses by its leaving alone */
} Shift;

static gboolean
try_host(const Shift *shift, guint to)
{
    VmcWalker *walker = shift->walker;
    VmcState *state = walker->state;
    const VmcModel *model = state->model;
    double delta;

    walker->n_tried++;
    if (to == shift->from || !vmc_model_may_sit(model, shift->vm, to))
        return FALSE;
    delta = shift->leaving - state->host_cost[to] +
            vmc_trial_host_cost_with(state, to, shift->vm) +
            vmc_model_seat_cost(model, shift->vm, to);
    double pull =
        vmc_walker_pull(walker, shift->vm, (gint32) shift->from, (gint32) to);
    if (delta + pull > walker->limit + state->most_gain ||
        !vmc_state_has_room(state, shift->vm, to))
        return FALSE;
    VmcChange change = vmc_change_shift(state, shift->vm, (gint32) to);
    delta += vmc_state_other_delta(state, &change);
    if (delta + pull > walker->limit || !vmc_rules_allow(state, &change))
        return FALSE;
    vmc_walker_take(walker, &change, delta);
    return TRUE;
}

static gboolean
step(VmcWalker *walker)
{
    const VmcState *state = walker->state;
    const VmcModel *model = state->model;
    Shift shift = {.walker = walker};

    shift.vm =
        walker->movable[vmc_random_below(&walker->random, walker->n_movable)];
    if (state->host_of[shift.vm] == VMC_NOWHERE)
        return FALSE;
    shift.from = (guint) state->host_of[shift.vm];
    shift.leaving = vmc_trial_host_cost_without(state, shift.from, shift.vm) -
                    state->host_cost[shift.from] -
                    vmc_model_seat_cost(model, shift.vm, shift.from);
    for (guint i = 0; i < N_HOSTS_TO_TRY; i++)
        if (try_host(&shift, vmc_random_below(&walker->random, model->n_hosts)))
            return TRUE;
    return FALSE;
}

const VmcNeighbourhood vmc_neighbourhood_shift = {
    .name = "shift",
    .step = step,
};
