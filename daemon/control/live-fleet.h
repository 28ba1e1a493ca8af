/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "core/fleet.h"
#include "daemon/hypervisor/link.h"

/*
 * The fleet as it is now, and the links to its hosts. The main thread owns it;
 * other threads take snapshots and send changes as messages.
 */

#define VMC_TYPE_LIVE_FLEET (vmc_live_fleet_get_type())
G_DECLARE_FINAL_TYPE(VmcLiveFleet, vmc_live_fleet, VMC, LIVE_FLEET, GObject)

/**
 * vmc_live_fleet_new:
 * @initial: (nullable): the fleet as it was stored
 *
 * The thread that makes it is its owner: "the main thread" below, which runs
 * the default main context. Signals, main thread: "vm-changed" (VmcVm *),
 * "vm-gone" (uuid, name), "host-changed" (VmcHost *), "host-gone" (name),
 * "link-changed" (name of the host, VmcLink * or %NULL)
 *
 * Returns: (transfer full): a live fleet without links
 */
VmcLiveFleet *vmc_live_fleet_new(VmcFleet *initial);

/**
 * vmc_live_fleet_snapshot:
 * @self: the fleet
 *
 * Any thread.
 *
 * Returns: (transfer full): the fleet as it is now
 */
VmcFleet *vmc_live_fleet_snapshot(VmcLiveFleet *self);

/**
 * vmc_live_fleet_put_vm:
 * @self: the fleet
 * @vm: added, or replaces the one of its UUID
 *
 * Any thread; from others than the main one it waits until it is done. So do
 * the next three.
 */
void vmc_live_fleet_put_vm(VmcLiveFleet *self, VmcVm *vm);
void vmc_live_fleet_remove_vm(VmcLiveFleet *self, const char *uuid);
void vmc_live_fleet_put_host(VmcLiveFleet *self, VmcHost *host);

/**
 * vmc_live_fleet_put_measured:
 * @self: the fleet
 * @vm: the present one of its UUID but for what was measured of it
 *
 * Main thread. Nobody is told, and nothing that was read becomes stale by it:
 * every VM is measured all the time.
 */
void vmc_live_fleet_put_measured(VmcLiveFleet *self, VmcVm *vm);

/**
 * vmc_live_fleet_remove_host:
 * @self: the fleet
 * @name: a host
 *
 * Removes the domains that were found on it too, and its link.
 */
void vmc_live_fleet_remove_host(VmcLiveFleet *self, const char *name);

/**
 * vmc_live_fleet_link:
 * @self: the fleet
 * @host_name: a host
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): the link to it
 */
VmcLink *vmc_live_fleet_link(VmcLiveFleet *self, const char *host_name);

/**
 * vmc_live_fleet_set_link:
 * @self: the fleet
 * @host_name: a host
 * @link: (nullable): the link to it; %NULL: none any more
 *
 * Main thread.
 */
void vmc_live_fleet_set_link(VmcLiveFleet *self,
                             const char *host_name,
                             VmcLink *link);

/* ---- who may change a VM: main thread -------------------------------------
 */

/**
 * vmc_live_fleet_hold_vm:
 * @self: the fleet
 * @uuid: a VM, which need not be there yet
 *
 * A job has it: what is seen on hosts meanwhile must not overwrite what the job
 * reserves.
 */
void vmc_live_fleet_hold_vm(VmcLiveFleet *self, const char *uuid);
void vmc_live_fleet_release_vm(VmcLiveFleet *self, const char *uuid);
gboolean vmc_live_fleet_is_held(VmcLiveFleet *self, const char *uuid);

/* (transfer full): the UUIDs of all VMs that are held */
GStrv vmc_live_fleet_list_held(VmcLiveFleet *self);

/**
 * vmc_live_fleet_stamp:
 * @self: the fleet
 *
 * What was read from a host before a VM changed here is stale. So note this
 * before reading, and drop what vmc_live_fleet_changed_since() it.
 *
 * Returns: a number that grows with every change
 */
guint64 vmc_live_fleet_stamp(VmcLiveFleet *self);

/**
 * vmc_live_fleet_changed_since:
 * @self: the fleet
 * @uuid: a VM
 * @stamp: what vmc_live_fleet_stamp() said then
 *
 * Returns: whether @uuid was put, removed, held or released since
 */
gboolean vmc_live_fleet_changed_since(VmcLiveFleet *self,
                                      const char *uuid,
                                      guint64 stamp);
