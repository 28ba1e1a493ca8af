/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template.h"
#include "tests/fuzz/fuzz.h"

#include "core/error.h"

#include <string.h>

/* Template XML: whatever a file holds, there is a template that keeps its own
 * rules, or one line that says where the fault is. */

const char *const vmc_fuzz_seeds = "corpus/template";

static VmcTemplateSchema *
get_schema(void)
{
    static VmcTemplateSchema *schema;

    if (schema != NULL)
        return schema;
    const char *top = g_getenv("VMC_SRCDIR");
    g_autofree char *path = g_build_filename(top != NULL ? top : ".",
                                             "templates", "template.rng", NULL);
    g_autofree char *rng = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &rng, NULL, &error);
    g_assert_no_error(error);
    schema = vmc_template_schema_parse(rng, -1, &error);
    g_assert_no_error(error);
    return schema;
}

/* What is extended is the input itself: loops of every kind. */
static gboolean
find_input(const char *name,
           char **ret_xml,
           char **ret_path,
           gpointer user_data,
           GError **error)
{
    *ret_xml = g_strdup(user_data);
    *ret_path = g_strdup("fuzz.xml");
    return TRUE;
}

static void
check_range(const VmcRange *range)
{
    g_assert_cmpuint(range->min, <=, range->initial);
    g_assert_cmpuint(range->initial, <=, range->max);
}

static void
check_template(const VmcTemplate *tmpl)
{
    VmcResources size = vmc_template_size(tmpl);

    check_range(&tmpl->cpu);
    check_range(&tmpl->memory);
    check_range(&tmpl->network);
    g_assert_cmpuint(tmpl->cpu.min, >, 0);
    g_assert_cmpuint(tmpl->memory.min, >, 0);
    g_assert_true(vmc_resources_fit(vmc_template_size_min(tmpl), size, NULL));
    g_assert_true(vmc_resources_fit(size, vmc_template_size_max(tmpl), NULL));
    g_assert_nonnull(tmpl->name);
    g_assert_nonnull(tmpl->machine);
    g_assert_nonnull(tmpl->cpu_model);
    g_autoptr(VmcTemplate) same = vmc_template_override(tmpl, NULL, NULL);
    g_assert_nonnull(same);
}

static void
check_error(const GError *error)
{
    const char *place = "fuzz.xml:";
    gsize n = strlen(place);

    g_assert_nonnull(error);
    g_assert_true(error->domain == VMC_ERROR);
    g_assert_true(g_str_has_prefix(error->message, place));
    g_assert_true(g_ascii_isdigit(error->message[n]));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strchr(error->message, '\n'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplate) tmpl = vmc_template_parse(
        get_schema(), text, "fuzz.xml", find_input, text, &error);

    if (tmpl != NULL)
        check_template(tmpl);
    else
        check_error(error);
    return 0;
}
