/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/tournament.h"

#include <math.h>

VmcTournament *
vmc_tournament_new(guint n)
{
    VmcTournament *tournament = g_new0(VmcTournament, 1);
    guint base = 1;

    while (base < n)
        base *= 2;
    tournament->n = n;
    tournament->base = base;
    tournament->node = g_new(double, 2 * (gsize) base);
    for (guint i = 0; i < 2 * base; i++)
        tournament->node[i] = -INFINITY;
    return tournament;
}

void
vmc_tournament_free(VmcTournament *tournament)
{
    if (tournament == NULL)
        return;
    g_free(tournament->node);
    g_free(tournament);
}

void
vmc_tournament_set(VmcTournament *tournament, guint i, double value)
{
    double *node = tournament->node;
    guint at = tournament->base + i;

    node[at] = value;
    for (at /= 2; at > 0; at /= 2) {
        double larger = MAX(node[2 * at], node[2 * at + 1]);
        if (node[at] == larger)
            return;
        node[at] = larger;
    }
}

guint
vmc_tournament_first(const VmcTournament *tournament)
{
    const double *node = tournament->node;
    guint at = 1;

    while (at < tournament->base)
        at = 2 * at + (node[2 * at] < node[at]);
    return at - tournament->base;
}

/* The largest below @at, which is above @i or @j or both: going down, whole
 * subtrees without either are taken as they are. */
static double
max_below(const VmcTournament *tournament, guint at, guint i, guint j)
{
    guint height = 0;
    double largest = -INFINITY;

    for (guint leaf = at; leaf < tournament->base; leaf *= 2)
        height++;
    if (height == 0)
        return -INFINITY;
    for (guint child = 2 * at; child <= 2 * at + 1; child++) {
        gboolean above_i = i >> (height - 1) == child;
        gboolean above_j = j >> (height - 1) == child;
        double value = above_i || above_j ? max_below(tournament, child, i, j)
                                          : tournament->node[child];
        largest = MAX(largest, value);
    }
    return largest;
}

double
vmc_tournament_max_without(const VmcTournament *tournament, guint i, guint j)
{
    double largest = vmc_tournament_max(tournament);

    if (vmc_tournament_get(tournament, i) < largest &&
        vmc_tournament_get(tournament, j) < largest)
        return largest;
    return max_below(tournament, 1, tournament->base + i, tournament->base + j);
}
