/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/policy.h"

/**
 * VmcCapacityTier:
 * @size: the size of its VMs
 * @n: how many of them fit, after those of the tiers before
 * @n_spare: how many of them fit with room kept for the loss of any one domain
 *   of the policy's level; as @n when the policy keeps none
 * @ends: (nullable): what ends it: the resource that most hosts lack, or why
 *   most hosts refuse the next one
 * @is_more: there may be more: counting has an end
 */
typedef struct {
    VmcResources size;
    guint n;
    guint n_spare;
    char *ends;
    gboolean is_more;
} VmcCapacityTier;

/* No more VMs than that are counted in a tier. */
#define VMC_CAPACITY_MAX 20000

/**
 * vmc_capacity:
 * @fleet: the fleet
 * @policy: says what is a good place, and what room is kept
 * @example: what one more VM is like: its size, factors, template, wishes, and
 *   what it needs of a host; on no host
 * @max_tiers: the most tiers
 * @error: %VMC_ERROR_TOO_LARGE
 *
 * How many more VMs like @example fit: the first tier. Each further tier asks
 * for the same VM with half of the resource that ended the one before, as
 * hspace does, and shows whether what is left could be used at all.
 *
 * Returns: (transfer full) (element-type VmcCapacityTier): the tiers; those
 * after the first that have none are left out
 */
GPtrArray *vmc_capacity(const VmcFleet *fleet,
                        const VmcPolicy *policy,
                        const VmcVm *example,
                        guint max_tiers,
                        GError **error);
