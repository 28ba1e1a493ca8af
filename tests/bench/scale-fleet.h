/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

/* Fleets of any size for the benchmark of scale: repeatable for a seed. */

/**
 * ScaleFleetShape:
 * @n_hosts: how many hosts, at least 100; 20 to a rack, 200 to a room
 * @n_vms: how many VMs are on them
 * @n_new: how many more are on no host
 * @n_overloaded: hosts whose VMs claim more than they have
 * @seed: of all that is drawn
 */
typedef struct {
    guint n_hosts;
    guint n_vms;
    guint n_new;
    guint n_overloaded;
    guint32 seed;
} ScaleFleetShape;

/**
 * scale_fleet_new:
 * @shape: what it shall be like
 *
 * VMs come in services of ten, and rules bind four services in ten: apart,
 * together, spread and near as musts, apart also as a should, pins and never to
 * labels, wishes of VMs. All musts hold but for hosts that are too full. One
 * host in two hundred is draining, one does not answer.
 *
 * Returns: (transfer full): the fleet
 */
VmcFleet *scale_fleet_new(const ScaleFleetShape *shape);

/**
 * scale_fleet_new_vms:
 * @fleet: what scale_fleet_new() made
 *
 * Returns: (transfer container) (element-type VmcVm): its VMs on no host
 */
GPtrArray *scale_fleet_new_vms(const VmcFleet *fleet);
