/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/**
 * vmc_make_room:
 * @fleet: the fleet
 * @vm: a VM of it
 * @size: the size it shall have; an amount of 0 stays as it is
 *
 * A VM that grows takes its room first: what its host is too full by then is
 * repaired with the fewest moves, its own or those of neighbours.
 *
 * Returns: (transfer full): the fleet as if @vm had @size already
 */
VmcFleet *vmc_make_room(const VmcFleet *fleet,
                        const VmcVm *vm,
                        VmcResources size);
