/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/fleet-model.h"
#include "core/planner/plan.h"

/**
 * vmc_make_room:
 * @fleet: the fleet
 * @vm: a VM of it
 * @size: the size it shall have; an amount of 0 stays as it is
 *
 * A VM that grows takes its room first: what its host is too full by then is
 * repaired with the fewest moves, its own or those of neighbours.
 *
 * Returns: (transfer full): the fleet as if @vm had @size already
 */
VmcFleet *vmc_make_room(const VmcFleet *fleet,
                        const VmcVm *vm,
                        VmcResources size);

/**
 * vmc_make_room_finish:
 * @fm: the model of the fleet that vmc_make_room() gave
 * @vm: the VM as it is now
 * @plan: (transfer full): the plan that repairs that fleet
 *
 * A plan that makes the room ends with the resize it is for; one that does not
 * make it moves nobody, and says why.
 *
 * Returns: (transfer full): the plan
 */
VmcPlan *vmc_make_room_finish(const VmcFleetModel *fm,
                              const VmcVm *vm,
                              VmcPlan *plan);
