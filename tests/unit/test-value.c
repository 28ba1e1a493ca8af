/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/nearest.h"
#include "vmctl/value.h"

#include <glib.h>

typedef struct {
    VmcValueKind kind;
    const char *text;
    gboolean is_good;
} Case;

static const Case cases[] = {
    {VMC_VALUE_COUNT, "1", TRUE},
    {VMC_VALUE_COUNT, "4294967295", TRUE},
    {VMC_VALUE_COUNT, "0", FALSE},
    {VMC_VALUE_COUNT, "-1", FALSE},
    {VMC_VALUE_COUNT, "+1", FALSE},
    {VMC_VALUE_COUNT, "4294967296", FALSE},
    {VMC_VALUE_COUNT, "2x", FALSE},
    {VMC_VALUE_COUNT, "", FALSE},
    {VMC_VALUE_COUNT_CHANGE, "+2", TRUE},
    {VMC_VALUE_COUNT_CHANGE, "-1", TRUE},
    {VMC_VALUE_COUNT_CHANGE, "6", TRUE},
    {VMC_VALUE_COUNT_CHANGE, "+-1", FALSE},
    {VMC_VALUE_COUNT_CHANGE, "+", FALSE},
    {VMC_VALUE_SIZE, "4GiB", TRUE},
    {VMC_VALUE_SIZE, "512M", TRUE},
    {VMC_VALUE_SIZE, "0", FALSE},
    {VMC_VALUE_SIZE, "4 apples", FALSE},
    {VMC_VALUE_SIZE, "99999999999999999999", FALSE},
    {VMC_VALUE_SIZE_CHANGE, "-512M", TRUE},
    {VMC_VALUE_SIZE_CHANGE, "+1GiB", TRUE},
    {VMC_VALUE_SIZE_CHANGE, "--1GiB", FALSE},
    {VMC_VALUE_RATE, "1Gbit/s", TRUE},
    {VMC_VALUE_RATE, "fast", FALSE},
    {VMC_VALUE_SECONDS, "0", TRUE},
    {VMC_VALUE_SECONDS, "1.5", FALSE},
    {VMC_VALUE_FORMAT, "json", TRUE},
    {VMC_VALUE_FORMAT, "yaml", FALSE},
    {VMC_VALUE_CLASS, "gold", TRUE},
    {VMC_VALUE_CLASS, "Gold", FALSE},
    {VMC_VALUE_FACTOR, "cpu=0.5", TRUE},
    {VMC_VALUE_FACTOR, "memory=auto", TRUE},
    {VMC_VALUE_FACTOR, "cpu=0", FALSE},
    {VMC_VALUE_FACTOR, "gpu=0.5", FALSE},
    {VMC_VALUE_FACTOR, "cpu", FALSE},
    {VMC_VALUE_CEILING, "cpu=8", TRUE},
    {VMC_VALUE_CEILING, "cpu=eight", FALSE},
    {VMC_VALUE_RESERVE, "memory=2GiB", TRUE},
    {VMC_VALUE_RESERVE, "memory=2", TRUE},
    {VMC_VALUE_RESERVE, "=2", FALSE},
    {VMC_VALUE_DISK_SIZE, "root=20GiB", TRUE},
    {VMC_VALUE_DISK_SIZE, "root=", FALSE},
    {VMC_VALUE_SETTING, "x=", TRUE},
    {VMC_VALUE_SETTING, "x", FALSE},
    {VMC_VALUE_JOB, "12", TRUE},
    {VMC_VALUE_JOB, "web1", FALSE},
    {VMC_VALUE_VM, "anything goes: vmctld decides", TRUE},
};

/* What is wrong on its face is said before vmctld is asked. */
static void
test_check(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gboolean is_good =
            vmc_value_check(cases[i].kind, cases[i].text, &error);

        g_test_message("'%s'", cases[i].text);
        g_assert_cmpint(is_good, ==, cases[i].is_good);
        if (!is_good)
            g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    }
}

/* "+" and "-" count from what is, and never to zero or beyond 63 bits. */
static void
test_apply(void)
{
    guint64 number = 0;

    g_assert_true(
        vmc_value_apply(VMC_VALUE_COUNT_CHANGE, "+2", 4, &number, NULL));
    g_assert_cmpuint(number, ==, 6);
    g_assert_true(
        vmc_value_apply(VMC_VALUE_COUNT_CHANGE, "3", 4, &number, NULL));
    g_assert_cmpuint(number, ==, 3);
    g_assert_true(
        vmc_value_apply(VMC_VALUE_SIZE_CHANGE, "-1K", 4096, &number, NULL));
    g_assert_cmpuint(number, ==, 3072);
    g_assert_false(
        vmc_value_apply(VMC_VALUE_COUNT_CHANGE, "-4", 4, &number, NULL));
    g_assert_false(
        vmc_value_apply(VMC_VALUE_COUNT_CHANGE, "-5", 4, &number, NULL));
    g_assert_false(vmc_value_apply(VMC_VALUE_SIZE_CHANGE, "+1K", G_MAXINT64 - 5,
                                   &number, NULL));
    g_assert_cmpuint(number, ==, 3072);
}

/* Every word that is offered for completion is also accepted. */
static void
test_words(void)
{
    for (guint kind = 0; kind < VMC_N_VALUE_KINDS; kind++) {
        const char *const *words = vmc_value_words((VmcValueKind) kind);

        for (guint i = 0; words != NULL && words[i] != NULL; i++) {
            gboolean is_begun = g_str_has_suffix(words[i], "=");

            if (!is_begun)
                g_assert_true(
                    vmc_value_check((VmcValueKind) kind, words[i], NULL));
        }
    }
}

/* A slip of the finger gets a suggestion; another word does not. */
static void
test_nearest(void)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    g_ptr_array_add(words, (gpointer) "start");
    g_ptr_array_add(words, (gpointer) "stop");
    g_ptr_array_add(words, (gpointer) "resize");
    g_assert_cmpstr(vmc_nearest("strat", words), ==, "start");
    g_assert_cmpstr(vmc_nearest("resiez", words), ==, "resize");
    g_assert_cmpstr(vmc_nearest("rsize", words), ==, "resize");
    g_assert_cmpstr(vmc_nearest("frobnicate", words), ==, NULL);
    g_assert_cmpstr(vmc_nearest("", words), ==, NULL);
    g_autofree char *endless = g_strnfill(100000, 's');
    g_assert_cmpstr(vmc_nearest(endless, words), ==, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/check", test_check);
    g_test_add_func("/value/apply", test_apply);
    g_test_add_func("/value/words", test_words);
    g_test_add_func("/nearest", test_nearest);
    return g_test_run();
}
