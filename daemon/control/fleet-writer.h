/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"
#include "daemon/store/store.h"

/*
 * A thread that stores what was seen of hosts and VMs. What comes while it
 * writes goes into the next transaction together: ten thousand VMs that start
 * cost tens of transactions, not ten thousand.
 */

typedef struct _VmcFleetWriter VmcFleetWriter;

/**
 * vmc_fleet_writer_new:
 * @store: outlives the writer
 * @live_fleet: what is stored, as it is then
 *
 * Returns: (transfer full): a writer
 */
VmcFleetWriter *vmc_fleet_writer_new(VmcStore *store, VmcLiveFleet *live_fleet);

/* Drops what it has not begun to write: it is seen again after a restart. */
void vmc_fleet_writer_free(VmcFleetWriter *writer);

/* Any thread, after it was put into the live fleet: as the fleet has it, it
 * will be stored. */
void vmc_fleet_writer_put_host(VmcFleetWriter *writer, VmcHost *host);
void vmc_fleet_writer_put_vm(VmcFleetWriter *writer, VmcVm *vm);
