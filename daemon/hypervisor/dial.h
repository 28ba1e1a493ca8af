/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/hypervisor/channel.h"

/**
 * VmcDial:
 *
 * A channel that is being opened in a thread of its own, because opening may
 * block for as long as it likes. Who started it may stop waiting at any time:
 * the thread then closes what it gets, if it ever gets it.
 */
typedef struct _VmcDial VmcDial;

/**
 * VmcDialFunc:
 *
 * Called in the dial's thread when it is over, unless it was abandoned.
 */
typedef void (*VmcDialFunc)(VmcDial *dial, gpointer user_data);

/**
 * vmc_dial_start:
 * @driver: how
 * @uri: where to
 * @event_func: (nullable): as vmc_channel_open()
 * @event_data: closure of @event_func
 * @event_data_free: (nullable): as vmc_channel_open()
 * @done: (nullable): told when it is over
 * @done_data: closure of @done
 * @done_data_free: (nullable): called in the thread, after @done or without it
 *
 * Returns: (transfer full): the dial
 */
VmcDial *vmc_dial_start(const VmcDriver *driver,
                        const char *uri,
                        VmcEventFunc event_func,
                        gpointer event_data,
                        GDestroyNotify event_data_free,
                        VmcDialFunc done,
                        gpointer done_data,
                        GDestroyNotify done_data_free);

/**
 * vmc_dial_take:
 * @dial: a dial that is over
 * @error: why it failed
 *
 * Returns: (transfer full): the channel; only the first time
 */
VmcChannel *vmc_dial_take(VmcDial *dial, GError **error);

/**
 * vmc_dial_wait:
 * @dial: a dial
 * @timeout_ms: how long to wait
 * @cancellable: (nullable): ends the wait
 * @error: the driver's, %VMC_ERROR_UNREACHABLE when it took too long, or
 *   %VMC_ERROR_CANCELLED; the dial is abandoned then
 *
 * Returns: (transfer full): the channel
 */
VmcChannel *vmc_dial_wait(VmcDial *dial,
                          guint timeout_ms,
                          GCancellable *cancellable,
                          GError **error);

/* Nobody waits for it any more. */
void vmc_dial_abandon(VmcDial *dial);
VmcDial *vmc_dial_ref(VmcDial *dial);
void vmc_dial_unref(VmcDial *dial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDial, vmc_dial_unref)
