/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"

/* Near: members only in domains that have a leader. Violated by each member
 * that is in a domain without one. */

static gint64
alone(gint64 n_members, gint64 n_leaders)
{
    return n_leaders > 0 ? 0 : n_members;
}

static gint64
violation(const VmcRule *rule G_GNUC_UNUSED, const VmcRuleCount *count)
{
    return count->n_alone;
}

/* What changes in one domain when so many members and leaders come to it. */
static gint64
domain_delta(const VmcState *state,
             const VmcRule *rule,
             guint32 domain,
             gint members,
             gint leaders)
{
    gint64 n_leaders =
        vmc_tally_count(state, (guint) rule->leader_tally, domain);

    if (n_leaders > 0 && n_leaders + leaders > 0)
        return 0;
    gint64 n_members = vmc_tally_count(state, rule->tally, domain);
    return alone(n_members + members, n_leaders + leaders) -
           alone(n_members, n_leaders);
}

static gint64
delta(const VmcState *state, const VmcRule *rule, const VmcShift *shift)
{
    const VmcModel *model = state->model;
    guint32 from = G_MAXUINT32, to = G_MAXUINT32;
    gint64 sum = 0;

    if (shift->from != VMC_NOWHERE)
        from = vmc_model_domain(model, rule->level, (guint) shift->from);
    if (shift->to != VMC_NOWHERE)
        to = vmc_model_domain(model, rule->level, (guint) shift->to);
    if (from == to)
        return 0;
    if (shift->to != VMC_NOWHERE)
        sum += domain_delta(state, rule, to, shift->members, shift->leaders);
    if (shift->from != VMC_NOWHERE)
        sum +=
            domain_delta(state, rule, from, -shift->members, -shift->leaders);
    return sum;
}

const VmcRuleClass vmc_rule_near = {
    .name = "near",
    .violation = violation,
    .delta = delta,
};
