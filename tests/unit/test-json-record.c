/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/json-record.h"

#include "core/error.h"
#include "core/json-text.h"

#include <glib.h>

typedef struct {
    char *name;
    guint64 count;
    GStrv labels;
    GHashTable *overrides;
} Sample;

static const VmcField fields[] = {
    {"name", VMC_FIELD_STRING, G_STRUCT_OFFSET(Sample, name), TRUE, NULL, 1, 5},
    {"count", VMC_FIELD_UINT64, G_STRUCT_OFFSET(Sample, count), FALSE, NULL, 2,
     9},
    {"labels", VMC_FIELD_STRV, G_STRUCT_OFFSET(Sample, labels), FALSE, NULL, 0,
     2},
    {"overrides", VMC_FIELD_STRING_MAP, G_STRUCT_OFFSET(Sample, overrides),
     FALSE, NULL, 0, 2},
};

static const VmcRecordType type = {.fields = fields,
                                   .n_fields = G_N_ELEMENTS(fields)};

static void
sample_clear(Sample *sample)
{
    g_clear_pointer(&sample->name, g_free);
    g_clear_pointer(&sample->labels, g_strfreev);
    g_clear_pointer(&sample->overrides, g_hash_table_unref);
}

/* What is within the limits is taken, and comes out again as it went in. */
static void
test_within_limits(void)
{
    static const char text[] =
        "{\"name\":\"abcde\",\"count\":9,\"labels\":[\"x\",\"y\"],"
        "\"overrides\":{\"memory\":\"4GiB\",\"vcpus\":\"2\"}}";
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = vmc_json_parse(text, -1, 1000, &error);
    Sample sample = {0};

    vmc_record_from_json(&type, node, &sample, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(g_hash_table_lookup(sample.overrides, "memory"), ==,
                    "4GiB");
    g_autoptr(JsonNode) again = vmc_record_to_json(&type, &sample);
    g_autofree char *printed = vmc_json_print(again);
    g_assert_cmpstr(printed, ==, text);
    sample_clear(&sample);
}

typedef struct {
    const char *text;
    const char *message;
} Bad;

/* What is beyond a limit is refused, with the member, the limit and what was
 * found; so nobody needs to look at a documentation to correct it. */
static void
test_beyond_limits(void)
{
    static const Bad bad[] = {
        {"{\"name\":\"\"}", "name: expected a string of 1 to 5 bytes, found 0"},
        {"{\"name\":\"abcdef\"}",
         "name: expected a string of 1 to 5 bytes, found 6"},
        {"{\"name\":\"a\",\"count\":1}",
         "count: expected a whole number from 2 to 9, found 1"},
        {"{\"name\":\"a\",\"count\":10}",
         "count: expected a whole number from 2 to 9, found 10"},
        {"{\"name\":\"a\",\"labels\":[\"1\",\"2\",\"3\"]}",
         "labels: expected at most 2 entries, found 3"},
        {"{\"name\":\"a\",\"overrides\":{\"1\":\"\",\"2\":\"\",\"3\":\"\"}}",
         "overrides: expected at most 2 entries, found 3"},
        {"{\"name\":\"a\",\"overrides\":[]}",
         "overrides: expected an object of strings, found an array"},
        {"{\"name\":\"a\",\"overrides\":{\"vcpus\":2}}",
         "overrides.vcpus: expected a string, found a whole number"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = vmc_json_parse(bad[i].text, -1, 1000, NULL);
        Sample sample = {0};

        g_assert_false(vmc_record_from_json(&type, node, &sample, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, bad[i].message);
        sample_clear(&sample);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-record/within-limits", test_within_limits);
    g_test_add_func("/json-record/beyond-limits", test_beyond_limits);
    return g_test_run();
}
