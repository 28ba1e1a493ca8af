/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

/*
 * The way to vmctld: HTTP and JSON over its UNIX socket (docs/openapi.yaml).
 * Whatever goes wrong comes back as one sentence with advice, and as the
 * VMC_ERROR code the exit code is made from.
 */

typedef struct _VmcClient VmcClient;

/**
 * VmcPatience:
 * @note_ms: then a line on stderr says that an answer is waited for; 0: never
 * @answer_s: then a request is given up, %VMC_ERROR_UNREACHABLE
 * @silence_ms: then a feed in which nothing comes is given up
 * @look_ms: then a look at what became of a vmctld that was lost is given up
 */
typedef struct {
    guint note_ms;
    guint answer_s;
    guint silence_ms;
    guint look_ms;
} VmcPatience;

/* What a client has unless another is set. */
VmcPatience vmc_patience_default(void);

/**
 * vmc_client_new:
 * @socket_path: path of vmctld's socket
 * @error: %VMC_ERROR_INVALID when no socket can have such a path
 *
 * Connects to nothing yet.
 *
 * Returns: (transfer full): the client
 */
VmcClient *vmc_client_new(const char *socket_path, GError **error);
void vmc_client_free(VmcClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcClient, vmc_client_free)

/* (transfer none) */
const VmcPatience *vmc_client_patience(const VmcClient *client);
void vmc_client_set_patience(VmcClient *client, const VmcPatience *patience);

/**
 * vmc_client_socket_path:
 * @given: (nullable): what --socket says
 *
 * Returns: (transfer none): @given, what VMCTL_SOCKET says, or where vmctld
 * listens unless it was told otherwise
 */
const char *vmc_client_socket_path(const char *given);

/**
 * vmc_client_path:
 * @first: the first segment below /v1
 * @...: the others, then %NULL; each is escaped
 *
 * Returns: (transfer full): for example "/v1/vms/web1/start"
 */
char *vmc_client_path(const char *first, ...) G_GNUC_NULL_TERMINATED;

/**
 * vmc_client_get:
 * @client: a client
 * @path: path and query of the resource
 * @error: what vmctld answered, with its code, or %VMC_ERROR_UNREACHABLE,
 *   %VMC_ERROR_DENIED when it could not be asked
 *
 * Returns: (transfer full): the answer, an object
 */
JsonNode *vmc_client_get(VmcClient *client, const char *path, GError **error);

/**
 * vmc_client_post:
 * @client: a client
 * @path: path of the resource
 * @body: (nullable) (transfer none): what is sent, %NULL for {}
 * @error: as vmc_client_get(); %VMC_ERROR_UNKNOWN when it was sent and no
 *   answer came
 *
 * Returns: (transfer full): the answer, an object
 */
JsonNode *vmc_client_post(VmcClient *client,
                          const char *path,
                          JsonNode *body,
                          GError **error);

/**
 * vmc_client_delete:
 * @client: a client
 * @path: path of the resource
 * @error: as vmc_client_post()
 *
 * Returns: (transfer full): the answer; an empty object when there is none
 */
JsonNode *vmc_client_delete(VmcClient *client,
                            const char *path,
                            GError **error);

/**
 * vmc_client_send_async:
 * @client: a client; it may be freed after @cancellable is cancelled
 * @method: an HTTP method; a POST has the body {}
 * @path: path and query of the resource
 * @cancellable: gives up
 * @callback: called when there is an answer, or is not going to be
 * @user_data: closure
 *
 * As the functions above, for who has a main loop; it says nothing meanwhile.
 */
void vmc_client_send_async(VmcClient *client,
                           const char *method,
                           const char *path,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/* (transfer full): the answer, an object; %G_IO_ERROR_CANCELLED, or an error as
 * of vmc_client_post() */
JsonNode *vmc_client_send_finish(GAsyncResult *result, GError **error);

/**
 * vmc_client_session:
 * @client: a client
 *
 * Returns: (transfer none): the session every request goes through
 */
SoupSession *vmc_client_session(VmcClient *client);

/**
 * vmc_client_message:
 * @method: an HTTP method
 * @path: path and query
 *
 * Returns: (transfer full): a request for vmc_client_session()
 */
SoupMessage *vmc_client_message(const char *method, const char *path);

/**
 * vmc_client_explain:
 * @client: a client
 * @method: the method of the request
 * @foreign: an error of GIO or libsoup
 *
 * Returns: (transfer full): what it means here, and what would help
 */
GError *vmc_client_explain(const VmcClient *client,
                           const char *method,
                           const GError *foreign);

/**
 * vmc_client_problem:
 * @status: HTTP status of an answer that is no success
 * @body: (nullable): its body, problem details (RFC 9457) if it is vmctld's
 *
 * Returns: (transfer full): the error it tells
 */
GError *vmc_client_problem(guint status, GBytes *body);
