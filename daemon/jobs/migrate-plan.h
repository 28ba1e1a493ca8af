/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/fleet.h"
#include "core/placement.h"

/**
 * VmcMigratePlan:
 * @placement: the destination, and why not the others
 * @reserve: the VM to reserve: on both hosts
 * @intent: of the migrate job, as vmc_move_order_to_intent()
 */
typedef struct {
    VmcPlacement *placement;
    VmcVm *reserve;
    JsonObject *intent;
} VmcMigratePlan;

/**
 * vmc_migrate_plan_new:
 * @fleet: the fleet as it is now
 * @vm: the VM
 * @to: (nullable): the host it shall go to; %NULL: the best
 * @bandwidth_mib_per_s: cap of the migration, 0 for none
 * @error: %VMC_ERROR_NOT_FOUND when there is no such host; %VMC_ERROR_REFUSED
 *   when the VM is not managed or not running, or no host, or not the wanted
 *   one, can take it; %VMC_ERROR_BUSY while it is moving
 *
 * Where a VM will go: a pure function.
 *
 * Returns: (transfer full): the plan
 */
VmcMigratePlan *vmc_migrate_plan_new(const VmcFleet *fleet,
                                     const VmcVm *vm,
                                     const char *to,
                                     guint64 bandwidth_mib_per_s,
                                     GError **error);
void vmc_migrate_plan_free(VmcMigratePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcMigratePlan, vmc_migrate_plan_free)
