/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"

/* Apart: at most one member in a domain. Violated by each member that is one
 * too many: by members placed − domains they are in. */

static gint64
violation(const VmcRule *rule G_GNUC_UNUSED, const VmcRuleCount *count)
{
    return count->n_placed - count->n_distinct;
}

static gint64
delta(const VmcState *state, const VmcRule *rule, const VmcShift *shift)
{
    gint placed = 0;

    if (shift->members == 0)
        return 0;
    placed -= shift->from != VMC_NOWHERE;
    placed += shift->to != VMC_NOWHERE;
    return placed -
           vmc_tally_change(state, rule->tally, shift->from, shift->to);
}

const VmcRuleClass vmc_rule_apart = {
    .name = "apart",
    .violation = violation,
    .delta = delta,
};
