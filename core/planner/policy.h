/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"
#include "core/resources.h"

/*
 * What a planner is asked to prefer: a weight for each term of the objective,
 * and the numbers of benefit against cost. Named ones ship; files change some
 * members of one of them (docs/planner.md).
 *
 * The terms that describe a placement count points an hour; those that describe
 * moves count points. A move pays when what it gains within the horizon is more
 * than what it costs.
 */

/**
 * VmcPolicy:
 * @name: what people call it
 * @weight_milli: of each term, in thousandths; %VMC_TERM_BROKEN is not theirs
 *   to change
 * @resource_milli: how much load of each resource counts, in thousandths
 * @safe_milli: demand above this share of capacity hurts
 * @spare_level: (nullable): N+1: domains of which level may be lost, as "host"
 *   or "rack"; %NULL: none
 * @distance_level: (nullable): moves between domains of this level cost
 *   distance
 * @horizon_s: a move must pay within so long
 * @cooldown_s: a VM that was moved so lately stays, unless it has to go
 * @demand_max_age_s: demand older than that is not believed: the claim counts
 * @min_gain_milli: a move must gain so much more than it costs, in thousandths
 *   of a point
 * @move_milli: what any move costs, in thousandths of a point
 * @gib_milli: what each GiB that a move has to send costs
 * @bandwidth_bytes_per_s: how fast the link of a host is, each way
 * @moves_in: moves at a time into a host; 0 for any number
 * @moves_out: moves at a time out of a host; 0 for any number
 */
typedef struct {
    char *name;
    guint64 weight_milli[VMC_N_TERMS];
    VmcResources resource_milli;
    VmcResources safe_milli;
    char *spare_level;
    char *distance_level;
    guint64 horizon_s;
    guint64 cooldown_s;
    guint64 demand_max_age_s;
    guint64 min_gain_milli;
    guint64 move_milli;
    guint64 gib_milli;
    guint64 bandwidth_bytes_per_s;
    guint64 moves_in;
    guint64 moves_out;
} VmcPolicy;

/**
 * vmc_policy_new:
 * @name: "balance" or "pack"
 *
 * Returns: (transfer full) (nullable): the shipped policy of that name
 */
VmcPolicy *vmc_policy_new(const char *name);
VmcPolicy *vmc_policy_copy(const VmcPolicy *policy);
void vmc_policy_free(VmcPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPolicy, vmc_policy_free)

/**
 * vmc_policy_names:
 *
 * Returns: (transfer none) (array zero-terminated=1): the shipped policies
 */
const char *const *vmc_policy_names(void);

/**
 * vmc_policy_move_bytes:
 * @policy: a policy
 * @memory_bytes: memory of the VM
 * @dirty_bytes_per_s: how fast its guest writes to it
 *
 * What is sent: the memory, and what the guest writes meanwhile, again and
 * again, which is m / (1 − dirty ÷ bandwidth); at most four times the memory,
 * since then a guest is throttled.
 *
 * Returns: bytes
 */
guint64 vmc_policy_move_bytes(const VmcPolicy *policy,
                              guint64 memory_bytes,
                              guint64 dirty_bytes_per_s);
