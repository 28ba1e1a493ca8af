/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "vmctl/terminal.h"

/*
 * Rows of text that are lined up for people, or separated by tabs for scripts.
 * It knows nothing of what it shows.
 */

typedef struct _VmcTable VmcTable;

typedef enum {
    VMC_TABLE_LEGEND = 1 << 0, /* titles above the columns */
    VMC_TABLE_COLOUR = 1 << 1, /* escape sequences of the cells' styles */
} VmcTableFlags;

typedef enum {
    VMC_COLUMN_RIGHT = 1 << 0,    /* numbers stand to the right */
    VMC_COLUMN_OPTIONAL = 1 << 1, /* left out of a table when all is empty */
    VMC_COLUMN_SCRIPTS = 1 << 2,  /* left out of every table for people */
} VmcTableColumnFlags;

VmcTable *vmc_table_new(void);
void vmc_table_free(VmcTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTable, vmc_table_free)

/**
 * vmc_table_add_column:
 * @table: a table without rows
 * @title: (transfer none): its title
 * @flags: of #VmcTableColumnFlags
 */
void vmc_table_add_column(VmcTable *table, const char *title, guint flags);

/**
 * vmc_table_add_cell:
 * @table: a table with columns
 * @text: (nullable): what it says; control characters are made harmless
 * @style: how it looks
 *
 * Fills the next cell; rows begin by themselves.
 */
void vmc_table_add_cell(VmcTable *table, const char *text, VmcStyle style);

/**
 * vmc_table_format:
 * @table: a table whose last row is full
 * @flags: of #VmcTableFlags
 *
 * Returns: (transfer full): the lines, columns lined up by the width of what
 * they show, two blanks apart, nothing behind the last one; an empty cell
 * shows "-"
 */
char *vmc_table_format(const VmcTable *table, guint flags);

/**
 * vmc_table_format_plain:
 * @table: a table whose last row is full
 *
 * Returns: (transfer full): the rows, cells separated by tabs, all columns,
 * empty cells empty
 */
char *vmc_table_format_plain(const VmcTable *table);
