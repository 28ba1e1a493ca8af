/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/** The most kinds that VMs are sorted into. */
#define VMC_MAX_KINDS 48

/**
 * VmcKinds:
 * @n: how many kinds
 * @of: [vm] its kind
 * @place: [vm] its index among those of its kind
 * @members: VMs of each kind
 *
 * VMs that need the same, or about the same: what one of them costs on a host
 * tells what the others do. Fleets have few sizes; where they have many, a kind
 * is what has the same leading bits.
 */
typedef struct {
    guint n;
    guint32 *of;
    guint32 *place;
    VmcRows members;
} VmcKinds;

/**
 * vmc_kinds_new:
 * @model: a sealed model
 *
 * Returns: (transfer full): the kinds of its VMs
 */
VmcKinds *vmc_kinds_new(const VmcModel *model);

void vmc_kinds_free(VmcKinds *kinds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcKinds, vmc_kinds_free)
