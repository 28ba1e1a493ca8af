/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/table.h"

#define GAP_COLUMNS 2
#define EMPTY_CELL "-"

typedef struct {
    char *title;
    guint flags;
    guint width;     /* in columns of the terminal */
    gboolean is_set; /* some cell has text */
} Column;

typedef struct {
    char *text; /* (nullable) */
    VmcStyle style;
} Cell;

struct _VmcTable {
    GArray *columns; /* Column */
    GArray *cells;   /* Cell, row by row */
};

static void
column_clear(gpointer data)
{
    Column *column = data;

    g_free(column->title);
}

static void
cell_clear(gpointer data)
{
    Cell *cell = data;

    g_free(cell->text);
}

VmcTable *
vmc_table_new(void)
{
    VmcTable *table = g_new0(VmcTable, 1);

    table->columns = g_array_new(FALSE, TRUE, sizeof(Column));
    g_array_set_clear_func(table->columns, column_clear);
    table->cells = g_array_new(FALSE, TRUE, sizeof(Cell));
    g_array_set_clear_func(table->cells, cell_clear);
    return table;
}

void
vmc_table_free(VmcTable *table)
{
    if (table == NULL)
        return;
    g_array_unref(table->columns);
    g_array_unref(table->cells);
    g_free(table);
}

void
vmc_table_add_column(VmcTable *table, const char *title, guint flags)
{
    Column column = {
        .title = g_strdup(title),
        .flags = flags,
        .width = MAX(vmc_text_width_columns(title), 1),
    };

    g_return_if_fail(table->cells->len == 0);
    g_array_append_val(table->columns, column);
}

void
vmc_table_add_cell(VmcTable *table, const char *text, VmcStyle style)
{
    Cell cell = {.style = style};
    guint index = 0;
    Column *column = NULL;

    g_return_if_fail(table->columns->len > 0);
    index = table->cells->len % table->columns->len;
    column = &g_array_index(table->columns, Column, index);
    if (text != NULL && *text != '\0') {
        cell.text = vmc_text_harmless(text);
        column->is_set = TRUE;
        column->width = MAX(column->width, vmc_text_width_columns(cell.text));
    }
    g_array_append_val(table->cells, cell);
}

/* ---- for people ---------------------------------------------------------- */

static void
append_blanks(GString *out, guint n)
{
    for (guint i = 0; i < n; i++)
        g_string_append_c(out, ' ');
}

static gboolean
is_shown(const Column *column)
{
    if (column->flags & VMC_COLUMN_SCRIPTS)
        return FALSE;
    return column->is_set || !(column->flags & VMC_COLUMN_OPTIONAL);
}

/* Blanks are owed until something follows them, so that none end a line. */
static void
append_cell(GString *out,
            const Column *column,
            const char *text,
            VmcStyle style,
            guint *owed)
{
    guint room = column->width - vmc_text_width_columns(text);
    gboolean right = (column->flags & VMC_COLUMN_RIGHT) != 0;

    append_blanks(out, *owed + (right ? room : 0));
    g_string_append_printf(out, "%s%s%s", vmc_style_begin(style), text,
                           vmc_style_end(style));
    *owed = GAP_COLUMNS + (right ? 0 : room);
}

static void
append_legend(GString *out, const VmcTable *table, guint flags)
{
    VmcStyle style =
        (flags & VMC_TABLE_COLOUR) ? VMC_STYLE_TITLE : VMC_STYLE_NONE;
    guint owed = 0;

    for (guint i = 0; i < table->columns->len; i++) {
        const Column *column = &g_array_index(table->columns, Column, i);

        if (is_shown(column))
            append_cell(out, column, column->title, style, &owed);
    }
    g_string_append_c(out, '\n');
}

static void
append_row(GString *out, const VmcTable *table, guint first_cell, guint flags)
{
    guint owed = 0;

    for (guint i = 0; i < table->columns->len; i++) {
        const Column *column = &g_array_index(table->columns, Column, i);
        const Cell *cell = &g_array_index(table->cells, Cell, first_cell + i);
        VmcStyle style =
            (flags & VMC_TABLE_COLOUR) ? cell->style : VMC_STYLE_NONE;

        if (is_shown(column))
            append_cell(out, column, cell->text ? cell->text : EMPTY_CELL,
                        style, &owed);
    }
    g_string_append_c(out, '\n');
}

char *
vmc_table_format(const VmcTable *table, guint flags)
{
    GString *out = g_string_new(NULL);
    guint n_columns = table->columns->len;

    if (flags & VMC_TABLE_LEGEND)
        append_legend(out, table, flags);
    for (guint i = 0; i + n_columns <= table->cells->len; i += n_columns)
        append_row(out, table, i, flags);
    return g_string_free(out, FALSE);
}

/* ---- for scripts --------------------------------------------------------- */

char *
vmc_table_format_plain(const VmcTable *table)
{
    GString *out = g_string_new(NULL);
    guint n_columns = table->columns->len;

    for (guint i = 0; i < table->cells->len; i++) {
        const Cell *cell = &g_array_index(table->cells, Cell, i);

        if (cell->text != NULL)
            g_string_append(out, cell->text);
        g_string_append_c(out, (i + 1) % n_columns == 0 ? '\n' : '\t');
    }
    return g_string_free(out, FALSE);
}
