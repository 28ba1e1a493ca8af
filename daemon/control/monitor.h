/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/clock.h"
#include "daemon/control/live-fleet.h"
#include "daemon/store/store.h"

/*
 * Keeps the fleet as the hosts say it is. When a link comes up everything on
 * its host is read; an event has one domain read again; a slow poll makes up
 * for events that were lost. What a job has reserved is left alone, and so is
 * what changed while a host was being read. Main thread; reading is done by a
 * few workers.
 */

typedef struct _VmcMonitor VmcMonitor;

/**
 * VmcMonitorOptions:
 * @live_fleet: the fleet; its links are watched as they are set
 * @store: where what was found is kept
 * @clock: (nullable): what time it is; %NULL: the system's
 * @poll_interval_ms: how often everything is read; 0: every ten seconds
 */
typedef struct {
    VmcLiveFleet *live_fleet;
    VmcStore *store;
    VmcClock clock;
    guint poll_interval_ms;
} VmcMonitorOptions;

/**
 * vmc_monitor_new:
 * @options: what it works with
 *
 * Hosts whose link is not up are shown as unreachable, and their VMs as
 * unknown, until they answer.
 *
 * Returns: (transfer full): a monitor
 */
VmcMonitor *vmc_monitor_new(const VmcMonitorOptions *options);

/* What is being read is dropped; the store is used no more. */
void vmc_monitor_free(VmcMonitor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcMonitor, vmc_monitor_free)
