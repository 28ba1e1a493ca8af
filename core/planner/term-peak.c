/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"
#include "core/planner/tournament.h"

#include <math.h>

/* Peak: Σ columns: peak_weight × the largest use ÷ capacity of any host. Kept:
 * a tournament of the hosts for each column. */

typedef struct {
    guint column;
    double weight;
    VmcTournament *hosts;
} Peak;

typedef struct {
    guint n;
    Peak *peaks;
} Peaks;

static double
utilisation(const VmcModel *model, guint host, guint column, gint64 use)
{
    gint64 capacity = model->capacity[(gsize) host * model->stride + column];

    if (capacity <= 0 || capacity == VMC_UNLIMITED ||
        (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0)
        return 0;
    return (double) use / (double) capacity;
}

static double
weight_of(const VmcModel *model, guint column)
{
    return model->weight[VMC_TERM_PEAK] * model->column[column].peak_weight;
}

static gpointer
data_new(const VmcModel *model)
{
    Peaks *data = g_new0(Peaks, 1);

    data->peaks = g_new0(Peak, MAX(model->n_columns, 1));
    for (guint c = 0; model->n_hosts > 0 && c < model->n_columns; c++)
        if (weight_of(model, c) > 0)
            data->peaks[data->n++] =
                (Peak){.column = c,
                       .weight = weight_of(model, c),
                       .hosts = vmc_tournament_new(model->n_hosts)};
    return data;
}

static void
data_free(gpointer pointer)
{
    Peaks *data = pointer;

    for (guint i = 0; i < data->n; i++)
        vmc_tournament_free(data->peaks[i].hosts);
    g_free(data->peaks);
    g_free(data);
}

static void
reset(VmcState *state, gpointer pointer)
{
    const VmcModel *model = state->model;
    Peaks *data = pointer;

    for (guint i = 0; i < data->n; i++)
        for (guint h = 0; h < model->n_hosts; h++) {
            guint c = data->peaks[i].column;
            vmc_tournament_set(
                data->peaks[i].hosts, h,
                utilisation(model, h, c,
                            state->use[(gsize) h * model->stride + c]));
        }
}

static double
value_after(const VmcState *state,
            guint column,
            const VmcChange *change,
            guint host)
{
    return utilisation(state->model, host, column,
                       vmc_term_use_after(state, change, host, column));
}

static void
apply(VmcState *state, gpointer pointer, const VmcChange *change)
{
    Peaks *data = pointer;
    guint hosts[2];
    guint n_hosts = vmc_change_hosts(change, hosts);

    for (guint i = 0; i < data->n; i++)
        for (guint j = 0; j < n_hosts; j++)
            vmc_tournament_set(
                data->peaks[i].hosts, hosts[j],
                value_after(state, data->peaks[i].column, change, hosts[j]));
}

static double
delta(const VmcState *state, gconstpointer pointer, const VmcChange *change)
{
    const Peaks *data = pointer;
    double cost = 0;
    guint hosts[2];
    guint n_hosts = vmc_change_hosts(change, hosts);

    for (guint i = 0; n_hosts > 0 && i < data->n; i++) {
        const Peak *peak = &data->peaks[i];
        double largest = vmc_tournament_max_without(peak->hosts, hosts[0],
                                                    hosts[n_hosts - 1]);
        for (guint j = 0; j < n_hosts; j++) {
            double value = value_after(state, peak->column, change, hosts[j]);
            largest = MAX(largest, value);
        }
        cost += peak->weight * (largest - vmc_tournament_max(peak->hosts));
    }
    return cost;
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double cost = 0;

    for (guint c = 0; c < model->n_columns; c++) {
        double largest = 0;
        for (guint h = 0; h < model->n_hosts; h++) {
            double value = utilisation(
                model, h, c, scene->use[(gsize) h * model->stride + c]);
            largest = MAX(largest, value);
        }
        cost += weight_of(model, c) * largest;
    }
    return cost;
}

const VmcTerm vmc_term_peak = {
    .name = "peak",
    .unit = "highest utilisation of a host",
    .data_new = data_new,
    .data_free = data_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
