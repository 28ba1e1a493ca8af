/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/channel.h"

struct _VmcChannel {
    const VmcDriver *driver;
    VmcConnection *connection;
    gpointer event_data;
    GDestroyNotify event_data_free;
    gatomicrefcount refs;
};

VmcChannel *
vmc_channel_open(const VmcDriver *driver,
                 const char *uri,
                 VmcEventFunc event_func,
                 gpointer event_data,
                 GDestroyNotify event_data_free,
                 GError **error)
{
    VmcConnection *connection =
        driver->open(uri, event_func, event_data, error);
    if (connection == NULL) {
        if (event_data_free != NULL)
            event_data_free(event_data);
        return NULL;
    }
    VmcChannel *channel = g_new0(VmcChannel, 1);
    channel->driver = driver;
    channel->connection = connection;
    channel->event_data = event_data;
    channel->event_data_free = event_data_free;
    g_atomic_ref_count_init(&channel->refs);
    return channel;
}

VmcChannel *
vmc_channel_ref(VmcChannel *channel)
{
    g_return_val_if_fail(channel != NULL, NULL);
    g_atomic_ref_count_inc(&channel->refs);
    return channel;
}

void
vmc_channel_unref(VmcChannel *channel)
{
    if (channel == NULL || !g_atomic_ref_count_dec(&channel->refs))
        return;
    channel->driver->close(channel->connection);
    if (channel->event_data_free != NULL)
        channel->event_data_free(channel->event_data);
    g_free(channel);
}

static gpointer
unref_in_thread(gpointer data)
{
    vmc_channel_unref(data);
    return NULL;
}

void
vmc_channel_discard(VmcChannel *channel)
{
    if (channel != NULL)
        g_thread_unref(g_thread_new("vmc-close", unref_in_thread, channel));
}

gboolean
vmc_channel_is_alive(VmcChannel *channel)
{
    g_return_val_if_fail(channel != NULL, FALSE);
    return channel->driver->is_alive(channel->connection);
}

gboolean
vmc_channel_perform(VmcChannel *channel,
                    const VmcCall *call,
                    VmcReply *reply,
                    GError **error)
{
    g_return_val_if_fail(channel != NULL && call != NULL, FALSE);
    return channel->driver->perform(channel->connection, call, reply, error);
}
