/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/dial.h"

#include "core/error.h"

/* Two hold it: the thread that opens, and who waits for it. @lock guards what
 * stands below it; the rest does not change once the thread runs. */
struct _VmcDial {
    const VmcDriver *driver;
    char *uri;
    VmcEventFunc event_func;
    gpointer event_data;
    GDestroyNotify event_data_free;
    VmcDialFunc done;
    gpointer done_data;
    GDestroyNotify done_data_free;
    gatomicrefcount refs;

    GMutex lock;
    GCond changed;
    gboolean is_over;
    gboolean is_abandoned;
    gboolean is_cancelled;
    VmcChannel *channel;
    GError *error;
};

/* ---- the thread -----------------------------------------------------------
 */

/* Returns whether anybody still wants to know. */
static gboolean
put_result(VmcDial *dial, VmcChannel *channel, GError *error)
{
    g_mutex_lock(&dial->lock);
    gboolean is_wanted = !dial->is_abandoned;
    dial->is_over = TRUE;
    dial->error = error;
    if (is_wanted)
        dial->channel = g_steal_pointer(&channel);
    g_cond_broadcast(&dial->changed);
    g_mutex_unlock(&dial->lock);
    vmc_channel_unref(channel);
    return is_wanted;
}

static gpointer
run_dial(gpointer data)
{
    VmcDial *dial = data;
    GError *error = NULL;
    VmcChannel *channel =
        vmc_channel_open(dial->driver, dial->uri, dial->event_func,
                         dial->event_data, dial->event_data_free, &error);

    if (put_result(dial, channel, error) && dial->done != NULL)
        dial->done(dial, dial->done_data);
    if (dial->done_data_free != NULL)
        dial->done_data_free(dial->done_data);
    vmc_dial_unref(dial);
    return NULL;
}

VmcDial *
vmc_dial_start(const VmcDriver *driver,
               const char *uri,
               VmcEventFunc event_func,
               gpointer event_data,
               GDestroyNotify event_data_free,
               VmcDialFunc done,
               gpointer done_data,
               GDestroyNotify done_data_free)
{
    g_return_val_if_fail(driver != NULL && uri != NULL, NULL);
    VmcDial *dial = g_new0(VmcDial, 1);

    dial->driver = driver;
    dial->uri = g_strdup(uri);
    dial->event_func = event_func;
    dial->event_data = event_data;
    dial->event_data_free = event_data_free;
    dial->done = done;
    dial->done_data = done_data;
    dial->done_data_free = done_data_free;
    g_atomic_ref_count_init(&dial->refs);
    g_mutex_init(&dial->lock);
    g_cond_init(&dial->changed);
    g_thread_unref(g_thread_new("vmc-dial", run_dial, vmc_dial_ref(dial)));
    return dial;
}

/* ---- who waits ------------------------------------------------------------
 */

VmcChannel *
vmc_dial_take(VmcDial *dial, GError **error)
{
    g_return_val_if_fail(dial != NULL, NULL);
    g_mutex_lock(&dial->lock);
    VmcChannel *channel = g_steal_pointer(&dial->channel);
    GError *failure = g_steal_pointer(&dial->error);
    g_mutex_unlock(&dial->lock);
    if (failure != NULL)
        g_propagate_error(error, failure);
    return channel;
}

void
vmc_dial_abandon(VmcDial *dial)
{
    g_return_if_fail(dial != NULL);
    g_mutex_lock(&dial->lock);
    dial->is_abandoned = TRUE;
    VmcChannel *channel = g_steal_pointer(&dial->channel);
    g_mutex_unlock(&dial->lock);
    vmc_channel_discard(channel);
}

static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    VmcDial *dial = user_data;

    g_mutex_lock(&dial->lock);
    dial->is_cancelled = TRUE;
    g_cond_broadcast(&dial->changed);
    g_mutex_unlock(&dial->lock);
}

/* Returns whether the dial is over. */
static gboolean
wait_until(VmcDial *dial, gint64 end_us)
{
    gboolean in_time = TRUE;

    g_mutex_lock(&dial->lock);
    while (!dial->is_over && !dial->is_cancelled && in_time)
        in_time = g_cond_wait_until(&dial->changed, &dial->lock, end_us);
    gboolean is_over = dial->is_over;
    g_mutex_unlock(&dial->lock);
    return is_over;
}

VmcChannel *
vmc_dial_wait(VmcDial *dial,
              guint timeout_ms,
              GCancellable *cancellable,
              GError **error)
{
    g_return_val_if_fail(dial != NULL, NULL);
    gint64 end_us = g_get_monotonic_time() + (gint64) timeout_ms * 1000;
    gulong handler = 0;
    if (cancellable != NULL)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                                        vmc_dial_ref(dial),
                                        (GDestroyNotify) vmc_dial_unref);
    gboolean is_over = wait_until(dial, end_us);

    g_cancellable_disconnect(cancellable, handler);
    if (is_over)
        return vmc_dial_take(dial, error);
    vmc_dial_abandon(dial);
    if (g_cancellable_is_cancelled(cancellable))
        g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                    "connecting to '%s' was cancelled", dial->uri);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "'%s' did not answer within %.3g s; check the address, "
                    "and that libvirtd runs there",
                    dial->uri, timeout_ms / 1000.0);
    return NULL;
}

VmcDial *
vmc_dial_ref(VmcDial *dial)
{
    g_return_val_if_fail(dial != NULL, NULL);
    g_atomic_ref_count_inc(&dial->refs);
    return dial;
}

void
vmc_dial_unref(VmcDial *dial)
{
    if (dial == NULL || !g_atomic_ref_count_dec(&dial->refs))
        return;
    vmc_channel_unref(dial->channel);
    g_clear_error(&dial->error);
    g_mutex_clear(&dial->lock);
    g_cond_clear(&dial->changed);
    g_free(dial->uri);
    g_free(dial);
}
