/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/**
 * vmc_place:
 * @state: a state
 * @vms: VMs that are to get a host, or another one
 * @n_vms: how many
 *
 * Vector packing, largest first: each VM goes to the host that fits it and
 * makes the score best. VMs that find no host are tried once more, before the
 * others, as long as that places more. VMs that are nowhere stay there when
 * nothing fits, those on a host stay on it; those that are not in @vms are not
 * touched.
 *
 * VMs that must be together are placed at once, where all of them fit.
 *
 * Deterministic. Where there are many hosts, only those that a typical VM of
 * @vms would like best are looked at, and all of them when none of these fits.
 *
 * Returns: how many of them found a host
 */
guint vmc_place(VmcState *state, const guint32 *vms, guint n_vms);

/**
 * vmc_place_best_host:
 * @state: a state
 * @vm: a VM
 * @ret_delta: (out) (optional): what it adds to the score
 *
 * Returns: the host that fits @vm and makes the score best, of equals the
 * first, and not the one it is on; −1 when none fits
 */
gint32 vmc_place_best_host(const VmcState *state, guint vm, double *ret_delta);
