/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/plan.h"

#include "core/name-table.h"

static const char *const kind_names[VMC_N_PLAN_STEP_KINDS] = {
    [VMC_PLAN_MOVE] = "move",
    [VMC_PLAN_START] = "start",
    [VMC_PLAN_STOP] = "stop",
    [VMC_PLAN_RESIZE] = "resize",
};

/* ---- elements ------------------------------------------------------------ */

VmcPlanStep *
vmc_plan_step_new(void)
{
    VmcPlanStep *step = g_new0(VmcPlanStep, 1);

    step->batch = 1;
    return step;
}

void
vmc_plan_step_free(VmcPlanStep *step)
{
    if (step == NULL)
        return;
    g_free(step->vm);
    g_free(step->from);
    g_free(step->to);
    g_free(step->term);
    g_free(step->why);
    g_free(step->otherwise);
    g_free(step);
}

VmcPlanUse *
vmc_plan_use_new(void)
{
    return g_new0(VmcPlanUse, 1);
}

void
vmc_plan_use_free(VmcPlanUse *use)
{
    if (use == NULL)
        return;
    g_free(use->column);
    g_free(use->unit);
    g_free(use);
}

VmcPlanHost *
vmc_plan_host_new(void)
{
    VmcPlanHost *host = g_new0(VmcPlanHost, 1);

    host->uses =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_plan_use_free);
    return host;
}

void
vmc_plan_host_free(VmcPlanHost *host)
{
    if (host == NULL)
        return;
    g_free(host->name);
    g_ptr_array_unref(host->uses);
    g_free(host);
}

VmcPlanTerm *
vmc_plan_term_new(void)
{
    return g_new0(VmcPlanTerm, 1);
}

void
vmc_plan_term_free(VmcPlanTerm *term)
{
    if (term == NULL)
        return;
    g_free(term->name);
    g_free(term);
}

VmcPlanRefusal *
vmc_plan_refusal_new(void)
{
    return g_new0(VmcPlanRefusal, 1);
}

void
vmc_plan_refusal_free(VmcPlanRefusal *refusal)
{
    if (refusal == NULL)
        return;
    g_free(refusal->vm);
    g_free(refusal->why);
    g_free(refusal);
}

/* ---- the plan ------------------------------------------------------------ */

VmcPlan *
vmc_plan_new(void)
{
    VmcPlan *plan = g_new0(VmcPlan, 1);

    plan->steps =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_plan_step_free);
    plan->hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_plan_host_free);
    plan->terms =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_plan_term_free);
    plan->refusals =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_plan_refusal_free);
    return plan;
}

void
vmc_plan_free(VmcPlan *plan)
{
    if (plan == NULL)
        return;
    g_free(plan->question);
    g_ptr_array_unref(plan->steps);
    g_ptr_array_unref(plan->hosts);
    g_ptr_array_unref(plan->terms);
    g_ptr_array_unref(plan->refusals);
    g_free(plan);
}

VmcPlanStep *
vmc_plan_add_step(VmcPlan *plan,
                  VmcPlanStepKind kind,
                  const char *vm,
                  const char *from,
                  const char *to)
{
    VmcPlanStep *step = vmc_plan_step_new();

    step->kind = kind;
    step->vm = g_strdup(vm);
    step->from = g_strdup(from);
    step->to = g_strdup(to);
    g_ptr_array_add(plan->steps, step);
    return step;
}

VmcPlanHost *
vmc_plan_add_host(VmcPlan *plan, const char *name)
{
    VmcPlanHost *host = vmc_plan_host_new();

    host->name = g_strdup(name);
    g_ptr_array_add(plan->hosts, host);
    return host;
}

VmcPlanUse *
vmc_plan_host_add_use(VmcPlanHost *host, const char *column, const char *unit)
{
    VmcPlanUse *use = vmc_plan_use_new();

    use->column = g_strdup(column);
    use->unit = g_strdup(unit);
    g_ptr_array_add(host->uses, use);
    return use;
}

void
vmc_plan_add_term(VmcPlan *plan,
                  const char *name,
                  gint64 before_micro,
                  gint64 after_micro)
{
    VmcPlanTerm *term = vmc_plan_term_new();

    term->name = g_strdup(name);
    term->before_micro = before_micro;
    term->after_micro = after_micro;
    g_ptr_array_add(plan->terms, term);
}

void
vmc_plan_add_refusal(VmcPlan *plan, const char *vm, const char *why)
{
    VmcPlanRefusal *refusal = vmc_plan_refusal_new();

    refusal->vm = g_strdup(vm);
    refusal->why = g_strdup(why);
    g_ptr_array_add(plan->refusals, refusal);
}

guint
vmc_plan_n_batches(const VmcPlan *plan)
{
    guint n_batches = 0;

    for (guint i = 0; i < plan->steps->len; i++) {
        const VmcPlanStep *step = plan->steps->pdata[i];
        n_batches = MAX(n_batches, step->batch);
    }
    return n_batches;
}

const char *
vmc_plan_step_kind_to_name(VmcPlanStepKind kind)
{
    g_return_val_if_fail((guint) kind < VMC_N_PLAN_STEP_KINDS, NULL);
    return kind_names[kind];
}

gboolean
vmc_plan_step_kind_from_name(const char *name, VmcPlanStepKind *ret_kind)
{
    return vmc_names_find(kind_names, name, ret_kind);
}
