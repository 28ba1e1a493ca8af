/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/attempt.h"
#include "core/planner/rule.h"

/* Company: a VM goes to a host, and those come along that a hard rule binds to
 * it: all that are together with it, and those that are near it and would be
 * alone. Whoever is in their way leaves. No change of one or two VMs gets a
 * company of three from where it is. */

#define MAX_COMPANY 16
#define MAX_EJECTED 8
#define N_HOSTS_TO_TRY 128

/*
 * @level: [move] of the rule that brings the VM along
 * @by: [move] move of the VM that it follows
 */
typedef struct {
    VmcAttempt attempt;
    guint level[MAX_COMPANY];
    guint by[MAX_COMPANY];
} Company;

static gboolean
join(Company *company, guint vm, guint level, guint by)
{
    VmcAttempt *attempt = &company->attempt;
    const VmcState *state = attempt->walker->state;

    if (state->host_of[vm] == VMC_NOWHERE)
        return TRUE;
    if (!state->model->is_movable[vm] || attempt->n == MAX_COMPANY)
        return FALSE;
    company->level[attempt->n] = level;
    company->by[attempt->n] = by;
    return vmc_attempt_move(attempt, vm, VMC_NOWHERE);
}

/* The VMs of @group join, when @domain is not negative those in it. */
static gboolean
join_all(Company *company, guint group, guint level, gint64 domain, guint by)
{
    const VmcState *state = company->attempt.walker->state;
    const VmcRows *groups = &state->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++) {
        gint32 host = state->host_of[groups->item[i]];
        gboolean is_there =
            host != VMC_NOWHERE &&
            (domain < 0 ||
             vmc_model_domain(state->model, level, (guint) host) == domain);
        if (is_there && !join(company, groups->item[i], level, by))
            return FALSE;
    }
    return TRUE;
}

/* Those that @rule, which @move's VM is a member or leader of, binds to it. */
static gboolean
follow(Company *company, const VmcRule *rule, gboolean is_leader, guint move)
{
    const VmcState *state = company->attempt.walker->state;
    guint from = (guint) company->attempt.move[move].from;
    guint32 domain = vmc_model_domain(state->model, rule->level, from);

    if (!rule->is_hard)
        return TRUE;
    if (rule->kind == VMC_RULE_TOGETHER)
        return join_all(company, rule->members, rule->level, -1, move);
    if (rule->kind != VMC_RULE_NEAR || !is_leader ||
        vmc_tally_count(state, (guint) rule->leader_tally, domain) > 0)
        return TRUE;
    return join_all(company, rule->members, rule->level, domain, move);
}

/* Takes the whole company out. */
static gboolean
gather(Company *company, guint vm)
{
    VmcAttempt *attempt = &company->attempt;
    const VmcModel *model = attempt->walker->state->model;
    const VmcRows *rows = &model->rules_of;

    if (!join(company, vm, 0, 0))
        return FALSE;
    for (guint i = 0; i < attempt->n; i++) {
        guint member = attempt->move[i].vm;
        for (guint32 k = rows->start[member]; k < rows->start[member + 1]; k++)
            if (!follow(company, &model->rules[rows->item[k] / 2],
                        rows->item[k] % 2 != 0, i))
                return FALSE;
    }
    return attempt->n > 1;
}

static gboolean
bring(Company *company, guint vm, guint host, guint most)
{
    VmcAttempt *attempt = &company->attempt;

    return vmc_attempt_make_room(attempt, vm, host, most) &&
           vmc_state_fits(attempt->walker->state, vm, host) &&
           vmc_attempt_move(attempt, vm, (gint32) host);
}

/* Puts it back, the first VM on @host and the others as near as they must be.
 */
static gboolean
settle(Company *company, guint host)
{
    VmcAttempt *attempt = &company->attempt;
    const VmcState *state = attempt->walker->state;
    guint n = attempt->n;
    guint most =
        2 * n + vmc_random_below(&attempt->walker->random, MAX_EJECTED);

    if (!bring(company, attempt->move[0].vm, host, most))
        return FALSE;
    for (guint i = 1; i < n; i++) {
        guint vm = attempt->move[i].vm;
        guint level = company->level[i];
        guint beside = (guint) state->host_of[attempt->move[company->by[i]].vm];
        if (!vmc_attempt_insert_in(
                attempt, vm, level,
                vmc_model_domain(state->model, level, beside)) &&
            !bring(company, vm, beside, most))
            return FALSE;
    }
    return vmc_attempt_put_back(attempt, N_HOSTS_TO_TRY);
}

static gboolean
is_bound(const VmcModel *model, guint vm)
{
    const VmcRows *rows = &model->rules_of;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const VmcRule *rule = &model->rules[rows->item[i] / 2];
        if (rule->is_hard &&
            (rule->kind == VMC_RULE_TOGETHER || rule->kind == VMC_RULE_NEAR))
            return TRUE;
    }
    return FALSE;
}

static gboolean
step(VmcWalker *walker)
{
    const VmcModel *model = walker->state->model;
    guint vm =
        walker->movable[vmc_random_below(&walker->random, walker->n_movable)];
    guint host = vmc_random_below(&walker->random, model->n_hosts);
    Company company;

    walker->n_tried++;
    if (!is_bound(model, vm) || walker->state->host_of[vm] == (gint32) host ||
        !vmc_model_may_sit(model, vm, host) ||
        !vmc_attempt_begin(&company.attempt, walker))
        return FALSE;
    if (gather(&company, vm) && settle(&company, host))
        return vmc_attempt_end(&company.attempt);
    vmc_attempt_undo(&company.attempt);
    return FALSE;
}

const VmcNeighbourhood vmc_neighbourhood_company = {
    .name = "company",
    .step = step,
};
