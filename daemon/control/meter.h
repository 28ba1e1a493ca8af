/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"

/*
 * Measures what VMs use and writes it to the fleet as their demand, with its
 * age. Hosts are asked one after the other over the interval, a slow one does
 * not hold up others, and one that does not answer leaves a gap: demand gets
 * older, not less. Main thread; reading is done by a few workers.
 */

typedef struct _VmcMeter VmcMeter;

/**
 * vmc_meter_new:
 * @live_fleet: the fleet
 * @interval_ms: how often each host is asked
 *
 * What was measured before is of an unknown age, so it counts as not measured.
 *
 * Returns: (transfer full): a meter that measures
 */
VmcMeter *vmc_meter_new(VmcLiveFleet *live_fleet, guint interval_ms);

/* What is being read is dropped. */
void vmc_meter_free(VmcMeter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcMeter, vmc_meter_free)
