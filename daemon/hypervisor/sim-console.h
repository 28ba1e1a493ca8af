/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-domain.h"

/*
 * The serial console of a simulated domain: greets, and echoes what is typed.
 */

/**
 * vmc_sim_console_open:
 * @domain: a running domain
 * @force: take it from who has it
 * @error: %VMC_ERROR_BUSY when somebody else has it
 *
 * Returns: the caller's end, or -1
 */
int vmc_sim_console_open(VmcSimDomain *domain, gboolean force, GError **error);

/* Hangs up, if it is open. */
void vmc_sim_console_close(VmcSimDomain *domain);
