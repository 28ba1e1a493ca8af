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

/* Text that is printed is JSON, whatever stands in the record, and reads back
 * as it was. */
static void
test_odd_strings(void)
{
    static const char *const odd[] = {"",
                                      "\"quoted\"",
                                      "back\\slash",
                                      "two\nlines\ttab\r\b\f",
                                      "\x01\x1f\x7f",
                                      "ünï→🙂",
                                      "</script>",
                                      NULL};

    for (guint i = 0; odd[i] != NULL; i++) {
        Sample sample = {.name = g_strdup(odd[i])};
        g_autofree char *text = vmc_record_to_text(&type, &sample);
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = vmc_json_parse(text, -1, 1000, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(
            json_object_get_string_member(json_node_get_object(node), "name"),
            ==, odd[i]);
        sample_clear(&sample);
    }
    char cut[] = "a\xff";
    Sample broken = {.name = cut};
    g_autofree char *text = vmc_record_to_text(&type, &broken);
    g_assert_cmpstr(text, ==,
                    "{\"name\":\"a\xef\xbf\xbd\",\"count\":0,\"labels\":[]}");
}

/* The ends of what numbers can be. */
static void
test_numbers(void)
{
    typedef struct {
        gint64 below;
        guint64 above;
        guint small;
        gboolean yes;
    } Numbers;
    static const VmcField number_fields[] = {
        VMC_FIELD(Numbers, below, INT64),
        VMC_FIELD(Numbers, above, UINT64),
        VMC_FIELD(Numbers, small, UINT),
        VMC_FIELD(Numbers, yes, BOOLEAN),
    };
    static const VmcRecordType number_type = VMC_RECORD_TYPE(number_fields);
    Numbers numbers = {G_MININT64, G_MAXUINT64, G_MAXUINT, TRUE};
    g_autofree char *text = vmc_record_to_text(&number_type, &numbers);

    g_assert_cmpstr(text, ==,
                    "{\"below\":-9223372036854775808,"
                    "\"above\":9223372036854775807,"
                    "\"small\":4294967295,\"yes\":true}");
}

/* Who asks for some fields gets these, in their order, and is told of those
 * there are not. */
static void
test_chosen_fields(void)
{
    char name[] = "a";
    Sample sample = {.name = name, .count = 5};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    VmcFields chosen = 0;

    g_assert_true(
        vmc_record_choose_fields(&type, "count,name", &chosen, &error));
    vmc_record_print(text, &type, &sample, chosen);
    g_assert_cmpstr(text->str, ==, "{\"name\":\"a\",\"count\":5}");
    g_assert_false(vmc_record_choose_fields(&type, "name,no", &chosen, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_string_truncate(text, 0);
    vmc_record_print(text, &type, &sample, 0);
    g_assert_cmpstr(text->str, ==, "{}");
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
    g_test_add_func("/json-record/odd-strings", test_odd_strings);
    g_test_add_func("/json-record/numbers", test_numbers);
    g_test_add_func("/json-record/chosen-fields", test_chosen_fields);
    return g_test_run();
}
