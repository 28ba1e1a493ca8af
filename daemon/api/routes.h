/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/api/auth.h"
#include "daemon/api/request.h"

/**
 * VmcRouteFunc:
 * @request: what is asked
 * @error: what is to be told instead of an answer
 *
 * Answers @request, or sees to it that it will be answered. Main thread; must
 * not block.
 *
 * Returns: %FALSE when @error is the answer
 */
typedef gboolean (*VmcRouteFunc)(VmcRequest *request, GError **error);

/**
 * VmcRoute:
 * @method: "GET", "POST" or "DELETE"
 * @pattern: the path, with "{name}" for what varies
 * @access: what it takes
 * @query: (nullable): the query parameters there may be, separated by spaces
 * @run: answers it
 */
typedef struct {
    const char *method;
    const char *pattern;
    VmcAccess access;
    const char *query;
    VmcRouteFunc run;
} VmcRoute;

/**
 * vmc_routes:
 * @ret_n: (out): how many
 *
 * Returns: (transfer none) (array length=ret_n): all routes of the API;
 * docs/openapi.yaml describes the same ones
 */
const VmcRoute *vmc_routes(gsize *ret_n);

/**
 * vmc_route_find:
 * @method: as in the request
 * @path: as in the request, decoded
 * @ret_params: (out) (transfer full): what stands for the "{…}", in order
 * @ret_allow: (out) (transfer full) (nullable): when there is such a path, but
 *   not for @method: the methods there are, for the Allow header
 * @error: %VMC_ERROR_NOT_FOUND; %VMC_ERROR_INVALID with @ret_allow set
 *
 * Returns: (transfer none): the route
 */
const VmcRoute *vmc_route_find(const char *method,
                               const char *path,
                               GStrv *ret_params,
                               char **ret_allow,
                               GError **error);

/**
 * vmc_route_check_query:
 * @route: a route
 * @query: (nullable): the decoded parameters of the request
 * @error: %VMC_ERROR_INVALID naming the one there is not
 *
 * Returns: whether @route takes them all
 */
gboolean vmc_route_check_query(const VmcRoute *route,
                               GHashTable *query,
                               GError **error);
