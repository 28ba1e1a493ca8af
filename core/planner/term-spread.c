/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

#include <math.h>

/* Spread: Σ columns: spread_weight × population standard deviation of
 * use ÷ capacity over the hosts that have a capacity and stay, as hbal scores
 * it. Kept: for each column the sums of utilisation and of its square, both
 * taken from a centre near the mean, so that small deviations keep their
 * digits. */

typedef struct {
    guint column;
    double weight;
    double n;
    double centre;
    double sum;
    double sum_of_squares;
} Spread;

typedef struct {
    guint n;
    Spread *spreads;
} Spreads;

static gboolean
counts(const VmcModel *model, guint host, guint column)
{
    gint64 capacity = model->capacity[(gsize) host * model->stride + column];

    return capacity > 0 && capacity != VMC_UNLIMITED &&
           (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) == 0;
}

static double
utilisation(const VmcModel *model, guint host, guint column, gint64 use)
{
    return (double) use /
           (double) model->capacity[(gsize) host * model->stride + column];
}

static double
deviation(double n, double sum, double sum_of_squares)
{
    double mean = sum / n;
    double variance = sum_of_squares / n - mean * mean;

    return variance > 0 ? sqrt(variance) : 0;
}

static Spread
spread_of(const VmcModel *model, guint column, const gint64 *use)
{
    Spread spread = {.column = column,
                     .weight = model->weight[VMC_TERM_SPREAD] *
                               model->column[column].spread_weight};

    for (guint h = 0; h < model->n_hosts; h++) {
        if (!counts(model, h, column))
            continue;
        spread.n++;
        spread.centre += utilisation(model, h, column,
                                     use[(gsize) h * model->stride + column]);
    }
    spread.centre /= MAX(spread.n, 1);
    for (guint h = 0; h < model->n_hosts; h++) {
        if (!counts(model, h, column))
            continue;
        double off = utilisation(model, h, column,
                                 use[(gsize) h * model->stride + column]) -
                     spread.centre;
        spread.sum += off;
        spread.sum_of_squares += off * off;
    }
    return spread;
}

static gboolean
is_used(const VmcModel *model, guint column)
{
    if (model->column[column].spread_weight <= 0)
        return FALSE;
    for (guint h = 0; h < model->n_hosts; h++)
        if (counts(model, h, column))
            return TRUE;
    return FALSE;
}

static gpointer
data_new(const VmcModel *model)
{
    Spreads *data = g_new0(Spreads, 1);

    data->spreads = g_new0(Spread, MAX(model->n_columns, 1));
    for (guint c = 0; c < model->n_columns; c++)
        if (is_used(model, c))
            data->spreads[data->n++].column = c;
    return data;
}

static void
data_free(gpointer pointer)
{
    Spreads *data = pointer;

    g_free(data->spreads);
    g_free(data);
}

static void
reset(VmcState *state, gpointer pointer)
{
    Spreads *data = pointer;

    for (guint i = 0; i < data->n; i++)
        data->spreads[i] =
            spread_of(state->model, data->spreads[i].column, state->use);
}

static Spread
after(const VmcState *state, const Spread *spread, const VmcChange *change)
{
    const VmcModel *model = state->model;
    Spread next = *spread;
    guint hosts[2];
    guint n_hosts = vmc_change_hosts(change, hosts);

    for (guint i = 0; i < n_hosts; i++) {
        guint h = hosts[i];
        if (!counts(model, h, spread->column))
            continue;
        gsize cell = (gsize) h * model->stride + spread->column;
        double old = utilisation(model, h, spread->column, state->use[cell]) -
                     spread->centre;
        double new =
            utilisation(model, h, spread->column,
                        vmc_term_use_after(state, change, h, spread->column)) -
            spread->centre;
        next.sum += new - old;
        next.sum_of_squares += new *new - old *old;
    }
    return next;
}

static void
apply(VmcState *state, gpointer pointer, const VmcChange *change)
{
    Spreads *data = pointer;

    for (guint i = 0; i < data->n; i++)
        data->spreads[i] = after(state, &data->spreads[i], change);
}

static double
cost_of(const Spread *spread)
{
    return spread->weight *
           deviation(spread->n, spread->sum, spread->sum_of_squares);
}

static double
delta(const VmcState *state, gconstpointer pointer, const VmcChange *change)
{
    const Spreads *data = pointer;
    double cost = 0;

    for (guint i = 0; i < data->n; i++) {
        Spread next = after(state, &data->spreads[i], change);
        cost += cost_of(&next) - cost_of(&data->spreads[i]);
    }
    return cost;
}

static double
recompute(const VmcScene *scene)
{
    double cost = 0;

    for (guint c = 0; c < scene->model->n_columns; c++) {
        if (!is_used(scene->model, c))
            continue;
        Spread spread = spread_of(scene->model, c, scene->use);
        cost += cost_of(&spread);
    }
    return cost;
}

const VmcTerm vmc_term_spread = {
    .name = "spread",
    .unit = "standard deviation of utilisation",
    .data_new = data_new,
    .data_free = data_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
