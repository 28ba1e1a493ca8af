/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/*
 * Makes a placement sound with the fewest moves: VMs that are nowhere, or on a
 * host outside of their set, get one, hosts that must be emptied are, no hard
 * column is above capacity, no hard rule broken. What moves goes into the
 * tightest hole it fits in, and rather into one that is there from the start,
 * so that nothing has to wait for anything; only where there is none, others
 * make way.
 */

/**
 * VmcRepairReport:
 * @n_moves: VMs that are on another host than at the start
 * @n_starts: VMs that were nowhere and are not any more
 * @n_bound: no sound placement moves fewer, as far as full hosts and hosts that
 *   must be emptied tell
 * @n_left: hosts still too full, VMs still nowhere or where they may not be,
 *   hard rules still broken
 */
typedef struct {
    guint n_moves;
    guint n_starts;
    guint n_bound;
    guint n_left;
} VmcRepairReport;

/**
 * vmc_repair:
 * @state: a state at its start
 * @ret_report: (out) (nullable): what it took
 *
 * Deterministic. What cannot be repaired stays as it was: nothing hard gets
 * worse than at the start.
 *
 * Returns: whether the placement is sound now
 */
gboolean vmc_repair(VmcState *state, VmcRepairReport *ret_report);

/**
 * vmc_repair_wants_search:
 * @model: a sealed model
 * @report: what vmc_repair() or vmc_evacuate() made of it
 *
 * Returns: whether vmc_repair_by_search() may do better
 */
gboolean vmc_repair_wants_search(const VmcModel *model,
                                 const VmcRepairReport *report);

/**
 * vmc_repair_by_search:
 * @state: a state that vmc_repair() or vmc_evacuate() changed
 * @bare: the same model, with no weights but those of breaches and moves
 * @seed: of the search
 *
 * What the fewest moves do not repair, VMs that change places or go as a
 * company may. Takes what is found when less is broken after it, or the same
 * with fewer moves.
 */
void vmc_repair_by_search(VmcState *state, const VmcModel *bare, guint64 seed);
