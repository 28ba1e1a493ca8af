/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-plan.h"

#include "core/planner/fleet-why.h"
#include "core/planner/rebalance.h"
#include "core/planner/rule.h"
#include "core/planner/sequence.h"
#include "core/planner/term.h"

#include <math.h>

#define MICRO 1e6
#define TOLD_BROKEN 1000
#define MOVE_FIXED_US 1000000
#define START_US 5000000

/* VMs that block each other are left out so often. */
#define MAX_CUTS 8

typedef struct {
    const VmcFleetModel *fm;
    VmcState *state;
    VmcPlan *plan;
    double cost[VMC_N_TERMS]; /* of the state */
} Telling;

/* Scores of broken fleets are large; all fit. */
static gint64
micro(double points)
{
    return (gint64) llround(CLAMP(points * MICRO, -9e18, 9e18));
}

static gboolean
is_cost_of_moves(guint term)
{
    return term == VMC_TERM_MOVES || term == VMC_TERM_DISTANCE ||
           term == VMC_TERM_DISRUPTION;
}

static double
sum_terms(const double *cost, gboolean of_moves)
{
    double sum = 0;

    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (is_cost_of_moves(i) == of_moves)
            sum += cost[i];
    return sum;
}

static gboolean
is_outside(const VmcModel *model, guint vm, gint32 host)
{
    return host >= 0 &&
           !vmc_model_in_set(model, model->host_set[vm], (guint) host);
}

/* What must hold and does not is broken, whoever counts it. A breach weighs
 * more than anything in a search; people are told %TOLD_BROKEN of it. */
static void
tell_broken(double *cost, gint n_outside)
{
    cost[VMC_TERM_WISHES] -= n_outside * VMC_FLEET_BROKEN_WEIGHT;
    cost[VMC_TERM_BROKEN] += n_outside * VMC_FLEET_BROKEN_WEIGHT;
    cost[VMC_TERM_BROKEN] *= TOLD_BROKEN / VMC_FLEET_BROKEN_WEIGHT;
}

static void
count_terms(const VmcFleetModel *fm, const gint32 *host_of, double *ret_cost)
{
    const VmcModel *model = fm->model;
    gint n_outside = 0;

    vmc_terms_recompute(model, host_of, ret_cost);
    for (guint v = 0; v < model->n_vms; v++)
        n_outside += is_outside(model, v, host_of[v]);
    tell_broken(ret_cost, n_outside);
    ret_cost[VMC_TERM_WISHES] = MAX(ret_cost[VMC_TERM_WISHES], 0);
}

/* What they will be after a move, from what they are: a fleet is not counted
 * anew for each step. */
static void
count_terms_after(const Telling *telling, guint vm, gint32 to, double *ret_cost)
{
    const VmcModel *model = telling->fm->model;

    vmc_terms_delta(telling->state, vm, to, ret_cost);
    tell_broken(ret_cost,
                is_outside(model, vm, to) -
                    is_outside(model, vm, telling->state->host_of[vm]));
    for (guint i = 0; i < VMC_N_TERMS; i++)
        ret_cost[i] += telling->cost[i];
}

/* ---- steps --------------------------------------------------------------- */

static const char *
host_name(const VmcFleetModel *fm, gint32 host)
{
    return host >= 0 ? vmc_fleet_model_host(fm, (guint) host)->name : NULL;
}

/* The term that a step improves most; −1 when it improves none. */
static gint
best_term(const double *before, const double *after)
{
    double most = 1e-9;
    gint best = -1;

    for (guint i = 0; i < VMC_N_TERMS; i++) {
        double gain = before[i] - after[i];
        if (is_cost_of_moves(i) || gain <= most)
            continue;
        most = gain;
        best = (gint) i;
    }
    return best;
}

static void
weigh_step(
    Telling *telling, VmcPlanStep *step, guint vm, gint32 from, gint32 to)
{
    double after[VMC_N_TERMS];
    VmcFleetStep what = {.vm = vm, .from = from, .to = to};

    vmc_fleet_why_look(telling->fm, telling->state, &what);
    count_terms_after(telling, vm, to, after);
    vmc_state_move(telling->state, vm, to);
    what.term = best_term(telling->cost, after);
    step->gain_micro =
        micro(sum_terms(telling->cost, FALSE) - sum_terms(after, FALSE));
    step->cost_micro =
        micro(sum_terms(after, TRUE) - sum_terms(telling->cost, TRUE));
    if (what.term >= 0)
        step->term = g_strdup(vmc_term((VmcTermKind) what.term)->name);
    step->why =
        vmc_fleet_why(telling->fm, telling->state, &what, &step->otherwise);
    for (guint i = 0; i < VMC_N_TERMS; i++)
        telling->cost[i] = after[i];
    vmc_fleet_why_clear(&what);
}

static void
tell_step(Telling *telling, const VmcSequenceStep *item)
{
    const VmcFleetModel *fm = telling->fm;
    VmcPlanStep *step = vmc_plan_add_step(
        telling->plan, item->kind, vmc_fleet_model_vm(fm, item->vm)->name,
        host_name(fm, item->from), host_name(fm, item->to));

    step->batch = item->batch;
    step->joint = item->joint;
    step->is_bypass = item->is_bypass;
    step->start_us = item->start_us;
    step->end_us = item->end_us;
    weigh_step(telling, step, item->vm, item->from, item->to);
}

static VmcSequence *
sequence_of(const VmcFleetModel *fm, const gint32 *target)
{
    guint n_vms = fm->vms->len;
    g_autofree gint64 *bytes = g_new(gint64, MAX(n_vms, 1));
    VmcSequenceRequest request = {
        .target = target,
        .bytes = bytes,
        .default_link = (gint64) fm->policy->bandwidth_bytes_per_s,
        .max_in = (guint) fm->policy->moves_in,
        .max_out = (guint) fm->policy->moves_out,
        .fixed_us = MOVE_FIXED_US,
        .start_us = START_US};

    for (guint v = 0; v < n_vms; v++) {
        const VmcVm *vm = vmc_fleet_model_vm(fm, v);
        guint64 sent = vmc_policy_move_bytes(
            fm->policy, vm->size.amount[VMC_MEMORY], vm->dirty_bytes_per_s);
        bytes[v] = (gint64) MIN(sent, (guint64) VMC_MAX_AMOUNT);
    }
    return vmc_sequence_new(fm->model, &request);
}

static void
tell_stuck(Telling *telling, const VmcSequence *sequence)
{
    const VmcFleetModel *fm = telling->fm;

    for (guint i = 0; i < sequence->n_stuck; i++) {
        const VmcSequenceStuck *stuck = &sequence->stuck[i];
        g_autofree char *why = g_strdup_printf(
            "it waits for '%s', which is not free at any time: VMs block each "
            "other, and no third host has room",
            host_name(fm, stuck->host));
        vmc_plan_add_refusal(telling->plan,
                             vmc_fleet_model_vm(fm, stuck->vm)->name, why);
    }
}

/* Where VMs are when all its steps are done, without those that only got out of
 * the way for nothing. */
static gint32 *
reached_by(const VmcFleetModel *fm, const VmcSequence *sequence)
{
    g_autoptr(VmcState) state = vmc_state_new(fm->model);

    for (guint i = 0; i < sequence->n_steps; i++)
        vmc_state_move(state, sequence->steps[i].vm, sequence->steps[i].to);
    vmc_rebalance_take_back(state);
    return g_memdup2(state->host_of, MAX(fm->model->n_vms, 1) * sizeof(gint32));
}

/* The steps to as much of @target as can be reached. What blocks each other is
 * told, and the others do not move for its sake. */
static VmcSequence *
reachable_sequence(Telling *telling, const gint32 *target)
{
    VmcSequence *sequence = sequence_of(telling->fm, target);

    tell_stuck(telling, sequence);
    for (guint i = 0; sequence->n_stuck > 0 && i < MAX_CUTS; i++) {
        g_autofree gint32 *reached = reached_by(telling->fm, sequence);
        vmc_sequence_free(sequence);
        sequence = sequence_of(telling->fm, reached);
    }
    return sequence;
}

/* ---- refusals ------------------------------------------------------------ */

static void
tell_refusals(Telling *telling)
{
    const VmcFleetModel *fm = telling->fm;

    for (guint v = 0; v < fm->vms->len; v++) {
        gint32 host = telling->state->host_of[v];
        if (host >= 0 && fm->model->start[v] == host &&
            vmc_model_may_sit(fm->model, v, (guint) host))
            continue;
        g_autofree char *why = vmc_fleet_why_not(fm, telling->state, v);
        if (why != NULL)
            vmc_plan_add_refusal(telling->plan, vmc_fleet_model_vm(fm, v)->name,
                                 why);
    }
}

static void
tell_full_hosts(Telling *telling)
{
    const VmcFleetModel *fm = telling->fm;

    for (guint h = 0; h < fm->hosts->len; h++) {
        guint vm = 0;
        g_autofree char *why = vmc_fleet_why_full(fm, telling->state, h, &vm);
        if (why != NULL)
            vmc_plan_add_refusal(telling->plan,
                                 vmc_fleet_model_vm(fm, vm)->name, why);
    }
}

/* A rule that stays broken is told once, of its first VM. */
static void
tell_broken_rules(Telling *telling)
{
    const VmcModel *model = telling->fm->model;

    for (guint r = 0; r < model->n_rules; r++) {
        const VmcPlacementRule *rule = telling->fm->rules->pdata[r];
        if (!model->rules[r].is_hard ||
            vmc_rule_violation(model, r, telling->state->host_of) == 0)
            continue;
        guint vm =
            model->groups.item[model->groups.start[model->rules[r].members]];
        g_autofree char *why =
            g_strdup_printf("rule '%s' (%s) must hold and does not", rule->name,
                            vmc_placement_rule_kind_to_name(rule->kind));
        vmc_plan_add_refusal(telling->plan,
                             vmc_fleet_model_vm(telling->fm, vm)->name, why);
    }
}

/* ---- hosts --------------------------------------------------------------- */

static const char *const units[VMC_N_RESOURCES] = {
    [VMC_CPU] = "millicores",
    [VMC_MEMORY] = "bytes",
    [VMC_DISK] = "bytes",
    [VMC_NETWORK] = "bits/s",
};

static const char *const kind_names[VMC_N_FLEET_COLUMN_KINDS] = {
    [VMC_FLEET_CLAIM] = "claim",
    [VMC_FLEET_SIZE] = "size",
    [VMC_FLEET_DEMAND] = "demand",
};

static gint64
in_units(const VmcFleetColumn *column, gint64 amount)
{
    if (amount == VMC_UNLIMITED ||
        (guint64) amount > (guint64) G_MAXINT64 / column->unit)
        return G_MAXINT64;
    return amount * (gint64) column->unit;
}

static void
tell_use(Telling *telling,
         VmcPlanHost *told,
         const VmcState *start,
         guint h,
         guint c)
{
    const VmcModel *model = telling->fm->model;
    const VmcFleetColumn *column = vmc_fleet_model_column(telling->fm, c);
    gsize cell = (gsize) h * model->stride + c;
    g_autofree char *name =
        g_strdup_printf("%s %s", vmc_resource_to_name(column->resource),
                        kind_names[column->kind]);

    if (model->capacity[cell] == VMC_UNLIMITED)
        return;
    VmcPlanUse *use =
        vmc_plan_host_add_use(told, name, units[column->resource]);
    use->capacity = in_units(column, model->capacity[cell]);
    use->before = in_units(column, start->use[cell]);
    use->after = in_units(column, telling->state->use[cell]);
}

static void
tell_hosts(Telling *telling, const VmcState *start)
{
    const VmcModel *model = telling->fm->model;
    g_autofree gboolean *is_changed = g_new0(gboolean, model->n_hosts + 1);

    for (guint v = 0; v < model->n_vms; v++) {
        gint32 from = start->host_of[v], to = telling->state->host_of[v];
        if (from != to && from >= 0)
            is_changed[from] = TRUE;
        if (from != to && to >= 0)
            is_changed[to] = TRUE;
    }
    for (guint h = 0; h < model->n_hosts; h++) {
        if (!is_changed[h])
            continue;
        VmcPlanHost *told = vmc_plan_add_host(
            telling->plan, host_name(telling->fm, (gint32) h));
        told->n_vms_before = start->lists.count[h];
        told->n_vms_after = telling->state->lists.count[h];
        for (guint c = 0; c < model->n_columns; c++)
            tell_use(telling, told, start, h, c);
    }
}

/* ---- the whole ----------------------------------------------------------- */

static void
tell_terms(Telling *telling, const double *before)
{
    VmcPlan *plan = telling->plan;
    const double *after = telling->cost;

    plan->score_before_micro = micro(sum_terms(before, FALSE));
    plan->score_after_micro = micro(sum_terms(after, FALSE));
    plan->cost_micro = micro(sum_terms(after, TRUE));
    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (!is_cost_of_moves(i) &&
            (micro(before[i]) != 0 || micro(after[i]) != 0))
            vmc_plan_add_term(plan, vmc_term((VmcTermKind) i)->name,
                              micro(before[i]), micro(after[i]));
}

VmcPlan *
vmc_fleet_plan_new(const VmcFleetModel *fm,
                   const gint32 *target,
                   const char *question)
{
    g_return_val_if_fail(fm != NULL && target != NULL, NULL);
    g_autoptr(VmcState) start = vmc_state_new(fm->model);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    Telling telling = {.fm = fm, .state = state, .plan = vmc_plan_new()};
    double before[VMC_N_TERMS];

    g_autoptr(VmcSequence) sequence = reachable_sequence(&telling, target);
    telling.plan->question = g_strdup(question);
    telling.plan->makespan_us = sequence->makespan_us;
    telling.plan->bound_us =
        MAX(sequence->link_bound_us, sequence->chain_bound_us);
    count_terms(fm, fm->model->start, before);
    count_terms(fm, fm->model->start, telling.cost);
    for (guint i = 0; i < sequence->n_steps; i++)
        tell_step(&telling, &sequence->steps[i]);
    count_terms(fm, state->host_of, telling.cost);
    tell_hosts(&telling, start);
    tell_terms(&telling, before);
    tell_refusals(&telling);
    tell_full_hosts(&telling);
    tell_broken_rules(&telling);
    return telling.plan;
}
