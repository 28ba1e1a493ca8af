/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/http.h"

#include "core/error.h"
#include "daemon/api/caller.h"
#include "daemon/api/problem.h"
#include "daemon/api/request.h"
#include "daemon/api/routes.h"
#include "daemon/log.h"

#include <libsoup/soup.h>

#include <string.h>

/* What is read and thrown away of a body that is too large, so that the client
 * gets to read why; one that goes on is cut off. */
#define MAX_DRAINED_BYTES (G_GUINT64_CONSTANT(64) << 20)
#define MAX_TARGET_BYTES 2000
#define ACCEPTS_AT_A_TIME 16
#define ACCEPT_PAUSE_MS 200

struct _VmcHttp {
    const VmcApi *api;
    VmcAuthRules rules;
    SoupServer *server;
    GSocket *socket;
    GSource *accept_source;
    guint resume_id;
    guint n_connections;
    VmcHttpFunc idle_func;
    gpointer idle_data;
};

/* ---- connections --------------------------------------------------------- */

static void start_accepting(VmcHttp *http);

static void
tell_idle(VmcHttp *http)
{
    VmcHttpFunc func = http->idle_func;

    if (func == NULL || http->n_connections > 0)
        return;
    http->idle_func = NULL;
    func(http->idle_data);
}

static void
on_closed(gpointer user_data)
{
    VmcHttp *http = user_data;

    http->n_connections--;
    tell_idle(http);
}

/* Those who may only read leave room for those who may act. */
static gboolean
has_room_for(VmcHttp *http, const VmcPeer *peer)
{
    const guint max = http->api->settings->max_connections;
    const guint limit =
        vmc_auth_is_trusted(&http->rules, peer) ? max : max - max / 4;

    return http->n_connections < limit;
}

static void
send_busy(GSocket *socket)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Content-Type: application/problem+json\r\n"
        "Connection: close\r\n"
        "\r\n"
        "{\"type\":\"urn:vmctl:problem:busy\",\"title\":\"Busy\","
        "\"status\":503,\"detail\":\"vmctld has as many clients as it may: "
        "try again, or raise 'max_connections' in vmctld.conf\"}";

    g_socket_send_with_blocking(socket, text, sizeof text - 1, FALSE, NULL,
                                NULL);
}

static void
take_connection(VmcHttp *http, GSocket *socket)
{
    g_auto(VmcPeer) peer = {0};
    g_autoptr(GError) error = NULL;

    if (!vmc_peer_read(socket, &peer, &error)) {
        vmc_log_warning(VMC_LOG("api", .error = error),
                        "a client was turned away");
        return;
    }
    if (!has_room_for(http, &peer)) {
        send_busy(socket);
        return;
    }
    http->n_connections++;
    if (!vmc_caller_serve(http->server, socket, &peer,
                          http->api->settings->request_timeout_s, on_closed,
                          http, &error))
        vmc_log_warning(VMC_LOG("api", .error = error),
                        "a client could not be served");
}

static gboolean
on_resume(gpointer user_data)
{
    VmcHttp *http = user_data;

    http->resume_id = 0;
    start_accepting(http);
    return G_SOURCE_REMOVE;
}

/* Out of file descriptors, most likely: the next try would fail as well. */
static void
pause_accepting(VmcHttp *http, const GError *error)
{
    vmc_log_warning(VMC_LOG("api", .error = error),
                    "cannot accept a client, trying again in %d ms",
                    ACCEPT_PAUSE_MS);
    g_clear_pointer(&http->accept_source, g_source_unref);
    http->resume_id = g_timeout_add(ACCEPT_PAUSE_MS, on_resume, http);
}

static gboolean
on_incoming(GSocket *listener, GIOCondition condition, gpointer user_data)
{
    VmcHttp *http = user_data;

    for (guint i = 0; i < ACCEPTS_AT_A_TIME; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GSocket) socket = g_socket_accept(listener, NULL, &error);
        if (socket == NULL) {
            if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
                return G_SOURCE_CONTINUE;
            pause_accepting(http, error);
            return G_SOURCE_REMOVE;
        }
        g_socket_set_blocking(socket, FALSE);
        take_connection(http, socket);
    }
    return G_SOURCE_CONTINUE;
}

static void
start_accepting(VmcHttp *http)
{
    http->accept_source = g_socket_create_source(http->socket, G_IO_IN, NULL);
    g_source_set_callback(http->accept_source, G_SOURCE_FUNC(on_incoming), http,
                          NULL);
    g_source_attach(http->accept_source, NULL);
}

/* ---- the way of a request ------------------------------------------------ */

/* A request while it is read: what was admitted, and its body so far. */
typedef struct {
    const VmcRoute *route; /* (nullable): it was refused, and is only drained */
    GStrv params;
    GHashTable *query; /* (nullable) */
    GByteArray *body;
    gsize max_body_bytes;
    guint64 n_bytes;
} Intake;

static void
free_intake(gpointer data)
{
    Intake *intake = data;

    g_strfreev(intake->params);
    g_clear_pointer(&intake->query, g_hash_table_unref);
    g_byte_array_unref(intake->body);
    g_free(intake);
}

/* What is not HTTP is refused by libsoup, with a bare status and without asking
 * anybody: so each answer begins as the problem that would then be the reason.
 * The status varies, so it is left to the status line. */
static void
on_started(SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
    static const char text[] =
        "{\"type\":\"urn:vmctl:problem:invalid\",\"title\":\"Invalid input\","
        "\"detail\":\"this is no request of HTTP/1.1 that vmctld "
        "understands: see docs/openapi.yaml, and let a library write it\"}";

    soup_server_message_set_response(message, VMC_PROBLEM_MEDIA_TYPE,
                                     SOUP_MEMORY_STATIC, text, sizeof text - 1);
}

static void
forget_first_answer(SoupServerMessage *message)
{
    soup_message_body_truncate(soup_server_message_get_response_body(message));
    soup_message_headers_remove(
        soup_server_message_get_response_headers(message), "Content-Type");
}

static GQuark
intake_quark(void)
{
    return g_quark_from_static_string("vmc-intake");
}

static Intake *
intake_of(SoupServerMessage *message)
{
    return g_object_get_qdata(G_OBJECT(message), intake_quark());
}

/* A request that is refused before it is read: what it asked for is unknown,
 * or not to be done. */
static void
refuse(VmcHttp *http,
       SoupServerMessage *message,
       guint status,
       const GError *error)
{
    g_autoptr(VmcRequest) request =
        vmc_request_new(message, http->api, NULL, NULL, NULL);

    if (status != 0)
        vmc_request_refuse(request, status, error);
    else
        vmc_request_fail(request, error);
}

static gboolean
is_json(SoupMessageHeaders *headers)
{
    const char *type = soup_message_headers_get_content_type(headers, NULL);

    return type == NULL || g_ascii_strcasecmp(type, "application/json") == 0;
}

/* Bodies are taken for JSON unless they say they are something else: curl says
 * "form" when it is not told. */
static gboolean
check_media_type(SoupServerMessage *message, guint *ret_status, GError **error)
{
    SoupMessageHeaders *headers =
        soup_server_message_get_request_headers(message);

    if (is_json(headers))
        return TRUE;
    *ret_status = SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "a body of type '%s' is not understood: send application/json",
                soup_message_headers_get_content_type(headers, NULL));
    return FALSE;
}

static gboolean
check_length(VmcHttp *http, SoupServerMessage *message, GError **error)
{
    const goffset length = soup_message_headers_get_content_length(
        soup_server_message_get_request_headers(message));
    const guint64 limit = http->api->settings->max_body_bytes;

    if (length <= (goffset) limit)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                "the request body has %" G_GOFFSET_FORMAT
                " bytes, more than the %" G_GUINT64_FORMAT
                " allowed ('max_body_bytes' in vmctld.conf)",
                length, limit);
    return FALSE;
}

/* No name in it is longer than 255 bytes, and no answer should repeat what is.
 */
static gboolean
check_target(SoupServerMessage *message, guint *ret_status, GError **error)
{
    GUri *uri = soup_server_message_get_uri(message);
    const char *query = g_uri_get_query(uri);
    const gsize length =
        strlen(g_uri_get_path(uri)) + (query != NULL ? strlen(query) : 0);

    if (length <= MAX_TARGET_BYTES)
        return TRUE;
    *ret_status = SOUP_STATUS_REQUEST_URI_TOO_LONG;
    g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                "the path and query of the request have %" G_GSIZE_FORMAT
                " bytes, and no more than %d are allowed",
                length, MAX_TARGET_BYTES);
    return FALSE;
}

static const VmcRoute *
find_route(SoupServerMessage *message,
           const char *path,
           GStrv *ret_params,
           guint *ret_status,
           GError **error)
{
    g_autofree char *allow = NULL;
    const VmcRoute *route =
        vmc_route_find(soup_server_message_get_method(message), path,
                       ret_params, &allow, error);

    if (allow != NULL) {
        *ret_status = SOUP_STATUS_METHOD_NOT_ALLOWED;
        soup_message_headers_replace(
            soup_server_message_get_response_headers(message), "Allow", allow);
    }
    return route;
}

/* Everything that can be said before the body is read. */
static const VmcRoute *
admit(VmcHttp *http,
      SoupServerMessage *message,
      const char *path,
      GHashTable *query,
      GStrv *ret_params,
      guint *ret_status,
      GError **error)
{
    const VmcPeer *peer = vmc_caller_peer(vmc_caller_of(message));
    const VmcRoute *route = NULL;

    if (!vmc_auth_check(&http->rules, peer, VMC_ACCESS_READ, error) ||
        !check_target(message, ret_status, error))
        return NULL;
    route = find_route(message, path, ret_params, ret_status, error);
    if (route == NULL ||
        !vmc_auth_check(&http->rules, peer, route->access, error) ||
        !vmc_route_check_query(route, query, error) ||
        !check_media_type(message, ret_status, error) ||
        !check_length(http, message, error))
        return NULL;
    return route;
}

static void
on_chunk(SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
    Intake *intake = intake_of(message);
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(chunk, &length);

    intake->n_bytes += length;
    if (intake->n_bytes > MAX_DRAINED_BYTES)
        vmc_caller_cut(vmc_caller_of(message));
    if (intake->route == NULL || intake->n_bytes > intake->max_body_bytes)
        g_byte_array_set_size(intake->body, 0);
    else
        g_byte_array_append(intake->body, data, (guint) length);
}

static Intake *
start_intake(VmcHttp *http, SoupServerMessage *message)
{
    Intake *intake = g_new0(Intake, 1);

    intake->body = g_byte_array_new();
    intake->max_body_bytes = http->api->settings->max_body_bytes;
    g_object_set_qdata_full(G_OBJECT(message), intake_quark(), intake,
                            free_intake);
    soup_message_body_set_accumulate(
        soup_server_message_get_request_body(message), FALSE);
    g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), NULL);
    return intake;
}

static void
on_headers(SoupServer *server,
           SoupServerMessage *message,
           const char *path,
           GHashTable *query,
           gpointer user_data)
{
    VmcHttp *http = user_data;
    Intake *intake = start_intake(http, message);
    g_autoptr(GError) error = NULL;
    guint status = 0;

    forget_first_answer(message);
    soup_message_headers_replace(
        soup_server_message_get_response_headers(message), "Connection",
        "close");
    /* Ranges of an answer that is made anew each time mean nothing. */
    soup_message_headers_remove(
        soup_server_message_get_request_headers(message), "Range");
    intake->query = query != NULL ? g_hash_table_ref(query) : NULL;
    intake->route =
        admit(http, message, path, query, &intake->params, &status, &error);
    if (intake->route == NULL)
        refuse(http, message, status, error);
}

static gboolean
check_size(const Intake *intake, GError **error)
{
    if (intake->n_bytes <= intake->max_body_bytes)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                "the request body has more than the %" G_GSIZE_FORMAT
                " bytes allowed ('max_body_bytes' in vmctld.conf)",
                intake->max_body_bytes);
    return FALSE;
}

/* Comes only when nothing was refused before. */
static void
on_request(SoupServer *server,
           SoupServerMessage *message,
           const char *path,
           GHashTable *query,
           gpointer user_data)
{
    VmcHttp *http = user_data;
    Intake *intake = intake_of(message);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcRequest) request =
        vmc_request_new(message, http->api, g_steal_pointer(&intake->params),
                        intake->query, intake->body);

    vmc_caller_set_deadline(vmc_caller_of(message), 0);
    if (check_size(intake, &error) && intake->route->run(request, &error))
        vmc_request_wait(request);
    else
        vmc_request_fail(request, error);
}

/* ---- public -------------------------------------------------------------- */

VmcHttp *
vmc_http_new(const VmcApi *api, const VmcAuthRules *rules)
{
    VmcHttp *http = g_new0(VmcHttp, 1);

    http->api = api;
    http->rules = *rules;
    http->server = soup_server_new("server-header", "vmctld", NULL);
    g_signal_connect(http->server, "request-started", G_CALLBACK(on_started),
                     NULL);
    soup_server_add_early_handler(http->server, NULL, on_headers, http, NULL);
    soup_server_add_handler(http->server, NULL, on_request, http, NULL);
    return http;
}

void
vmc_http_listen(VmcHttp *http, GSocket *socket)
{
    g_return_if_fail(http->socket == NULL);
    http->socket = g_object_ref(socket);
    g_socket_set_blocking(http->socket, FALSE);
    start_accepting(http);
}

void
vmc_http_stop_listening(VmcHttp *http)
{
    g_clear_handle_id(&http->resume_id, g_source_remove);
    if (http->accept_source != NULL)
        g_source_destroy(http->accept_source);
    g_clear_pointer(&http->accept_source, g_source_unref);
    g_clear_object(&http->socket);
}

void
vmc_http_when_idle(VmcHttp *http, VmcHttpFunc func, gpointer user_data)
{
    http->idle_func = func;
    http->idle_data = user_data;
    tell_idle(http);
}

void
vmc_http_free(VmcHttp *http)
{
    if (http == NULL)
        return;
    vmc_http_stop_listening(http);
    http->idle_func = NULL;
    soup_server_disconnect(http->server);
    g_object_unref(http->server);
    g_free(http);
}
