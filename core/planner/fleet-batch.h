/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/fleet-model.h"
#include "core/planner/plan.h"

/**
 * vmc_fleet_batch_place:
 * @fm: the model of a question to place VMs
 * @vms: the VMs
 * @n_vms: how many
 *
 * Where greed leaves some without a host, a repair may still find one for all.
 *
 * Returns: (transfer full): the placement that has most of them on a host
 */
gint32 *vmc_fleet_batch_place(const VmcFleetModel *fm,
                              const guint32 *vms,
                              guint n_vms);

/**
 * vmc_fleet_batch_explain:
 * @fm: the model of a question to place VMs
 * @vms: the VMs
 * @n_vms: how many
 * @plan: its answer
 *
 * Adds to what is said of each VM that found no host, but would find one
 * without the others, which of them it collides with: the smallest set as far
 * as leaving out one by one tells. Batches of more than 64 are left as they
 * are.
 */
void vmc_fleet_batch_explain(const VmcFleetModel *fm,
                             const guint32 *vms,
                             guint n_vms,
                             VmcPlan *plan);
