/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/request.h"

#include "core/error.h"
#include "core/json-text.h"
#include "daemon/api/caller.h"
#include "daemon/api/job-view.h"
#include "daemon/api/problem.h"

#include <string.h>

#define JSON_MEDIA_TYPE "application/json"
#define MAX_INSTANCE_BYTES 2000

struct _VmcRequest {
    gatomicrefcount refs;
    SoupServerMessage *message;
    VmcCaller *caller; /* lives as long as message */
    const VmcApi *api;
    GStrv params;
    GHashTable *query; /* (nullable) */
    GCancellable *cancellable;
    GByteArray *body; /* (nullable) */
    gboolean is_answered;
    gboolean is_waiting; /* libsoup waits for us */
    gboolean is_over;    /* libsoup has done with the message */
};

/* ---- life ---------------------------------------------------------------- */

/* libsoup has sent the answer, or given the client up. */
static void
on_finished(SoupServerMessage *message, gpointer user_data)
{
    VmcRequest *request = user_data;

    request->is_over = TRUE;
    vmc_caller_watch(request->caller, NULL, NULL);
    g_cancellable_cancel(request->cancellable);
}

static void
on_gone(gpointer user_data)
{
    VmcRequest *request = user_data;

    g_cancellable_cancel(request->cancellable);
}

VmcRequest *
vmc_request_new(SoupServerMessage *message,
                const VmcApi *api,
                GStrv params,
                GHashTable *query,
                GByteArray *body)
{
    VmcRequest *request = g_new0(VmcRequest, 1);

    g_atomic_ref_count_init(&request->refs);
    request->message = g_object_ref(message);
    request->caller = vmc_caller_of(message);
    request->api = api;
    request->params = params;
    request->query = query != NULL ? g_hash_table_ref(query) : NULL;
    request->cancellable = g_cancellable_new();
    request->body = body != NULL ? g_byte_array_ref(body) : NULL;
    g_signal_connect(message, "finished", G_CALLBACK(on_finished), request);
    return request;
}

VmcRequest *
vmc_request_ref(VmcRequest *request)
{
    g_atomic_ref_count_inc(&request->refs);
    return request;
}

void
vmc_request_unref(VmcRequest *request)
{
    if (!g_atomic_ref_count_dec(&request->refs))
        return;
    g_signal_handlers_disconnect_by_data(request->message, request);
    vmc_caller_watch(request->caller, NULL, NULL);
    g_object_unref(request->message);
    g_strfreev(request->params);
    g_clear_pointer(&request->query, g_hash_table_unref);
    g_object_unref(request->cancellable);
    g_clear_pointer(&request->body, g_byte_array_unref);
    g_free(request);
}

/* ---- what is asked ------------------------------------------------------- */

const VmcApi *
vmc_request_api(VmcRequest *request)
{
    return request->api;
}

const char *
vmc_request_param(VmcRequest *request, guint index)
{
    g_return_val_if_fail(request->params != NULL, NULL);
    g_return_val_if_fail(index < g_strv_length(request->params), NULL);
    return request->params[index];
}

const char *
vmc_request_query(VmcRequest *request, const char *name)
{
    if (request->query == NULL)
        return NULL;
    return g_hash_table_lookup(request->query, name);
}

gboolean
vmc_request_query_flag(VmcRequest *request,
                       const char *name,
                       gboolean *ret_flag,
                       GError **error)
{
    const char *value = vmc_request_query(request, name);

    if (value != NULL && !g_str_equal(value, "0") && !g_str_equal(value, "1")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is '%s': use 0 or 1", name, value);
        return FALSE;
    }
    *ret_flag = g_strcmp0(value, "1") == 0;
    return TRUE;
}

const VmcPeer *
vmc_request_peer(VmcRequest *request)
{
    return vmc_caller_peer(request->caller);
}

SoupServerMessage *
vmc_request_message(VmcRequest *request)
{
    return request->message;
}

GCancellable *
vmc_request_cancellable(VmcRequest *request)
{
    return request->cancellable;
}

gboolean
vmc_request_read_body(VmcRequest *request,
                      const VmcRecordType *type,
                      gpointer target,
                      GError **error)
{
    if (request->body == NULL)
        return vmc_body_read("", 0, type, target, error);
    return vmc_body_read((const char *) request->body->data, request->body->len,
                         type, target, error);
}

/* ---- answers ------------------------------------------------------------- */

static GBytes *
to_text(JsonNode *node)
{
    char *text = vmc_json_print(node);

    return g_bytes_new_take(text, strlen(text));
}

static void
answer(VmcRequest *request, guint status, const char *media_type, GBytes *text)
{
    g_return_if_fail(!request->is_answered);
    request->is_answered = TRUE;
    if (request->is_over)
        return;
    SoupMessageHeaders *headers =
        soup_server_message_get_response_headers(request->message);
    soup_server_message_set_status(request->message, status, NULL);
    soup_message_headers_replace(headers, "Cache-Control", "no-store");
    if (text != NULL) {
        soup_message_headers_set_content_type(headers, media_type, NULL);
        soup_message_body_append_bytes(
            soup_server_message_get_response_body(request->message), text);
    }
    vmc_caller_watch(request->caller, NULL, NULL);
    vmc_caller_set_deadline(request->caller,
                            request->api->settings->request_timeout_s);
    if (request->is_waiting)
        soup_server_message_unpause(request->message);
    request->is_waiting = FALSE;
}

void
vmc_request_answer(VmcRequest *request, guint status, JsonNode *node)
{
    g_autoptr(GBytes) text = to_text(node);

    json_node_unref(node);
    answer(request, status, JSON_MEDIA_TYPE, text);
}

void
vmc_request_answer_nothing(VmcRequest *request)
{
    answer(request, SOUP_STATUS_NO_CONTENT, NULL, NULL);
}

void
vmc_request_answer_job(VmcRequest *request, const VmcJobRecord *record)
{
    g_autofree char *location =
        g_strdup_printf("/v1/jobs/%" G_GUINT64_FORMAT, record->id);
    g_autoptr(JsonObject) object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_member(object, "job", vmc_job_view(record));
    json_node_set_object(node, object);
    if (!request->is_over)
        soup_message_headers_replace(
            soup_server_message_get_response_headers(request->message),
            "Location", location);
    vmc_request_answer(request, SOUP_STATUS_ACCEPTED, node);
}

static void
answer_problem(VmcRequest *request, const VmcProblem *problem)
{
    g_autoptr(JsonNode) node = vmc_problem_to_json(problem);
    g_autoptr(GBytes) text = to_text(node);

    answer(request, problem->status, VMC_PROBLEM_MEDIA_TYPE, text);
}

/* (nullable): too long to be repeated */
static const char *
path_of(VmcRequest *request)
{
    const char *path =
        g_uri_get_path(soup_server_message_get_uri(request->message));

    return strlen(path) <= MAX_INSTANCE_BYTES ? path : NULL;
}

void
vmc_request_fail(VmcRequest *request, const GError *error)
{
    const VmcProblem problem = vmc_problem_of(error, path_of(request));

    answer_problem(request, &problem);
}

void
vmc_request_refuse(VmcRequest *request, guint status, const GError *error)
{
    VmcProblem problem = vmc_problem_of(error, path_of(request));

    problem.status = status;
    answer_problem(request, &problem);
}

/* ---- later --------------------------------------------------------------- */

void
vmc_request_wait(VmcRequest *request)
{
    if (request->is_answered)
        return;
    request->is_waiting = TRUE;
    soup_server_message_pause(request->message);
    vmc_caller_watch(request->caller, on_gone, request);
}

gboolean
vmc_request_take_over(VmcRequest *request)
{
    request->is_answered = TRUE;
    request->is_waiting = FALSE;
    vmc_caller_watch(request->caller, NULL, NULL);
    vmc_caller_set_deadline(request->caller, 0);
    return !request->is_over;
}

typedef struct {
    VmcRequest *request;
    VmcRequestDataWork work;
    VmcFleet *fleet;
    gpointer data;
    GDestroyNotify free_data;
} Work;

static void
work_free(gpointer data)
{
    Work *work = data;

    if (work->free_data != NULL)
        work->free_data(work->data);
    vmc_fleet_unref(work->fleet);
    g_free(work);
}

static void
run_work(GTask *task, gpointer source, gpointer data, GCancellable *none)
{
    const Work *work = data;
    GError *error = NULL;
    char *text = work->work(work->request, work->fleet, work->data, &error);

    if (text != NULL)
        g_task_return_pointer(task, g_bytes_new_take(text, strlen(text)),
                              (GDestroyNotify) g_bytes_unref);
    else
        g_task_return_error(task, error);
}

static void
on_work_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(VmcRequest) request = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = g_task_propagate_pointer(G_TASK(result), &error);

    if (text != NULL)
        answer(request, SOUP_STATUS_OK, JSON_MEDIA_TYPE, text);
    else
        vmc_request_fail(request, error);
}

void
vmc_request_answer_from_thread_full(VmcRequest *request,
                                    VmcRequestDataWork work,
                                    gpointer data,
                                    GDestroyNotify free_data)
{
    g_autoptr(GTask) task =
        g_task_new(NULL, NULL, on_work_done, vmc_request_ref(request));
    Work *order = g_new(Work, 1);

    order->request = request; /* the task's callback holds it */
    order->work = work;
    order->fleet = vmc_live_fleet_snapshot(request->api->live_fleet);
    order->data = data;
    order->free_data = free_data;
    g_task_set_task_data(task, order, work_free);
    g_task_run_in_thread(task, run_work);
}

static char *
run_plain(VmcRequest *request, VmcFleet *fleet, gpointer data, GError **error)
{
    VmcRequestWork work = *(VmcRequestWork *) data;

    return work(request, fleet, error);
}

void
vmc_request_answer_from_thread(VmcRequest *request, VmcRequestWork work)
{
    vmc_request_answer_from_thread_full(request, run_plain,
                                        g_memdup2(&work, sizeof work), g_free);
}
