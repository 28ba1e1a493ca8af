/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/resize.h"

/* The rungs of vmc_resize_next(), and what resize.c asks of them. */

/* Balloons stop at whole pages: this near is there. */
#define VMC_LADDER_NEAR_BYTES (G_GUINT64_CONSTANT(1) << 20)

/**
 * VmcLadder:
 * @shape: what the VM looks like
 * @target: what is wanted
 * @tried: bit mask of rungs without further effect
 * @plugged_bytes: the memory the hypervisor gives now
 * @offline_bytes: how much of it the guest does not use
 *
 * What each rung is chosen by.
 */
typedef struct {
    const VmcVmShape *shape;
    const VmcResizeTarget *target;
    guint32 tried;
    guint64 plugged_bytes;
    guint64 offline_bytes;
} VmcLadder;

gboolean vmc_ladder_was_tried(const VmcLadder *ladder, VmcRung rung);

/* To a multiple of @block. */
guint64 vmc_ladder_round_up(guint64 amount, guint64 block);

/* A step with a reason as "virtio memory: from 1GiB to 2GiB". */
VmcResizeStep *vmc_ladder_memory_step(VmcRung rung,
                                      const char *what,
                                      guint64 from,
                                      guint64 to);

/* The same for vCPUs. */
VmcResizeStep *vmc_ladder_vcpu_step(VmcRung rung,
                                    const char *what,
                                    guint from,
                                    guint to);

/**
 * vmc_ladder_dimm_block:
 * @shape: what the VM looks like
 *
 * Returns: what a DIMM has to be a multiple of for the guest to use it
 */
guint64 vmc_ladder_dimm_block(const VmcVmShape *shape);

/**
 * vmc_ladder_bytes_offline:
 * @shape: what the VM looks like
 * @target: what is wanted, after vmc_resize_begin()
 *
 * Returns: how much memory is plugged that the guest does not use, 0 when that
 * is less than half a block or not known
 */
guint64 vmc_ladder_bytes_offline(const VmcVmShape *shape,
                                 const VmcResizeTarget *target);

/**
 * vmc_ladder_store_vcpus:
 * @ladder: where it stands
 *
 * Returns: (transfer full) (nullable): what is left to store; %NULL when it is
 * as wanted
 */
VmcResizeStep *vmc_ladder_store_vcpus(const VmcLadder *ladder);
VmcResizeStep *vmc_ladder_store_memory(const VmcLadder *ladder);
