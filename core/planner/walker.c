/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/walker.h"

#include <math.h>
#include <string.h>

/* How much of the pull home goes by what a VM holds. */
#define HELD_SHARE 0.3

static void
list_movable(VmcWalker *walker)
{
    const VmcModel *model = walker->state->model;

    walker->movable = g_new(guint32, MAX(model->n_vms, 1));
    for (guint v = 0; v < model->n_vms; v++)
        if (model->is_movable[v])
            walker->movable[walker->n_movable++] = v;
}

/* Σ held columns: what the VM needs ÷ all capacity. */
static double
held_size(const VmcModel *model, guint vm, const double *capacity)
{
    double size = 0;

    for (guint c = 0; c < model->n_columns; c++)
        if (model->keep_mask[c] == 0 && capacity[c] > 0)
            size += (double) model->need[(gsize) vm * model->stride + c] /
                    capacity[c];
    return size;
}

static double *
total_capacity(const VmcModel *model)
{
    double *capacity = g_new0(double, MAX(model->n_columns, 1));

    for (guint h = 0; h < model->n_hosts; h++)
        for (guint c = 0; c < model->n_columns; c++) {
            gint64 offered = model->capacity[(gsize) h * model->stride + c];
            capacity[c] += offered == VMC_UNLIMITED ? 0 : (double) offered;
        }
    return capacity;
}

/* The same for all, and a part by what is held, with a mean of 1. */
static void
weigh_absence(VmcWalker *walker)
{
    const VmcModel *model = walker->state->model;
    g_autofree double *capacity = total_capacity(model);
    double sum = 0;

    walker->away_weight = g_new0(double, MAX(model->n_vms, 1));
    for (guint v = 0; v < model->n_vms; v++) {
        if (model->start[v] != VMC_NOWHERE)
            walker->away_weight[v] = held_size(model, v, capacity);
        sum += walker->away_weight[v];
    }
    for (guint v = 0; sum > 0 && v < model->n_vms; v++)
        if (model->start[v] != VMC_NOWHERE)
            walker->away_weight[v] =
                1 - HELD_SHARE +
                HELD_SHARE * walker->away_weight[v] * model->n_vms / sum;
}

void
vmc_walker_heat(VmcWalker *walker, double temperature)
{
    walker->pull = temperature * log(walker->state->model->n_hosts);
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
    weigh_absence(walker);
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
    g_free(walker->away_weight);
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
