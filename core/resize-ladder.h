/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/resize.h"

/* The rungs of vmc_resize_next(), and what resize.c asks of them. */

/* Balloons stop at whole pages: this near is there. */
#define VMC_LADDER_NEAR_BYTES (G_GUINT64_CONSTANT(1) << 20)

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
