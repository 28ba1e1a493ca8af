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
    double cost;
} Spread;

/*
 * @inverse: [host × n + i] 1 ÷ capacity of the column of @spreads[i], and 0
 *   where the host does not count
 */
typedef struct {
    guint n;
    Spread *spreads;
    double *inverse;
} Spreads;

static double
inverse_capacity(const VmcModel *model, guint host, guint column)
{
    gint64 capacity = model->capacity[(gsize) host * model->stride + column];

    if (capacity <= 0 || capacity == VMC_UNLIMITED ||
        (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0)
        return 0;
    return 1 / (double) capacity;
}

static double
cost_of(const Spread *spread, double sum, double sum_of_squares)
{
    double mean = sum / spread->n;
    double variance = sum_of_squares / spread->n - mean * mean;

    return variance > 0 ? spread->weight * sqrt(variance) : 0;
}

static Spread
spread_of(const VmcModel *model, guint column, const gint64 *use)
{
    Spread spread = {.column = column,
                     .weight = model->weight[VMC_TERM_SPREAD] *
                               model->column[column].spread_weight};

    for (guint h = 0; h < model->n_hosts; h++) {
        double inverse = inverse_capacity(model, h, column);
        spread.n += inverse > 0;
        spread.centre +=
            inverse * (double) use[(gsize) h * model->stride + column];
    }
    spread.centre /= MAX(spread.n, 1);
    for (guint h = 0; h < model->n_hosts; h++) {
        double inverse = inverse_capacity(model, h, column);
        if (inverse == 0)
            continue;
        double off =
            inverse * (double) use[(gsize) h * model->stride + column] -
            spread.centre;
        spread.sum += off;
        spread.sum_of_squares += off * off;
    }
    spread.cost = cost_of(&spread, spread.sum, spread.sum_of_squares);
    return spread;
}

static gboolean
is_used(const VmcModel *model, guint column)
{
    if (model->column[column].spread_weight <= 0)
        return FALSE;
    for (guint h = 0; h < model->n_hosts; h++)
        if (inverse_capacity(model, h, column) > 0)
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
    data->inverse = g_new(double, MAX((gsize) model->n_hosts * data->n, 1));
    for (guint h = 0; h < model->n_hosts; h++)
        for (guint i = 0; i < data->n; i++)
            data->inverse[(gsize) h * data->n + i] =
                inverse_capacity(model, h, data->spreads[i].column);
    return data;
}

static void
data_free(gpointer pointer)
{
    Spreads *data = pointer;

    g_free(data->spreads);
    g_free(data->inverse);
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

typedef struct {
    double plain;
    double of_squares;
} Sums;

/* Adds what they change by when @more of a column is used on @host. */
static void
add_to_sums(const VmcState *state,
            const Spreads *data,
            guint i,
            gint32 host,
            gint64 more,
            Sums *sums)
{
    if (host == VMC_NOWHERE)
        return;
    const Spread *spread = &data->spreads[i];
    double inverse = data->inverse[(gsize) host * data->n + i];
    gint64 use =
        state->use[(gsize) host * state->model->stride + spread->column];
    double off = inverse * (double) use - spread->centre;
    double step = inverse * (double) more;

    sums->plain += step;
    sums->of_squares += step * (2 * off + step);
}

static Sums
sums_after(const VmcState *state,
           const Spreads *data,
           guint i,
           const VmcChange *change)
{
    const VmcModel *model = state->model;
    const Spread *spread = &data->spreads[i];
    const VmcMove *move = &change->move[0];
    const gint64 *need = model->need + spread->column;
    gint64 more = need[(gsize) move->vm * model->stride];
    Sums sums = {spread->sum, spread->sum_of_squares};

    if (change->n == 2)
        more -= need[(gsize) change->move[1].vm * model->stride];
    add_to_sums(state, data, i, move->from, -more, &sums);
    add_to_sums(state, data, i, move->to, more, &sums);
    return sums;
}

static void
apply(VmcState *state, gpointer pointer, const VmcChange *change)
{
    Spreads *data = pointer;

    for (guint i = 0; i < data->n; i++) {
        Spread *spread = &data->spreads[i];
        Sums sums = sums_after(state, data, i, change);
        spread->sum = sums.plain;
        spread->sum_of_squares = sums.of_squares;
        spread->cost = cost_of(spread, sums.plain, sums.of_squares);
    }
}

static double
delta(const VmcState *state, gconstpointer pointer, const VmcChange *change)
{
    const Spreads *data = pointer;
    double cost = 0;

    for (guint i = 0; i < data->n; i++) {
        const Spread *spread = &data->spreads[i];
        Sums sums = sums_after(state, data, i, change);
        cost += cost_of(spread, sums.plain, sums.of_squares) - spread->cost;
    }
    return cost;
}

/* All of it. */
static double
most_gain(gconstpointer pointer)
{
    const Spreads *data = pointer;
    double cost = 0;

    for (guint i = 0; i < data->n; i++)
        cost += data->spreads[i].cost;
    return cost;
}

static double
recompute(const VmcScene *scene)
{
    double cost = 0;

    for (guint c = 0; c < scene->model->n_columns; c++)
        if (is_used(scene->model, c))
            cost += spread_of(scene->model, c, scene->use).cost;
    return cost;
}

const VmcTerm vmc_term_spread = {
    .name = "spread",
    .unit = "standard deviation of utilisation",
    .data_new = data_new,
    .data_free = data_free,
    .reset = reset,
    .delta = delta,
    .most_gain = most_gain,
    .apply = apply,
    .recompute = recompute,
};
