/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/event-sink.h"

struct _VmcEventSink {
    gatomicrefcount refs;
    GRecMutex lock; /* held while the function runs; it may shut the sink */
    VmcEventFunc event_func; /* (nullable): once shut */
    gpointer user_data;
};

VmcEventSink *
vmc_event_sink_new(VmcEventFunc event_func, gpointer user_data)
{
    VmcEventSink *sink = g_new0(VmcEventSink, 1);

    g_atomic_ref_count_init(&sink->refs);
    g_rec_mutex_init(&sink->lock);
    sink->event_func = event_func;
    sink->user_data = user_data;
    return sink;
}

VmcEventSink *
vmc_event_sink_ref(VmcEventSink *sink)
{
    g_atomic_ref_count_inc(&sink->refs);
    return sink;
}

void
vmc_event_sink_unref(VmcEventSink *sink)
{
    if (sink == NULL || !g_atomic_ref_count_dec(&sink->refs))
        return;
    g_rec_mutex_clear(&sink->lock);
    g_free(sink);
}

void
vmc_event_sink_emit(VmcEventSink *sink,
                    VmcEventKind kind,
                    const char *uuid,
                    const char *detail)
{
    g_rec_mutex_lock(&sink->lock);
    if (sink->event_func != NULL)
        sink->event_func(kind, uuid, detail, sink->user_data);
    g_rec_mutex_unlock(&sink->lock);
}

void
vmc_event_sink_shut(VmcEventSink *sink)
{
    g_rec_mutex_lock(&sink->lock);
    sink->event_func = NULL;
    g_rec_mutex_unlock(&sink->lock);
}

/* ---- by the main context ------------------------------------------------- */

typedef struct {
    VmcEventSink *sink;
    VmcEventKind kind;
    char *uuid;
    char *detail;
} Event;

static void
event_free(gpointer data)
{
    Event *event = data;

    vmc_event_sink_unref(event->sink);
    g_free(event->uuid);
    g_free(event->detail);
    g_free(event);
}

static gboolean
deliver(gpointer data)
{
    Event *event = data;

    vmc_event_sink_emit(event->sink, event->kind, event->uuid, event->detail);
    return G_SOURCE_REMOVE;
}

void
vmc_event_sink_post(VmcEventSink *sink,
                    VmcEventKind kind,
                    const char *uuid,
                    const char *detail)
{
    Event *event = g_new0(Event, 1);

    event->sink = vmc_event_sink_ref(sink);
    event->kind = kind;
    event->uuid = g_strdup(uuid);
    event->detail = g_strdup(detail);
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver, event, event_free);
}
