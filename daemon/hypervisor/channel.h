/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/driver.h"

/*
 * An open connection that several threads share. It is closed when the last of
 * them lets go: a call that is stuck keeps its connection, while the others
 * have long gone on to a new one.
 */

typedef struct _VmcChannel VmcChannel;

/**
 * vmc_channel_open:
 * @driver: how
 * @uri: where to
 * @event_func: (nullable): gets its events, on the main context
 * @event_data: closure
 * @event_data_free: (nullable): called when the channel was closed, or could
 *   not be opened
 * @error: the driver's
 *
 * Blocks, and nothing bounds it: dial.h does.
 *
 * Returns: (transfer full): the channel
 */
VmcChannel *vmc_channel_open(const VmcDriver *driver,
                             const char *uri,
                             VmcEventFunc event_func,
                             gpointer event_data,
                             GDestroyNotify event_data_free,
                             GError **error);
VmcChannel *vmc_channel_ref(VmcChannel *channel);

/* May close it, which blocks: on the main thread use the next. */
void vmc_channel_unref(VmcChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcChannel, vmc_channel_unref)

/* As vmc_channel_unref(), but closes in a thread of its own. Takes %NULL. */
void vmc_channel_discard(VmcChannel *channel);

gboolean vmc_channel_is_alive(VmcChannel *channel);

/* As #VmcDriver perform. */
gboolean vmc_channel_perform(VmcChannel *channel,
                             const VmcCall *call,
                             VmcReply *reply,
                             GError **error);
