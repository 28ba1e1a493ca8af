/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/facts.h"

#include <libvirt/libvirt.h>

/**
 * vmc_libvirt_run_state:
 * @state: a virDomainState
 * @reason: its reason
 * @is_incoming: it is the receiving side of a migration; matters when paused
 *
 * Returns: the state as recovery wants it
 */
VmcRunState vmc_libvirt_run_state(int state, int reason, gboolean is_incoming);

/**
 * vmc_libvirt_read_facts:
 * @dom: a domain
 * @error: why it cannot be read
 *
 * Takes no lock of the domain, so that one that is migrating, or whose QEMU
 * hangs, is read as fast as others.
 *
 * Returns: (transfer full): what the host says of it
 */
VmcDomainFacts *vmc_libvirt_read_facts(virDomainPtr dom, GError **error);
