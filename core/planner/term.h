/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/*
 * The objective: one table of terms, each in its own term-*.c. The score is the
 * sum of their costs, weights included; less is better.
 *
 * A term comes in one of three kinds, by what it depends on:
 *  - on the use of one host, linear with a kink: it adds hinges when the model
 *    is sealed, and the state does the rest (load, shape);
 *  - on the VM and its host alone: vmc_model_seat_cost() (moves, distance);
 *  - on more: it keeps what it needs in the state, and has delta() and apply()
 *    (spread, peak, spare, disruption, broken, wishes).
 * Every term can also be computed from nothing, which tests compare.
 */

/**
 * VmcScene:
 * @model: a sealed model
 * @host_of: a placement of it
 * @use: [host × stride + column] base and VMs of that placement
 *
 * What a term is computed from when nothing is kept.
 */
typedef struct {
    const VmcModel *model;
    const gint32 *host_of;
    const gint64 *use;
} VmcScene;

/**
 * VmcTerm:
 * @name: as policies write it: "load"
 * @unit: what a value of it counts, before its weight
 * @add_hinges: (nullable): adds its hinges to a model that is being sealed
 * @data_new: (nullable): makes what it keeps; %NULL when the model does not
 *   use the term at all
 * @data_free: (nullable): frees it
 * @reset: (nullable): fills what it keeps from a placement
 * @delta: (nullable): what a change adds to its cost
 * @most_gain: (nullable): what a change can take from its cost at most; without
 *   it a change that costs too much otherwise is refused unseen
 * @apply: (nullable): takes a change over into what it keeps; called while the
 *   state still is as before
 * @recompute: its cost from nothing
 */
typedef struct {
    const char *name;
    const char *unit;
    void (*add_hinges)(VmcModel *model);
    gpointer (*data_new)(const VmcModel *model);
    void (*data_free)(gpointer data);
    void (*reset)(VmcState *state, gpointer data);
    double (*delta)(const VmcState *state,
                    gconstpointer data,
                    const VmcChange *change);
    double (*most_gain)(gconstpointer data);
    void (*apply)(VmcState *state, gpointer data, const VmcChange *change);
    double (*recompute)(const VmcScene *scene);
} VmcTerm;

extern const VmcTerm vmc_term_broken;
extern const VmcTerm vmc_term_load;
extern const VmcTerm vmc_term_shape;
extern const VmcTerm vmc_term_spread;
extern const VmcTerm vmc_term_peak;
extern const VmcTerm vmc_term_spare;
extern const VmcTerm vmc_term_wishes;
extern const VmcTerm vmc_term_moves;
extern const VmcTerm vmc_term_distance;
extern const VmcTerm vmc_term_disruption;
extern const VmcTerm vmc_term_hosts;

/**
 * vmc_term:
 * @kind: a term
 *
 * Returns: (transfer none): its row
 */
const VmcTerm *vmc_term(VmcTermKind kind);

/**
 * vmc_term_from_name:
 * @name: a name as the row has it
 * @ret_kind: (out): the term
 *
 * Returns: %FALSE when there is no such term
 */
gboolean vmc_term_from_name(const char *name, VmcTermKind *ret_kind);

/**
 * vmc_terms_add_hinges:
 * @model: one that is being sealed
 */
void vmc_terms_add_hinges(VmcModel *model);

/**
 * vmc_terms_recompute:
 * @model: a sealed model
 * @host_of: a placement
 * @ret_cost: (out caller-allocates) (nullable) (array fixed-size=VMC_N_TERMS):
 *   the cost of each term
 *
 * From nothing, in O(VMs × columns + rules): for reports and tests.
 *
 * Returns: the score of @host_of
 */
double vmc_terms_recompute(const VmcModel *model,
                           const gint32 *host_of,
                           double *ret_cost);

/**
 * vmc_terms_delta:
 * @state: a state
 * @vm: a VM
 * @host: where it goes, or %VMC_NOWHERE
 * @ret_delta: (out caller-allocates) (array fixed-size=VMC_N_TERMS): what each
 *   term is more after that
 *
 * As vmc_state_delta(), told apart: for the story of a plan. Above capacity
 * only columns count in which some host starts so.
 */
void vmc_terms_delta(const VmcState *state,
                     guint vm,
                     gint32 host,
                     double *ret_delta);

/**
 * vmc_term_use_after:
 * @state: a state
 * @change: one or two moves
 * @host: a host
 * @column: a column
 *
 * Returns: use of @column on @host after @change
 */
gint64 vmc_term_use_after(const VmcState *state,
                          const VmcChange *change,
                          guint host,
                          guint column);

/**
 * vmc_change_hosts:
 * @change: one move, or a swap
 * @ret_hosts: (out caller-allocates) (array fixed-size=2): hosts it touches
 *
 * Returns: how many they are
 */
guint vmc_change_hosts(const VmcChange *change, guint *ret_hosts);
