/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/fleet.h"
#include "core/resize.h"

/*
 * What a resize is to bring: as the plan checks it against the fleet, as it
 * stands in the intent, and as the job takes it to the ladder. Pure.
 */

/**
 * VmcResizeOrder:
 * @vcpus: wanted count, 0 to leave
 * @memory_bytes: wanted memory, 0 to leave
 */
typedef struct {
    guint vcpus;
    guint64 memory_bytes;
} VmcResizeOrder;

/**
 * vmc_resize_order_prepare:
 * @order: (inout): what is asked; its memory is rounded up to whole memory
 *   blocks, which is for the caller to announce
 * @fleet: the fleet
 * @vm: the VM, of @fleet
 * @ret_reserve: (out) (transfer full): the VM as the fleet is to show it
 *   meanwhile, with the larger of its two sizes
 * @error: %VMC_ERROR_INVALID when nothing is asked; %VMC_ERROR_REFUSED when the
 *   VM is not managed, or the size is outside its limits, or its host has no
 *   room; %VMC_ERROR_BUSY while it is moving
 *
 * Returns: whether the job may be submitted
 */
gboolean vmc_resize_order_prepare(VmcResizeOrder *order,
                                  const VmcFleet *fleet,
                                  const VmcVm *vm,
                                  VmcVm **ret_reserve,
                                  GError **error);

/**
 * vmc_resize_order_to_intent:
 * @order: an order
 *
 * Returns: (transfer full): the intent of the job
 */
JsonObject *vmc_resize_order_to_intent(const VmcResizeOrder *order);

/**
 * vmc_resize_order_from_intent:
 * @intent: the intent of a job
 * @ret_order: (out): the order
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: whether @ret_order was set
 */
gboolean vmc_resize_order_from_intent(JsonObject *intent,
                                      VmcResizeOrder *ret_order,
                                      GError **error);

/**
 * vmc_resize_order_target:
 * @order: an order
 * @vm: the VM
 *
 * Returns: the target of the ladder, for vmc_resize_begin()
 */
VmcResizeTarget vmc_resize_order_target(const VmcResizeOrder *order,
                                        const VmcVm *vm);

/**
 * vmc_resize_order_size:
 * @order: an order
 * @vm: the VM
 *
 * Returns: the size of @vm once @order is carried out
 */
VmcResources vmc_resize_order_size(const VmcResizeOrder *order,
                                   const VmcVm *vm);
