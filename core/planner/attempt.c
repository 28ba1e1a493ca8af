/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/attempt.h"

#include "core/planner/rule.h"
#include "core/planner/trial.h"

#include <math.h>

static gboolean
is_whole(const VmcState *state)
{
    return state->n_nowhere == 0 && state->n_stranded == 0 &&
           state->hard_violation == 0;
}

gboolean
vmc_attempt_begin(VmcAttempt *attempt, VmcWalker *walker)
{
    attempt->walker = walker;
    attempt->n = 0;
    attempt->delta = 0;
    attempt->pull = 0;
    return is_whole(walker->state);
}

gboolean
vmc_attempt_move(VmcAttempt *attempt, guint vm, gint32 host)
{
    VmcState *state = attempt->walker->state;

    if (attempt->n == VMC_MAX_ATTEMPT)
        return FALSE;
    attempt->move[attempt->n++] = (VmcMove){vm, state->host_of[vm], host};
    attempt->pull +=
        vmc_walker_pull(attempt->walker, vm, state->host_of[vm], host);
    attempt->delta += vmc_state_relocate(state, vm, host);
    return TRUE;
}

/* What a VM that is nowhere costs on @host; INFINITY when that is not below
 * @best, or it does not fit. */
static double
insertion_cost(const VmcState *state, guint vm, guint host, double best)
{
    double delta;

    if (!vmc_model_may_sit(state->model, vm, host))
        return INFINITY;
    delta = vmc_trial_host_cost_with(state, host, vm) - state->host_cost[host] +
            vmc_model_seat_cost(state->model, vm, host);
    if (delta >= best || !vmc_state_has_room(state, vm, host))
        return INFINITY;
    VmcChange change = vmc_change_shift(state, vm, (gint32) host);
    return vmc_rules_allow(state, &change) ? delta : INFINITY;
}

gboolean
vmc_attempt_insert(VmcAttempt *attempt, guint vm, guint sample)
{
    VmcWalker *walker = attempt->walker;
    const VmcState *state = walker->state;
    guint n_hosts = state->model->n_hosts;
    gint32 best_host = VMC_NOWHERE;
    double best = INFINITY;

    for (guint i = 0; i < MIN(sample, n_hosts); i++) {
        guint host =
            sample < n_hosts ? vmc_random_below(&walker->random, n_hosts) : i;
        double pull = vmc_walker_pull(walker, vm, VMC_NOWHERE, (gint32) host);
        double cost = pull + insertion_cost(state, vm, host, best - pull);
        walker->n_tried++;
        if (cost >= best)
            continue;
        best = cost;
        best_host = (gint32) host;
    }
    return best_host != VMC_NOWHERE && vmc_attempt_move(attempt, vm, best_host);
}

void
vmc_attempt_undo(VmcAttempt *attempt)
{
    VmcState *state = attempt->walker->state;
    double score = state->score - attempt->delta;

    while (attempt->n > 0) {
        const VmcMove *move = &attempt->move[--attempt->n];
        vmc_state_relocate(state, move->vm, move->from);
    }
    attempt->delta = 0;
    state->score = score;
}

/* The state has left the best placement by these moves: without them it is
 * that. */
static void
keep_best_before(VmcAttempt *attempt)
{
    VmcWalker *walker = attempt->walker;

    if (!walker->is_best_stale)
        return;
    vmc_walker_keep_best(walker);
    for (guint i = attempt->n; i > 0; i--)
        walker->best[attempt->move[i - 1].vm] = attempt->move[i - 1].from;
}

gboolean
vmc_attempt_end(VmcAttempt *attempt)
{
    VmcWalker *walker = attempt->walker;

    if (!is_whole(walker->state) ||
        attempt->delta + attempt->pull > walker->limit) {
        vmc_attempt_undo(attempt);
        return FALSE;
    }
    if (attempt->delta > 0)
        keep_best_before(attempt);
    walker->n_taken++;
    vmc_walker_settle(walker);
    return TRUE;
}
