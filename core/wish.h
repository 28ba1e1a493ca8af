/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcWish:
 * @must: a must; else a should
 * @avoid: stay away from it; else go there
 * @host: (nullable): a host name, or
 * @label: (nullable): a host label
 *
 * A placement wish of a template or a VM.
 */
typedef struct {
    gboolean must;
    gboolean avoid;
    char *host;
    char *label;
} VmcWish;

/**
 * vmc_wish_new:
 * @must: a must; else a should
 * @avoid: stay away from it; else go there
 * @host: (nullable): a host name, or
 * @label: (nullable): a host label
 *
 * Returns: (transfer full): the wish
 */
VmcWish *vmc_wish_new(gboolean must,
                      gboolean avoid,
                      const char *host,
                      const char *label);
VmcWish *vmc_wish_copy(const VmcWish *wish);
void vmc_wish_free(VmcWish *wish);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcWish, vmc_wish_free)

/**
 * vmc_wishes_new:
 *
 * Returns: (transfer full) (element-type VmcWish): an empty list that owns its
 * wishes
 */
GPtrArray *vmc_wishes_new(void);

/**
 * vmc_wishes_copy:
 * @wishes: (nullable) (element-type VmcWish): a list of wishes
 *
 * Returns: (transfer full) (element-type VmcWish): a deep copy, empty for %NULL
 */
GPtrArray *vmc_wishes_copy(GPtrArray *wishes);
