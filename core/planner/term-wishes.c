/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/term.h"

/* Wishes: soft rules, by their violation and weight, and VMs that are not on
 * the hosts they should be on. The second part is in vmc_model_seat_cost(). */

static gpointer
data_new(const VmcModel *model)
{
    return model->has_soft_rules ? g_new0(char, 1) : NULL;
}

/* The state itself counts. */
static void
reset(VmcState *state G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
}

static void
apply(VmcState *state G_GNUC_UNUSED,
      gpointer data G_GNUC_UNUSED,
      const VmcChange *change G_GNUC_UNUSED)
{
}

static double
delta(const VmcState *state,
      gconstpointer data G_GNUC_UNUSED,
      const VmcChange *change)
{
    double soft;

    vmc_rules_delta(state, change, &soft);
    return state->model->weight[VMC_TERM_WISHES] * soft;
}

static double
unmet(const VmcModel *model, guint vm, gint32 host)
{
    const VmcRows *rows = &model->wishes_of;
    double cost = 0;

    if (host == VMC_NOWHERE)
        return 0;
    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++)
        if (!vmc_model_in_set(model, model->wish_set[rows->item[i]],
                              (guint) host))
            cost += model->wish_weight[rows->item[i]];
    return cost;
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint v = 0; model->wishes_of.start != NULL && v < model->n_vms; v++)
        cost += unmet(model, v, scene->host_of[v]);
    for (guint r = 0; r < model->n_rules; r++)
        if (!model->rules[r].is_hard)
            cost += model->rules[r].weight *
                    (double) vmc_rule_violation(model, r, scene->host_of);
    return cost * model->weight[VMC_TERM_WISHES];
}

const VmcTerm vmc_term_wishes = {
    .name = "wishes",
    .unit = "weight of soft rules and wishes that do not hold",
    .data_new = data_new,
    .data_free = g_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
