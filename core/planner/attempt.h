/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/walker.h"

/** The most moves an attempt may have. */
#define VMC_MAX_ATTEMPT 64

/**
 * VmcAttempt:
 * @walker: whose state it changes
 * @n: moves made so far
 * @move: those moves
 * @delta: what they added to the score, breaches left out
 * @pull: what the pull home makes of them
 * @n_stranded: VMs that had to leave their hosts before it
 *
 * Several moves that belong together: they are carried out one by one, VMs may
 * be nowhere in between, and at the end all are kept or all are undone. Only
 * from a state in which no rule is broken and no VM is nowhere.
 */
typedef struct {
    VmcWalker *walker;
    guint n;
    VmcMove move[VMC_MAX_ATTEMPT];
    double delta;
    double pull;
    gint64 n_stranded;
} VmcAttempt;

/**
 * vmc_attempt_begin:
 * @attempt: (out caller-allocates): an attempt without moves
 * @walker: whose state it will change
 *
 * Returns: %FALSE when a rule is broken in that state, or a VM nowhere
 */
gboolean vmc_attempt_begin(VmcAttempt *attempt, VmcWalker *walker);

/**
 * vmc_attempt_move:
 * @attempt: an attempt
 * @vm: a VM
 * @host: where it goes, or %VMC_NOWHERE
 *
 * Returns: %FALSE when the attempt is too long already
 */
gboolean vmc_attempt_move(VmcAttempt *attempt, guint vm, gint32 host);

/**
 * vmc_attempt_insert:
 * @attempt: an attempt
 * @vm: a VM that is nowhere
 * @sample: how many hosts to try, drawn at random; all when there are no more
 *
 * Puts @vm on the host where it costs least.
 *
 * Returns: %FALSE when it fits on none of those tried
 */
gboolean vmc_attempt_insert(VmcAttempt *attempt, guint vm, guint sample);

/**
 * vmc_attempt_insert_in:
 * @attempt: an attempt
 * @vm: a VM that is nowhere
 * @level: a level
 * @domain: one of its domains
 *
 * As vmc_attempt_insert(), with the hosts of @domain tried.
 *
 * Returns: %FALSE when it fits on none of them
 */
gboolean vmc_attempt_insert_in(VmcAttempt *attempt,
                               guint vm,
                               guint level,
                               guint32 domain);

/**
 * vmc_attempt_make_room:
 * @attempt: an attempt
 * @vm: a VM that is nowhere, or on another host
 * @host: where it shall go
 * @most: moves that @attempt may have then
 *
 * Takes VMs off @host until it has room for @vm, but none that @attempt has
 * moved.
 *
 * Returns: %FALSE when that is not enough
 */
gboolean vmc_attempt_make_room(VmcAttempt *attempt,
                               guint vm,
                               guint host,
                               guint most);

/**
 * vmc_attempt_put_back:
 * @attempt: an attempt
 * @sample: see vmc_attempt_insert()
 *
 * Puts its VMs that are nowhere on the hosts where they cost least, the one
 * that was taken out first first.
 *
 * Returns: %FALSE when one fits on none of those tried
 */
gboolean vmc_attempt_put_back(VmcAttempt *attempt, guint sample);

/**
 * vmc_attempt_end:
 * @attempt: an attempt
 *
 * Keeps its moves when nothing more is broken after them and they add no more
 * than the walker's limit; undoes them otherwise.
 *
 * Returns: whether they were kept
 */
gboolean vmc_attempt_end(VmcAttempt *attempt);

/**
 * vmc_attempt_undo:
 * @attempt: an attempt
 *
 * Undoes its moves.
 */
void vmc_attempt_undo(VmcAttempt *attempt);
