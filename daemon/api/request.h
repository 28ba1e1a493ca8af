/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "core/fleet.h"
#include "daemon/api/api.h"
#include "daemon/api/auth.h"
#include "daemon/api/body.h"

/*
 * One request as its handler sees it: what was asked, and ways to answer, now
 * or later. Main thread only, unless said otherwise. Who answers later holds a
 * reference; when the client goes away the cancellable is triggered, and an
 * answer then goes nowhere.
 */

typedef struct _VmcRequest VmcRequest;

/**
 * vmc_request_new:
 * @message: libsoup's side of it
 * @api: what there is to speak for
 * @params: (nullable) (transfer full): what stands for the "{…}" of the route
 * @query: (nullable): decoded query parameters
 * @body: (nullable): its body
 *
 * Returns: (transfer full): the request
 */
VmcRequest *vmc_request_new(SoupServerMessage *message,
                            const VmcApi *api,
                            GStrv params,
                            GHashTable *query,
                            GByteArray *body);
VmcRequest *vmc_request_ref(VmcRequest *request);
void vmc_request_unref(VmcRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcRequest, vmc_request_unref)

/* Any thread. */
const VmcApi *vmc_request_api(VmcRequest *request);

/**
 * vmc_request_param:
 * @request: a request
 * @index: which "{…}" of the route's pattern, from 0
 *
 * Any thread.
 *
 * Returns: (transfer none): what stands for it
 */
const char *vmc_request_param(VmcRequest *request, guint index);

/**
 * vmc_request_query:
 * @request: a request
 * @name: name of a query parameter
 *
 * Any thread.
 *
 * Returns: (transfer none) (nullable): its value
 */
const char *vmc_request_query(VmcRequest *request, const char *name);

/**
 * vmc_request_query_flag:
 * @request: a request
 * @name: name of a query parameter
 * @ret_flag: (out): whether it is set; %FALSE when it is not there
 * @error: %VMC_ERROR_INVALID when it is neither "1" nor "0"
 *
 * Returns: whether @ret_flag was set
 */
gboolean vmc_request_query_flag(VmcRequest *request,
                                const char *name,
                                gboolean *ret_flag,
                                GError **error);

const VmcPeer *vmc_request_peer(VmcRequest *request);
SoupServerMessage *vmc_request_message(VmcRequest *request);

/**
 * vmc_request_cancellable:
 * @request: a request
 *
 * Any thread.
 *
 * Returns: (transfer none): triggered when the client has gone
 */
GCancellable *vmc_request_cancellable(VmcRequest *request);

/**
 * vmc_request_read_body:
 * @request: a request
 * @type: what fields there may be
 * @target: as for vmc_body_read()
 * @error: as vmc_body_read()
 *
 * Returns: whether the body was understood
 */
gboolean vmc_request_read_body(VmcRequest *request,
                               const VmcRecordType *type,
                               gpointer target,
                               GError **error);

/**
 * vmc_request_answer:
 * @request: a request that was not answered yet
 * @status: HTTP status
 * @node: (transfer full): the answer
 */
void vmc_request_answer(VmcRequest *request, guint status, JsonNode *node);

/**
 * vmc_request_answer_nothing:
 * @request: a request that was not answered yet
 *
 * Answers 204: done, and nothing to say about it.
 */
void vmc_request_answer_nothing(VmcRequest *request);

/**
 * vmc_request_answer_job:
 * @request: a request that was not answered yet
 * @record: the job it brought about, journalled
 *
 * Answers 202, the job, and where it is to be found.
 */
void vmc_request_answer_job(VmcRequest *request, const VmcJobRecord *record);

/**
 * vmc_request_fail:
 * @request: a request that was not answered yet
 * @error: why there is no other answer
 */
void vmc_request_fail(VmcRequest *request, const GError *error);

/**
 * vmc_request_refuse:
 * @request: a request that was not answered yet
 * @status: HTTP status, one that only HTTP has, as 405
 * @error: why there is no other answer
 */
void vmc_request_refuse(VmcRequest *request, guint status, const GError *error);

/**
 * VmcRequestWork:
 * @request: the request
 * @fleet: the fleet as it is now
 * @error: what is to be told instead
 *
 * Makes an answer; any thread, may block.
 *
 * Returns: (transfer full): the answer, JSON
 */
typedef char *(*VmcRequestWork)(VmcRequest *request,
                                VmcFleet *fleet,
                                GError **error);

/**
 * vmc_request_answer_from_thread:
 * @request: a request that was not answered yet
 * @work: makes the answer
 *
 * For answers that are large, or need a host.
 */
void vmc_request_answer_from_thread(VmcRequest *request, VmcRequestWork work);

/**
 * VmcRequestDataWork:
 * @request: the request
 * @fleet: the fleet as it is now
 * @data: what the handler gave along
 * @error: what is to be told instead
 *
 * As #VmcRequestWork.
 *
 * Returns: (transfer full): the answer, JSON
 */
typedef char *(*VmcRequestDataWork)(VmcRequest *request,
                                    VmcFleet *fleet,
                                    gpointer data,
                                    GError **error);

/**
 * vmc_request_answer_from_thread_full:
 * @request: a request that was not answered yet
 * @work: makes the answer
 * @data: (transfer full): what it needs to know
 * @free_data: frees @data
 */
void vmc_request_answer_from_thread_full(VmcRequest *request,
                                         VmcRequestDataWork work,
                                         gpointer data,
                                         GDestroyNotify free_data);

/**
 * vmc_request_wait:
 * @request: a request whose handler has returned
 *
 * Unless it was answered, makes libsoup wait until it will be.
 */
void vmc_request_wait(VmcRequest *request);

/**
 * vmc_request_take_over:
 * @request: a request that was not answered yet
 *
 * From now on the answer is made with libsoup, by hand: an event stream, or a
 * WebSocket.
 *
 * Returns: %FALSE when the client has gone, and nobody waits for an answer
 */
gboolean vmc_request_take_over(VmcRequest *request);
