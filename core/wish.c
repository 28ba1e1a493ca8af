/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/wish.h"

VmcWish *
vmc_wish_new(gboolean must, gboolean avoid, const char *host, const char *label)
{
    VmcWish *wish = g_new0(VmcWish, 1);

    wish->must = must;
    wish->avoid = avoid;
    wish->host = g_strdup(host);
    wish->label = g_strdup(label);
    return wish;
}

VmcWish *
vmc_wish_copy(const VmcWish *wish)
{
    g_return_val_if_fail(wish != NULL, NULL);
    return vmc_wish_new(wish->must, wish->avoid, wish->host, wish->label);
}

void
vmc_wish_free(VmcWish *wish)
{
    if (wish == NULL)
        return;
    g_free(wish->host);
    g_free(wish->label);
    g_free(wish);
}

GPtrArray *
vmc_wishes_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) vmc_wish_free);
}

GPtrArray *
vmc_wishes_copy(GPtrArray *wishes)
{
    GPtrArray *copy = vmc_wishes_new();

    for (guint i = 0; wishes != NULL && i < wishes->len; i++)
        g_ptr_array_add(copy, vmc_wish_copy(wishes->pdata[i]));
    return copy;
}
