/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/advice.h"

#include "core/planner/fleet-model.h"

struct _VmcAdvice {
    VmcFleetModel *fm;
    VmcState *state;
    guint vm;
};

static gboolean
has_must(const VmcFleet *fleet)
{
    for (guint i = 0; i < vmc_fleet_n_rules(fleet); i++)
        if (vmc_fleet_rule_at(fleet, i)->must)
            return TRUE;
    return FALSE;
}

/* Rules are all that counts here: any policy will do. */
static VmcFleetModel *
model_of(const VmcFleet *fleet, const VmcVm *vm)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new("pack");
    g_autoptr(GPtrArray) place = g_ptr_array_new();
    const VmcFleetModelOptions options = {.flags = VMC_FLEET_MODEL_NO_COOLDOWN,
                                          .place = place};

    g_ptr_array_add(place, (gpointer) vm);
    return vmc_fleet_model_new(fleet, policy, &options, NULL);
}

VmcAdvice *
vmc_advice_new(const VmcFleet *fleet, const VmcVm *vm)
{
    g_return_val_if_fail(fleet != NULL && vm != NULL, NULL);
    if (!has_must(fleet))
        return NULL;
    g_autoptr(VmcFleet) with = vmc_fleet_with_vm(fleet, (VmcVm *) vm);
    VmcFleetModel *fm = model_of(with, vm);
    gint32 index = fm != NULL ? vmc_fleet_model_find_vm(fm, vm) : -1;

    if (index < 0) {
        vmc_fleet_model_free(fm);
        return NULL;
    }
    VmcAdvice *advice = g_new0(VmcAdvice, 1);
    advice->fm = fm;
    advice->state = vmc_state_new(fm->model);
    advice->vm = (guint) index;
    return advice;
}

void
vmc_advice_free(VmcAdvice *advice)
{
    if (advice == NULL)
        return;
    vmc_state_free(advice->state);
    vmc_fleet_model_free(advice->fm);
    g_free(advice);
}

char *
vmc_advice_refusal(const VmcAdvice *advice, const char *host_name)
{
    if (advice == NULL)
        return NULL;
    gint32 host = vmc_fleet_model_find_host(advice->fm, host_name);

    if (host < 0 || advice->state->host_of[advice->vm] == host)
        return NULL;
    return vmc_fleet_model_rule_refusal(advice->fm, advice->state, advice->vm,
                                        (guint) host);
}
