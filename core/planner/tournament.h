/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcTournament:
 * @n: how many values
 * @base: where the values begin in @node
 * @node: a complete binary tree; each inner node holds the larger of its two
 *
 * The largest of many values, of which a few change at a time: setting one is
 * O(log n), the largest of all O(1), and the largest without two of them
 * O(log n).
 */
typedef struct {
    guint n;
    guint base;
    double *node;
} VmcTournament;

/**
 * vmc_tournament_new:
 * @n: how many values, all of them −INFINITY
 *
 * Returns: (transfer full): a tournament
 */
VmcTournament *vmc_tournament_new(guint n);

void vmc_tournament_free(VmcTournament *tournament);

void vmc_tournament_set(VmcTournament *tournament, guint i, double value);

static inline double
vmc_tournament_get(const VmcTournament *tournament, guint i)
{
    return tournament->node[tournament->base + i];
}

/** Returns: the largest value */
static inline double
vmc_tournament_max(const VmcTournament *tournament)
{
    return tournament->node[1];
}

/**
 * vmc_tournament_first:
 * @tournament: a tournament
 *
 * Returns: the index of the largest value, the least one of equals
 */
guint vmc_tournament_first(const VmcTournament *tournament);

/**
 * vmc_tournament_max_without:
 * @tournament: a tournament
 * @i: a value
 * @j: another; the same as @i to leave out one only
 *
 * Returns: the largest value of the others, −INFINITY when there are none
 */
double vmc_tournament_max_without(const VmcTournament *tournament,
                                  guint i,
                                  guint j);
