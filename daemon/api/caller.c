/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/caller.h"

#include <gio/gio.h>

struct _VmcCaller {
    GObject *address; /* not a reference: it owns us */
    GSocket *socket;
    VmcPeer peer;
    guint deadline_id;
    GSource *watch;
    VmcCallerFunc gone;
    gpointer gone_data;
    VmcCallerFunc closed;
    gpointer closed_data;
};

static GQuark
caller_quark(void)
{
    return g_quark_from_static_string("vmc-caller");
}

static void
free_caller(gpointer data)
{
    VmcCaller *caller = data;

    vmc_caller_set_deadline(caller, 0);
    vmc_caller_watch(caller, NULL, NULL);
    caller->closed(caller->closed_data);
    vmc_peer_clear(&caller->peer);
    g_object_unref(caller->socket);
    g_free(caller);
}

/* ---- public -------------------------------------------------------------- */

/* libsoup hands the remote address back with each message, so the connection
 * hangs on that. The local one must be an Internet address: libsoup makes a URI
 * of it for an HTTP/1.0 request without a Host header. */
gboolean
vmc_caller_serve(SoupServer *server,
                 GSocket *socket,
                 VmcPeer *peer,
                 guint timeout_s,
                 VmcCallerFunc closed,
                 gpointer closed_data,
                 GError **error)
{
    g_autoptr(GSocketAddress) local =
        g_inet_socket_address_new_from_string("127.0.0.1", 80);
    g_autoptr(GSocketAddress) remote =
        g_inet_socket_address_new_from_string("127.0.0.1", 0);
    g_autoptr(GSocketConnection) stream =
        g_socket_connection_factory_create_connection(socket);
    VmcCaller *caller = g_new0(VmcCaller, 1);

    caller->address = G_OBJECT(remote);
    caller->socket = g_object_ref(socket);
    caller->peer = *peer;
    *peer = (VmcPeer){0};
    caller->closed = closed;
    caller->closed_data = closed_data;
    g_object_set_qdata_full(G_OBJECT(remote), caller_quark(), caller,
                            free_caller);
    vmc_caller_set_deadline(caller, timeout_s);
    return soup_server_accept_iostream(server, G_IO_STREAM(stream), local,
                                       remote, error);
}

VmcCaller *
vmc_caller_of(SoupServerMessage *message)
{
    GSocketAddress *remote = soup_server_message_get_remote_address(message);

    return g_object_get_qdata(G_OBJECT(remote), caller_quark());
}

const VmcPeer *
vmc_caller_peer(VmcCaller *caller)
{
    return &caller->peer;
}

GObject *
vmc_caller_hold(VmcCaller *caller)
{
    return g_object_ref(caller->address);
}

static gboolean
on_deadline(gpointer data)
{
    VmcCaller *caller = data;

    caller->deadline_id = 0;
    vmc_caller_cut(caller);
    return G_SOURCE_REMOVE;
}

void
vmc_caller_set_deadline(VmcCaller *caller, guint timeout_s)
{
    g_clear_handle_id(&caller->deadline_id, g_source_remove);
    if (timeout_s > 0)
        caller->deadline_id =
            g_timeout_add_seconds(timeout_s, on_deadline, caller);
}

static gboolean
on_hangup(GSocket *socket, GIOCondition condition, gpointer data)
{
    VmcCaller *caller = data;
    VmcCallerFunc gone = caller->gone;
    gpointer gone_data = caller->gone_data;

    vmc_caller_watch(caller, NULL, NULL);
    gone(gone_data);
    return G_SOURCE_REMOVE;
}

void
vmc_caller_watch(VmcCaller *caller, VmcCallerFunc gone, gpointer user_data)
{
    if (caller->watch != NULL) {
        g_source_destroy(caller->watch);
        g_clear_pointer(&caller->watch, g_source_unref);
    }
    caller->gone = gone;
    caller->gone_data = user_data;
    if (gone == NULL || g_socket_is_closed(caller->socket))
        return;
    caller->watch = g_socket_create_source(caller->socket, G_IO_HUP, NULL);
    g_source_set_callback(caller->watch, G_SOURCE_FUNC(on_hangup), caller,
                          NULL);
    g_source_attach(caller->watch, NULL);
}

void
vmc_caller_cut(VmcCaller *caller)
{
    g_socket_shutdown(caller->socket, TRUE, TRUE, NULL);
}
