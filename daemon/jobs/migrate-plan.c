/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/migrate-plan.h"

#include "daemon/jobs/move-order.h"

/* The reasons are those for what was asked, not for what came of it. */
static VmcPlacement *
find(const VmcFleet *fleet, const VmcVm *vm, const char *to)
{
    g_auto(VmcMoveOrder) asked = {.to = g_strdup(to)};

    return vmc_move_order_find(&asked, fleet, vm, NULL);
}

VmcMigratePlan *
vmc_migrate_plan_new(const VmcFleet *fleet,
                     const VmcVm *vm,
                     const char *to,
                     guint64 bandwidth_mib_per_s,
                     GError **error)
{
    g_auto(VmcMoveOrder) order = {.to = g_strdup(to),
                                  .bandwidth_mib_per_s = bandwidth_mib_per_s};
    VmcVm *reserve;

    if (!vmc_move_order_prepare(&order, fleet, vm, &reserve, error))
        return NULL;
    VmcMigratePlan *plan = g_new0(VmcMigratePlan, 1);
    plan->placement = find(fleet, vm, to);
    plan->reserve = reserve;
    plan->intent = vmc_move_order_to_intent(&order);
    return plan;
}

void
vmc_migrate_plan_free(VmcMigratePlan *plan)
{
    if (plan == NULL)
        return;
    g_clear_pointer(&plan->placement, vmc_placement_free);
    g_clear_pointer(&plan->reserve, vmc_vm_unref);
    g_clear_pointer(&plan->intent, json_object_unref);
    g_free(plan);
}
