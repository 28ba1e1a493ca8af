/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include <math.h>

/*
 * What has to move anyhow may as well go where it is liked best: the number of
 * moves stays, nothing has to wait that did not, and the score falls.
 */

/* Hosts that are compared for each VM. */
#define N_COMPARED 64

/* Whether a model says more than what must hold and what moves cost. */
static gboolean
has_preferences(const VmcModel *model)
{
    gboolean has = model->n_hinges > 0 || model->spare_level >= 0 ||
                   model->wish_set != NULL;

    for (guint c = 0; c < model->n_columns; c++)
        has |= model->column[c].spread_weight > 0 ||
               model->column[c].peak_weight > 0;
    for (guint i = 0; i < model->n_rules; i++)
        has |= !model->rules[i].is_hard;
    return has;
}

/* The hosts of a small fleet all; of a large one some, others for each VM. */
static guint
host_to_compare(guint n_hosts, guint vm, guint i)
{
    if (n_hosts <= N_COMPARED)
        return i;
    return (guint) ((vm * G_GUINT64_CONSTANT(2654435761) +
                     (guint64) i * n_hosts / N_COMPARED) %
                    n_hosts);
}

static gint32
best_host(const VmcRepair *repair, guint vm)
{
    const VmcState *state = repair->state;
    const guint n_hosts = state->model->n_hosts;
    gint32 best = state->host_of[vm];
    double best_delta = -1e-9 * (1 + fabs(state->score));

    for (guint i = 0; i < MIN(n_hosts, N_COMPARED); i++) {
        const guint host = host_to_compare(n_hosts, vm, i);
        if ((gint32) host == state->host_of[vm] ||
            (gint32) host == state->model->start[vm] ||
            !vmc_repair_has_room(repair, vm, host, FALSE) ||
            !vmc_state_fits(state, vm, host))
            continue;
        const double delta = vmc_state_delta(state, vm, (gint32) host);
        if (delta >= best_delta)
            continue;
        best = (gint32) host;
        best_delta = delta;
    }
    return best;
}

void
vmc_repair_polish(VmcRepair *repair)
{
    const VmcState *state = repair->state;
    const VmcModel *model = state->model;

    if (!has_preferences(model))
        return;
    for (guint vm = 0; vm < model->n_vms; vm++) {
        const gint32 host = state->host_of[vm];
        if (host == VMC_NOWHERE || host == model->start[vm])
            continue;
        const gint32 best = best_host(repair, vm);
        if (best != host)
            vmc_state_move(repair->state, vm, best);
    }
}
