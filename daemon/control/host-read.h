/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/control/live-fleet.h"
#include "daemon/hypervisor/link.h"

/*
 * One reading of a host: what is asked, what it said, and how that differs from
 * the fleet. Filled by the main thread, carried out by a worker, read by the
 * main thread again.
 */

/**
 * VmcHostRead:
 * @link: the host
 * @live_fleet: the fleet it is compared with
 * @stamp: of the fleet before the reading; what changed since is newer
 * @held: (element-type utf8): set of UUIDs that jobs have
 * @now_s: now, seconds of the epoch
 * @wants_host: read what the host is
 * @wants_list: read all domains
 * @wanted: (element-type utf8): UUIDs of domains to read, guest included
 * @guest_cursor: with @wants_list a few guests are asked too, from here on in
 *   the list; then where the next reading goes on
 * @host: (nullable): what the host is
 * @is_listed: all domains were read
 * @domains: (element-type VmcDomainFacts): what was seen
 * @changed: (element-type VmcVm): VMs of this host that differ from the fleet,
 *   and domains the fleet does not know
 * @elsewhere: (element-type VmcDomainFacts): seen, and the fleet has them on
 *   another host, or in transit
 * @absent: (element-type utf8): UUIDs of VMs that the fleet has on this host
 *   and the host has not
 * @error: (nullable): why not all of it could be read
 */
typedef struct {
    VmcLink *link;
    VmcLiveFleet *live_fleet;
    guint64 stamp;
    GHashTable *held;
    gint64 now_s;
    gboolean wants_host;
    gboolean wants_list;
    GPtrArray *wanted;
    guint guest_cursor;

    VmcHost *host;
    gboolean is_listed;
    GPtrArray *domains;
    GPtrArray *changed;
    GPtrArray *elsewhere;
    GPtrArray *absent;
    GError *error;
} VmcHostRead;

/**
 * vmc_host_read_new:
 * @link: the host
 * @live_fleet: the fleet
 * @now_s: now, seconds of the epoch
 *
 * Main thread.
 *
 * Returns: (transfer full): a reading that wants nothing yet
 */
VmcHostRead *vmc_host_read_new(VmcLink *link,
                               VmcLiveFleet *live_fleet,
                               gint64 now_s);
void vmc_host_read_free(VmcHostRead *read);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcHostRead, vmc_host_read_free)

/**
 * vmc_host_read_perform:
 * @read: what is wanted
 *
 * Blocks. What can be read is, and the first error kept.
 */
void vmc_host_read_perform(VmcHostRead *read);
