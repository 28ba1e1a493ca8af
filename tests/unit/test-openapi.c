/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/routes.h"

#include "core/error.h"

#include <glib.h>

#include <string.h>

/*
 * Holds docs/openapi.yaml and the table of routes together: neither has a route
 * the other does not. The file is read by its indentation: below "paths:", two
 * spaces are a path and four a method. That answers fit its schemas is for
 * tests/daemon/openapi.bats.
 */

static char *
load_document(void)
{
    g_autofree char *path =
        g_build_filename(g_getenv("VMC_SRCDIR"), "docs", "openapi.yaml", NULL);
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static guint
indentation(const char *line)
{
    return (guint) strspn(line, " ");
}

static gboolean
is_method(const char *word)
{
    static const char *const methods[] = {"get",   "post",   "put",
                                          "patch", "delete", NULL};

    return g_strv_contains(methods, word);
}

/* "METHOD /path" of each operation of the document. */
static GHashTable *
documented_routes(void)
{
    g_autofree char *text = load_document();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GHashTable *routes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean is_in_paths = FALSE;
    const char *path = NULL;

    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = lines[i];
        char *word = line + indentation(line);
        const gsize length = strlen(word);
        if (length == 0 || word[length - 1] != ':')
            continue;
        word[length - 1] = '\0';
        if (indentation(line) == 0)
            is_in_paths = g_str_equal(word, "paths");
        if (is_in_paths && indentation(line) == 2)
            path = word;
        if (is_in_paths && indentation(line) == 4 && is_method(word)) {
            g_autofree char *method = g_ascii_strup(word, -1);
            g_hash_table_add(routes, g_strdup_printf("%s %s", method, path));
        }
    }
    return routes;
}

static void
test_same_routes(void)
{
    g_autoptr(GHashTable) documented = documented_routes();
    gsize n_routes = 0;
    const VmcRoute *routes = vmc_routes(&n_routes);

    g_assert_cmpuint(g_hash_table_size(documented), >, 20);
    for (gsize i = 0; i < n_routes; i++) {
        g_autofree char *route =
            g_strdup_printf("%s %s", routes[i].method, routes[i].pattern);
        if (!g_hash_table_remove(documented, route))
            g_error("docs/openapi.yaml does not describe '%s'", route);
    }
    GHashTableIter iter;
    gpointer extra;
    g_hash_table_iter_init(&iter, documented);
    while (g_hash_table_iter_next(&iter, &extra, NULL))
        g_error("docs/openapi.yaml describes '%s', which is not there",
                (char *) extra);
}

/* Every problem type is listed, and none that is not there. */
static void
test_same_problems(void)
{
    g_autofree char *text = load_document();
    guint n_listed = 0;

    for (const char *p = text; (p = strstr(p, "- urn:vmctl:problem:")) != NULL;
         p++)
        n_listed++;
    g_assert_cmpuint(n_listed, ==, VMC_N_ERRORS);
    for (guint i = 0; i < VMC_N_ERRORS; i++) {
        g_autofree char *line = g_strdup_printf(
            "- urn:vmctl:problem:%s\n", vmc_error_to_slug((VmcError) i));
        if (strstr(text, line) == NULL)
            g_error("docs/openapi.yaml does not list '%s'", line);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openapi/same-routes", test_same_routes);
    g_test_add_func("/openapi/same-problems", test_same_problems);
    return g_test_run();
}
