/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

#include <math.h>

/* Load: use above the safe threshold of a host,
 * Σ hosts, columns: load_weight × max(0, use − safe). */

static double
factor_of(const VmcModel *model, guint column)
{
    return model->weight[VMC_TERM_LOAD] * model->column[column].load_weight;
}

static void
add_hinge(VmcModel *model, guint column, double factor)
{
    g_autofree double *offset = g_new(double, MAX(model->n_hosts, 1));

    for (guint h = 0; h < model->n_hosts; h++) {
        gint64 safe = model->safe[(gsize) h * model->stride + column];
        offset[h] = safe == VMC_UNLIMITED ? -INFINITY : -factor * (double) safe;
    }
    vmc_model_add_hinge(
        model, &(VmcHinge){.first = column, .first_factor = factor}, offset);
}

static void
add_hinges(VmcModel *model)
{
    for (guint c = 0; c < model->n_columns; c++)
        if (factor_of(model, c) > 0)
            add_hinge(model, c, factor_of(model, c));
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint h = 0; h < model->n_hosts; h++)
        for (guint c = 0; c < model->n_columns; c++) {
            gsize cell = (gsize) h * model->stride + c;
            if (scene->use[cell] > model->safe[cell])
                cost += factor_of(model, c) *
                        (double) (scene->use[cell] - model->safe[cell]);
        }
    return cost;
}

const VmcTerm vmc_term_load = {
    .name = "load",
    .unit = "units above the safe threshold",
    .add_hinges = add_hinges,
    .recompute = recompute,
};
