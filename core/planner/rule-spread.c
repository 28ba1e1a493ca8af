/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"

/* Spread: members in at least so many domains. Violated by each domain that is
 * missing even when every member that is nowhere yet goes to one of its own. */

static gint64
violation(const VmcRule *rule, const VmcRuleCount *count)
{
    return MAX(0, (gint64) rule->n_domains - count->n_distinct -
                      (count->n_members - count->n_placed));
}

static gint64
delta(const VmcState *state, const VmcRule *rule, const VmcShift *shift)
{
    const VmcRows *groups = &state->model->groups;
    VmcRuleCount before = {
        .n_members = (gint64) groups->start[rule->members + 1] -
                     (gint64) groups->start[rule->members],
        .n_placed = state->placed[rule->tally],
        .n_distinct = state->distinct[rule->tally],
    };
    VmcRuleCount after = before;

    if (shift->members == 0)
        return 0;
    after.n_placed += (shift->to != VMC_NOWHERE) - (shift->from != VMC_NOWHERE);
    after.n_distinct +=
        vmc_tally_change(state, rule->tally, shift->from, shift->to);
    return violation(rule, &after) - violation(rule, &before);
}

const VmcRuleClass vmc_rule_spread = {
    .name = "spread",
    .violation = violation,
    .delta = delta,
};
