/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/fleet.h"

/**
 * VmcResizePlan:
 * @reserve: the VM to reserve: what it may have at any moment of the resize
 * @intent: of the resize job: {"vcpus"?, "memory_bytes"?}
 */
typedef struct {
    VmcVm *reserve;
    JsonObject *intent;
} VmcResizePlan;

/**
 * vmc_resize_plan_new:
 * @fleet: the fleet as it is now
 * @vm: the VM
 * @vcpus: wanted count, 0 to leave
 * @memory_bytes: wanted memory, 0 to leave; rounded up to whole blocks of the
 *   guest, which the intent tells
 * @error: %VMC_ERROR_INVALID when nothing is wanted; %VMC_ERROR_REFUSED when
 *   the VM is not managed, beyond its limits, or its host has no room;
 *   %VMC_ERROR_BUSY while it is moving
 *
 * What a resize will do, as far as the fleet alone can tell: a pure function.
 * The job then asks the guest.
 *
 * Returns: (transfer full): the plan
 */
VmcResizePlan *vmc_resize_plan_new(const VmcFleet *fleet,
                                   const VmcVm *vm,
                                   guint64 vcpus,
                                   guint64 memory_bytes,
                                   GError **error);
void vmc_resize_plan_free(VmcResizePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcResizePlan, vmc_resize_plan_free)
