/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/name-table.h"

gboolean
vmc_name_table_find(const char *const *first,
                    gsize stride,
                    guint n_values,
                    const char *name,
                    guint *ret_value)
{
    g_return_val_if_fail(first != NULL && name != NULL, FALSE);
    g_return_val_if_fail(ret_value != NULL, FALSE);

    for (guint i = 0; i < n_values; i++) {
        const char *const *at =
            (const char *const *) ((const char *) first + i * stride);
        if (!g_str_equal(*at, name))
            continue;
        *ret_value = i;
        return TRUE;
    }
    return FALSE;
}
