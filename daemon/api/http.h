/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/api/api.h"
#include "daemon/api/auth.h"

/*
 * The HTTP server: connections of a listening UNIX socket, limits, and the way
 * of a request to its route. Main thread only.
 */

typedef struct _VmcHttp VmcHttp;

/**
 * vmc_http_new:
 * @api: what there is to speak for
 * @rules: who may do what
 *
 * Returns: (transfer full): a server that does not listen yet
 */
VmcHttp *vmc_http_new(const VmcApi *api, const VmcAuthRules *rules);

/**
 * vmc_http_listen:
 * @http: a server
 * @socket: a listening UNIX socket
 *
 * Serves the clients that connect to @socket.
 */
void vmc_http_listen(VmcHttp *http, GSocket *socket);

/**
 * vmc_http_stop_listening:
 * @http: a server
 *
 * No more clients; those there are get their answers.
 */
void vmc_http_stop_listening(VmcHttp *http);

/**
 * VmcHttpFunc:
 * @user_data: closure
 */
typedef void (*VmcHttpFunc)(gpointer user_data);

/**
 * vmc_http_when_idle:
 * @http: a server that does not listen any more
 * @func: called once, when the last client has gone; at once if there is none
 * @user_data: closure
 */
void vmc_http_when_idle(VmcHttp *http, VmcHttpFunc func, gpointer user_data);

/**
 * vmc_http_free:
 * @http: (nullable): a server; clients there are, are cut off
 */
void vmc_http_free(VmcHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcHttp, vmc_http_free)
