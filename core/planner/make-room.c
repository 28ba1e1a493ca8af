/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/make-room.h"

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
