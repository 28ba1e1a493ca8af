/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/*
 * The innermost arithmetic of the planner, two columns at a time: every row of
 * a model or state is an even number of 8-byte values on a 16-byte boundary.
 * The vector types are GCC's, which any target has an implementation of.
 */

typedef double VmcPair __attribute__((vector_size(16), may_alias));
typedef gint64 VmcPairOfInts __attribute__((vector_size(16), may_alias));

static inline VmcPair
vmc_pair_above_zero(VmcPair value)
{
    const VmcPair zero = {0, 0};

    return (VmcPair) ((VmcPairOfInts) value & (value > zero));
}

/** Returns: Σ max(0, hinge + come) over a row */
static inline double
vmc_trial_cost_with(const double *hinge, const double *come, guint stride)
{
    VmcPair sum = {0, 0};

    for (guint k = 0; k < stride; k += 2)
        sum += vmc_pair_above_zero(*(const VmcPair *) (hinge + k) +
                                   *(const VmcPair *) (come + k));
    return sum[0] + sum[1];
}

/** Returns: Σ max(0, hinge − go) over a row */
static inline double
vmc_trial_cost_without(const double *hinge, const double *go, guint stride)
{
    VmcPair sum = {0, 0};

    for (guint k = 0; k < stride; k += 2)
        sum += vmc_pair_above_zero(*(const VmcPair *) (hinge + k) -
                                   *(const VmcPair *) (go + k));
    return sum[0] + sum[1];
}

/** Returns: Σ max(0, hinge + come − go) over a row */
static inline double
vmc_trial_cost_exchanged(const double *hinge,
                         const double *come,
                         const double *go,
                         guint stride)
{
    VmcPair sum = {0, 0};

    for (guint k = 0; k < stride; k += 2)
        sum += vmc_pair_above_zero(
            *(const VmcPair *) (hinge + k) +
            (*(const VmcPair *) (come + k) - *(const VmcPair *) (go + k)));
    return sum[0] + sum[1];
}

/** Returns: whether room − need is nowhere below zero over a row */
static inline gboolean
vmc_trial_fits(const gint64 *room, const gint64 *need, guint stride)
{
    VmcPairOfInts missing = {0, 0};

    for (guint c = 0; c < stride; c += 2)
        missing |= *(const VmcPairOfInts *) (room + c) -
                   *(const VmcPairOfInts *) (need + c);
    return (missing[0] | missing[1]) >= 0;
}

/** Returns: whether room − come + go is nowhere below zero over a row */
static inline gboolean
vmc_trial_fits_exchanged(const gint64 *room,
                         const gint64 *come,
                         const gint64 *go,
                         guint stride)
{
    VmcPairOfInts missing = {0, 0};

    for (guint c = 0; c < stride; c += 2)
        missing |= *(const VmcPairOfInts *) (room + c) -
                   *(const VmcPairOfInts *) (come + c) +
                   *(const VmcPairOfInts *) (go + c);
    return (missing[0] | missing[1]) >= 0;
}

/* ---- rows ---------------------------------------------------------------- */

static inline const double *
vmc_hinge_row(const VmcState *state, guint host)
{
    return state->hinge + (gsize) host * state->model->hinge_stride;
}

static inline const double *
vmc_lift_row(const VmcModel *model, guint vm)
{
    return model->lift + (gsize) vm * model->hinge_stride;
}

static inline const gint64 *
vmc_room_row(const VmcState *state, guint host)
{
    return state->room + (gsize) host * state->model->stride;
}

static inline const gint64 *
vmc_need_row(const VmcModel *model, guint vm)
{
    return model->need + (gsize) vm * model->stride;
}

/* ---- cost of a host after a change --------------------------------------- */

static inline double
vmc_trial_occupied_cost(const VmcModel *model, guint n_vms)
{
    return n_vms > 0 ? model->weight[VMC_TERM_HOSTS] : 0;
}

/** Returns: what @host costs when @come comes */
static inline double
vmc_trial_host_cost_with(const VmcState *state, guint host, guint come)
{
    const VmcModel *model = state->model;

    return vmc_trial_occupied_cost(model, 1) +
           vmc_trial_cost_with(vmc_hinge_row(state, host),
                               vmc_lift_row(model, come), model->hinge_stride);
}

/** Returns: what @host costs when @go goes */
static inline double
vmc_trial_host_cost_without(const VmcState *state, guint host, guint go)
{
    const VmcModel *model = state->model;

    return vmc_trial_occupied_cost(model, state->lists.count[host] - 1) +
           vmc_trial_cost_without(vmc_hinge_row(state, host),
                                  vmc_lift_row(model, go), model->hinge_stride);
}

/** Returns: what @host costs when @come comes and @go goes */
static inline double
vmc_trial_host_cost_exchanged(const VmcState *state,
                              guint host,
                              guint come,
                              guint go)
{
    const VmcModel *model = state->model;

    return vmc_trial_occupied_cost(model, 1) +
           vmc_trial_cost_exchanged(
               vmc_hinge_row(state, host), vmc_lift_row(model, come),
               vmc_lift_row(model, go), model->hinge_stride);
}
