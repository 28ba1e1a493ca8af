/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/json-text.h"

#include "core/error.h"

#include <string.h>

/* What is JSON passes, with its values as they were. */
static void
test_good(void)
{
    static const char *const texts[] = {
        "0",
        "-1",
        "true",
        "null",
        "\"a\\u00e9\\n\\\\\\\"b\"",
        "[]",
        "{}",
        "[1,-2.5,3e10,1E-2,0.5]",
        "[9223372036854775807,-9223372036854775808]",
        " {\n\"a\" :\t[ 1 , {\"b\":[]} ]\r\n}\n",
        "{\"a\":\"[{\\\"\"}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = vmc_json_parse(texts[i], -1, 1000, &error);
        g_assert_no_error(error);
        g_autofree char *again = vmc_json_print(node);
        g_autoptr(JsonNode) twice = vmc_json_parse(again, -1, 1000, &error);
        g_assert_no_error(error);
        g_assert_true(json_node_equal(node, twice));
    }
}

/* What only json-glib would take does not pass, above all what it would take
 * for another value than was written. */
static void
test_bad(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "nan",
        "tru",
        "truex",
        "[1",
        "]",
        "[}",
        "{\"a\"}",
        "[1,]",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "1 2",
        "{}{}",
        "010",
        "0x1",
        "1.",
        ".5",
        "-",
        "--1",
        "1e",
        "+1",
        "1a",
        "'a'",
        "//x\n1",
        "#x\n1",
        "/**/1",
        "var a=1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\",
        "\"\t\"",
        "\"\n\"",
        "\"\\u0000\"",
        "\377",
        "[\"\\ud800\"]",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", texts[i]);
        g_assert_null(vmc_json_parse(texts[i], -1, 1000, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(vmc_json_parse("[1]\0[2]", 7, 1000, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

/* Neither a long text nor a deep one gets as far as the parser. */
static void
test_limits(void)
{
    g_autofree char *open = g_strnfill(100000, '[');
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_json_parse(open, -1, 100000, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE);
    g_clear_error(&error);
    g_assert_null(vmc_json_parse(open, -1, 99999, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE);
    g_clear_error(&error);

    memset(open + VMC_JSON_MAX_DEPTH, ']', VMC_JSON_MAX_DEPTH);
    g_autoptr(JsonNode) node =
        vmc_json_parse(open, 2 * VMC_JSON_MAX_DEPTH, 100, &error);
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-text/good", test_good);
    g_test_add_func("/json-text/bad", test_bad);
    g_test_add_func("/json-text/limits", test_limits);
    return g_test_run();
}
