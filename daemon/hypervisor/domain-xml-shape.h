/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libxml/tree.h>

#include "core/resize.h"

/**
 * vmc_domain_shape_read:
 * @live: the <domain> as it is
 * @config: the <domain> as it is stored; the same as @live when there is only
 *   one
 * @shape: filled but for what only the guest knows
 *
 * Reads a VM's size from every side off its XML.
 */
void vmc_domain_shape_read(const xmlNode *live,
                           const xmlNode *config,
                           VmcVmShape *shape);
