/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include "core/planner/rule.h"

/*
 * Which VMs have to leave so that a broken rule can hold. Once they are out,
 * whatever fits is right: vmc_state_fits() lets them only where the rule holds.
 */

typedef struct {
    VmcRepair *repair;
    guint index;
    const VmcRule *rule;
    const guint32 *members;
    guint n_members;
    GArray *homeless;
} Scatter;

static gboolean
is_broken(const VmcState *state, guint rule)
{
    return vmc_rule_violation(state->model, rule, state->host_of) > 0;
}

static gint32
domain_of(const Scatter *scatter, guint vm)
{
    const VmcState *state = scatter->repair->state;
    const gint32 host = state->host_of[vm];

    return host == VMC_NOWHERE
               ? VMC_NOWHERE
               : (gint32) vmc_model_domain(state->model, scatter->rule->level,
                                           (guint) host);
}

static void
take_out(Scatter *scatter, guint vm)
{
    vmc_repair_take_out(scatter->repair, vm);
    g_array_append_val(scatter->homeless, vm);
}

/* Which of two rather stays where it is. */
static gboolean
rather_stays(const Scatter *scatter, guint one, guint two)
{
    const VmcModel *model = scatter->repair->state->model;

    if (model->is_movable[one] != model->is_movable[two])
        return model->is_movable[one] < model->is_movable[two];
    if (model->move_cost[one] != model->move_cost[two])
        return model->move_cost[one] > model->move_cost[two];
    return vmc_repair_size(scatter->repair, one) >
           vmc_repair_size(scatter->repair, two);
}

/* ---- the kinds ----------------------------------------------------------- */

static gboolean
is_kept_apart(const Scatter *scatter, guint vm)
{
    const gint32 domain = domain_of(scatter, vm);

    for (guint i = 0; i < scatter->n_members; i++) {
        const guint other = scatter->members[i];
        if (other != vm && domain_of(scatter, other) == domain &&
            (rather_stays(scatter, other, vm) ||
             (other < vm && !rather_stays(scatter, vm, other))))
            return FALSE;
    }
    return TRUE;
}

static void
scatter_apart(Scatter *scatter)
{
    for (guint i = 0; i < scatter->n_members; i++) {
        const guint vm = scatter->members[i];
        if (domain_of(scatter, vm) != VMC_NOWHERE &&
            vmc_repair_is_movable(scatter->repair, vm) &&
            !is_kept_apart(scatter, vm))
            take_out(scatter, vm);
    }
}

/* How many members are in @domain; those that cannot move count for all. */
static guint
weight_of(const Scatter *scatter, gint32 domain)
{
    guint weight = 0;

    for (guint i = 0; i < scatter->n_members; i++) {
        const guint vm = scatter->members[i];
        if (domain_of(scatter, vm) == domain)
            weight += vmc_repair_is_movable(scatter->repair, vm)
                          ? 1
                          : scatter->n_members;
    }
    return weight;
}

static void
scatter_together(Scatter *scatter)
{
    gint32 best = VMC_NOWHERE;
    guint best_weight = 0;

    for (guint i = 0; i < scatter->n_members; i++) {
        const gint32 domain = domain_of(scatter, scatter->members[i]);
        const guint weight =
            domain == VMC_NOWHERE ? 0 : weight_of(scatter, domain);
        if (weight <= best_weight)
            continue;
        best_weight = weight;
        best = domain;
    }
    for (guint i = 0; i < scatter->n_members; i++) {
        const guint vm = scatter->members[i];
        const gint32 domain = domain_of(scatter, vm);
        if (domain != best && domain != VMC_NOWHERE &&
            vmc_repair_is_movable(scatter->repair, vm))
            take_out(scatter, vm);
    }
}

/* One leaves for each domain that is missing; it is no loss where another
 * stays. */
static void
scatter_spread(Scatter *scatter)
{
    for (guint i = 0; i < scatter->n_members; i++) {
        const guint vm = scatter->members[i];
        const gint32 domain = domain_of(scatter, vm);
        if (!is_broken(scatter->repair->state, scatter->index))
            return;
        if (domain != VMC_NOWHERE &&
            vmc_repair_is_movable(scatter->repair, vm) &&
            weight_of(scatter, domain) > 1)
            take_out(scatter, vm);
    }
}

/* A member leaves when the rule lacks less without it. */
static void
scatter_near(Scatter *scatter)
{
    const VmcState *state = scatter->repair->state;
    const VmcRuleClass *class = vmc_rule_class(scatter->rule->kind);

    for (guint i = 0; i < scatter->n_members; i++) {
        const guint vm = scatter->members[i];
        const gint32 host = state->host_of[vm];
        if (host == VMC_NOWHERE || !vmc_repair_is_movable(scatter->repair, vm))
            continue;
        const VmcShift shift = {host, VMC_NOWHERE, 1, 0};
        if (class->delta(state, scatter->rule, &shift) < 0)
            take_out(scatter, vm);
    }
}

static void
scatter_rule(Scatter *scatter)
{
    switch (scatter->rule->kind) {
    case VMC_RULE_APART:
        scatter_apart(scatter);
        return;
    case VMC_RULE_TOGETHER:
        scatter_together(scatter);
        return;
    case VMC_RULE_SPREAD:
        scatter_spread(scatter);
        return;
    case VMC_RULE_NEAR:
        scatter_near(scatter);
        return;
    case VMC_N_RULES:
    default:
        g_return_if_reached();
    }
}

void
vmc_repair_scatter(VmcRepair *repair, GArray *homeless)
{
    const VmcState *state = repair->state;
    const VmcModel *model = state->model;

    for (guint i = 0; i < model->n_rules && state->hard_violation > 0; i++) {
        const VmcRule *rule = &model->rules[i];
        if (!rule->is_hard || !is_broken(state, i))
            continue;
        const guint32 begin = model->groups.start[rule->members];
        Scatter scatter = {
            repair,
            i,
            rule,
            model->groups.item + begin,
            model->groups.start[rule->members + 1] - begin,
            homeless,
        };
        scatter_rule(&scatter);
    }
}
