/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

/* Moves: the cost of each VM that is not where it started. Part of
 * vmc_model_seat_cost(). */

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint v = 0; v < model->n_vms; v++) {
        gint32 host = scene->host_of[v];
        if (host != VMC_NOWHERE && model->start[v] != VMC_NOWHERE &&
            host != model->start[v])
            cost += model->move_cost[v];
    }
    return cost * model->weight[VMC_TERM_MOVES];
}

const VmcTerm vmc_term_moves = {
    .name = "moves",
    .unit = "cost of the VMs that move",
    .recompute = recompute,
};
