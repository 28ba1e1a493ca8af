/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/resize-plan.h"

#include "daemon/jobs/resize-order.h"

VmcResizePlan *
vmc_resize_plan_new(const VmcFleet *fleet,
                    const VmcVm *vm,
                    guint64 vcpus,
                    guint64 memory_bytes,
                    GError **error)
{
    g_return_val_if_fail(vcpus <= G_MAXUINT, NULL);
    g_return_val_if_fail(memory_bytes <= G_MAXINT64, NULL);
    VmcResizeOrder order = {(guint) vcpus, memory_bytes};
    VmcVm *reserve;

    if (!vmc_resize_order_prepare(&order, fleet, vm, &reserve, error))
        return NULL;
    VmcResizePlan *plan = g_new0(VmcResizePlan, 1);
    plan->reserve = reserve;
    plan->intent = vmc_resize_order_to_intent(&order);
    return plan;
}

void
vmc_resize_plan_free(VmcResizePlan *plan)
{
    if (plan == NULL)
        return;
    g_clear_pointer(&plan->reserve, vmc_vm_unref);
    g_clear_pointer(&plan->intent, json_object_unref);
    g_free(plan);
}
