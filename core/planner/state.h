/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/host-lists.h"
#include "core/planner/model.h"

/*
 * A placement of a model, with everything kept beside it that makes the next
 * question cheap: use and room of each host, which VMs it has, counts of rules,
 * cost of each host, sums of terms. Not shared by threads.
 */

/** The most moves that a change has. */
#define VMC_MAX_MOVES 2

/**
 * VmcMove:
 * @vm: a VM
 * @from: host it is on, or %VMC_NOWHERE
 * @to: host it goes to, or %VMC_NOWHERE to take it out
 */
typedef struct {
    guint vm;
    gint32 from;
    gint32 to;
} VmcMove;

/**
 * VmcChange:
 * @n: 1, or 2 for a swap
 * @move: the moves; the second of a swap goes the first one's way back
 */
typedef struct {
    guint n;
    VmcMove move[VMC_MAX_MOVES];
} VmcChange;

/**
 * VmcState:
 * @model: (transfer none): what it is a placement of
 * @host_of: for each VM its host, or %VMC_NOWHERE
 * @use: [host × stride + column] base and VMs
 * @room: [host × stride + column] capacity − use − what is held; where there
 *   is no capacity to keep to, more than any VM needs
 * @lists: the VMs of each host
 * @counts: counts of stored tallies
 * @distinct: for each tally the domains with a VM of its group
 * @placed: for each tally the VMs of its group that are on a host
 * @n_nowhere: VMs on no host
 * @n_stranded: VMs on hosts that must be emptied
 * @hard_violation: sum over hard rules
 * @soft_violation: sum over soft rules, times their weights
 * @hinge: [host × hinge_stride + hinge] value of each hinge
 * @host_cost: what depends on the host's use alone
 * @n_active: how many terms have data here
 * @active: those terms
 * @term_data: for each term what it keeps
 * @most_gain: what terms with data can take from the score in one change, of
 *   those that can take much
 * @score: the sum of all terms
 *
 * Fields are read-only for everyone but state.c and the terms.
 */
typedef struct {
    const VmcModel *model;
    gint32 *host_of;
    gint64 *use;
    gint64 *room;
    VmcHostLists lists;

    guint32 *counts;
    guint32 *distinct;
    guint32 *placed;
    gint64 n_nowhere;
    gint64 n_stranded;
    gint64 hard_violation;
    double soft_violation;

    double *hinge;
    double *host_cost;
    guint n_active;
    VmcTermKind active[VMC_N_TERMS];
    gpointer term_data[VMC_N_TERMS];
    double most_gain;
    double score;
} VmcState;

/**
 * vmc_state_new:
 * @model: (transfer none): a sealed model, which must outlive the state
 *
 * Returns: (transfer full): every VM on its start host
 */
VmcState *vmc_state_new(const VmcModel *model);

void vmc_state_free(VmcState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcState, vmc_state_free)

/**
 * vmc_state_fits:
 * @state: a state
 * @vm: a VM, which may be on any host or on none
 * @host: a host
 *
 * O(columns + rules of the VM). Whether @vm may go to @host: it may sit there
 * at all, no hard column gets above capacity there (held columns included), and
 * no hard rule gets worse. Where it comes from is always allowed to be too
 * full.
 *
 * Returns: whether it fits; %TRUE for the host it is on
 */
gboolean vmc_state_fits(const VmcState *state, guint vm, guint host);

/**
 * vmc_state_has_room:
 * @state: a state
 * @vm: a VM that is not on @host
 * @host: a host
 *
 * Returns: whether no hard column gets above capacity
 */
gboolean vmc_state_has_room(const VmcState *state, guint vm, guint host);

/**
 * vmc_state_delta:
 * @state: a state
 * @vm: a VM
 * @host: a host, or %VMC_NOWHERE
 *
 * Does not ask whether it fits.
 *
 * Returns: what is added to the score when @vm goes to @host
 */
double vmc_state_delta(const VmcState *state, guint vm, gint32 host);

/**
 * vmc_state_move:
 * @state: a state
 * @vm: a VM
 * @host: where it goes, whether it fits or not, or %VMC_NOWHERE to take it out
 *
 * Returns: what was added to the score
 */
double vmc_state_move(VmcState *state, guint vm, gint32 host);

/**
 * vmc_state_commit:
 * @state: a state
 * @change: one move, or a swap, that fits
 * @delta: what it adds to the score, as vmc_state_delta() or
 *   vmc_state_swap_delta() said
 *
 * Carries out what was tried before, without asking again.
 */
void vmc_state_commit(VmcState *state, const VmcChange *change, double delta);

/**
 * vmc_state_swap_fits:
 * @state: a state
 * @first: a VM on a host
 * @second: a VM on another host
 *
 * Returns: whether they may change places, in one step
 */
gboolean vmc_state_swap_fits(const VmcState *state, guint first, guint second);

/**
 * vmc_state_swap_delta:
 * @state: a state
 * @first: a VM on a host
 * @second: a VM on another host
 *
 * Returns: what is added to the score when they change places
 */
double vmc_state_swap_delta(const VmcState *state, guint first, guint second);

/**
 * vmc_state_relocate:
 * @state: a state
 * @vm: a VM
 * @host: where it goes, or %VMC_NOWHERE
 *
 * As vmc_state_move(), but what %VMC_TERM_BROKEN adds stays out of the score:
 * for a few moves in a row at whose end nothing is broken, as nothing was
 * before. Its weight would take away the last digits of everything else.
 *
 * Returns: what was added to the score
 */
double vmc_state_relocate(VmcState *state, guint vm, gint32 host);

/**
 * vmc_state_assign:
 * @state: a state
 * @host_of: for each VM its host, or %VMC_NOWHERE
 *
 * Makes @state that placement; costs O(what differs).
 */
void vmc_state_assign(VmcState *state, const gint32 *host_of);

/**
 * vmc_state_is_sound:
 * @state: a state
 *
 * Returns: whether nothing hard is broken: every VM on a host that need not be
 * emptied, no hard rule violated, no hard column above capacity
 */
gboolean vmc_state_is_sound(const VmcState *state);

/* ---- for the inner loops ------------------------------------------------- */

/** Returns: the change that takes @vm to @host */
static inline VmcChange
vmc_change_shift(const VmcState *state, guint vm, gint32 host)
{
    return (VmcChange){.n = 1, .move = {{vm, state->host_of[vm], host}}};
}

/** Returns: the change in which two VMs on two hosts change places */
static inline VmcChange
vmc_change_swap(const VmcState *state, guint first, guint second)
{
    gint32 a = state->host_of[first];
    gint32 b = state->host_of[second];

    return (VmcChange){.n = 2, .move = {{first, a, b}, {second, b, a}}};
}

/**
 * vmc_model_charge:
 * @model: a model
 * @vm: a VM
 * @host: a host
 * @column: a column
 *
 * Returns: what @vm takes of the room of @host when it comes, and gives back
 * when it goes: held columns stay counted on its start host all the time
 */
static inline gint64
vmc_model_charge(const VmcModel *model, guint vm, guint host, guint column)
{
    gint64 need = model->need[(gsize) vm * model->stride + column];

    return model->start[vm] == (gint32) host ? need & model->keep_mask[column]
                                             : need;
}

/**
 * vmc_state_other_delta:
 * @state: a state
 * @change: one move, or a swap, that fits
 *
 * Returns: what is added to the score by the terms that are neither of one
 * host's use nor of a VM's seat
 */
double vmc_state_other_delta(const VmcState *state, const VmcChange *change);
