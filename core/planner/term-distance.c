/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

/* Distance: the cost of the way that each VM moves, by the classes of its
 * start host and its host. Part of vmc_model_seat_cost(). */

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint v = 0; model->n_pair_classes > 0 && v < model->n_vms; v++) {
        gint32 from = model->start[v];
        gint32 to = scene->host_of[v];
        if (from == VMC_NOWHERE || to == VMC_NOWHERE || from == to)
            continue;
        cost +=
            model->pair_cost[model->pair_class[from] * model->n_pair_classes +
                             model->pair_class[to]];
    }
    return cost * model->weight[VMC_TERM_DISTANCE];
}

const VmcTerm vmc_term_distance = {
    .name = "distance",
    .unit = "cost of the pairs of hosts that VMs move between",
    .recompute = recompute,
};
