/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/search.h"
#include "core/planner/state.h"

/* The least steps of a search, and by how much each deeper one has more. */
#define VMC_REBALANCE_FIRST_STEPS 4096
#define VMC_REBALANCE_DEEPER 4

/**
 * VmcModelAt:
 * @host_of: for each VM its host
 * @data: closure
 *
 * Returns: (transfer none): the model of the same hosts and VMs as it will be
 * when they are there, until the next call
 */
typedef const VmcModel *(*VmcModelAt)(const gint32 *host_of, gpointer data);

/**
 * VmcRebalanceRequest:
 * @search: seed, threads, budgets and goal of the search
 * @max_moves: the most VMs that may move; 0 for any number
 * @model_at: (nullable): the model that whoever asks again will ask about; when
 *   it is %NULL, the same model with another start, which may be a little
 *   different in what the start alone decides
 * @data: what @model_at is called with
 */
typedef struct {
    VmcSearchOptions search;
    guint max_moves;
    VmcModelAt model_at;
    gpointer data;
} VmcRebalanceRequest;

/**
 * vmc_rebalance:
 * @model: a sealed model
 * @request: what may be spent, and on what
 *
 * Searches a better placement, takes back every move that does not pay for
 * itself, and searches on from there until nothing more pays: so that the same
 * question about the result gives the result itself.
 *
 * Searches get deeper by a fixed sequence of steps, as far as the budget of
 * steps goes, and each begins with what the ones before it found: so a wider
 * budget of steps never gives a worse score, and the score is never worse than
 * that of the start.
 *
 * Returns: (transfer full): for each VM its host
 */
gint32 *vmc_rebalance(const VmcModel *model,
                      const VmcRebalanceRequest *request);

/**
 * vmc_rebalance_take_back:
 * @state: a state
 *
 * Takes every VM back to its start that may go there and whose move does not
 * pay for itself, until all that are left do.
 */
void vmc_rebalance_take_back(VmcState *state);
