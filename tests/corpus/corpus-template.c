/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/corpus/corpus-template.h"

#include "core/error.h"
#include "tests/corpus/corpus.h"

static VmcTemplateSchema *
load_schema(void)
{
    g_autofree char *root = g_test_build_filename(G_TEST_DIST, "..", NULL);
    g_autofree char *folder = g_build_filename(root, "templates", NULL);
    g_autofree char *rng = corpus_read(folder, "template.rng");
    g_autoptr(GError) error = NULL;
    VmcTemplateSchema *schema = vmc_template_schema_parse(rng, -1, &error);

    g_assert_no_error(error);
    return schema;
}

static gboolean
find_template(const char *name,
              char **ret_xml,
              char **ret_path,
              gpointer user_data,
              GError **error)
{
    const char *folder = user_data;
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *shipped =
        g_test_build_filename(G_TEST_DIST, "..", "templates", NULL);

    *ret_xml = corpus_read(folder, file);
    if (*ret_xml == NULL)
        *ret_xml = corpus_read(shipped, file);
    if (*ret_xml == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no template '%s'", name);
        return FALSE;
    }
    *ret_path = g_steal_pointer(&file);
    return TRUE;
}

static void
override_free(gpointer data)
{
    VmcOverride *override = data;

    g_free(override->parameter);
    g_free(override->value);
    g_free(override);
}

static GPtrArray *
read_overrides(const char *folder)
{
    g_autofree char *text = corpus_read(folder, "overrides");
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    GPtrArray *overrides = g_ptr_array_new_with_free_func(override_free);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) halves = g_strsplit(*line, "=", 2);
        if (g_strv_length(halves) != 2)
            continue;
        VmcOverride *override = g_new0(VmcOverride, 1);
        override->parameter = g_strdup(halves[0]);
        override->value = g_strcompress(halves[1]);
        g_ptr_array_add(overrides, override);
    }
    return overrides;
}

VmcTemplate *
corpus_template(const char *folder, const char *shipped, GError **error)
{
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    g_autoptr(GPtrArray) overrides = read_overrides(folder);
    g_autoptr(VmcTemplate) tmpl = NULL;
    g_autofree char *path =
        g_strconcat(shipped != NULL ? shipped : "template", ".xml", NULL);
    g_autofree char *folder_of_shipped =
        g_test_build_filename(G_TEST_DIST, "..", "templates", NULL);
    g_autofree char *xml =
        corpus_read(shipped != NULL ? folder_of_shipped : folder, path);

    tmpl = vmc_template_parse(schema, xml, path, find_template,
                              (gpointer) folder, error);
    return tmpl != NULL ? vmc_template_override(tmpl, overrides, error) : NULL;
}
