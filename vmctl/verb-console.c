/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/verbs.h"

#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE_KEY 0x1d /* Ctrl-] */
#define CHUNK_BYTES 4096
#define DEFAULT_LINGER_S 2
#define UPGRADE_REQUIRED 426

typedef struct {
    const char *vm;
    GMainLoop *loop;
    GCancellable *cancellable;
    SoupMessage *message;
    SoupWebsocketConnection *socket;
    GInputStream *input;
    gboolean is_raw; /* stdin is a terminal, and keys come one by one */
    struct termios cooked;
    guint linger_s;
    guint linger_source;
    gboolean was_closed; /* from the other side, in good order */
    GError *error;
} Console;

static void read_input(Console *console);

static void
leave(Console *console, GError *error)
{
    if (console->error == NULL)
        console->error = error;
    else
        g_clear_error(&error);
    g_main_loop_quit(console->loop);
}

/* ---- the terminal -------------------------------------------------------- */

static void
make_raw(Console *console)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &console->cooked) != 0)
        return;
    raw = console->cooked;
    cfmakeraw(&raw);
    console->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void
make_cooked(Console *console)
{
    if (!console->is_raw)
        return;
    tcsetattr(STDIN_FILENO, TCSANOW, &console->cooked);
    console->is_raw = FALSE;
    fputc('\n', stderr);
}

/* ---- from the guest ------------------------------------------------------ */

static gboolean
on_silence(gpointer user_data)
{
    Console *console = user_data;

    console->linger_source = 0;
    leave(console, NULL);
    return G_SOURCE_REMOVE;
}

static void
wait_for_silence(Console *console)
{
    g_clear_handle_id(&console->linger_source, g_source_remove);
    if (console->linger_s > 0)
        console->linger_source =
            g_timeout_add_seconds(console->linger_s, on_silence, console);
}

static void
on_message(SoupWebsocketConnection *socket,
           int type,
           GBytes *message,
           gpointer user_data)
{
    Console *console = user_data;
    GError *error = NULL;
    gsize n_bytes = 0;
    const char *bytes = g_bytes_get_data(message, &n_bytes);

    fwrite(bytes, 1, n_bytes, stdout);
    if (!vmc_output_flush(&error))
        leave(console, error);
    if (console->linger_source != 0)
        wait_for_silence(console);
}

static void
on_closed(SoupWebsocketConnection *socket, gpointer user_data)
{
    Console *console = user_data;
    gushort code = soup_websocket_connection_get_close_code(socket);
    const char *reason = soup_websocket_connection_get_close_data(socket);

    if (code == SOUP_WEBSOCKET_CLOSE_NORMAL ||
        code == SOUP_WEBSOCKET_CLOSE_GOING_AWAY) {
        console->was_closed = TRUE;
        leave(console, NULL);
        return;
    }
    leave(console,
          g_error_new(VMC_ERROR, VMC_ERROR_UNREACHABLE,
                      "lost the console of '%s'%s%s", console->vm,
                      reason && *reason ? ": " : "", reason ? reason : ""));
}

/* ---- to the guest -------------------------------------------------------- */

static void
on_input(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Console *console = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(
        G_INPUT_STREAM(source), result, &error);
    gsize n_bytes = 0;
    const char *data = NULL;
    const char *escape = NULL;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (bytes != NULL)
        data = g_bytes_get_data(bytes, &n_bytes);
    if (n_bytes == 0) {
        wait_for_silence(console);
        return;
    }
    if (console->is_raw)
        escape = memchr(data, ESCAPE_KEY, n_bytes);
    if (escape != NULL)
        n_bytes = (gsize) (escape - data);
    if (n_bytes > 0)
        soup_websocket_connection_send_binary(console->socket, data, n_bytes);
    if (escape != NULL)
        leave(console, NULL);
    else
        read_input(console);
}

static void
read_input(Console *console)
{
    g_input_stream_read_bytes_async(console->input, CHUNK_BYTES,
                                    G_PRIORITY_DEFAULT, console->cancellable,
                                    on_input, console);
}

/* ---- the connection ------------------------------------------------------ */

/* The status of a handshake that was refused for a reason that a plain request
 * does not meet. */
static GError *
handshake_error(const Console *console, guint status, const GError *foreign)
{
    if (status == SOUP_STATUS_CONFLICT)
        return g_error_new(VMC_ERROR, VMC_ERROR_BUSY,
                           "somebody else has the console of '%s'; --force "
                           "takes it over",
                           console->vm);
    if (status >= 400)
        return vmc_client_problem(status, NULL);
    return g_error_new(VMC_ERROR, VMC_ERROR_UNREACHABLE,
                       "cannot open the console of '%s': %s", console->vm,
                       foreign->message);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Console *console = user_data;
    g_autoptr(GError) foreign = NULL;

    console->socket = soup_session_websocket_connect_finish(
        SOUP_SESSION(source), result, &foreign);
    if (console->socket == NULL) {
        leave(console,
              handshake_error(
                  console, soup_message_get_status(console->message), foreign));
        return;
    }
    g_signal_connect(console->socket, "message", G_CALLBACK(on_message),
                     console);
    g_signal_connect(console->socket, "closed", G_CALLBACK(on_closed), console);
    if (isatty(STDIN_FILENO) == 1) {
        vmc_say("connected to the console of '%s'; Ctrl-] leaves it",
                console->vm);
        make_raw(console);
    }
    read_input(console);
}

static gboolean
on_signal(gpointer user_data)
{
    leave(user_data, NULL);
    return G_SOURCE_CONTINUE;
}

/* The terminal is put back whatever ends it; only SIGKILL is beyond that. */
static void
run(Console *console, VmcClient *client)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    guint sources[G_N_ELEMENTS(signals)];

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sources[i] = g_unix_signal_add(signals[i], on_signal, console);
    soup_session_websocket_connect_async(
        vmc_client_session(client), console->message, NULL, NULL,
        G_PRIORITY_DEFAULT, console->cancellable, on_connected, console);
    g_main_loop_run(console->loop);
    make_cooked(console);
    g_cancellable_cancel(console->cancellable);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(sources[i]);
    g_clear_handle_id(&console->linger_source, g_source_remove);
    if (console->socket != NULL)
        g_signal_handlers_disconnect_by_data(console->socket, console);
}

static SoupMessage *
console_message(VmcInvocation *invocation)
{
    g_autofree char *path =
        vmc_client_path("vms", invocation->operands[0], "console", NULL);
    g_autofree char *query = g_strconcat(
        path, vmc_invocation_has(invocation, "force") ? "?force=1" : "", NULL);

    return vmc_client_message(SOUP_METHOD_GET, query);
}

/* A refused handshake comes without its reason, so the same is asked without a
 * handshake before: all that can be is "upgrade required". */
static gboolean
check_vm(VmcInvocation *invocation, GError **error)
{
    VmcClient *client = vmc_invocation_client(invocation, error);
    g_autoptr(SoupMessage) message = console_message(invocation);
    g_autoptr(GBytes) body = NULL;
    g_autoptr(GError) foreign = NULL;
    guint status = 0;

    if (client == NULL)
        return FALSE;
    body = soup_session_send_and_read(vmc_client_session(client), message, NULL,
                                      &foreign);
    status = soup_message_get_status(message);
    if (body == NULL)
        g_propagate_error(error,
                          vmc_client_explain(client, SOUP_METHOD_GET, foreign));
    else if (status != UPGRADE_REQUIRED)
        g_propagate_error(error, vmc_client_problem(status, body));
    return body != NULL && status == UPGRADE_REQUIRED;
}

gboolean
vmc_verb_console(VmcInvocation *invocation, GError **error)
{
    const char *linger = vmc_invocation_option(invocation, "linger");
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GInputStream) input =
        g_unix_input_stream_new(STDIN_FILENO, /* close_fd= */ FALSE);
    g_autoptr(SoupMessage) message = NULL;
    Console console = {
        .vm = invocation->operands[0],
        .loop = loop,
        .cancellable = cancellable,
        .input = input,
        .linger_s = linger ? (guint) g_ascii_strtoull(linger, NULL, 10)
                           : DEFAULT_LINGER_S,
    };

    if (!check_vm(invocation, error))
        return FALSE;
    message = console_message(invocation);
    console.message = message;
    run(&console, vmc_invocation_client(invocation, NULL));
    if (console.socket != NULL &&
        soup_websocket_connection_get_state(console.socket) ==
            SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close(console.socket,
                                        SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    g_clear_object(&console.socket);
    if (console.was_closed)
        vmc_say("the console of '%s' was closed: its VM stopped, its host is "
                "away, or somebody took it over",
                console.vm);
    if (console.error == NULL)
        return TRUE;
    g_propagate_error(error, console.error);
    return FALSE;
}
