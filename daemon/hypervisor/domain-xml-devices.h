/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libxml/tree.h>

#include "daemon/hypervisor/domain-xml.h"

/* By this name QEMU's guest agent finds its channel, in every guest. */
#define VMC_AGENT_CHANNEL "org.qemu.guest_agent.0"

/**
 * vmc_domain_devices_add:
 * @domain: a <domain> being written
 * @order: what is wanted
 *
 * Adds <devices> with all a VM has but its memory devices.
 *
 * Returns: (transfer none): the <devices>
 */
xmlNode *vmc_domain_devices_add(xmlNode *domain, const VmcDomainOrder *order);
