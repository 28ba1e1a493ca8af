/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/downhill.h"

#include "core/planner/descent.h"
#include "core/planner/walker.h"

#include <math.h>

/* Changes looked at in a round, for each VM. */
#define STEPS_PER_VM 4

/* The last round is the one that takes no more changes than this for each VM,
 * or after which the score is not less by this part of what it was at first. */
#define FEW_TAKEN (1.0 / 256)
#define LITTLE_GAINED (1.0 / 1000)

/* Of eight changes: shifts. The others are swaps, which make room for them. */
#define N_SHIFTS 2

/* A score is a sum of doubles: what is less better than this is not. */
#define NOTHING 1e-9

/* Rounds that go on for ever little by little. */
#define MAX_ROUNDS 64

static void
try_at_random(VmcWalker *walker, guint64 n_steps)
{
    guint64 until = walker->n_tried + n_steps;

    walker->limit = -NOTHING;
    walker->pull = 0;
    while (walker->n_tried < until) {
        gboolean is_shift = vmc_random_next(&walker->random) % 8 < N_SHIFTS;
        if (is_shift)
            vmc_neighbourhood_shift.step(walker);
        else
            vmc_neighbourhood_swap.step(walker);
    }
}

static gboolean
is_late(const VmcDownhill *how)
{
    return how->is_late != NULL && how->is_late(how->data);
}

static void
go_down(VmcWalker *walker, const VmcDownhill *how)
{
    const VmcState *state = walker->state;
    g_autoptr(VmcDescent) descent = vmc_descent_new(walker->state);
    double begin = state->score;

    vmc_descent_run(descent);
    for (guint i = 0; i < MAX_ROUNDS && !is_late(how); i++) {
        double before = state->score;
        guint64 n_taken = walker->n_taken;
        try_at_random(walker, (guint64) state->model->n_vms * STEPS_PER_VM);
        vmc_descent_refresh(descent);
        vmc_descent_run(descent);
        if (before - state->score <= fabs(begin) * LITTLE_GAINED ||
            (double) (walker->n_taken - n_taken) <=
                state->model->n_vms * FEW_TAKEN)
            return;
    }
}

gint32 *
vmc_downhill(const VmcModel *model,
             const gint32 *host_of,
             const VmcDownhill *how)
{
    g_return_val_if_fail(model != NULL && how != NULL, NULL);
    g_autoptr(VmcWalker) walker = vmc_walker_new(model, host_of, how->seed);

    if (walker->n_movable > 0)
        go_down(walker, how);
    return g_memdup2(walker->state->host_of,
                     MAX(model->n_vms, 1) * sizeof *walker->best);
}
