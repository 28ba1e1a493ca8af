/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/console-socket.h"

#include "core/error.h"
#include "daemon/api/caller.h"
#include "daemon/api/vm-routes.h"
#include "daemon/log.h"

#include <glib/gstdio.h>

#define CHUNK_BYTES 4096
#define MAX_FRAME_BYTES (64 * 1024)
#define MAX_UNSENT_BYTES (256 * 1024)

/* ---- the relay ----------------------------------------------------------- */

/* One open console: the guest's side, a stream, and the client's, a WebSocket.
 * It lives until both are closed; then nothing refers to it any more. */
typedef struct {
    char *vm_name;
    GSocketConnection *guest;
    SoupWebsocketConnection *client;
    GObject *caller;    /* keeps the client counted */
    GSource *ready;     /* waits until the client takes more */
    GByteArray *unsent; /* from the client, not yet taken by the guest */
    GBytes *sending;    /* what is on its way to the guest */
    GCancellable *cancellable;
    guint n_pending; /* operations whose callback is yet to come */
    gboolean is_closed;
} Console;

static void read_guest(Console *console);
static void write_guest(Console *console);

static void
free_console(Console *console)
{
    vmc_log_info(VMC_LOG("api", .vm = console->vm_name),
                 "the console of '%s' is closed", console->vm_name);
    g_signal_handlers_disconnect_by_data(console->client, console);
    g_object_unref(console->client);
    g_object_unref(console->guest);
    g_object_unref(console->caller);
    g_object_unref(console->cancellable);
    g_byte_array_unref(console->unsent);
    g_clear_pointer(&console->sending, g_bytes_unref);
    g_free(console->vm_name);
    g_free(console);
}

static void
release_if_over(Console *console)
{
    if (console->is_closed && console->n_pending == 0 &&
        soup_websocket_connection_get_state(console->client) ==
            SOUP_WEBSOCKET_STATE_CLOSED)
        free_console(console);
}

static void
close_console(Console *console, gushort code, const char *why)
{
    if (console->is_closed)
        return;
    console->is_closed = TRUE;
    g_cancellable_cancel(console->cancellable);
    if (console->ready != NULL) {
        g_source_destroy(console->ready);
        g_clear_pointer(&console->ready, g_source_unref);
    }
    g_io_stream_close(G_IO_STREAM(console->guest), NULL, NULL);
    if (soup_websocket_connection_get_state(console->client) ==
        SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close(console->client, code, why);
}

/* ---- from the guest to the client ---------------------------------------- */

static gboolean
on_client_ready(GSocket *socket, GIOCondition condition, gpointer user_data)
{
    Console *console = user_data;

    g_clear_pointer(&console->ready, g_source_unref);
    read_guest(console);
    return G_SOURCE_REMOVE;
}

/* A guest may write faster than the client reads, and libsoup queues without a
 * limit: more is read from the guest only when the client's socket has room. */
static void
wait_for_client(Console *console)
{
    GIOStream *stream =
        soup_websocket_connection_get_io_stream(console->client);
    GOutputStream *output = g_io_stream_get_output_stream(stream);

    console->ready = g_pollable_output_stream_create_source(
        G_POLLABLE_OUTPUT_STREAM(output), console->cancellable);
    g_source_set_callback(console->ready, G_SOURCE_FUNC(on_client_ready),
                          console, NULL);
    g_source_attach(console->ready, NULL);
}

static void
on_guest_data(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Console *console = user_data;
    g_autoptr(GBytes) data =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, NULL);

    console->n_pending--;
    if (data == NULL || g_bytes_get_size(data) == 0)
        close_console(console, SOUP_WEBSOCKET_CLOSE_NORMAL,
                      "the guest's side was closed");
    else if (!console->is_closed) {
        soup_websocket_connection_send_message(
            console->client, SOUP_WEBSOCKET_DATA_BINARY, data);
        wait_for_client(console);
    }
    release_if_over(console);
}

static void
read_guest(Console *console)
{
    console->n_pending++;
    g_input_stream_read_bytes_async(
        g_io_stream_get_input_stream(G_IO_STREAM(console->guest)), CHUNK_BYTES,
        G_PRIORITY_DEFAULT, console->cancellable, on_guest_data, console);
}

/* ---- from the client to the guest ---------------------------------------- */

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Console *console = user_data;
    g_autoptr(GError) error = NULL;
    const gboolean ok = g_output_stream_write_all_finish(
        G_OUTPUT_STREAM(source), result, NULL, &error);

    console->n_pending--;
    g_clear_pointer(&console->sending, g_bytes_unref);
    if (!ok)
        close_console(console, SOUP_WEBSOCKET_CLOSE_SERVER_ERROR,
                      "the guest's side takes no input");
    else
        write_guest(console);
    release_if_over(console);
}

static void
write_guest(Console *console)
{
    if (console->is_closed || console->sending != NULL ||
        console->unsent->len == 0)
        return;
    console->sending = g_byte_array_free_to_bytes(console->unsent);
    console->unsent = g_byte_array_new();
    console->n_pending++;
    g_output_stream_write_all_async(
        g_io_stream_get_output_stream(G_IO_STREAM(console->guest)),
        g_bytes_get_data(console->sending, NULL),
        g_bytes_get_size(console->sending), G_PRIORITY_DEFAULT,
        console->cancellable, on_written, console);
}

static void
on_client_message(SoupWebsocketConnection *client,
                  int type,
                  GBytes *message,
                  gpointer user_data)
{
    Console *console = user_data;
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(message, &length);

    if (console->unsent->len + length > MAX_UNSENT_BYTES) {
        close_console(console, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION,
                      "the guest does not take input so fast");
        return;
    }
    g_byte_array_append(console->unsent, data, (guint) length);
    write_guest(console);
}

static void
on_client_closed(SoupWebsocketConnection *client, gpointer user_data)
{
    Console *console = user_data;

    close_console(console, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    release_if_over(console);
}

/* ---- opening ------------------------------------------------------------- */

typedef struct {
    VmcRequest *request;
    VmcLink *link;
    VmcCall *call;
    char *vm_name;
    GSocketConnection *guest; /* (nullable): not yet open */
} Opening;

static void
free_opening(gpointer data)
{
    Opening *opening = data;

    g_object_unref(opening->link);
    vmc_call_free(opening->call);
    g_free(opening->vm_name);
    g_clear_object(&opening->guest);
    vmc_request_unref(opening->request);
    g_free(opening);
}

/* The 101 was sent: from here on libsoup's server has nothing to do with the
 * connection. */
static void
on_switched(SoupServerMessage *message, gpointer user_data)
{
    Opening *opening = user_data;
    Console *console = g_new0(Console, 1);
    GUri *uri = soup_server_message_get_uri(message);

    g_signal_handlers_disconnect_by_func(message, on_switched, opening);
    console->caller = vmc_caller_hold(vmc_caller_of(message));
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);
    console->client = soup_websocket_connection_new(
        stream, uri, SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, NULL, NULL);
    soup_websocket_connection_set_max_incoming_payload_size(console->client,
                                                            MAX_FRAME_BYTES);
    console->vm_name = g_strdup(opening->vm_name);
    console->guest = g_steal_pointer(&opening->guest);
    console->unsent = g_byte_array_new();
    console->cancellable = g_cancellable_new();
    g_signal_connect(console->client, "message", G_CALLBACK(on_client_message),
                     console);
    g_signal_connect(console->client, "closed", G_CALLBACK(on_client_closed),
                     console);
    vmc_log_info(VMC_LOG("api", .vm = console->vm_name),
                 "the console of '%s' is open", console->vm_name);
    free_opening(opening);
    read_guest(console);
}

static void
switch_protocols(Opening *opening)
{
    SoupServerMessage *message = vmc_request_message(opening->request);
    GList *extensions = NULL;

    if (!vmc_request_take_over(opening->request)) {
        free_opening(opening);
        return;
    }
    g_signal_connect(message, "wrote-informational", G_CALLBACK(on_switched),
                     opening);
    soup_websocket_server_process_handshake(message, NULL, NULL, NULL,
                                            &extensions);
    soup_server_message_unpause(message);
}

static void
open_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *gone)
{
    Opening *opening = data;
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    GError *error = NULL;

    if (!vmc_link_call(opening->link, opening->call, &reply, gone, &error)) {
        g_task_return_error(task, error);
        return;
    }
    g_autoptr(GSocket) socket = g_socket_new_from_fd(reply.fd, &error);
    if (socket == NULL) {
        g_task_return_error(task, error);
        return;
    }
    reply.fd = -1;
    opening->guest = g_socket_connection_factory_create_connection(socket);
    g_task_return_boolean(task, TRUE);
}

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Opening *opening = user_data;
    g_autoptr(GError) error = NULL;

    if (g_task_propagate_boolean(G_TASK(result), &error)) {
        switch_protocols(opening);
        return;
    }
    g_prefix_error(&error,
                   "the console of '%s' cannot be opened: ", opening->vm_name);
    vmc_request_fail(opening->request, error);
    free_opening(opening);
}

static void
start_opening(VmcRequest *request,
              const VmcVm *vm,
              VmcLink *link,
              gboolean force)
{
    g_autoptr(GTask) task = NULL;
    Opening *opening = g_new0(Opening, 1);

    opening->request = vmc_request_ref(request);
    opening->link = g_object_ref(link);
    opening->vm_name = g_strdup(vm->name);
    opening->call = vmc_call_new(VMC_CALL_OPEN_CONSOLE, vm->uuid);
    if (force)
        opening->call->flags |= VMC_CALL_FORCE;
    task =
        g_task_new(NULL, vmc_request_cancellable(request), on_opened, opening);
    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, opening, NULL);
    g_task_run_in_thread(task, open_in_thread);
}

/* ---- the route ----------------------------------------------------------- */

static gboolean
check_runs(const VmcVm *vm, GError **error)
{
    if (vm->state == VMC_VM_RUNNING || vm->state == VMC_VM_PAUSED)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "VM '%s' is %s: it has a console only while it runs", vm->name,
                vmc_vm_state_to_name(vm->state));
    return FALSE;
}

/* TRUE when it was refused, and answered. */
static gboolean
refuse_plain_get(VmcRequest *request)
{
    SoupServerMessage *message = vmc_request_message(request);

    if (soup_websocket_server_check_handshake(message, NULL, NULL, NULL, NULL))
        return FALSE;
    g_autoptr(GError) error = g_error_new_literal(
        VMC_ERROR, VMC_ERROR_INVALID,
        "a console is a WebSocket: ask with its handshake, as 'vmctl console' "
        "does");
    soup_message_headers_replace(
        soup_server_message_get_response_headers(message), "Upgrade",
        "websocket");
    vmc_request_refuse(request, 426, error);
    return TRUE;
}

gboolean
vmc_route_open_console(VmcRequest *request, GError **error)
{
    VmcLiveFleet *live_fleet = vmc_request_api(request)->live_fleet;
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet);
    gboolean force = FALSE;

    if (!vmc_request_query_flag(request, "force", &force, error))
        return FALSE;
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);
    if (vm == NULL || !check_runs(vm, error))
        return FALSE;
    if (refuse_plain_get(request))
        return TRUE;
    g_autoptr(VmcLink) link = vmc_live_fleet_link(live_fleet, vm->host);
    if (link == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "host '%s' of VM '%s' is not connected", vm->host,
                    vm->name);
        return FALSE;
    }
    start_opening(request, vm, link, force);
    return TRUE;
}
