/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/template-checker.h"

#include "core/error.h"

#include <gio/gio.h>

#include <string.h>

#define SCHEMA_NAME "template.rng"

/* A little more than core takes, so that core says that it is too large. */
#define MAX_READ_BYTES (1024 * 1024)

/* GLib's sentences name the path once more, or not at all. */
static gboolean
fail_reading(const char *path, const GError *cause, GError **error)
{
    const char *colon = g_strrstr(cause->message, ": ");

    g_set_error(error, VMC_ERROR, vmc_error_of(cause), "cannot read '%s': %s",
                path, colon != NULL ? colon + 2 : cause->message);
    return FALSE;
}

static gboolean
read_file(const char *path, char **ret_text, gsize *ret_length, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, &cause);
    g_autofree char *text = NULL;
    gsize n_bytes = 0;

    if (stream == NULL)
        return fail_reading(path, cause, error);
    text = g_malloc(MAX_READ_BYTES + 1);
    if (!g_input_stream_read_all(G_INPUT_STREAM(stream), text, MAX_READ_BYTES,
                                 &n_bytes, NULL, &cause))
        return fail_reading(path, cause, error);
    text[n_bytes] = '\0';
    if (memchr(text, '\0', n_bytes) != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is not a text file", path);
        return FALSE;
    }
    *ret_text = g_steal_pointer(&text);
    *ret_length = n_bytes;
    return TRUE;
}

static GPtrArray *
folders_of(const char *path, GPtrArray *dirs)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; dirs != NULL && i < dirs->len; i++)
        g_ptr_array_add(folders, g_strdup(g_ptr_array_index(dirs, i)));
    g_ptr_array_add(folders, g_path_get_dirname(path));
    g_ptr_array_add(folders, g_strdup(VMC_SYSCONFDIR "/vmctl/templates"));
    g_ptr_array_add(folders, g_strdup(VMC_PKGDATADIR "/templates"));
    return folders;
}

static char *
find_in_folders(GPtrArray *folders, const char *file_name, GError **error)
{
    GString *places = g_string_new(NULL);

    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *path =
            g_build_filename(g_ptr_array_index(folders, i), file_name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            g_string_free(places, TRUE);
            return g_steal_pointer(&path);
        }
        g_string_append_printf(places, "%s'%s'", i > 0 ? ", " : "",
                               (char *) g_ptr_array_index(folders, i));
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "there is no '%s' in %s; --template-dir adds a folder",
                file_name, places->str);
    g_string_free(places, TRUE);
    return NULL;
}

static gboolean
find_template(const char *name,
              char **ret_xml,
              char **ret_path,
              gpointer user_data,
              GError **error)
{
    g_autofree char *file_name = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = NULL;
    gsize length = 0;

    if (strchr(name, '/') != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' cannot be the name of a template", name);
        return FALSE;
    }
    path = find_in_folders(user_data, file_name, error);
    if (path == NULL || !read_file(path, ret_xml, &length, error))
        return FALSE;
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

static VmcTemplateSchema *
load_schema(GPtrArray *folders, GError **error)
{
    g_autofree char *path = find_in_folders(folders, SCHEMA_NAME, error);
    g_autofree char *text = NULL;
    gsize length = 0;

    if (path == NULL || !read_file(path, &text, &length, error))
        return NULL;
    return vmc_template_schema_parse(text, (gssize) length, error);
}

VmcTemplate *
vmc_template_checker_load(const char *path, GPtrArray *dirs, GError **error)
{
    g_autoptr(GPtrArray) folders = folders_of(path, dirs);
    g_autofree char *text = NULL;
    g_autoptr(VmcTemplateSchema) schema = NULL;
    g_autoptr(VmcTemplate) tmpl = NULL;
    gsize length = 0;

    if (!read_file(path, &text, &length, error))
        return NULL;
    schema = load_schema(folders, error);
    if (schema == NULL)
        return NULL;
    tmpl =
        vmc_template_parse(schema, text, path, find_template, folders, error);
    if (tmpl == NULL || !vmc_template_check_file(tmpl, path, error))
        return NULL;
    return g_steal_pointer(&tmpl);
}
