/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/client.h"

/*
 * The live feed of /v1/events: what changes in the fleet, as it changes. Runs
 * on the thread-default main context.
 */

typedef struct _VmcEventFeed VmcEventFeed;

/**
 * VmcEventFeedFuncs:
 * @event: something changed: "vm", "vm-gone", "host", "host-gone" or "job",
 *   and what it is now
 * @ended: the feed is over, with the reason; nothing comes after it. The feed
 *   may be freed in it
 */
typedef struct {
    void (*event)(const char *name, JsonNode *thing, gpointer user_data);
    void (*ended)(const GError *reason, gpointer user_data);
} VmcEventFeedFuncs;

/**
 * vmc_event_feed_open:
 * @client: a client that outlives the feed
 * @path: path and query, as "/v1/events?job=12"
 * @funcs: (transfer none): what is called
 * @user_data: closure of them
 *
 * Returns: (transfer full): the feed; a failure to connect comes to @funcs
 */
VmcEventFeed *vmc_event_feed_open(VmcClient *client,
                                  const char *path,
                                  const VmcEventFeedFuncs *funcs,
                                  gpointer user_data);

/**
 * vmc_event_feed_close:
 * @feed: (nullable) (transfer full): a feed; its functions are not called any
 *   more
 */
void vmc_event_feed_close(VmcEventFeed *feed);
