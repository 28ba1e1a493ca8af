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
 * VMs that must be together are placed at once, where all of them fit; what
 * others must be near to, before them.
 *
 * Deterministic. Where there are many hosts, only those that a typical VM of
 * @vms would like best are looked at, and all of them when none of these fits.
 *
 * Returns: how many of them found a host
 */
guint vmc_place(VmcState *state, const guint32 *vms, guint n_vms);
