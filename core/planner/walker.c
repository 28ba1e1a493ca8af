/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/walker.h"

#include <string.h>

static void
list_movable(VmcWalker *walker)
{
    const VmcModel *model = walker->state->model;

    walker->movable = g_new(guint32, MAX(model->n_vms, 1));
    for (guint v = 0; v < model->n_vms; v++)
        if (model->is_movable[v])
            walker->movable[walker->n_movable++] = v;
}

VmcWalker *
vmc_walker_new(const VmcModel *model, const gint32 *host_of, guint64 seed)
{
    VmcWalker *walker = g_new0(VmcWalker, 1);

    walker->state = vmc_state_new(model);
    if (host_of != NULL)
        vmc_state_assign(walker->state, host_of);
    vmc_random_init(&walker->random, seed);
    list_movable(walker);
    walker->best = g_new(gint32, MAX(model->n_vms, 1));
    walker->best_score = walker->state->score;
    walker->is_best_stale = TRUE;
    vmc_walker_keep_best(walker);
    return walker;
}

void
vmc_walker_free(VmcWalker *walker)
{
    if (walker == NULL)
        return;
    vmc_state_free(walker->state);
    g_free(walker->movable);
    g_free(walker->best);
    g_free(walker);
}

void
vmc_walker_keep_best(VmcWalker *walker)
{
    if (!walker->is_best_stale)
        return;
    memcpy(walker->best, walker->state->host_of,
           walker->state->model->n_vms * sizeof *walker->best);
    walker->is_best_stale = FALSE;
}

void
vmc_walker_settle(VmcWalker *walker)
{
    if (walker->state->score >= walker->best_score)
        return;
    walker->best_score = walker->state->score;
    walker->is_best_stale = TRUE;
}

void
vmc_walker_go_to(VmcWalker *walker, const gint32 *host_of)
{
    vmc_walker_keep_best(walker);
    vmc_state_assign(walker->state, host_of);
    vmc_walker_settle(walker);
}

void
vmc_walker_take(VmcWalker *walker, const VmcChange *change, double delta)
{
    if (delta > 0)
        vmc_walker_keep_best(walker);
    vmc_state_commit(walker->state, change, delta);
    walker->n_taken++;
    vmc_walker_settle(walker);
}
