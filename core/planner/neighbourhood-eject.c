/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/attempt.h"
#include "core/planner/trial.h"

/* Eject: a VM goes to a host that has no good place for it; whoever is in its
 * way leaves, and each of those goes where it costs least. It gets large VMs to
 * hosts that are full of small ones, which no shift or swap does. */

#define MAX_EJECTED 12
#define N_HOSTS_TO_TRY 128

/* The VM on @host, but @stays, whose leaving saves most. */
static gint64
pick_for_cost(const VmcState *state, guint host, guint stays)
{
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    double least = state->host_cost[host];
    gint64 pick = VMC_NOWHERE;

    for (guint32 i = 0; i < state->lists.count[host]; i++) {
        if (vms[i] == stays || !state->model->is_movable[vms[i]])
            continue;
        double cost = vmc_trial_host_cost_without(state, host, vms[i]);
        if (cost >= least)
            continue;
        least = cost;
        pick = vms[i];
    }
    return pick;
}

static void
make_good(VmcAttempt *attempt, guint vm, guint host, guint most)
{
    while (attempt->n < most) {
        gint64 pick = pick_for_cost(attempt->walker->state, host, vm);
        if (pick == VMC_NOWHERE ||
            !vmc_attempt_move(attempt, (guint) pick, VMC_NOWHERE))
            return;
    }
}

static gboolean
try_eject(VmcAttempt *attempt, guint vm, guint host)
{
    VmcWalker *walker = attempt->walker;
    guint most = 1 + vmc_random_below(&walker->random, MAX_EJECTED);

    if (!vmc_attempt_make_room(attempt, vm, host, most) ||
        !vmc_state_fits(walker->state, vm, host) ||
        !vmc_attempt_move(attempt, vm, (gint32) host))
        return FALSE;
    make_good(attempt, vm, host, most);
    return vmc_attempt_put_back(attempt, N_HOSTS_TO_TRY);
}

static gboolean
step(VmcWalker *walker)
{
    const VmcModel *model = walker->state->model;
    guint vm =
        walker->movable[vmc_random_below(&walker->random, walker->n_movable)];
    guint host = vmc_random_below(&walker->random, model->n_hosts);
    VmcAttempt attempt;

    walker->n_tried++;
    if (walker->state->host_of[vm] == (gint32) host ||
        !vmc_model_may_sit(model, vm, host) ||
        !vmc_attempt_begin(&attempt, walker))
        return FALSE;
    if (try_eject(&attempt, vm, host))
        return vmc_attempt_end(&attempt);
    vmc_attempt_undo(&attempt);
    return FALSE;
}

const VmcNeighbourhood vmc_neighbourhood_eject = {
    .name = "eject",
    .step = step,
};
