/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/*
 * libvirt's handles taught to g_autoptr. Freeing one resets libvirt's last
 * error: turn it into a GError (libvirt-error.h) before the scope ends.
 */

/* An autoptr, and a GDestroyNotify for lists. */
#define VMC_DEFINE_HANDLE(Type)                                                \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(Type, Type##Free)                            \
    static inline void vmc_release_##Type(gpointer handle)                     \
    {                                                                          \
        (void) Type##Free(handle);                                             \
    }

VMC_DEFINE_HANDLE(virDomain)
VMC_DEFINE_HANDLE(virInterface)
VMC_DEFINE_HANDLE(virNetwork)
VMC_DEFINE_HANDLE(virNodeDevice)
VMC_DEFINE_HANDLE(virStoragePool)
VMC_DEFINE_HANDLE(virStorageVol)
VMC_DEFINE_HANDLE(virStream)

/**
 * VmcTypedParams:
 *
 * A list of libvirt's typed parameters, for g_auto().
 */
typedef struct {
    virTypedParameterPtr items;
    int n;
    int max;
} VmcTypedParams;

static inline void
vmc_typed_params_clear(VmcTypedParams *params)
{
    virTypedParamsFree(params->items, params->n);
    *params = (VmcTypedParams){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcTypedParams, vmc_typed_params_clear)

/**
 * vmc_libvirt_list:
 * @items: (transfer full): what a virXListAll function gave, or %NULL
 * @n_items: how many; negative is taken as none
 * @free_func: frees one of them
 *
 * Returns: (transfer full): the same as an array that owns its handles
 */
static inline GPtrArray *
vmc_libvirt_list(gpointer items, int n_items, GDestroyNotify free_func)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_func);

    for (int i = 0; i < n_items; i++)
        g_ptr_array_add(list, ((gpointer *) items)[i]);
    free(items);
    return list;
}
