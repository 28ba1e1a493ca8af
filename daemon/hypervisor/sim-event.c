/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-event.h"

/* @lock is held while an event is delivered, so that closing waits for it. */
struct _VmcSimSink {
    gatomicrefcount refs;
    GMutex lock;
    VmcEventFunc func; /* (nullable) once closed */
    gpointer user_data;
};

typedef struct {
    VmcSimSink *sink;
    VmcEventKind kind;
    char *uuid;
    char *detail;
} Event;

VmcSimSink *
vmc_sim_sink_new(VmcEventFunc func, gpointer user_data)
{
    VmcSimSink *sink = g_new0(VmcSimSink, 1);

    g_atomic_ref_count_init(&sink->refs);
    g_mutex_init(&sink->lock);
    sink->func = func;
    sink->user_data = user_data;
    return sink;
}

VmcSimSink *
vmc_sim_sink_ref(VmcSimSink *sink)
{
    g_atomic_ref_count_inc(&sink->refs);
    return sink;
}

void
vmc_sim_sink_unref(VmcSimSink *sink)
{
    if (sink == NULL || !g_atomic_ref_count_dec(&sink->refs))
        return;
    g_mutex_clear(&sink->lock);
    g_free(sink);
}

static void
event_free(gpointer data)
{
    Event *event = data;

    vmc_sim_sink_unref(event->sink);
    g_free(event->uuid);
    g_free(event->detail);
    g_free(event);
}

static gboolean
deliver(gpointer data)
{
    Event *event = data;
    VmcSimSink *sink = event->sink;

    g_mutex_lock(&sink->lock);
    if (sink->func != NULL)
        sink->func(event->kind, event->uuid, event->detail, sink->user_data);
    g_mutex_unlock(&sink->lock);
    return G_SOURCE_REMOVE;
}

void
vmc_sim_sink_post(VmcSimSink *sink,
                  VmcEventKind kind,
                  const char *uuid,
                  const char *detail)
{
    Event *event = g_new0(Event, 1);

    event->sink = vmc_sim_sink_ref(sink);
    event->kind = kind;
    event->uuid = g_strdup(uuid);
    event->detail = g_strdup(detail);
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver, event, event_free);
}

void
vmc_sim_sink_close(VmcSimSink *sink)
{
    g_mutex_lock(&sink->lock);
    sink->func = NULL;
    g_mutex_unlock(&sink->lock);
}

void
vmc_sim_later(guint delay_ms,
              GSourceFunc func,
              gpointer data,
              GDestroyNotify data_free)
{
    g_timeout_add_full(G_PRIORITY_DEFAULT, delay_ms, func, data, data_free);
}
