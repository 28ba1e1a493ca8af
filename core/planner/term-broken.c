/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/term.h"

#include <math.h>

/* Broken: what is hard and does not hold where the plan starts. One unit is a
 * VM that is nowhere or on a host that must be emptied, a unit of violation of
 * a hard rule, or use above capacity by the fleet's mean capacity of a host.
 * Nothing that fits makes it larger. */

/* ---- use above capacity, by hinges --------------------------------------- */

static gboolean
is_limited(const VmcModel *model, guint host, guint column)
{
    return (model->column[column].flags & VMC_COLUMN_HARD) != 0 &&
           model->capacity[(gsize) host * model->stride + column] !=
               VMC_UNLIMITED;
}

static double
mean_capacity(const VmcModel *model, guint column)
{
    double sum = 0;
    guint n = 0;

    for (guint h = 0; h < model->n_hosts; h++)
        if (is_limited(model, h, column)) {
            sum += (double) model->capacity[(gsize) h * model->stride + column];
            n++;
        }
    return sum > 0 ? sum / n : 1;
}

/* Only what starts too full can be too full: what fits does not fill. */
static gboolean
starts_too_full(const VmcModel *model, const gint64 *use, guint column)
{
    for (guint h = 0; h < model->n_hosts; h++)
        if (is_limited(model, h, column) &&
            use[h] > model->capacity[(gsize) h * model->stride + column])
            return TRUE;
    return FALSE;
}

static void
fill_start_use(const VmcModel *model, gint64 *use, guint column)
{
    for (guint h = 0; h < model->n_hosts; h++)
        use[h] = model->base[(gsize) h * model->stride + column];
    for (guint v = 0; v < model->n_vms; v++)
        if (model->start[v] != VMC_NOWHERE)
            use[model->start[v]] +=
                model->need[(gsize) v * model->stride + column];
}

static void
add_hinges(VmcModel *model)
{
    g_autofree gint64 *use = g_new(gint64, MAX(model->n_hosts, 1));
    g_autofree double *offset = g_new(double, MAX(model->n_hosts, 1));

    for (guint c = 0; c < model->n_columns; c++) {
        fill_start_use(model, use, c);
        if (!starts_too_full(model, use, c))
            continue;
        double factor =
            model->weight[VMC_TERM_BROKEN] / mean_capacity(model, c);
        for (guint h = 0; h < model->n_hosts; h++) {
            gint64 capacity = model->capacity[(gsize) h * model->stride + c];
            offset[h] = is_limited(model, h, c) ? -factor * (double) capacity
                                                : -INFINITY;
        }
        vmc_model_add_hinge(
            model, &(VmcHinge){.first = c, .first_factor = factor}, offset);
    }
}

static double
excess(const VmcScene *scene, guint column)
{
    const VmcModel *model = scene->model;
    double sum = 0;

    for (guint h = 0; h < model->n_hosts; h++) {
        gsize cell = (gsize) h * model->stride + column;
        if (is_limited(model, h, column))
            sum += (double) MAX(0, scene->use[cell] - model->capacity[cell]);
    }
    return sum / mean_capacity(model, column);
}

/* ---- the rest ------------------------------------------------------------ */

static gpointer
data_new(const VmcModel *model)
{
    return model->n_vms > 0 ? g_new0(char, 1) : NULL;
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

static gint
is_out_of_place(const VmcModel *model, gint32 host)
{
    return host == VMC_NOWHERE ||
           (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0;
}

static double
delta(const VmcState *state,
      gconstpointer data G_GNUC_UNUSED,
      const VmcChange *change)
{
    const VmcModel *model = state->model;
    gint64 units = 0;
    double soft;

    for (guint i = 0; i < change->n; i++)
        units += is_out_of_place(model, change->move[i].to) -
                 is_out_of_place(model, change->move[i].from);
    units += vmc_rules_delta(state, change, &soft);
    return model->weight[VMC_TERM_BROKEN] * (double) units;
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    gint64 units = 0;
    double too_full = 0;

    for (guint v = 0; v < model->n_vms; v++)
        units += is_out_of_place(model, scene->host_of[v]);
    for (guint r = 0; r < model->n_rules; r++)
        if (model->rules[r].is_hard)
            units += vmc_rule_violation(model, r, scene->host_of);
    for (guint c = 0; c < model->n_columns; c++)
        too_full += excess(scene, c);
    return model->weight[VMC_TERM_BROKEN] * ((double) units + too_full);
}

const VmcTerm vmc_term_broken = {
    .name = "broken",
    .unit = "breaches",
    .add_hinges = add_hinges,
    .data_new = data_new,
    .data_free = g_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
