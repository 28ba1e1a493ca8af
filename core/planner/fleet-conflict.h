/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/fleet-model.h"

/**
 * vmc_fleet_conflict:
 * @fm: a fleet model
 * @state: a state of its model
 * @vm: index of a VM
 *
 * Of all that keeps @vm off the other hosts, the least that is enough: states
 * of hosts, what it needs of them, capacities, rules.
 *
 * Returns: (transfer full) (nullable): the smallest set of constraints that
 * collide, as "memory capacity (6 of 9 hosts) and rule 'web-apart' (4 of 9
 * hosts) leave none"; %NULL when some host would do
 */
char *vmc_fleet_conflict(const VmcFleetModel *fm,
                         const VmcState *state,
                         guint vm);
