/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/routes.h"

#include "core/error.h"

#include <glib.h>

#include <string.h>

static const VmcRoute *
find(const char *method, const char *path, GStrv *ret_params, char **ret_allow)
{
    g_autoptr(GError) error = NULL;
    const VmcRoute *route =
        vmc_route_find(method, path, ret_params, ret_allow, &error);

    g_assert_cmpint(route == NULL, ==, error != NULL);
    g_assert_cmpint(route == NULL, ==, *ret_params == NULL);
    return route;
}

/* A path finds its route, and what varies in it is handed over. */
static void
test_found(void)
{
    g_auto(GStrv) params = NULL;
    g_autofree char *allow = NULL;
    const VmcRoute *route = find("POST", "/v1/jobs/17/cancel", &params, &allow);

    g_assert_cmpstr(route->pattern, ==, "/v1/jobs/{job}/cancel");
    g_assert_cmpint(route->access, ==, VMC_ACCESS_WRITE);
    g_assert_cmpuint(g_strv_length(params), ==, 1);
    g_assert_cmpstr(params[0], ==, "17");
    g_assert_null(allow);
}

/* What is nearly a path is none. */
static void
test_not_found(void)
{
    static const char *const paths[] = {
        "/",        "",           "/v2",           "/v1/",
        "/v1/host", "/v1/hosts/", "/v1/hosts/a/b", "//v1/hosts",
        "v1/hosts",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(GStrv) params = NULL;
        g_autofree char *allow = NULL;
        g_assert_null(find("GET", paths[i], &params, &allow));
        g_assert_null(allow);
    }
}

/* A wrong method is told the right ones. */
static void
test_method_not_allowed(void)
{
    g_auto(GStrv) params = NULL;
    g_autofree char *allow = NULL;

    g_assert_null(find("PUT", "/v1/hosts", &params, &allow));
    g_assert_cmpstr(allow, ==, "GET, POST");
}

static gboolean
check_query(const char *path, const char *name, GError **error)
{
    g_auto(GStrv) params = NULL;
    g_autofree char *allow = NULL;
    const VmcRoute *route = find("GET", path, &params, &allow);
    g_autoptr(GHashTable) query = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_insert(query, (char *) name, (char *) "x");
    return vmc_route_check_query(route, query, error);
}

/* A misspelt parameter is an error, not a longer list than was asked for. */
static void
test_query(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(check_query("/v1/jobs", "state", &error));
    g_assert_no_error(error);
    g_assert_false(check_query("/v1/jobs", "status", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==,
                    "'/v1/jobs' has no query parameter 'status': vm state "
                    "limit there are");
    g_clear_error(&error);
    g_assert_false(check_query("/v1/hosts", "state", &error));
    g_clear_error(&error);
    g_assert_false(check_query("/v1/jobs", "", &error));
}

/* No route hides another, what only looks may be had by readers, and what
 * changes something may not. */
static void
test_table(void)
{
    gsize n_routes = 0;
    const VmcRoute *routes = vmc_routes(&n_routes);

    for (gsize i = 0; i < n_routes; i++) {
        g_auto(GStrv) params = NULL;
        g_autofree char *allow = NULL;
        const VmcRoute *route = &routes[i];

        g_assert_true(find(route->method, route->pattern, &params, &allow) ==
                      route);
        if (strcmp(route->method, "GET") != 0)
            g_assert_cmpint(route->access, ==, VMC_ACCESS_WRITE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routes/found", test_found);
    g_test_add_func("/routes/not-found", test_not_found);
    g_test_add_func("/routes/method-not-allowed", test_method_not_allowed);
    g_test_add_func("/routes/query", test_query);
    g_test_add_func("/routes/table", test_table);
    return g_test_run();
}
