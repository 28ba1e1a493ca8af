/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * An instance of the BtrPlace benchmark: servers, VMs with memory and CPU, of
 * which some need more than where they are has, or are to be started again. The
 * files do not hold the groups, but what they come from: VMs named after their
 * application, and of one kind in each of its three tiers. The VMs of a tier
 * must be apart, those of an application in one zone of 250 servers.
 */

enum { BTRPLACE_CPU, BTRPLACE_MEMORY, BTRPLACE_N_COLUMNS };

/**
 * BtrplaceInstance:
 * @n_nodes: servers
 * @n_vms: VMs
 * @capacity: [node × 2 + column]
 * @need: [vm × 2 + column] with the load that has been raised
 * @host: [vm] where it runs, or %VMC_NOWHERE
 * @is_online: [node]
 * @zone: [node]
 * @n_zones: how many
 * @tier: [vm] index of its tier
 * @n_tiers: how many
 * @application: [vm] index of its application
 * @n_applications: how many
 */
typedef struct {
    guint n_nodes;
    guint n_vms;
    gint64 *capacity;
    gint64 *need;
    gint32 *host;
    gboolean *is_online;
    guint32 *zone;
    guint n_zones;
    guint *tier;
    guint n_tiers;
    guint *application;
    guint n_applications;
} BtrplaceInstance;

/**
 * btrplace_instance_read:
 * @path: a file of gzipped JSON
 * @error: when it cannot be read, or is no such instance
 *
 * Returns: (transfer full): the instance
 */
BtrplaceInstance *btrplace_instance_read(const char *path, GError **error);
void btrplace_instance_free(BtrplaceInstance *instance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BtrplaceInstance, btrplace_instance_free)

/**
 * btrplace_instance_fill:
 * @instance: an instance
 * @percent: how full the servers of each zone shall be on the average, in the
 *   column of which least is free
 *
 * Scales what VMs need of both columns, zone by zone, since no VM may leave
 * its own.
 */
void btrplace_instance_fill(BtrplaceInstance *instance, double percent);

/**
 * btrplace_instance_to_model:
 * @instance: an instance
 *
 * Returns: (transfer full): a sealed model with hard columns and rules
 */
VmcModel *btrplace_instance_to_model(const BtrplaceInstance *instance);
