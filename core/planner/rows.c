/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rows.h"

/* Counting sort. */
void
vmc_rows_init(VmcRows *rows, guint n_rows, const GArray *pairs)
{
    g_return_if_fail(rows != NULL && pairs != NULL);
    guint32 *at = g_new0(guint32, (gsize) n_rows + 2);

    rows->item = g_new(guint32, MAX(pairs->len, 1));
    for (guint i = 0; i < pairs->len; i++)
        at[g_array_index(pairs, VmcRowPair, i).row + 2]++;
    for (guint r = 2; r < n_rows + 2; r++)
        at[r] += at[r - 1];
    for (guint i = 0; i < pairs->len; i++) {
        const VmcRowPair *pair = &g_array_index(pairs, VmcRowPair, i);
        rows->item[at[pair->row + 1]++] = pair->item;
    }
    rows->start = at;
}

void
vmc_rows_clear(VmcRows *rows)
{
    g_clear_pointer(&rows->start, g_free);
    g_clear_pointer(&rows->item, g_free);
}
