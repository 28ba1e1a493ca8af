/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/*
 * Rules. Each kind has a file, rule-<kind>.c, with one row: how much the rule
 * is violated, and how much that changes when members or leaders go from one
 * host to another. Both read only the tallies of the state, which are kept for
 * all kinds alike, so a kind has nothing of its own to keep up to date.
 *
 * A hard rule may already be violated where a plan starts. What may be done is
 * then whatever makes no hard rule worse; and the violation costs.
 */

/**
 * VmcShift:
 * @from: a host, or %VMC_NOWHERE
 * @to: another host, or %VMC_NOWHERE
 * @members: how many members go from @from to @to: −1, 0 or 1
 * @leaders: how many leaders do
 *
 * What a change means to one rule.
 */
typedef struct {
    gint32 from;
    gint32 to;
    gint members;
    gint leaders;
} VmcShift;

/**
 * VmcRuleCount:
 * @n_members: members of the rule
 * @n_placed: those that are on a host
 * @n_distinct: domains that have one
 * @n_alone: members in a domain without a leader
 *
 * What is known of a rule in a placement.
 */
typedef struct {
    gint64 n_members;
    gint64 n_placed;
    gint64 n_distinct;
    gint64 n_alone;
} VmcRuleCount;

/**
 * VmcRuleClass:
 * @name: as people write it: "apart"
 * @violation: in units that each kind's file explains; 0 when it holds
 * @delta: what a shift adds to the violation, for `members` of 0 or 1
 */
typedef struct {
    const char *name;
    gint64 (*violation)(const VmcRule *rule, const VmcRuleCount *count);
    gint64 (*delta)(const VmcState *state,
                    const VmcRule *rule,
                    const VmcShift *shift);
} VmcRuleClass;

extern const VmcRuleClass vmc_rule_apart;
extern const VmcRuleClass vmc_rule_together;
extern const VmcRuleClass vmc_rule_spread;
extern const VmcRuleClass vmc_rule_near;

/**
 * vmc_rule_class:
 * @kind: a kind
 *
 * Returns: (transfer none): its row
 */
const VmcRuleClass *vmc_rule_class(VmcRuleKind kind);

/**
 * vmc_rule_kind_to_name:
 * @kind: a kind
 *
 * Returns: (transfer none): "apart", "together", "spread" or "near"
 */
const char *vmc_rule_kind_to_name(VmcRuleKind kind);

/**
 * vmc_rule_kind_from_name:
 * @name: a name as vmc_rule_kind_to_name() gives it
 * @ret_kind: (out): the kind
 *
 * Returns: %FALSE when there is no such kind
 */
gboolean vmc_rule_kind_from_name(const char *name, VmcRuleKind *ret_kind);

/**
 * vmc_rule_violation:
 * @model: a sealed model
 * @rule: index of a rule
 * @host_of: a placement
 *
 * From nothing, in O(members × log members).
 *
 * Returns: by how much the rule is violated; 0 when it holds
 */
gint64 vmc_rule_violation(const VmcModel *model,
                          guint rule,
                          const gint32 *host_of);

/**
 * vmc_rules_allow:
 * @state: a state
 * @change: one or two moves
 *
 * Returns: whether no hard rule gets worse by @change
 */
gboolean vmc_rules_allow(const VmcState *state, const VmcChange *change);

/**
 * vmc_rules_blocking:
 * @state: a state
 * @change: one or two moves
 *
 * Returns: index of the first hard rule that gets worse by @change, or −1: for
 * explanations
 */
gint32 vmc_rules_blocking(const VmcState *state, const VmcChange *change);

/**
 * vmc_rules_delta:
 * @state: a state
 * @change: one or two moves
 * @ret_soft: (out): what is added to the violations of soft rules, each times
 *   its weight
 *
 * Returns: what is added to the violations of hard rules
 */
gint64 vmc_rules_delta(const VmcState *state,
                       const VmcChange *change,
                       double *ret_soft);

/* ---- tallies, for the kinds ---------------------------------------------- */

/**
 * vmc_tally_count:
 * @state: a state
 * @tally: index of a tally
 * @domain: a domain of its level
 *
 * Returns: VMs of the tally's group in @domain
 */
static inline guint32
vmc_tally_count(const VmcState *state, guint tally, guint32 domain)
{
    const VmcModel *model = state->model;
    const VmcTally *info = &model->tallies[tally];
    guint32 count = 0;

    if (info->at >= 0)
        return state->counts[info->at + domain];
    for (guint32 i = model->groups.start[info->group];
         i < model->groups.start[info->group + 1]; i++) {
        gint32 host = state->host_of[model->groups.item[i]];
        if (host != VMC_NOWHERE &&
            vmc_model_domain(model, info->level, (guint) host) == domain)
            count++;
    }
    return count;
}

/**
 * vmc_tally_change:
 * @state: a state
 * @tally: index of a tally
 * @from: host that one of its VMs leaves, or %VMC_NOWHERE
 * @to: host it goes to, or %VMC_NOWHERE
 *
 * Returns: what is added to the number of domains with a VM of the group
 */
gint vmc_tally_change(const VmcState *state,
                      guint tally,
                      gint32 from,
                      gint32 to);
