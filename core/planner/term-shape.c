/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

#include <math.h>

/* Shape: what is free of two columns in a target proportion, so that a VM of
 * that shape still fits, Σ hosts, shapes:
 * weight × max(0, target × free[first] − free[second]),
 * with free = capacity − use. */

static gboolean
is_limited(const VmcModel *model, guint host, const VmcModelShape *shape)
{
    const gint64 *capacity = model->capacity + (gsize) host * model->stride;

    return capacity[shape->first] != VMC_UNLIMITED &&
           capacity[shape->second] != VMC_UNLIMITED;
}

static double
missing(const VmcModel *model,
        guint host,
        const VmcModelShape *shape,
        const gint64 *use)
{
    const gint64 *capacity = model->capacity + (gsize) host * model->stride;
    double first = (double) (capacity[shape->first] - use[shape->first]);
    double second = (double) (capacity[shape->second] - use[shape->second]);

    return shape->target * first - second;
}

static void
add_hinge(VmcModel *model, const VmcModelShape *shape)
{
    g_autofree double *offset = g_new(double, MAX(model->n_hosts, 1));
    g_autofree gint64 *no_use = g_new0(gint64, model->stride);
    double factor = model->weight[VMC_TERM_SHAPE] * shape->weight;
    VmcHinge hinge = {.first = shape->first,
                      .second = shape->second,
                      .first_factor = -factor * shape->target,
                      .second_factor = factor};

    for (guint h = 0; h < model->n_hosts; h++)
        offset[h] = is_limited(model, h, shape)
                        ? factor * missing(model, h, shape, no_use)
                        : -INFINITY;
    vmc_model_add_hinge(model, &hinge, offset);
}

static void
add_hinges(VmcModel *model)
{
    for (guint i = 0; i < model->n_shapes; i++)
        if (model->shapes[i].weight > 0)
            add_hinge(model, &model->shapes[i]);
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint h = 0; h < model->n_hosts; h++)
        for (guint i = 0; i < model->n_shapes; i++) {
            const VmcModelShape *shape = &model->shapes[i];
            if (!is_limited(model, h, shape) || shape->weight <= 0)
                continue;
            double value = missing(model, h, shape,
                                   scene->use + (gsize) h * model->stride);
            cost += shape->weight * MAX(0, value);
        }
    return cost * model->weight[VMC_TERM_SHAPE];
}

const VmcTerm vmc_term_shape = {
    .name = "shape",
    .unit = "units missing to the target proportion",
    .add_hinges = add_hinges,
    .recompute = recompute,
};
