/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/monitor.h"

#include "daemon/control/admission.h"
#include "daemon/control/host-read.h"
#include "daemon/control/monitor-apply.h"

#define POLL_INTERVAL_MS 10000
#define HOST_EVERY_N_POLLS 6
#define EVENT_DELAY_MS 50 /* a burst of events is one reading */
#define READERS 8
#define WANTED_MAX 32 /* domains a reading after events */

/**
 * Watch:
 *
 * A host that is being watched. At most one reading is under way; what happens
 * meanwhile makes for one more.
 */
typedef struct {
    VmcMonitor *self;
    VmcLink *link;
    gulong handlers[3];
    GHashTable *dirty; /* UUIDs that are to be read again */
    gboolean wants_host;
    gboolean wants_list;
    gboolean is_reading;
    guint n_polls;
    guint guest_cursor;
    guint event_id;
} Watch;

struct _VmcMonitor {
    gatomicrefcount refs; /* of the owner, and of each reading */
    gint is_stopped;      /* atomic: readers drop what they have not begun */
    VmcMonitorOptions options;
    VmcMonitorApply *apply;
    GHashTable *watches; /* name of a host → Watch */
    GThreadPool *readers;
    gulong link_handler;
    gulong gone_handler;
    guint poll_id;
};

static void
monitor_unref(VmcMonitor *self)
{
    if (g_atomic_ref_count_dec(&self->refs))
        g_free(self);
}

/* ---- one reading ----------------------------------------------------------
 */

typedef struct {
    VmcMonitor *self;
    VmcHostRead *read;
} Reading;

static void
reading_free(gpointer data)
{
    Reading *reading = data;

    vmc_host_read_free(reading->read);
    monitor_unref(reading->self);
    g_free(reading);
}

static void pump(Watch *watch);

/* The watch a reading was for, unless it has gone, or another is there. */
static Watch *
find_watch(VmcMonitor *self, VmcLink *link)
{
    Watch *watch =
        self->watches != NULL
            ? g_hash_table_lookup(self->watches, vmc_link_get_host_name(link))
            : NULL;

    return watch != NULL && watch->link == link ? watch : NULL;
}

static gboolean
on_read(gpointer data)
{
    Reading *reading = data;
    Watch *watch = find_watch(reading->self, reading->read->link);

    if (watch == NULL)
        return G_SOURCE_REMOVE;
    watch->is_reading = FALSE;
    watch->guest_cursor = reading->read->guest_cursor;
    if (vmc_link_is_up(watch->link))
        vmc_monitor_apply_read(reading->self->apply, reading->read);
    pump(watch);
    return G_SOURCE_REMOVE;
}

/* In a reader's thread. */
static void
perform(gpointer data, gpointer user_data)
{
    Reading *reading = data;

    if (g_atomic_int_get(&reading->self->is_stopped)) {
        reading_free(reading);
        return;
    }
    vmc_host_read_perform(reading->read);
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_read, reading, reading_free);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

/* ---- what is to be read ---------------------------------------------------
 */

static void
take_dirty(Watch *watch, GPtrArray *wanted)
{
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, watch->dirty);
    while (wanted->len < WANTED_MAX &&
           g_hash_table_iter_next(&iter, &uuid, NULL)) {
        g_ptr_array_add(wanted, g_strdup(uuid));
        g_hash_table_iter_remove(&iter);
    }
}

static VmcHostRead *
make_read(Watch *watch)
{
    VmcMonitorOptions *options = &watch->self->options;
    VmcHostRead *read =
        vmc_host_read_new(watch->link, options->live_fleet, options->clock());

    read->wants_host = watch->wants_host;
    read->wants_list = watch->wants_list;
    read->guest_cursor = watch->guest_cursor;
    watch->wants_host = FALSE;
    watch->wants_list = FALSE;
    take_dirty(watch, read->wanted);
    return read;
}

static void
pump(Watch *watch)
{
    gboolean wants_any = watch->wants_host || watch->wants_list ||
                         g_hash_table_size(watch->dirty) > 0;

    if (watch->is_reading || watch->event_id != 0 || !wants_any ||
        !vmc_link_is_up(watch->link))
        return;
    Reading reading = {watch->self, make_read(watch)};
    g_atomic_ref_count_inc(&watch->self->refs);
    watch->is_reading = TRUE;
    g_thread_pool_push(watch->self->readers,
                       g_memdup2(&reading, sizeof reading), NULL);
}

static gboolean
pump_later(gpointer data)
{
    Watch *watch = data;

    watch->event_id = 0;
    pump(watch);
    return G_SOURCE_REMOVE;
}

static void
mark_dirty(Watch *watch, const char *uuid)
{
    g_hash_table_add(watch->dirty, g_strdup(uuid));
    if (watch->event_id == 0)
        watch->event_id = g_timeout_add(EVENT_DELAY_MS, pump_later, watch);
}

/* What was applied may need a second look, here or on another host. */
static void
look_again(const char *host, const char *uuid, gpointer data)
{
    VmcMonitor *self = data;
    Watch *watch = g_hash_table_lookup(self->watches, host);

    if (watch != NULL)
        mark_dirty(watch, uuid);
}

/* ---- what a link says -----------------------------------------------------
 */

static void
on_up(VmcLink *link, gpointer data)
{
    Watch *watch = data;

    watch->wants_host = TRUE;
    watch->wants_list = TRUE;
    pump(watch);
}

static void
on_down(VmcLink *link, const char *reason, gpointer data)
{
    Watch *watch = data;

    g_hash_table_remove_all(watch->dirty);
    vmc_monitor_apply_down(watch->self->apply, vmc_link_get_host_name(link),
                           reason);
}

static void
on_event(VmcLink *link,
         guint kind,
         const char *uuid,
         const char *detail,
         gpointer data)
{
    if (uuid != NULL)
        mark_dirty(data, uuid);
}

/* ---- watches --------------------------------------------------------------
 */

static void
watch_free(gpointer data)
{
    Watch *watch = data;

    for (guint i = 0; i < G_N_ELEMENTS(watch->handlers); i++)
        g_signal_handler_disconnect(watch->link, watch->handlers[i]);
    g_clear_handle_id(&watch->event_id, g_source_remove);
    g_hash_table_unref(watch->dirty);
    g_object_unref(watch->link);
    g_free(watch);
}

static void
add_watch(VmcMonitor *self, const char *host, VmcLink *link)
{
    Watch *watch = g_new0(Watch, 1);

    watch->self = self;
    watch->link = g_object_ref(link);
    watch->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch->handlers[0] = g_signal_connect(link, "up", G_CALLBACK(on_up), watch);
    watch->handlers[1] =
        g_signal_connect(link, "down", G_CALLBACK(on_down), watch);
    watch->handlers[2] =
        g_signal_connect(link, "event", G_CALLBACK(on_event), watch);
    g_hash_table_replace(self->watches, g_strdup(host), watch);
    if (vmc_link_is_up(link))
        on_up(link, watch);
}

static void
on_link_changed(VmcLiveFleet *live_fleet,
                const char *host,
                VmcLink *link,
                gpointer data)
{
    VmcMonitor *self = data;

    if (link != NULL)
        add_watch(self, host, link);
    else
        g_hash_table_remove(self->watches, host);
}

static void
on_host_gone(VmcLiveFleet *live_fleet, const char *host, gpointer data)
{
    VmcMonitor *self = data;

    vmc_monitor_apply_gone(self->apply, host);
}

static gboolean
poll_all(gpointer data)
{
    VmcMonitor *self = data;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Watch *watch = value;
        watch->n_polls++;
        watch->wants_list = TRUE;
        if (watch->n_polls % HOST_EVERY_N_POLLS == 0)
            watch->wants_host = TRUE;
        pump(watch);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- public ---------------------------------------------------------------
 */

/* What was stored is old until its host has answered. */
static void
take_up_hosts(VmcMonitor *self)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(self->options.live_fleet);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        const char *name = vmc_fleet_host_at(fleet, i)->name;
        g_autoptr(VmcLink) link =
            vmc_live_fleet_link(self->options.live_fleet, name);
        if (link == NULL || !vmc_link_is_up(link))
            vmc_monitor_apply_down(self->apply, name,
                                   "vmctld is connecting to it");
        if (link != NULL)
            add_watch(self, name, link);
    }
}

VmcMonitor *
vmc_monitor_new(const VmcMonitorOptions *options)
{
    g_return_val_if_fail(options != NULL && options->live_fleet != NULL, NULL);
    g_return_val_if_fail(options->store != NULL, NULL);
    VmcMonitor *self = g_new0(VmcMonitor, 1);

    g_atomic_ref_count_init(&self->refs);
    self->options = *options;
    g_object_ref(self->options.live_fleet);
    if (self->options.clock == NULL)
        self->options.clock = vmc_clock_now_s;
    if (self->options.poll_interval_ms == 0)
        self->options.poll_interval_ms = POLL_INTERVAL_MS;
    self->watches =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, watch_free);
    self->readers = g_thread_pool_new(perform, NULL, READERS, FALSE, NULL);
    self->apply = vmc_monitor_apply_new(&self->options, look_again, self);
    self->link_handler =
        g_signal_connect(self->options.live_fleet, "link-changed",
                         G_CALLBACK(on_link_changed), self);
    self->gone_handler = g_signal_connect(self->options.live_fleet, "host-gone",
                                          G_CALLBACK(on_host_gone), self);
    self->poll_id =
        g_timeout_add(self->options.poll_interval_ms, poll_all, self);
    take_up_hosts(self);
    return self;
}

void
vmc_monitor_free(VmcMonitor *self)
{
    if (self == NULL)
        return;
    g_signal_handler_disconnect(self->options.live_fleet, self->link_handler);
    g_signal_handler_disconnect(self->options.live_fleet, self->gone_handler);
    g_source_remove(self->poll_id);
    g_clear_pointer(&self->watches, g_hash_table_unref);
    g_atomic_int_set(&self->is_stopped, TRUE);
    /* a reader that is stuck is not waited for: nobody reads what it brings */
    g_thread_pool_free(self->readers, FALSE, FALSE);
    g_clear_pointer(&self->apply, vmc_monitor_apply_free);
    g_clear_object(&self->options.live_fleet);
    monitor_unref(self);
}
