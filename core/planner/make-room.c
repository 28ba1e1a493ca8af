/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/make-room.h"

#include "core/planner/fleet-why.h"

/* Forecast of what the resize itself takes. */
#define RESIZE_US 1000000

VmcFleet *
vmc_make_room(const VmcFleet *fleet, const VmcVm *vm, VmcResources size)
{
    g_return_val_if_fail(fleet != NULL && vm != NULL, NULL);
    g_autoptr(VmcVm) grown = vmc_vm_copy(vm);

    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (size.amount[i] > 0)
            grown->size.amount[i] = size.amount[i];
    return vmc_fleet_with_vm(fleet, grown);
}

/* Where VMs are when all steps of @plan are done; the caller owns it. */
static VmcState *
state_after(const VmcFleetModel *fm, const VmcPlan *plan)
{
    VmcState *state = vmc_state_new(fm->model);

    for (guint i = 0; i < plan->steps->len; i++) {
        const VmcPlanStep *step = plan->steps->pdata[i];
        gint32 vm =
            vmc_fleet_model_find_vm(fm, vmc_fleet_find_vm(fm->fleet, step->vm));
        if (vm >= 0 && step->to != NULL)
            vmc_state_move(state, (guint) vm,
                           vmc_fleet_model_find_host(fm, step->to));
    }
    return state;
}

/* Whether its host is full of what @vm takes. */
static gboolean
is_cramped(const VmcState *state, guint vm)
{
    const VmcModel *model = state->model;
    const gsize row = (gsize) state->host_of[vm] * model->stride;

    for (guint c = 0; c < model->n_columns; c++)
        if (model->need[(gsize) vm * model->stride + c] > 0 &&
            state->room[row + c] < 0)
            return TRUE;
    return FALSE;
}

/* "memory from 4GiB to 8GiB and cpu from 1 to 2" */
static char *
describe_growth(const VmcVm *vm, const VmcVm *grown)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        if (vm->size.amount[i] == grown->size.amount[i])
            continue;
        g_autofree char *from =
            vmc_resource_format((VmcResource) i, vm->size.amount[i]);
        g_autofree char *to =
            vmc_resource_format((VmcResource) i, grown->size.amount[i]);
        g_ptr_array_add(parts,
                        g_strdup_printf("%s from %s to %s",
                                        vmc_resource_to_name((VmcResource) i),
                                        from, to));
    }
    g_ptr_array_add(parts, NULL);
    return g_strjoinv(" and ", (char **) parts->pdata);
}

static void
add_resize(VmcPlan *plan, const VmcVm *vm, const VmcVm *grown, const char *host)
{
    const guint n_batches = vmc_plan_n_batches(plan);
    g_autofree char *growth = describe_growth(vm, grown);

    if (*growth == '\0')
        return;
    VmcPlanStep *step =
        vmc_plan_add_step(plan, VMC_PLAN_RESIZE, vm->name, host, NULL);
    step->batch = n_batches + 1;
    step->start_us = plan->makespan_us;
    step->end_us = step->start_us + RESIZE_US;
    step->why = g_strdup_printf("%s: there is room for it", growth);
    step->otherwise = g_strdup("it keeps the size it has");
    plan->makespan_us += RESIZE_US;
    plan->bound_us += RESIZE_US;
}

static VmcPlan *
refuse(const VmcFleetModel *fm, guint vm, const VmcPlan *plan)
{
    g_autoptr(VmcState) start = vmc_state_new(fm->model);
    g_autofree char *why = vmc_fleet_why_cramped(fm, start, vm);
    VmcPlan *refusal = vmc_plan_new();

    refusal->question = g_strdup(plan->question);
    refusal->score_before_micro = plan->score_before_micro;
    refusal->score_after_micro = plan->score_before_micro;
    vmc_plan_add_refusal(refusal, vmc_fleet_model_vm(fm, vm)->name, why);
    return refusal;
}

VmcPlan *
vmc_make_room_finish(const VmcFleetModel *fm, const VmcVm *vm, VmcPlan *plan)
{
    g_return_val_if_fail(fm != NULL && vm != NULL && plan != NULL, NULL);
    const VmcVm *grown = vmc_fleet_find_vm(fm->fleet, vm->uuid);
    gint32 index = vmc_fleet_model_find_vm(fm, grown);
    g_autoptr(VmcState) state = state_after(fm, plan);

    if (index < 0 || state->host_of[index] == VMC_NOWHERE)
        return plan;
    if (is_cramped(state, (guint) index)) {
        VmcPlan *refusal = refuse(fm, (guint) index, plan);
        vmc_plan_free(plan);
        return refusal;
    }
    add_resize(plan, vm, grown,
               vmc_fleet_model_host(fm, (guint) state->host_of[index])->name);
    return plan;
}
