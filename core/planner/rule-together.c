/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"

/* Together: all members in one domain. Violated by each domain above one. */

static gint64
violation_of(gint64 n_distinct)
{
    return MAX(0, n_distinct - 1);
}

static gint64
violation(const VmcRule *rule G_GNUC_UNUSED, const VmcRuleCount *count)
{
    return violation_of(count->n_distinct);
}

static gint64
delta(const VmcState *state, const VmcRule *rule, const VmcShift *shift)
{
    gint64 before = state->distinct[rule->tally];

    if (shift->members == 0)
        return 0;
    return violation_of(before + vmc_tally_change(state, rule->tally,
                                                  shift->from, shift->to)) -
           violation_of(before);
}

const VmcRuleClass vmc_rule_together = {
    .name = "together",
    .violation = violation,
    .delta = delta,
};
