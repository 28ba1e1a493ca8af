/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template.h"

#include <glib.h>

#include "core/error.h"

#include <string.h>

/* What the corpus of templates cannot hold: files that are too large to keep,
 * several threads, and the values themselves. */

#define HEAD "<template name=\"t\" xmlns=\"urn:vmctl:template:1\">"
#define BODY                                                                   \
    "<size><vcpus min=\"1\" default=\"2\" max=\"4\"/>"                         \
    "<memory min=\"1GiB\" default=\"2GiB\" max=\"4GiB\"/></size>"              \
    "<machine type=\"pc-q35-7.2\"/><cpu model=\"qemu64\"/>"
#define GOOD HEAD BODY "</template>"

static VmcTemplateSchema *
load_schema(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "..", "templates", "template.rng", NULL);
    g_autofree char *rng = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &rng, NULL, &error);
    g_assert_no_error(error);
    VmcTemplateSchema *schema = vmc_template_schema_parse(rng, -1, &error);
    g_assert_no_error(error);
    return schema;
}

static void
assert_refused(const char *xml, VmcError code, const char *message)
{
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_template_parse(schema, xml, "t.xml", NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
    g_assert_cmpstr(error->message, ==, message);
}

static char *
repeat(const char *text, gsize times)
{
    GString *result = g_string_sized_new(strlen(text) * times);

    for (gsize i = 0; i < times; i++)
        g_string_append(result, text);
    return g_string_free(result, FALSE);
}

/* A huge file is refused by its size, before anything reads it. */
static void
test_ten_megabytes(void)
{
    g_autofree char *padding = repeat("<!-- 16 bytes -->\n", 10 * 65536);
    g_autofree char *xml = g_strconcat(HEAD, padding, BODY "</template>", NULL);

    assert_refused(xml, VMC_ERROR_TOO_LARGE,
                   "t.xml:1: the file is larger than 256 KiB; a template "
                   "needs no more than a few");
}

/* Nesting is refused while reading: the stack does not grow with the file. */
static void
test_deep_nesting(void)
{
    g_autofree char *open = repeat("<a>\n", 20000);
    g_autofree char *shut = repeat("</a>", 20000);
    g_autofree char *xml = g_strconcat(HEAD "<libvirt>", open, shut,
                                       "</libvirt></template>", NULL);

    assert_refused(xml, VMC_ERROR_TOO_LARGE,
                   "t.xml:63: elements are nested deeper than 64 levels; a "
                   "template needs no more than a dozen");
}

/* Entities that expand to each other never come to be expanded. */
static void
test_billion_laughs(void)
{
    GString *xml = g_string_new("<!DOCTYPE t [\n<!ENTITY e0 \"ha\">\n");

    for (guint i = 1; i <= 30; i++)
        g_string_append_printf(xml,
                               "<!ENTITY e%u \"&e%u;&e%u;&e%u;&e%u;&e%u;\">\n",
                               i, i - 1, i - 1, i - 1, i - 1, i - 1);
    g_string_append(xml, "]>\n" HEAD "<title>&e30;</title></template>");
    assert_refused(xml->str, VMC_ERROR_INVALID,
                   "t.xml:1: a DOCTYPE is not allowed; a template is plain XML "
                   "without entities of its own");
    g_string_free(xml, TRUE);
}

/* libxml2 counts lines in 16 bits unless told otherwise. */
static void
test_line_beyond_65535(void)
{
    g_autofree char *lines = repeat("\n", 70000);
    g_autofree char *xml =
        g_strconcat(HEAD, lines, "<color/></template>", NULL);
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_template_parse(schema, xml, "t.xml", NULL, NULL, &error));
    g_assert_true(g_str_has_prefix(
        error->message, "t.xml:70001: unknown element <color> in <template>"));
}

static void
test_not_utf8(void)
{
    assert_refused(HEAD "\n<title>caf\xe9</title></template>",
                   VMC_ERROR_INVALID,
                   "t.xml:2: this is not UTF-8 text; save the file as UTF-8");
}

/* Without a way to find others, `extends` fails with its place. */
static void
test_extends_without_source(void)
{
    assert_refused("<template name=\"t\" extends=\"base\" "
                   "xmlns=\"urn:vmctl:template:1\"/>",
                   VMC_ERROR_NOT_FOUND,
                   "t.xml:1: it extends 'base', which cannot be had: no other "
                   "templates are at hand");
}

static void
test_bad_schemas(void)
{
    static const char *const texts[] = {
        "",
        "<grammar",
        "<!DOCTYPE a []><a/>",
        "<a/>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"/>",
        "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start>"
        "<ref name=\"nowhere\"/></start></grammar>"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(vmc_template_schema_parse(texts[i], -1, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
        g_assert_true(g_str_has_prefix(error->message, "template schema: "));
    }
}

/* ---- values -------------------------------------------------------------- */

/* An override gives a new template and leaves the old one alone, also when a
 * later one of several is refused. */
static void
test_override_leaves_original(void)
{
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplate) tmpl = vmc_template_parse(
        schema,
        HEAD BODY "<overridable><parameter name=\"vcpus\"/></overridable>"
                  "</template>",
        "t.xml", NULL, NULL, &error);
    g_autoptr(GPtrArray) overrides = g_ptr_array_new();
    VmcOverride good = {(char *) "vcpus", (char *) "3"};
    VmcOverride bad = {(char *) "memory", (char *) "3GiB"};

    g_assert_no_error(error);
    g_ptr_array_add(overrides, &good);
    g_autoptr(VmcTemplate) changed =
        vmc_template_override(tmpl, overrides, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(changed->cpu.initial, ==, 3000);
    g_assert_cmpuint(tmpl->cpu.initial, ==, 2000);
    g_ptr_array_add(overrides, &bad);
    g_assert_null(vmc_template_override(tmpl, overrides, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    g_assert_cmpuint(tmpl->cpu.initial, ==, 2000);
}

/* The three sizes a VM of a template is planned with. */
static void
test_sizes(void)
{
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcTemplate) tmpl = vmc_template_parse(
        schema,
        HEAD BODY "<disks><disk name=\"a\" size=\"1GiB\" max=\"3GiB\"/>"
                  "<disk name=\"b\" size=\"2GiB\"/></disks>"
                  "<networks><network network=\"n\" bandwidth=\"1Gbit/s\"/>"
                  "<network network=\"m\" bandwidth=\"2Gbit/s\"/></networks>"
                  "</template>",
        "t.xml", NULL, NULL, &error);
    const guint64 gib = G_GUINT64_CONSTANT(1) << 30;
    const guint64 gbit = G_GUINT64_CONSTANT(1000000000);

    g_assert_no_error(error);
    g_assert_true(
        vmc_resources_equal(vmc_template_size(tmpl),
                            VMC_RESOURCES(2000, 2 * gib, 3 * gib, 3 * gbit)));
    g_assert_true(
        vmc_resources_equal(vmc_template_size_min(tmpl),
                            VMC_RESOURCES(1000, gib, 3 * gib, 3 * gbit)));
    g_assert_true(
        vmc_resources_equal(vmc_template_size_max(tmpl),
                            VMC_RESOURCES(4000, 4 * gib, 5 * gib, 3 * gbit)));
}

/* ---- threads ------------------------------------------------------------- */

static gpointer
parse_many(gpointer data)
{
    VmcTemplateSchema *schema = data;

    for (guint i = 0; i < 50; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VmcTemplate) tmpl =
            vmc_template_parse(schema, GOOD, "t.xml", NULL, NULL, NULL);
        g_autoptr(VmcTemplate) none = vmc_template_parse(
            schema, HEAD "<x/></template>", "t.xml", NULL, NULL, &error);
        g_assert_nonnull(tmpl);
        g_assert_null(none);
        g_assert_true(
            g_str_has_prefix(error->message, "t.xml:1: unknown element <x>"));
    }
    return NULL;
}

/* One compiled schema serves several threads, good and bad files mixed. */
static void
test_threads(void)
{
    g_autoptr(VmcTemplateSchema) schema = load_schema();
    GThread *threads[4];

    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("parse", parse_many, schema);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/ten-megabytes", test_ten_megabytes);
    g_test_add_func("/template/deep-nesting", test_deep_nesting);
    g_test_add_func("/template/billion-laughs", test_billion_laughs);
    g_test_add_func("/template/line-beyond-65535", test_line_beyond_65535);
    g_test_add_func("/template/not-utf8", test_not_utf8);
    g_test_add_func("/template/extends-without-source",
                    test_extends_without_source);
    g_test_add_func("/template/bad-schemas", test_bad_schemas);
    g_test_add_func("/template/override-leaves-original",
                    test_override_leaves_original);
    g_test_add_func("/template/sizes", test_sizes);
    g_test_add_func("/template/threads", test_threads);
    return g_test_run();
}
