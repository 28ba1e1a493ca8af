/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/api/request.h"

/*
 * Server-sent events: what changes in the fleet and in its jobs, to everybody
 * who listens. Main thread only.
 *
 * A listener that is slower than what changes gets the latest state of each
 * thing, not every state between; one that takes nothing any more is cut off.
 */

/**
 * vmc_events_new:
 * @settings: limits
 * @live_fleet: whose changes are told
 * @jobs: whose changes are told
 *
 * Returns: (transfer full): a source of events without listeners
 */
VmcEvents *vmc_events_new(const VmcSettings *settings,
                          VmcLiveFleet *live_fleet,
                          VmcJobQueue *jobs);

/* Cuts off who listens, and lets nobody listen any more. */
void vmc_events_close(VmcEvents *events);

/* When nobody asks for events any more. */
void vmc_events_free(VmcEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcEvents, vmc_events_free)

/**
 * vmc_route_stream_events:
 * @request: GET /v1/events
 * @error: %VMC_ERROR_NOT_FOUND when it names a job or a VM there is not,
 *   %VMC_ERROR_BUSY when too many listen
 *
 * Returns: whether the stream was begun
 */
gboolean vmc_route_stream_events(VmcRequest *request, GError **error);
