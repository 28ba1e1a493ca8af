/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"

#include <glib.h>

/* Every code has a word of its own, and the word leads back to it. */
static void
test_slugs_round_trip(void)
{
    for (guint i = 0; i < VMC_N_ERRORS; i++) {
        VmcError back = VMC_N_ERRORS;

        g_assert_true(
            vmc_error_from_slug(vmc_error_to_slug((VmcError) i), &back));
        g_assert_cmpint(back, ==, i);
        g_assert_cmpint(vmc_error_to_exit_code((VmcError) i), >, 0);
        g_assert_cmpuint(vmc_error_to_http_status((VmcError) i), >=, 400);
        g_assert_nonnull(vmc_error_to_title((VmcError) i));
    }
    VmcError untouched = VMC_ERROR_BUSY;
    g_assert_false(vmc_error_from_slug("no-such-word", &untouched));
    g_assert_cmpint(untouched, ==, VMC_ERROR_BUSY);
}

/* A file that is missing is "not found" whoever noticed it. */
static void
test_foreign_errors_are_mapped(void)
{
    g_autoptr(GError) error = NULL;

    g_autofree char *text = NULL;
    g_file_get_contents("/nonexistent/file", &text, NULL, &error);
    g_assert_cmpint(vmc_error_of(error), ==, VMC_ERROR_NOT_FOUND);
    g_assert_cmpint(vmc_error_of(NULL), ==, VMC_ERROR_FAILED);
}

/* What somebody gave may be shown: it stays one short line of valid text. */
static void
test_quote(void)
{
    static const struct {
        const char *text;
        const char *quoted;
    } cases[] = {
        {"", ""},
        {"web1", "web1"},
        {"größe", "größe"},
        {"a\nb\tc\177", "a\\nb\\x09c\\x7f"},
        {"\377x", "\357\277\275x"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *quoted = vmc_error_quote(cases[i].text);
        g_assert_cmpstr(quoted, ==, cases[i].quoted);
    }
    g_autofree char *long_text = g_strnfill(1000, 'x');
    g_autofree char *quoted = vmc_error_quote(long_text);
    g_assert_cmpint(g_utf8_strlen(quoted, -1), ==, 65);
    g_assert_true(g_str_has_suffix(quoted, "…"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/slugs-round-trip", test_slugs_round_trip);
    g_test_add_func("/error/foreign", test_foreign_errors_are_mapped);
    g_test_add_func("/error/quote", test_quote);
    return g_test_run();
}
