/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/holes.h"

/* ---- the scarcest column ------------------------------------------------- */

/* The part of its capacity that is used over all hosts; −1 of a column that
 * limits nothing. */
static double
scarcity(const VmcState *state, guint column)
{
    const VmcModel *model = state->model;
    double use = 0;
    double capacity = 0;

    if ((model->column[column].flags & VMC_COLUMN_HARD) == 0)
        return -1;
    for (guint host = 0; host < model->n_hosts; host++) {
        const gsize cell = (gsize) host * model->stride + column;
        if (model->capacity[cell] == VMC_UNLIMITED)
            return -1;
        use += (double) state->use[cell];
        capacity += (double) model->capacity[cell];
    }
    return capacity > 0 ? use / capacity : 0;
}

static guint
scarcest_column(const VmcState *state)
{
    double most = -1;
    guint best = 0;

    for (guint c = 0; c < state->model->n_columns; c++) {
        const double part = scarcity(state, c);
        if (part <= most)
            continue;
        most = part;
        best = c;
    }
    return best;
}

/* Larger holes than the largest VM are all alike. */
static gint64
largest_need(const VmcModel *model, guint column)
{
    gint64 most = 0;

    for (guint vm = 0; column < model->n_columns && vm < model->n_vms; vm++)
        most = MAX(most, model->need[(gsize) vm * model->stride + column]);
    return most;
}

/* ---- buckets ------------------------------------------------------------- */

gint32
vmc_holes_bucket(const VmcHoles *holes, gint64 amount)
{
    if (amount < 0)
        return -1;
    return (gint32) MIN(amount / holes->unit, VMC_N_HOLE_BUCKETS - 1);
}

static void
unlink_host(VmcHoles *holes, guint host)
{
    const gint32 before = holes->previous[host];
    const gint32 after = holes->next[host];

    if (holes->bucket_of[host] < 0)
        return;
    if (before >= 0)
        holes->next[before] = after;
    else
        holes->first[holes->bucket_of[host]] = after;
    if (after >= 0)
        holes->previous[after] = before;
}

static void
link_host(VmcHoles *holes, guint host, gint32 bucket)
{
    holes->bucket_of[host] = bucket;
    if (bucket < 0)
        return;
    holes->previous[host] = -1;
    holes->next[host] = holes->first[bucket];
    if (holes->first[bucket] >= 0)
        holes->previous[holes->first[bucket]] = (gint32) host;
    holes->first[bucket] = (gint32) host;
}

void
vmc_holes_update(VmcHoles *holes, const VmcState *state, guint host)
{
    const gsize cell = (gsize) host * state->model->stride + holes->column;
    const gint32 bucket = holes->column < state->model->n_columns
                              ? vmc_holes_bucket(holes, state->room[cell])
                              : 0;

    if (bucket == holes->bucket_of[host])
        return;
    unlink_host(holes, host);
    link_host(holes, host, bucket);
}

/* ---- life ---------------------------------------------------------------- */

VmcHoles *
vmc_holes_new(const VmcState *state)
{
    VmcHoles *holes = g_new0(VmcHoles, 1);
    const guint n_hosts = state->model->n_hosts;

    holes->column = n_hosts > 0 ? scarcest_column(state) : 0;
    holes->unit =
        largest_need(state->model, holes->column) / (VMC_N_HOLE_BUCKETS - 1) +
        1;
    holes->first = g_new(gint32, VMC_N_HOLE_BUCKETS);
    for (guint i = 0; i < VMC_N_HOLE_BUCKETS; i++)
        holes->first[i] = -1;
    holes->next = g_new(gint32, n_hosts);
    holes->previous = g_new(gint32, n_hosts);
    holes->bucket_of = g_new(gint32, n_hosts);
    for (guint host = n_hosts; host-- > 0;) {
        holes->bucket_of[host] = -1;
        vmc_holes_update(holes, state, host);
    }
    return holes;
}

void
vmc_holes_free(VmcHoles *holes)
{
    if (holes == NULL)
        return;
    g_free(holes->first);
    g_free(holes->next);
    g_free(holes->previous);
    g_free(holes->bucket_of);
    g_free(holes);
}
