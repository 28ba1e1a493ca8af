/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/**
 * VmcFewMoves:
 * @max_moves: how many VMs may be elsewhere than at the start at most
 * @seed: of the random numbers
 * @is_late: (nullable): whether it has to stop; called after each move that is
 *   added
 * @data: what @is_late is called with
 *
 * What may be spent on a search that moves few VMs.
 */
typedef struct {
    guint max_moves;
    guint64 seed;
    gboolean (*is_late)(gpointer data);
    gpointer data;
} VmcFewMoves;

/**
 * vmc_few_moves:
 * @model: a sealed model
 * @few: how many moves, and what may be spent
 *
 * Adds one move after the other, about the best there is, and after each tries
 * to exchange some of those made for others. What is done with n moves does not
 * depend on how many are allowed: so with the same seed, and in time, more
 * moves are never worse than fewer.
 *
 * Returns: (transfer full): for each VM its host; never worse than the start
 */
gint32 *vmc_few_moves(const VmcModel *model, const VmcFewMoves *few);
