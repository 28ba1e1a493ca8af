/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/routes.h"

#include "core/error.h"
#include "daemon/api/console-socket.h"
#include "daemon/api/create-route.h"
#include "daemon/api/events-stream.h"
#include "daemon/api/fleet-routes.h"
#include "daemon/api/host-routes.h"
#include "daemon/api/job-routes.h"
#include "daemon/api/migrate-route.h"
#include "daemon/api/resize-route.h"
#include "daemon/api/template-routes.h"
#include "daemon/api/vm-routes.h"

#include <string.h>

#define READ VMC_ACCESS_READ
#define WRITE VMC_ACCESS_WRITE

/* The whole API. docs/openapi.yaml describes the same routes, and
 * tests/unit/test-openapi.c holds the two together. */
static const VmcRoute routes[] = {
    {"GET", "/v1", READ, NULL, vmc_route_get_version},
    {"GET", "/v1/fleet", READ, NULL, vmc_route_get_fleet},

    {"GET", "/v1/hosts", READ, NULL, vmc_route_list_hosts},
    {"POST", "/v1/hosts", WRITE, NULL, vmc_route_add_host},
    {"GET", "/v1/hosts/{host}", READ, NULL, vmc_route_get_host},
    {"DELETE", "/v1/hosts/{host}", WRITE, NULL, vmc_route_remove_host},

    {"GET", "/v1/vms", READ, "host fields", vmc_route_list_vms},
    {"POST", "/v1/vms", WRITE, NULL, vmc_route_create_vm},
    {"GET", "/v1/vms/{vm}", READ, NULL, vmc_route_get_vm},
    {"DELETE", "/v1/vms/{vm}", WRITE, "force", vmc_route_delete_vm},
    {"POST", "/v1/vms/{vm}/start", WRITE, NULL, vmc_route_start_vm},
    {"POST", "/v1/vms/{vm}/stop", WRITE, NULL, vmc_route_stop_vm},
    {"POST", "/v1/vms/{vm}/reboot", WRITE, NULL, vmc_route_reboot_vm},
    {"POST", "/v1/vms/{vm}/pause", WRITE, NULL, vmc_route_pause_vm},
    {"POST", "/v1/vms/{vm}/resume", WRITE, NULL, vmc_route_resume_vm},
    {"POST", "/v1/vms/{vm}/rename", WRITE, NULL, vmc_route_rename_vm},
    {"POST", "/v1/vms/{vm}/resize", WRITE, NULL, vmc_route_resize_vm},
    {"POST", "/v1/vms/{vm}/migrate", WRITE, NULL, vmc_route_migrate_vm},
    {"POST", "/v1/vms/{vm}/adopt", WRITE, NULL, vmc_route_adopt_vm},
    {"GET", "/v1/vms/{vm}/console", WRITE, "force", vmc_route_open_console},

    {"GET", "/v1/templates", READ, NULL, vmc_route_list_templates},
    {"GET", "/v1/templates/{template}", READ, NULL, vmc_route_get_template},

    {"GET", "/v1/jobs", READ, "vm state limit", vmc_route_list_jobs},
    {"GET", "/v1/jobs/{job}", READ, NULL, vmc_route_get_job},
    {"POST", "/v1/jobs/{job}/cancel", WRITE, NULL, vmc_route_cancel_job},

    {"GET", "/v1/events", READ, "job vm", vmc_route_stream_events},
};

const VmcRoute *
vmc_routes(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(routes);
    return routes;
}

/* ---- matching ------------------------------------------------------------ */

static gboolean
is_variable(const char *segment)
{
    return segment[0] == '{';
}

/* The parts that stand for "{…}", or NULL when @path is not of @pattern. */
static GStrv
match(const char *pattern, GStrv path)
{
    g_auto(GStrv) want = g_strsplit(pattern, "/", -1);
    g_autoptr(GStrvBuilder) params = g_strv_builder_new();

    if (g_strv_length(want) != g_strv_length(path))
        return NULL;
    for (guint i = 0; want[i] != NULL; i++) {
        if (is_variable(want[i]) && *path[i] != '\0')
            g_strv_builder_add(params, path[i]);
        else if (!g_str_equal(want[i], path[i]))
            return NULL;
    }
    return g_strv_builder_end(params);
}

const VmcRoute *
vmc_route_find(const char *method,
               const char *path,
               GStrv *ret_params,
               char **ret_allow,
               GError **error)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    g_autoptr(GString) allow = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(routes); i++) {
        g_auto(GStrv) params = match(routes[i].pattern, segments);
        if (params == NULL)
            continue;
        if (g_str_equal(routes[i].method, method)) {
            *ret_params = g_steal_pointer(&params);
            return &routes[i];
        }
        g_string_append_printf(allow, "%s%s", allow->len > 0 ? ", " : "",
                               routes[i].method);
    }
    if (allow->len > 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' does not take %s: use %s", path, method, allow->str);
        *ret_allow = g_string_free(g_steal_pointer(&allow), FALSE);
        return NULL;
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "there is no '%s' in this API: see docs/openapi.yaml", path);
    return NULL;
}

gboolean
vmc_route_check_query(const VmcRoute *route, GHashTable *query, GError **error)
{
    if (query == NULL)
        return TRUE;
    g_auto(GStrv) known =
        g_strsplit(route->query != NULL ? route->query : "", " ", -1);
    GHashTableIter iter;
    gpointer name = NULL;
    g_hash_table_iter_init(&iter, query);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (*(char *) name != '\0' &&
            g_strv_contains((const char *const *) known, name))
            continue;
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' has no query parameter '%s': %s there are",
                    route->pattern, (char *) name,
                    route->query != NULL ? route->query : "none");
        return FALSE;
    }
    return TRUE;
}
