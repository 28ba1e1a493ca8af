/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/repair.h"

/**
 * vmc_evacuate:
 * @state: a state at its start
 * @ret_report: (out) (nullable): what it took
 *
 * Empties the hosts that must be emptied: each VM goes straight to the host
 * that makes the score best. Only when that leaves some behind, other VMs make
 * way, as few as possible.
 *
 * Returns: whether all of them found a host
 */
gboolean vmc_evacuate(VmcState *state, VmcRepairReport *ret_report);
