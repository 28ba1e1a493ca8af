/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/table.h"

#include <glib.h>

static VmcTable *
make_table(void)
{
    VmcTable *table = vmc_table_new();

    vmc_table_add_column(table, "NAME", 0);
    vmc_table_add_column(table, "N", VMC_COLUMN_RIGHT);
    vmc_table_add_column(table, "NOTE", VMC_COLUMN_OPTIONAL);
    return table;
}

static void
add_row(VmcTable *table, const char *name, const char *n, const char *note)
{
    vmc_table_add_cell(table, name, VMC_STYLE_NONE);
    vmc_table_add_cell(table, n, VMC_STYLE_NONE);
    vmc_table_add_cell(table, note, VMC_STYLE_NONE);
}

static void
assert_table(const VmcTable *table, guint flags, const char *expected)
{
    g_autofree char *text = vmc_table_format(table, flags);

    g_assert_cmpstr(text, ==, expected);
}

/* Columns line up, numbers to the right, and no line ends in blanks. */
static void
test_lines_up(void)
{
    g_autoptr(VmcTable) table = make_table();

    add_row(table, "a", "1", "x");
    add_row(table, "abcdef", "1000", NULL);
    assert_table(table, VMC_TABLE_LEGEND,
                 "NAME       N  NOTE\n"
                 "a          1  x\n"
                 "abcdef  1000  -\n");
}

/* A column nobody has anything for is left out, but only for people. */
static void
test_optional(void)
{
    g_autoptr(VmcTable) table = make_table();
    g_autofree char *plain = NULL;

    add_row(table, "a", "1", NULL);
    assert_table(table, 0, "a     1\n");
    plain = vmc_table_format_plain(table);
    g_assert_cmpstr(plain, ==, "a\t1\t\n");
}

/* A column for scripts is not for people, full or not. */
static void
test_scripts(void)
{
    g_autoptr(VmcTable) table = vmc_table_new();
    g_autofree char *plain = NULL;

    vmc_table_add_column(table, "NAME", 0);
    vmc_table_add_column(table, "UUID", VMC_COLUMN_SCRIPTS);
    vmc_table_add_cell(table, "a", VMC_STYLE_NONE);
    vmc_table_add_cell(table, "1-2", VMC_STYLE_NONE);
    assert_table(table, VMC_TABLE_LEGEND, "NAME\na\n");
    plain = vmc_table_format_plain(table);
    g_assert_cmpstr(plain, ==, "a\t1-2\n");
}

/* Width is what a terminal shows, not bytes: wide and combining characters. */
static void
test_width(void)
{
    g_autoptr(VmcTable) table = make_table();

    g_assert_cmpuint(vmc_text_width_columns("日本"), ==, 4);
    g_assert_cmpuint(vmc_text_width_columns("e\xcc\x81"), ==, 1);
    add_row(table, "日本", "1", NULL);
    add_row(table, "é", "2", NULL);
    add_row(table, "abcde", "3", NULL);
    assert_table(table, 0, "日本   1\né      2\nabcde  3\n");
}

/* What a guest or host says cannot move the cursor or break a row. */
static void
test_harmless(void)
{
    g_autoptr(VmcTable) table = make_table();
    g_autofree char *plain = NULL;

    add_row(table, "a\033[2Jb", "1", "x\ty\nz");
    add_row(table, "\xff", "2", NULL);
    plain = vmc_table_format_plain(table);
    g_assert_cmpstr(plain, ==, "a?[2Jb\t1\tx y z\n\xef\xbf\xbd\t2\t\n");
}

/* Colours surround the text, so that they do not count as width. */
static void
test_colour(void)
{
    g_autoptr(VmcTable) table = vmc_table_new();

    vmc_table_add_column(table, "STATE", 0);
    vmc_table_add_column(table, "X", 0);
    vmc_table_add_cell(table, "up", VMC_STYLE_GOOD);
    vmc_table_add_cell(table, "y", VMC_STYLE_NONE);
    assert_table(table, VMC_TABLE_COLOUR, "\033[32mup\033[0m     y\n");
    assert_table(table, 0, "up     y\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/lines-up", test_lines_up);
    g_test_add_func("/table/optional", test_optional);
    g_test_add_func("/table/scripts", test_scripts);
    g_test_add_func("/table/width", test_width);
    g_test_add_func("/table/harmless", test_harmless);
    g_test_add_func("/table/colour", test_colour);
    return g_test_run();
}
