/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vmc_name_table_find:
 * @first: the name of value 0
 * @stride: bytes from a name to the next
 * @n_values: how many there are
 * @name: a name
 * @ret_value: (out): the value that has it
 *
 * For the from-name function of an enum whose names are in an array, or in a
 * member of an array of structs; none of them is %NULL.
 *
 * Returns: whether there is one
 */
gboolean vmc_name_table_find(const char *const *first,
                             gsize stride,
                             guint n_values,
                             const char *name,
                             guint *ret_value);

/* The same for an array of names, and for the member of an array of structs. */
#define vmc_names_find(names, name, ret)                                       \
    vmc_name_table_find(names, sizeof *(names), G_N_ELEMENTS(names), name,     \
                        (guint *) (ret))
#define vmc_rows_find(rows, member, name, ret)                                 \
    vmc_name_table_find(&(rows)->member, sizeof *(rows), G_N_ELEMENTS(rows),   \
                        name, (guint *) (ret))
