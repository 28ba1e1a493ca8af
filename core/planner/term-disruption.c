/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

#include <string.h>

/* Disruption: the most moves that any one group suffers. Kept: moves of each
 * group, and how many groups have so many, so that the largest is known at
 * once after one more or one less. */

typedef struct {
    guint32 *moves;  /* of each group */
    guint32 *n_with; /* how many groups have so many moves */
    guint32 most;
} Disruption;

static gpointer
data_new(const VmcModel *model)
{
    Disruption *data;

    if (model->n_move_groups == 0)
        return NULL;
    data = g_new0(Disruption, 1);
    data->moves = g_new0(guint32, model->n_move_groups);
    data->n_with = g_new0(guint32, (gsize) model->n_vms + 2);
    return data;
}

static void
data_free(gpointer pointer)
{
    Disruption *data = pointer;

    g_free(data->moves);
    g_free(data->n_with);
    g_free(data);
}

static gint
is_moved(const VmcModel *model, guint vm, gint32 host)
{
    return host != VMC_NOWHERE && model->start[vm] != VMC_NOWHERE &&
           host != model->start[vm];
}

/* Moves that a move adds to the VM's group: −1, 0 or 1. */
static gint
added(const VmcModel *model, const VmcMove *move)
{
    if (model->move_group[move->vm] < 0)
        return 0;
    return is_moved(model, move->vm, move->to) -
           is_moved(model, move->vm, move->from);
}

static void
count(Disruption *data, guint group, gint more)
{
    if (more == 0)
        return;
    data->n_with[data->moves[group]]--;
    data->moves[group] += (guint32) more;
    data->n_with[data->moves[group]]++;
    if (data->moves[group] > data->most)
        data->most = data->moves[group];
    while (data->most > 0 && data->n_with[data->most] == 0)
        data->most--;
}

static void
reset(VmcState *state, gpointer pointer)
{
    const VmcModel *model = state->model;
    Disruption *data = pointer;

    memset(data->moves, 0, model->n_move_groups * sizeof *data->moves);
    memset(data->n_with, 0, ((gsize) model->n_vms + 2) * sizeof *data->n_with);
    data->most = 0;
    data->n_with[0] = model->n_move_groups;
    for (guint v = 0; v < model->n_vms; v++)
        if (model->move_group[v] >= 0)
            count(data, (guint) model->move_group[v],
                  is_moved(model, v, state->host_of[v]));
}

static void
apply(VmcState *state, gpointer pointer, const VmcChange *change)
{
    for (guint i = 0; i < change->n; i++)
        count(pointer, (guint) state->model->move_group[change->move[i].vm],
              added(state->model, &change->move[i]));
}

/* The largest after the groups @first and @second, which differ, got @more and
 * @other_more. */
static guint32
most_after(const Disruption *data,
           guint first,
           gint more,
           guint second,
           gint other_more)
{
    guint32 a = data->moves[first], b = data->moves[second];
    guint32 others_with_most =
        data->n_with[data->most] - (a == data->most) - (b == data->most);
    guint32 mine = MAX(a + (guint32) more, b + (guint32) other_more);

    /* With no other at the top, the top falls by one at most: the moves of a
     * group that was there did. */
    return others_with_most > 0 ? MAX(mine, data->most) : mine;
}

/* The same after one group got @more. */
static guint32
most_after_one(const Disruption *data, guint group, gint more)
{
    guint32 mine = data->moves[group] + (guint32) more;
    guint32 others = data->most;

    if (more > 0)
        return MAX(data->most, mine);
    if (data->moves[group] == others && data->n_with[others] == 1)
        for (others--; others > mine && data->n_with[others] == 0;)
            others--;
    return MAX(mine, others);
}

static double
delta(const VmcState *state, gconstpointer pointer, const VmcChange *change)
{
    const VmcModel *model = state->model;
    const Disruption *data = pointer;
    gint more[VMC_MAX_MOVES] = {0, 0};
    gint32 group[VMC_MAX_MOVES] = {-1, -1};
    guint32 most;

    for (guint i = 0; i < change->n; i++) {
        more[i] = added(model, &change->move[i]);
        group[i] = model->move_group[change->move[i].vm];
    }
    if (more[0] == 0 && more[1] == 0)
        return 0;
    if (group[0] == group[1])
        most = most_after_one(data, (guint) group[0], more[0] + more[1]);
    else if (more[1] == 0)
        most = most_after_one(data, (guint) group[0], more[0]);
    else if (more[0] == 0)
        most = most_after_one(data, (guint) group[1], more[1]);
    else
        most = most_after(data, (guint) group[0], more[0], (guint) group[1],
                          more[1]);
    return model->weight[VMC_TERM_DISRUPTION] *
           ((double) most - (double) data->most);
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    g_autofree guint32 *moves = g_new0(guint32, MAX(model->n_move_groups, 1));
    guint32 most = 0;

    for (guint v = 0; v < model->n_vms; v++) {
        gint32 group = model->move_group[v];
        if (group < 0 || !is_moved(model, v, scene->host_of[v]))
            continue;
        moves[group]++;
        most = MAX(most, moves[group]);
    }
    return model->weight[VMC_TERM_DISRUPTION] * most;
}

const VmcTerm vmc_term_disruption = {
    .name = "disruption",
    .unit = "most moves of any one group",
    .data_new = data_new,
    .data_free = data_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
