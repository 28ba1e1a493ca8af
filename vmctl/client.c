/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/client.h"

#include "core/error.h"
#include "vmctl/datum.h"
#include "vmctl/waiting-note.h"

#include <gio/gunixsocketaddress.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#define PROBLEM_PREFIX "urn:vmctl:problem:"

struct _VmcClient {
    char *socket_path;
    VmcPatience patience;
    SoupSession *session; /* made at the first request */
};

/* What vmctld answers itself takes milliseconds; a feed has a sign of life
 * every 15 s. */
VmcPatience
vmc_patience_default(void)
{
    return (VmcPatience){
        .note_ms = 5000, .answer_s = 90, .silence_ms = 40000, .look_ms = 10000};
}

VmcClient *
vmc_client_new(const char *socket_path, GError **error)
{
    VmcClient *client = NULL;

    if (*socket_path == '\0' ||
        strlen(socket_path) >= sizeof(((struct sockaddr_un *) 0)->sun_path)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' cannot be the path of a socket: it must have 1 to "
                    "%zu bytes",
                    socket_path,
                    sizeof(((struct sockaddr_un *) 0)->sun_path) - 1);
        return NULL;
    }
    client = g_new0(VmcClient, 1);
    client->socket_path = g_strdup(socket_path);
    client->patience = vmc_patience_default();
    return client;
}

const VmcPatience *
vmc_client_patience(const VmcClient *client)
{
    return &client->patience;
}

void
vmc_client_set_patience(VmcClient *client, const VmcPatience *patience)
{
    client->patience = *patience;
    if (client->session != NULL)
        soup_session_set_timeout(client->session, patience->answer_s);
}

void
vmc_client_free(VmcClient *client)
{
    if (client == NULL)
        return;
    g_clear_object(&client->session);
    g_free(client->socket_path);
    g_free(client);
}

/* No proxy resolver: looking for one would load plug-ins, which takes longer
 * than the request. */
SoupSession *
vmc_client_session(VmcClient *client)
{
    g_autoptr(GSocketAddress) address = NULL;

    if (client->session != NULL)
        return client->session;
    address = g_unix_socket_address_new(client->socket_path);
    client->session = soup_session_new_with_options(
        "remote-connectable", address, "proxy-resolver", NULL, "timeout",
        client->patience.answer_s, "idle-timeout", 0, "user-agent",
        PACKAGE_NAME "/" PACKAGE_VERSION, NULL);
    return client->session;
}

const char *
vmc_client_socket_path(const char *given)
{
    const char *path = given != NULL ? given : g_getenv("VMCTL_SOCKET");

    return given != NULL || (path != NULL && *path != '\0') ? path
                                                            : VMC_RUNSTATEDIR
               "/vmctl/vmctld.sock";
}

char *
vmc_client_path(const char *first, ...)
{
    GString *path = g_string_new("/v1");
    va_list args;

    va_start(args, first);
    for (const char *segment = first; segment != NULL;
         segment = va_arg(args, const char *)) {
        g_string_append_c(path, '/');
        g_string_append_uri_escaped(path, segment, NULL, /* utf8= */ FALSE);
    }
    va_end(args);
    return g_string_free(path, FALSE);
}

SoupMessage *
vmc_client_message(const char *method, const char *path)
{
    g_autofree char *uri = g_strconcat("http://localhost", path, NULL);

    return soup_message_new(method, uri);
}

/* ---- what went wrong ----------------------------------------------------- */

static GError *
explain_connect(const VmcClient *client, const GError *foreign)
{
    const char *path = client->socket_path;

    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return g_error_new(
            VMC_ERROR, VMC_ERROR_UNREACHABLE,
            "cannot reach vmctld: there is no socket '%s'; start it with "
            "'systemctl start vmctld', or name its socket with --socket or "
            "VMCTL_SOCKET",
            path);
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        return g_error_new(
            VMC_ERROR, VMC_ERROR_UNREACHABLE,
            "cannot reach vmctld: nobody listens at '%s'; it has stopped: see "
            "'systemctl status vmctld' and 'journalctl -u vmctld'",
            path);
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        return g_error_new(
            VMC_ERROR, VMC_ERROR_DENIED,
            "may not open vmctld's socket '%s': that takes root or a member "
            "of the group 'vmctl'",
            path);
    return NULL;
}

static char *
reason_of(const VmcClient *client, const GError *foreign)
{
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return g_strdup_printf("it said nothing for %u s",
                               client->patience.answer_s);
    return g_strdup(foreign->message);
}

GError *
vmc_client_explain(const VmcClient *client,
                   const char *method,
                   const GError *foreign)
{
    GError *error = explain_connect(client, foreign);
    g_autofree char *reason = reason_of(client, foreign);

    if (error != NULL)
        return error;
    if (!g_str_equal(method, SOUP_METHOD_GET))
        return g_error_new(
            VMC_ERROR, VMC_ERROR_UNKNOWN,
            "vmctld gave no answer to the request (%s); it may have been "
            "carried out: see 'vmctl job list'",
            reason);
    return g_error_new(VMC_ERROR, VMC_ERROR_UNREACHABLE,
                       "vmctld gave no answer at '%s' (%s): see 'systemctl "
                       "status vmctld' and 'journalctl -u vmctld'",
                       client->socket_path, reason);
}

static VmcError
code_of_status(guint status)
{
    for (guint i = VMC_ERROR_FAILED + 1; i < VMC_N_ERRORS; i++)
        if (vmc_error_to_http_status((VmcError) i) == status)
            return (VmcError) i;
    return status < 500 ? VMC_ERROR_INVALID : VMC_ERROR_FAILED;
}

static GError *
problem_of_json(guint status, JsonObject *problem)
{
    const char *type = vmc_json_text(problem, "type");
    const char *detail = vmc_json_text(problem, "detail");
    VmcError code = code_of_status(status);

    if (type != NULL && g_str_has_prefix(type, PROBLEM_PREFIX))
        vmc_error_from_slug(type + strlen(PROBLEM_PREFIX), &code);
    if (detail == NULL)
        detail = vmc_json_text(problem, "title");
    return g_error_new(VMC_ERROR, (int) code, "%s",
                       detail ? detail : vmc_error_to_title(code));
}

GError *
vmc_client_problem(guint status, GBytes *body)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    gsize length = 0;
    const char *text = body ? g_bytes_get_data(body, &length) : NULL;
    JsonNode *root = NULL;

    if (length > 0 &&
        json_parser_load_from_data(parser, text, (gssize) length, NULL))
        root = json_parser_get_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        return problem_of_json(status, json_node_get_object(root));
    return g_error_new(VMC_ERROR, (int) code_of_status(status),
                       "vmctld answered with HTTP status %u and no reason",
                       status);
}

/* ---- requests ------------------------------------------------------------ */

static JsonNode *
empty_object(void)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, json_object_new());
    return node;
}

static JsonNode *
parse_answer(GBytes *body, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GError) parse_error = NULL;
    gsize length = 0;
    const char *text = g_bytes_get_data(body, &length);

    if (length == 0)
        return empty_object();
    if (json_parser_load_from_data(parser, text, (gssize) length, &parse_error))
        root = json_parser_steal_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        return g_steal_pointer(&root);
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "what answered at the socket is not vmctld: %s",
                parse_error ? parse_error->message : "no JSON object");
    return NULL;
}

static SoupMessage *
make_message(const char *method, const char *path, JsonNode *body)
{
    SoupMessage *message = vmc_client_message(method, path);
    g_autoptr(GBytes) bytes = NULL;
    char *text = NULL;

    if (body == NULL)
        return message;
    text = json_to_string(body, /* pretty= */ FALSE);
    bytes = g_bytes_new_take(text, strlen(text));
    soup_message_set_request_body_from_bytes(message, "application/json",
                                             bytes);
    return message;
}

/* What came back: @body, or @foreign when there is none. */
static JsonNode *
read_answer(const VmcClient *client,
            SoupMessage *message,
            GBytes *body,
            const GError *foreign,
            GError **error)
{
    const guint status = soup_message_get_status(message);
    const char *method = soup_message_get_method(message);

    if (body != NULL && SOUP_STATUS_IS_SUCCESSFUL(status))
        return parse_answer(body, error);
    g_propagate_error(error, body != NULL
                                 ? vmc_client_problem(status, body)
                                 : vmc_client_explain(client, method, foreign));
    return NULL;
}

static JsonNode *
request(VmcClient *client,
        const char *method,
        const char *path,
        JsonNode *body,
        GError **error)
{
    g_autoptr(SoupMessage) message = make_message(method, path, body);
    const guint note_ms = client->patience.note_ms;
    g_autoptr(VmcWaitingNote) note =
        note_ms > 0 ? vmc_waiting_note_begin(note_ms) : NULL;
    g_autoptr(GError) foreign = NULL;
    g_autoptr(GBytes) answer = soup_session_send_and_read(
        vmc_client_session(client), message, NULL, &foreign);

    return read_answer(client, message, answer, foreign, error);
}

JsonNode *
vmc_client_get(VmcClient *client, const char *path, GError **error)
{
    return request(client, SOUP_METHOD_GET, path, NULL, error);
}

JsonNode *
vmc_client_post(VmcClient *client,
                const char *path,
                JsonNode *body,
                GError **error)
{
    g_autoptr(JsonNode) empty = body == NULL ? empty_object() : NULL;

    return request(client, SOUP_METHOD_POST, path, body ? body : empty, error);
}

JsonNode *
vmc_client_delete(VmcClient *client, const char *path, GError **error)
{
    return request(client, SOUP_METHOD_DELETE, path, NULL, error);
}

/* ---- without blocking -----------------------------------------------------
 */

/* The client may be gone by then; only who cancelled may have let it go. */
static void
on_sent(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) foreign = NULL;
    GError *error = NULL;
    g_autoptr(GBytes) body = soup_session_send_and_read_finish(
        SOUP_SESSION(source), result, &foreign);

    if (g_task_return_error_if_cancelled(task))
        return;
    JsonNode *node = read_answer(
        g_task_get_task_data(task),
        soup_session_get_async_result_message(SOUP_SESSION(source), result),
        body, foreign, &error);
    if (node != NULL)
        g_task_return_pointer(task, node, (GDestroyNotify) json_node_unref);
    else
        g_task_return_error(task, error);
}

void
vmc_client_send_async(VmcClient *client,
                      const char *method,
                      const char *path,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
    g_autoptr(JsonNode) empty =
        g_str_equal(method, SOUP_METHOD_POST) ? empty_object() : NULL;
    g_autoptr(SoupMessage) message = make_message(method, path, empty);
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);

    g_task_set_task_data(task, client, NULL);
    soup_session_send_and_read_async(vmc_client_session(client), message,
                                     G_PRIORITY_DEFAULT, cancellable, on_sent,
                                     task);
}

JsonNode *
vmc_client_send_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
