/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/events-stream.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "core/json-text.h"
#include "daemon/api/caller.h"
#include "daemon/api/job-view.h"

#include <string.h>

#define KEEPALIVE_S 15
#define MAX_WAITING 100000

struct _VmcEvents {
    const VmcSettings *settings;
    VmcLiveFleet *live_fleet;
    VmcJobQueue *jobs;
    GPtrArray *listeners; /* (element-type Listener) */
    guint keepalive_id;
    gboolean is_closed;
};

/* An event that waits until the one before it is sent. */
typedef struct {
    char *key; /* the thing it is about: a newer one takes its place */
    GBytes *text;
} Waiting;

typedef struct {
    VmcEvents *events;
    VmcRequest *request;
    SoupServerMessage *message;
    VmcCaller *caller;
    guint64 job; /* only this job; 0: any */
    char *vm;    /* (nullable): only this VM, by name or UUID */
    GQueue waiting;
    GHashTable *by_key; /* (element-type Waiting), not owned */
    gboolean is_writing;
    gint64 writing_since_us;
} Listener;

/* ---- one listener -------------------------------------------------------- */

static void
free_waiting(gpointer data)
{
    Waiting *waiting = data;

    g_free(waiting->key);
    g_bytes_unref(waiting->text);
    g_free(waiting);
}

static void
free_listener(gpointer data)
{
    Listener *listener = data;

    g_signal_handlers_disconnect_by_data(listener->message, listener);
    vmc_caller_watch(listener->caller, NULL, NULL);
    g_queue_clear_full(&listener->waiting, free_waiting);
    g_hash_table_unref(listener->by_key);
    g_free(listener->vm);
    vmc_request_unref(listener->request);
    g_free(listener);
}

static void
write_text(Listener *listener, GBytes *text)
{
    listener->is_writing = TRUE;
    listener->writing_since_us = g_get_monotonic_time();
    soup_message_body_append_bytes(
        soup_server_message_get_response_body(listener->message), text);
    soup_server_message_unpause(listener->message);
}

static void
write_next(Listener *listener)
{
    Waiting *waiting = g_queue_pop_head(&listener->waiting);

    if (waiting == NULL)
        return;
    g_hash_table_remove(listener->by_key, waiting->key);
    write_text(listener, waiting->text);
    free_waiting(waiting);
}

/* libsoup looks at a connection only while it writes: cut it, and write. */
static void
drop(Listener *listener)
{
    vmc_caller_watch(listener->caller, NULL, NULL);
    vmc_caller_cut(listener->caller);
    if (!listener->is_writing) {
        g_autoptr(GBytes) text = g_bytes_new_static(":\n\n", 3);
        write_text(listener, text);
    }
}

/* TRUE when nothing may be added, since it is too far behind. */
static gboolean
is_stalled(Listener *listener)
{
    const gint64 limit_us =
        listener->events->settings->request_timeout_s * G_USEC_PER_SEC;

    return listener->is_writing &&
           (listener->waiting.length > MAX_WAITING ||
            g_get_monotonic_time() - listener->writing_since_us > limit_us);
}

static void
send_text(Listener *listener, const char *key, GBytes *text)
{
    Waiting *waiting = g_hash_table_lookup(listener->by_key, key);

    if (waiting != NULL) {
        g_bytes_unref(waiting->text);
        waiting->text = g_bytes_ref(text);
        return;
    }
    waiting = g_new(Waiting, 1);
    waiting->key = g_strdup(key);
    waiting->text = g_bytes_ref(text);
    g_queue_push_tail(&listener->waiting, waiting);
    g_hash_table_insert(listener->by_key, waiting->key, waiting);
    if (!listener->is_writing)
        write_next(listener);
}

static void
on_wrote_chunk(SoupServerMessage *message, gpointer user_data)
{
    Listener *listener = user_data;

    listener->is_writing = FALSE;
    write_next(listener);
}

static void
on_finished(SoupServerMessage *message, gpointer user_data)
{
    Listener *listener = user_data;

    g_ptr_array_remove(listener->events->listeners, listener);
}

static void
on_gone(gpointer user_data)
{
    drop(user_data);
}

/* ---- all of them --------------------------------------------------------- */

static GBytes *
make_event(const char *kind, const char *json)
{
    char *text = g_strdup_printf("event: %s\ndata: %s\n\n", kind, json);

    return g_bytes_new_take(text, strlen(text));
}

static gboolean
wants_vm(const Listener *listener, const char *uuid, const char *name)
{
    if (listener->vm != NULL)
        return g_strcmp0(listener->vm, uuid) == 0 ||
               g_strcmp0(listener->vm, name) == 0;
    return listener->job == 0;
}

static gboolean
wants_job(const Listener *listener, const VmcJobRecord *record)
{
    if (listener->job != 0 && listener->job == record->id)
        return TRUE;
    return wants_vm(listener, record->vm_uuid, record->vm_name);
}

static gboolean
wants_hosts(const Listener *listener)
{
    return listener->job == 0 && listener->vm == NULL;
}

/* What an event is about; only for the test whether anybody wants it. */
typedef struct {
    const char *kind;
    const char *uuid; /* of a VM */
    const char *name; /* of a VM or host */
    const VmcJobRecord *record;
} Subject;

static gboolean
wants(const Listener *listener, const Subject *subject)
{
    if (subject->record != NULL)
        return wants_job(listener, subject->record);
    if (subject->uuid != NULL)
        return wants_vm(listener, subject->uuid, subject->name);
    return wants_hosts(listener);
}

typedef char *(*MakeData)(gconstpointer thing);

/* The text is made once, and only when somebody wants it. */
static void
broadcast(VmcEvents *events,
          const Subject *subject,
          const char *key,
          MakeData make_data,
          gconstpointer thing)
{
    g_autoptr(GBytes) text = NULL;

    for (guint i = 0; i < events->listeners->len; i++) {
        Listener *listener = events->listeners->pdata[i];
        if (!wants(listener, subject))
            continue;
        if (is_stalled(listener)) {
            drop(listener);
            continue;
        }
        if (text == NULL) {
            g_autofree char *data = make_data(thing);
            text = make_event(subject->kind, data);
        }
        send_text(listener, key, text);
    }
}

static char *
vm_data(gconstpointer vm)
{
    return vmc_record_to_text(&vmc_vm_type, vm);
}

static char *
host_data(gconstpointer host)
{
    return vmc_record_to_text(&vmc_host_type, host);
}

static char *
job_data(gconstpointer record)
{
    g_autoptr(JsonNode) node = vmc_job_view(record);

    return vmc_json_print(node);
}

static char *
gone_data(gconstpointer thing)
{
    const Subject *subject = thing;
    JsonObject *object = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    if (subject->uuid != NULL)
        json_object_set_string_member(object, "uuid", subject->uuid);
    json_object_set_string_member(object, "name", subject->name);
    json_node_take_object(node, object);
    return vmc_json_print(node);
}

static void
on_vm_changed(VmcLiveFleet *live_fleet, VmcVm *vm, gpointer user_data)
{
    const Subject subject = {.kind = "vm", .uuid = vm->uuid, .name = vm->name};

    broadcast(user_data, &subject, vm->uuid, vm_data, vm);
}

static void
on_vm_gone(VmcLiveFleet *live_fleet,
           const char *uuid,
           const char *name,
           gpointer user_data)
{
    const Subject subject = {.kind = "vm-gone", .uuid = uuid, .name = name};

    broadcast(user_data, &subject, uuid, gone_data, &subject);
}

static void
on_host_changed(VmcLiveFleet *live_fleet, VmcHost *host, gpointer user_data)
{
    const Subject subject = {.kind = "host", .name = host->name};
    g_autofree char *key = g_strconcat("host/", host->name, NULL);

    broadcast(user_data, &subject, key, host_data, host);
}

static void
on_host_gone(VmcLiveFleet *live_fleet, const char *name, gpointer user_data)
{
    const Subject subject = {.kind = "host-gone", .name = name};
    g_autofree char *key = g_strconcat("host/", name, NULL);

    broadcast(user_data, &subject, key, gone_data, &subject);
}

static char *
job_key(guint64 id)
{
    return g_strdup_printf("job/%" G_GUINT64_FORMAT, id);
}

static void
on_job_changed(VmcJobQueue *jobs, VmcJobRecord *record, gpointer user_data)
{
    const Subject subject = {.kind = "job", .record = record};
    g_autofree char *key = job_key(record->id);

    broadcast(user_data, &subject, key, job_data, record);
}

static gboolean
on_keepalive(gpointer user_data)
{
    VmcEvents *events = user_data;
    g_autoptr(GBytes) text = g_bytes_new_static(": keepalive\n\n", 13);

    for (guint i = 0; i < events->listeners->len; i++) {
        Listener *listener = events->listeners->pdata[i];
        if (!listener->is_writing)
            write_text(listener, text);
        else if (is_stalled(listener))
            drop(listener);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- the route ----------------------------------------------------------- */

static gboolean
check_room(const VmcEvents *events, GError **error)
{
    const guint max = events->settings->max_connections / 2;

    if (events->is_closed) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "vmctld is stopping");
        return FALSE;
    }
    if (events->listeners->len < max)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                "%u clients listen to events, as many as may: try again later, "
                "or raise 'max_connections' in vmctld.conf",
                events->listeners->len);
    return FALSE;
}

static VmcJobRecord *
find_job(VmcEvents *events, const char *text, GError **error)
{
    guint64 id = 0;
    VmcJobRecord *record = NULL;

    if (g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &id, NULL))
        record = vmc_job_queue_get(events->jobs, id);
    if (record == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no job '%s'", text);
    return record;
}

static void
begin_stream(Listener *listener)
{
    SoupServerMessage *message = listener->message;
    SoupMessageHeaders *headers =
        soup_server_message_get_response_headers(message);

    vmc_request_take_over(listener->request);
    soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
    soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
    soup_message_headers_set_content_type(headers, "text/event-stream", NULL);
    soup_message_headers_replace(headers, "Cache-Control", "no-store");
    soup_message_body_set_accumulate(
        soup_server_message_get_response_body(message), FALSE);
    g_signal_connect(message, "wrote-chunk", G_CALLBACK(on_wrote_chunk),
                     listener);
    g_signal_connect(message, "finished", G_CALLBACK(on_finished), listener);
    vmc_caller_watch(listener->caller, on_gone, listener);
}

static Listener *
add_listener(VmcEvents *events, VmcRequest *request)
{
    Listener *listener = g_new0(Listener, 1);

    listener->events = events;
    listener->request = vmc_request_ref(request);
    listener->message = vmc_request_message(request);
    listener->caller = vmc_caller_of(listener->message);
    listener->vm = g_strdup(vmc_request_query(request, "vm"));
    listener->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&listener->waiting);
    g_ptr_array_add(events->listeners, listener);
    return listener;
}

/* The things that are listened to as they are now, so that nothing is missed
 * between asking for them and listening. */
static void
send_present(Listener *listener, const VmcJobRecord *record)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(listener->events->live_fleet);
    VmcVm *vm =
        listener->vm != NULL ? vmc_fleet_find_vm(fleet, listener->vm) : NULL;

    if (record != NULL) {
        g_autofree char *key = job_key(record->id);
        g_autofree char *data = job_data(record);
        g_autoptr(GBytes) text = make_event("job", data);
        send_text(listener, key, text);
    }
    if (vm != NULL) {
        g_autofree char *data = vm_data(vm);
        g_autoptr(GBytes) text = make_event("vm", data);
        send_text(listener, vm->uuid, text);
    }
}

gboolean
vmc_route_stream_events(VmcRequest *request, GError **error)
{
    VmcEvents *events = vmc_request_api(request)->events;
    const char *job = vmc_request_query(request, "job");
    g_autoptr(VmcJobRecord) record = NULL;

    if (!check_room(events, error))
        return FALSE;
    if (job != NULL && (record = find_job(events, job, error)) == NULL)
        return FALSE;
    Listener *listener = add_listener(events, request);
    listener->job = record != NULL ? record->id : 0;
    begin_stream(listener);
    send_present(listener, record);
    return TRUE;
}

/* ---- public -------------------------------------------------------------- */

VmcEvents *
vmc_events_new(const VmcSettings *settings,
               VmcLiveFleet *live_fleet,
               VmcJobQueue *jobs)
{
    VmcEvents *events = g_new0(VmcEvents, 1);

    events->settings = settings;
    events->live_fleet = g_object_ref(live_fleet);
    events->jobs = g_object_ref(jobs);
    events->listeners = g_ptr_array_new_with_free_func(free_listener);
    g_signal_connect(live_fleet, "vm-changed", G_CALLBACK(on_vm_changed),
                     events);
    g_signal_connect(live_fleet, "vm-gone", G_CALLBACK(on_vm_gone), events);
    g_signal_connect(live_fleet, "host-changed", G_CALLBACK(on_host_changed),
                     events);
    g_signal_connect(live_fleet, "host-gone", G_CALLBACK(on_host_gone), events);
    g_signal_connect(jobs, "changed", G_CALLBACK(on_job_changed), events);
    events->keepalive_id =
        g_timeout_add_seconds(KEEPALIVE_S, on_keepalive, events);
    return events;
}

void
vmc_events_close(VmcEvents *events)
{
    events->is_closed = TRUE;
    for (guint i = 0; i < events->listeners->len; i++)
        drop(events->listeners->pdata[i]);
}

void
vmc_events_free(VmcEvents *events)
{
    if (events == NULL)
        return;
    g_source_remove(events->keepalive_id);
    g_signal_handlers_disconnect_by_data(events->live_fleet, events);
    g_signal_handlers_disconnect_by_data(events->jobs, events);
    g_ptr_array_unref(events->listeners);
    g_object_unref(events->live_fleet);
    g_object_unref(events->jobs);
    g_free(events);
}
