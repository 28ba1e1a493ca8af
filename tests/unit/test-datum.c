/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/datum.h"
#include "vmctl/output.h"

#include <glib.h>

static const char text[] = "{\"s\": \"x\", \"n\": 4294967296, \"b\": true,"
                           " \"nil\": null, \"l\": [\"a\", 1, \"b\"],"
                           " \"o\": {\"deep\": {\"n\": 2500}},"
                           " \"t\": 0, \"p\": 355}";

typedef struct {
    const char *path;
    VmcDatumKind kind;
    const char *people;
    const char *scripts;
} Case;

static const Case cases[] = {
    {"s", VMC_DATUM_TEXT, "x", "x"},
    {"n", VMC_DATUM_BYTES, "4GiB", "4294967296"},
    {"n", VMC_DATUM_COUNT, "4294967296", "4294967296"},
    {"b", VMC_DATUM_YES_NO, "yes", "yes"},
    {"l", VMC_DATUM_LIST, "a, b", "a,b"},
    {"o.deep.n", VMC_DATUM_MILLICORES, "2.5", "2500"},
    {"p", VMC_DATUM_PERMILLE, "36%", "355"},
    {"t", VMC_DATUM_TIME, NULL, "0"},
    {"nil", VMC_DATUM_TEXT, NULL, NULL},
    {"o", VMC_DATUM_TEXT, NULL, NULL},
    {"missing", VMC_DATUM_TEXT, NULL, NULL},
    {"s.deeper", VMC_DATUM_TEXT, NULL, NULL},
    {"o.missing.n", VMC_DATUM_COUNT, NULL, NULL},
};

/* People get units, scripts the exact number; what is not there is nothing. */
static void
test_format(void)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *object = json_node_get_object(node);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VmcDatum datum = {"T", cases[i].path, cases[i].kind, 0, NULL};
        g_autofree char *people = vmc_datum_format(&datum, object, FALSE);
        g_autofree char *scripts = vmc_datum_format(&datum, object, TRUE);

        g_test_message("%s", cases[i].path);
        g_assert_cmpstr(people, ==, cases[i].people);
        g_assert_cmpstr(scripts, ==, cases[i].scripts);
    }
}

/* An answer of another shape than we know is empty, and not a crash. */
static void
test_other_shapes(void)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *object = json_node_get_object(node);

    g_assert_null(vmc_json_text(object, "n"));
    g_assert_null(vmc_json_text(object, "o"));
    g_assert_cmpint(vmc_json_number(object, "s"), ==, 0);
    g_assert_cmpint(vmc_json_number(object, "l"), ==, 0);
    g_assert_false(vmc_json_flag(object, "n"));
    g_assert_null(vmc_json_object(object, "l"));
    g_assert_null(vmc_json_array(object, "o"));
    g_assert_null(vmc_json_object(NULL, "o"));
    g_assert_null(vmc_json_array_object(vmc_json_array(object, "l"), 0));
}

static void
test_formats(void)
{
    for (guint i = 0; i < VMC_N_FORMATS; i++) {
        VmcFormat format = VMC_FORMAT_TABLE;

        g_assert_true(
            vmc_format_from_name(vmc_format_to_name((VmcFormat) i), &format));
        g_assert_cmpuint(format, ==, i);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datum/format", test_format);
    g_test_add_func("/datum/other-shapes", test_other_shapes);
    g_test_add_func("/output/formats", test_formats);
    return g_test_run();
}
