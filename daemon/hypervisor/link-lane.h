/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/channel.h"
#include "daemon/hypervisor/flight.h"

/*
 * One lane of a link: a connection, a bounded queue, a bounded set of workers
 * and a circuit breaker, so that what is stuck in one lane stays there. Any
 * thread may use it.
 */

/**
 * VmcLaneChannel:
 * @VMC_LANE_CHANNEL_GIVEN: vmc_link_lane_set_channel() gives it
 * @VMC_LANE_CHANNEL_SHARED: opened by the first worker that needs it
 * @VMC_LANE_CHANNEL_PRIVATE: each call opens its own
 *
 * Where a lane's workers get their connection from.
 */
typedef enum {
    VMC_LANE_CHANNEL_GIVEN,
    VMC_LANE_CHANNEL_SHARED,
    VMC_LANE_CHANNEL_PRIVATE,
} VmcLaneChannel;

/**
 * VmcLaneOptions:
 * @channel: where the connection comes from
 * @n_workers: calls at a time; as many again while workers are stuck
 * @n_queued_max: calls that may wait for a worker
 * @connect_timeout_ms: how long opening a connection may take
 * @breaker_threshold: calls in a row without an answer that open the breaker
 * @breaker_open_ms: how long it stays open at first
 */
typedef struct {
    VmcLaneChannel channel;
    guint n_workers;
    guint n_queued_max;
    guint connect_timeout_ms;
    guint breaker_threshold;
    guint breaker_open_ms;
} VmcLaneOptions;

typedef struct _VmcLinkLane VmcLinkLane;

VmcLinkLane *vmc_link_lane_new(const VmcDriver *driver,
                               const char *host_name,
                               const char *uri,
                               const VmcLaneOptions *options);
void vmc_link_lane_unref(VmcLinkLane *lane);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcLinkLane, vmc_link_lane_unref)

/* Ends the wait of all calls, drops the queue and lets go of the connection.
 * Busy workers end by themselves: nobody waits for them. */
void vmc_link_lane_close(VmcLinkLane *lane);

/**
 * vmc_link_lane_set_channel:
 * @lane: a lane
 * @channel: (nullable) (transfer full): what calls go over from now on; %NULL:
 *   none until one is given or, if the lane opens its own, needed
 *
 * Calls under way stay on the old one.
 */
void vmc_link_lane_set_channel(VmcLinkLane *lane, VmcChannel *channel);

/**
 * vmc_link_lane_fly:
 * @lane: a lane
 * @flight: the call
 * @timeout_ms: its deadline, 0 for none
 * @cancellable: (nullable): gives up
 * @reply: (out): what came back
 * @error: the driver's; %VMC_ERROR_BUSY when the queue is full;
 *   %VMC_ERROR_UNREACHABLE when the breaker is open, no connection could be
 *   had, or no worker was free in time; %VMC_ERROR_UNKNOWN when no answer came
 *   in time; %VMC_ERROR_CANCELLED
 *
 * Blocks until the call is over or given up.
 *
 * Returns: whether it succeeded
 */
gboolean vmc_link_lane_fly(VmcLinkLane *lane,
                           VmcFlight *flight,
                           guint timeout_ms,
                           GCancellable *cancellable,
                           VmcReply *reply,
                           GError **error);

/* The host was connected anew: what was before no longer counts. */
void vmc_link_lane_forgive(VmcLinkLane *lane);

/* Whether its connection is dead, or its breaker open. */
gboolean vmc_link_lane_is_suspect(VmcLinkLane *lane);
