/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/** Compressed rows: the items of row i are item[start[i]] … item[start[i+1]].
 */
typedef struct {
    guint32 *start;
    guint32 *item;
} VmcRows;

/** An item of a row, before there are rows. */
typedef struct {
    guint32 row;
    guint32 item;
} VmcRowPair;

/**
 * vmc_rows_init:
 * @rows: rows that are not set
 * @n_rows: how many
 * @pairs: (element-type VmcRowPair): their items, in any order of rows; items
 *   of a row keep theirs
 */
void vmc_rows_init(VmcRows *rows, guint n_rows, const GArray *pairs);

/* Frees what is in @rows, if anything. */
void vmc_rows_clear(VmcRows *rows);

static inline void
vmc_row_pairs_add(GArray *pairs, guint32 row, guint32 item)
{
    const VmcRowPair pair = {row, item};

    g_array_append_val(pairs, pair);
}
