/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/event-feed.h"

#include "core/error.h"
#include "vmctl/event-parser.h"

#define CHUNK_BYTES 65536

/* An asynchronous call holds a reference, so that it can come back after the
 * feed was closed. */
struct _VmcEventFeed {
    VmcClient *client;
    const VmcEventFeedFuncs *funcs;
    gpointer user_data;
    GCancellable *cancellable;
    SoupMessage *message;
    GInputStream *stream;
    VmcEventParser *parser;
    guint silence_id;
};

static void read_on(VmcEventFeed *feed);

static void
feed_clear(gpointer data)
{
    VmcEventFeed *feed = data;

    g_clear_object(&feed->cancellable);
    g_clear_object(&feed->message);
    g_clear_object(&feed->stream);
    vmc_event_parser_free(feed->parser);
}

static void
feed_unref(VmcEventFeed *feed)
{
    g_rc_box_release_full(feed, feed_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcEventFeed, feed_unref)

static gboolean
is_closed(VmcEventFeed *feed)
{
    return g_cancellable_is_cancelled(feed->cancellable);
}

static void
end(VmcEventFeed *feed, GError *reason)
{
    g_autoptr(GError) owned = reason;

    g_clear_handle_id(&feed->silence_id, g_source_remove);
    if (!is_closed(feed))
        feed->funcs->ended(owned, feed->user_data);
}

static void
end_foreign(VmcEventFeed *feed, const GError *foreign)
{
    /* once it is closed, the client may be gone */
    if (!is_closed(feed))
        end(feed, vmc_client_explain(feed->client, SOUP_METHOD_GET, foreign));
}

static gboolean
on_silence(gpointer user_data)
{
    g_autoptr(VmcEventFeed) feed = g_rc_box_acquire(user_data);
    const guint silence_ms = vmc_client_patience(feed->client)->silence_ms;

    feed->silence_id = 0;
    end(feed, g_error_new(VMC_ERROR, VMC_ERROR_UNREACHABLE,
                          "vmctld has said nothing for %g s: see 'systemctl "
                          "status vmctld' and 'journalctl -u vmctld'",
                          silence_ms / 1000.0));
    g_cancellable_cancel(feed->cancellable);
    return G_SOURCE_REMOVE;
}

/* A vmctld that hangs keeps its connections; but then no sign of life comes. */
static void
listen_for_silence(VmcEventFeed *feed)
{
    const guint silence_ms = vmc_client_patience(feed->client)->silence_ms;

    g_clear_handle_id(&feed->silence_id, g_source_remove);
    feed->silence_id = g_timeout_add(silence_ms, on_silence, feed);
}

static void
on_event(const char *name, const char *data, gpointer user_data)
{
    VmcEventFeed *feed = user_data;
    g_autoptr(JsonNode) thing = json_from_string(data, NULL);

    if (!is_closed(feed) && thing != NULL && JSON_NODE_HOLDS_OBJECT(thing))
        feed->funcs->event(name, thing, feed->user_data);
}

static void
on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcEventFeed) feed = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(feed->stream, result, &error);
    gsize n_bytes = 0;
    const char *chunk = NULL;

    if (bytes == NULL) {
        end_foreign(feed, error);
        return;
    }
    chunk = g_bytes_get_data(bytes, &n_bytes);
    if (n_bytes == 0)
        end(feed, g_error_new(VMC_ERROR, VMC_ERROR_UNREACHABLE,
                              "vmctld ended the feed of events"));
    else if (!vmc_event_parser_push(feed->parser, chunk, n_bytes, &error))
        end(feed, g_steal_pointer(&error));
    else if (!is_closed(feed))
        read_on(feed);
}

static void
read_on(VmcEventFeed *feed)
{
    listen_for_silence(feed);
    g_input_stream_read_bytes_async(feed->stream, CHUNK_BYTES,
                                    G_PRIORITY_DEFAULT, feed->cancellable,
                                    on_read, g_rc_box_acquire(feed));
}

static void
on_refusal(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcEventFeed) feed = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body =
        g_input_stream_read_bytes_finish(feed->stream, result, &error);

    if (body == NULL)
        end_foreign(feed, error);
    else
        end(feed,
            vmc_client_problem(soup_message_get_status(feed->message), body));
}

static void
on_sent(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcEventFeed) feed = user_data;
    g_autoptr(GError) error = NULL;

    feed->stream =
        soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (feed->stream == NULL)
        end_foreign(feed, error);
    else if (soup_message_get_status(feed->message) == SOUP_STATUS_OK)
        read_on(feed);
    else
        g_input_stream_read_bytes_async(feed->stream, CHUNK_BYTES,
                                        G_PRIORITY_DEFAULT, feed->cancellable,
                                        on_refusal, g_rc_box_acquire(feed));
}

VmcEventFeed *
vmc_event_feed_open(VmcClient *client,
                    const char *path,
                    const VmcEventFeedFuncs *funcs,
                    gpointer user_data)
{
    VmcEventFeed *feed = g_rc_box_new0(VmcEventFeed);

    feed->client = client;
    feed->funcs = funcs;
    feed->user_data = user_data;
    feed->cancellable = g_cancellable_new();
    feed->message = vmc_client_message(SOUP_METHOD_GET, path);
    feed->parser = vmc_event_parser_new(on_event, feed);
    soup_message_headers_replace(
        soup_message_get_request_headers(feed->message), "Accept",
        "text/event-stream");
    listen_for_silence(feed);
    soup_session_send_async(vmc_client_session(client), feed->message,
                            G_PRIORITY_DEFAULT, feed->cancellable, on_sent,
                            g_rc_box_acquire(feed));
    return feed;
}

void
vmc_event_feed_close(VmcEventFeed *feed)
{
    if (feed == NULL)
        return;
    g_clear_handle_id(&feed->silence_id, g_source_remove);
    g_cancellable_cancel(feed->cancellable);
    feed_unref(feed);
}
