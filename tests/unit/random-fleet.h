/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/**
 * random_fleet:
 * @seed: of the random numbers
 *
 * A small fleet of all sorts: empty ones, hosts in any state and of any size,
 * racks, VMs in transit, unmanaged, too many for their hosts, rules of every
 * kind that hold or do not.
 *
 * Returns: (transfer full): the fleet
 */
VmcFleet *random_fleet(guint32 seed);
