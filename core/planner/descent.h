/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/**
 * VmcDescent:
 *
 * The way down by single moves, each about the best there is. What a move
 * brings is nearly the sum of what leaving one host and coming to another does:
 * both are kept for each VM and each kind of VM, the best on top, and after a
 * move only those of the two hosts are counted anew. What seems best by them is
 * then looked at exactly.
 */
typedef struct _VmcDescent VmcDescent;

/**
 * vmc_descent_new:
 * @state: (transfer none): what it moves VMs of, which must outlive it
 *
 * Returns: (transfer full): a descent from there
 */
VmcDescent *vmc_descent_new(VmcState *state);

void vmc_descent_free(VmcDescent *descent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDescent, vmc_descent_free)

/**
 * vmc_descent_find:
 * @descent: a descent
 * @ret_move: (out): a move that fits and makes the score less
 *
 * Returns: %FALSE when none is found
 */
gboolean vmc_descent_find(VmcDescent *descent, VmcMove *ret_move);

/**
 * vmc_descent_move:
 * @descent: a descent
 * @vm: a VM
 * @host: where it goes
 *
 * Moves it, whether that helps or not. The state must not be changed otherwise
 * without vmc_descent_refresh() after it.
 */
void vmc_descent_move(VmcDescent *descent, guint vm, gint32 host);

/**
 * vmc_descent_refresh:
 * @descent: a descent
 *
 * Counts everything anew: a move changes a little what all others bring.
 */
void vmc_descent_refresh(VmcDescent *descent);

/**
 * vmc_descent_bar:
 * @descent: a descent
 * @vm: a VM
 * @is_barred: whether vmc_descent_find() shall not find moves of it
 */
void vmc_descent_bar(VmcDescent *descent, guint vm, gboolean is_barred);

/**
 * vmc_descent_run:
 * @descent: a descent
 *
 * Moves on until nothing is found, taking the next good move rather than the
 * best.
 */
void vmc_descent_run(VmcDescent *descent);
