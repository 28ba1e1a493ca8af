/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/event-feed.h"
#include "vmctl/verbs.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

typedef struct {
    const VmcOutput *output;
    GMainLoop *loop;
    char *last; /* (nullable): the line before, without its time */
    GError *error;
} Listener;

/* What a line says of a kind of event: its name, how it is, and why. */
typedef struct {
    const char *event;
    const char *name;
    const char *state;
    const char *detail;
} EventRow;

static const EventRow rows[] = {
    {"vm", "name", "state", "host"},
    {"vm-gone", "name", "state", "host"},
    {"host", "name", "state", "state_reason"},
    {"host-gone", "name", "state", "state_reason"},
    {"job", "vm_name", "state", "step"},
};

static const EventRow *
find_row(const char *event)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].event, event))
            return &rows[i];
    return NULL;
}

/* ---- lines --------------------------------------------------------------- */

static void
print_json(const char *event, JsonNode *thing)
{
    g_autoptr(JsonNode) line = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_node_take_object(line, object);
    json_object_set_string_member(object, "event", event);
    json_object_set_member(object, "data", json_node_copy(thing));
    vmc_output_json_line(line);
}

static char *
cell(JsonObject *object, const char *path)
{
    const char *text = vmc_json_text(object, path);

    return vmc_text_harmless(text ? text : "");
}

/* "migrate 7, 12%: the step": a job has a kind, a VM or host has none. */
static char *
describe(JsonObject *object, const char *detail)
{
    const char *kind = vmc_json_text(object, "kind");

    if (kind == NULL)
        return g_strdup(detail);
    return g_strdup_printf("%s %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
                           "%%%s%s",
                           kind, vmc_json_number(object, "id"),
                           vmc_json_number(object, "progress_milli") / 10,
                           *detail != '\0' ? ": " : "", detail);
}

/* Not everything that changes is in a line: the same twice says nothing. */
static void
print_once(Listener *listener, char *line)
{
    g_autofree char *owned = line;
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");

    if (g_strcmp0(owned, listener->last) == 0)
        return;
    printf("%s  %s\n", time, owned);
    g_free(listener->last);
    listener->last = g_steal_pointer(&owned);
}

/* A stream cannot be lined up by its longest cell, so the columns are wide
 * enough for most. */
static void
print_line(Listener *listener, const char *event, JsonObject *object)
{
    const EventRow *row = find_row(event);
    g_autofree char *name = cell(object, row->name);
    g_autofree char *state = cell(object, row->state);
    g_autofree char *detail = cell(object, row->detail);
    g_autofree char *story = describe(object, detail);
    const char *kind = vmc_json_text(object, "kind");

    if (listener->output->format == VMC_FORMAT_PLAIN)
        printf("%s\t%s\t%s\t%s\t%s\n", event, kind ? kind : "", name, state,
               detail);
    else
        print_once(listener, g_strdup_printf("%-9s  %-20s  %-11s  %s", event,
                                             name, state, story));
}

/* ---- the feed ------------------------------------------------------------ */

static void
on_event(const char *name, JsonNode *thing, gpointer user_data)
{
    Listener *listener = user_data;

    if (listener->output->format == VMC_FORMAT_JSON)
        print_json(name, thing);
    else if (find_row(name) != NULL)
        print_line(listener, name, json_node_get_object(thing));
    if (listener->error == NULL && !vmc_output_flush(&listener->error))
        g_main_loop_quit(listener->loop);
}

static void
on_ended(const GError *reason, gpointer user_data)
{
    Listener *listener = user_data;

    listener->error = g_error_copy(reason);
    g_main_loop_quit(listener->loop);
}

static gboolean
on_interrupt(gpointer user_data)
{
    Listener *listener = user_data;

    g_main_loop_quit(listener->loop);
    return G_SOURCE_CONTINUE;
}

static char *
feed_path(VmcInvocation *invocation)
{
    static const char *const filters[] = {"job", "vm"};
    GString *path = g_string_new("/v1/events");
    char sign = '?';

    for (guint i = 0; i < G_N_ELEMENTS(filters); i++) {
        const char *value = vmc_invocation_option(invocation, filters[i]);

        if (value == NULL)
            continue;
        g_string_append_printf(path, "%c%s=", sign, filters[i]);
        g_string_append_uri_escaped(path, value, NULL, FALSE);
        sign = '&';
    }
    return g_string_free(path, FALSE);
}

gboolean
vmc_verb_events(VmcInvocation *invocation, GError **error)
{
    static const VmcEventFeedFuncs funcs = {on_event, on_ended};
    VmcClient *client = vmc_invocation_client(invocation, error);
    g_autofree char *path = feed_path(invocation);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Listener listener = {.output = &invocation->output, .loop = loop};
    VmcEventFeed *feed = NULL;
    guint interrupt = 0;

    if (client == NULL)
        return FALSE;
    interrupt = g_unix_signal_add(SIGINT, on_interrupt, &listener);
    feed = vmc_event_feed_open(client, path, &funcs, &listener);
    g_main_loop_run(loop);
    vmc_event_feed_close(feed);
    g_source_remove(interrupt);
    g_free(listener.last);
    if (listener.error == NULL)
        return TRUE;
    g_propagate_error(error, listener.error);
    return FALSE;
}
