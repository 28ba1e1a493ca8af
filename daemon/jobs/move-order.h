/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/placement.h"
#include "daemon/hypervisor/call.h"

/*
 * Where a VM is to move: as the plan finds it in the fleet, as it stands in the
 * intent, and as the job makes a call of it. Pure.
 */

/**
 * VmcMoveOrder:
 * @from: (nullable): the host the VM is on
 * @to: (nullable): the host it goes to; %NULL in a request: the best one
 * @is_chosen: nobody named @to: another host will do as well
 * @bandwidth_mib_per_s: cap, 0 for that of the settings
 */
typedef struct {
    char *from;
    char *to;
    gboolean is_chosen;
    guint64 bandwidth_mib_per_s;
} VmcMoveOrder;

void vmc_move_order_clear(VmcMoveOrder *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcMoveOrder, vmc_move_order_clear)

/**
 * vmc_move_order_find:
 * @order: what is asked; its @from and @to are used
 * @fleet: the fleet
 * @vm: the VM, of @fleet
 * @facts: (nullable): the VM as its host sees it: what hardware, pools and
 *   networks it needs. Without it only room and wishes count
 *
 * Returns: (transfer full): where it can go, with the reason for every host
 */
VmcPlacement *vmc_move_order_find(const VmcMoveOrder *order,
                                  const VmcFleet *fleet,
                                  const VmcVm *vm,
                                  const VmcDomainFacts *facts);

/**
 * vmc_move_order_prepare:
 * @order: (inout): what is asked; @from, and if it was %NULL @to, are filled in
 * @fleet: the fleet
 * @vm: the VM, of @fleet
 * @ret_reserve: (out) (transfer full): the VM as the fleet is to show it
 *   meanwhile: it counts on both hosts
 * @error: %VMC_ERROR_REFUSED when it is not managed, does not run, is there
 *   already, or no host can take it; %VMC_ERROR_BUSY while it is moving;
 *   %VMC_ERROR_NOT_FOUND when there is no such host
 *
 * Returns: whether the job may be submitted
 */
gboolean vmc_move_order_prepare(VmcMoveOrder *order,
                                const VmcFleet *fleet,
                                const VmcVm *vm,
                                VmcVm **ret_reserve,
                                GError **error);

/**
 * vmc_move_order_to_intent:
 * @order: an order
 *
 * Returns: (transfer full): the intent of the job
 */
JsonObject *vmc_move_order_to_intent(const VmcMoveOrder *order);

/**
 * vmc_move_order_from_intent:
 * @intent: the intent of a job
 * @ret_order: (out): the order
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: whether @ret_order was set
 */
gboolean vmc_move_order_from_intent(JsonObject *intent,
                                    VmcMoveOrder *ret_order,
                                    GError **error);

/**
 * vmc_move_order_make_call:
 * @order: an order with both ends
 * @destination: the host it goes to
 * @facts: the VM as its host sees it
 * @shared_pools: (nullable): storage pools that are the same on every host
 * @error: %VMC_ERROR_REFUSED when only some of its disks are on storage both
 *   hosts share, or none, and it is shut off
 *
 * Returns: (transfer full): the call that migrates it
 */
VmcCall *vmc_move_order_make_call(const VmcMoveOrder *order,
                                  const VmcHost *destination,
                                  const VmcDomainFacts *facts,
                                  GStrv shared_pools,
                                  GError **error);
