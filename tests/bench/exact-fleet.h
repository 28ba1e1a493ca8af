/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * Random fleets so small that an exact solver may finish them: 4 to 8 hosts,
 * 10 to 30 VMs, columns for cpu, memory and disk (disk is held until a plan is
 * over), racks, rules of every kind, hard and soft. They use only terms that
 * are linear: not the standard deviation, and no slots for the loss of a host.
 */

/**
 * ExactKind:
 * @EXACT_BALANCE: load above safe, shape, peak, soft rules and moves
 * @EXACT_PACK: hosts in use, load, soft rules and moves
 * @EXACT_RULES: many rules, more of them soft, and wishes
 * @EXACT_FULL: as balance, with hosts nine tenths full
 * @EXACT_REPAIR: hosts above capacity and broken rules; fewest moves
 * @EXACT_EVACUATE: a host that must be emptied; fewest moves
 */
typedef enum {
    EXACT_BALANCE,
    EXACT_PACK,
    EXACT_RULES,
    EXACT_FULL,
    EXACT_REPAIR,
    EXACT_EVACUATE,
    EXACT_N_KINDS
} ExactKind;

/**
 * exact_kind_name:
 * @kind: a kind
 *
 * Returns: (transfer none): its name
 */
const char *exact_kind_name(ExactKind kind);

/**
 * exact_kind_counts_moves:
 * @kind: a kind
 *
 * Returns: whether the fewest moves are asked for, and not the best score
 */
gboolean exact_kind_counts_moves(ExactKind kind);

/**
 * exact_fleet_new:
 * @kind: what is asked
 * @seed: where its shape comes from
 *
 * Returns: (transfer full): a sealed model; but for REPAIR and EVACUATE it
 * starts sound
 */
VmcModel *exact_fleet_new(ExactKind kind, guint32 seed);
