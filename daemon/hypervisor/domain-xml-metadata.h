/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libxml/tree.h>

#include "core/vm.h"

/**
 * vmc_domain_metadata_add:
 * @domain: a <domain> being written
 * @vm: the VM it is
 *
 * Adds <metadata> with what libvirt does not know of @vm.
 */
void vmc_domain_metadata_add(xmlNode *domain, const VmcVm *vm);

/**
 * vmc_domain_metadata_read:
 * @domain: a <domain>
 * @uuid: its UUID
 * @name: its name
 *
 * Returns: (transfer full) (nullable): the VM as the metadata tells it; %NULL
 * when there is none, or none that can be trusted: then it is not ours
 */
VmcVm *vmc_domain_metadata_read(const xmlNode *domain,
                                const char *uuid,
                                const char *name);
