/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-host.h"

/*
 * State files of simulated hosts, so that their VMs outlive the process: JSON,
 * written as a whole at each change. Hosts that name the same file are kept
 * together in it: those between which VMs migrate should. For the holder of
 * the world's lock.
 */

/**
 * vmc_sim_state_load:
 * @host: a host that was just made
 * @ret_was_saved: (out): whether its file knew it
 * @error: %VMC_ERROR_DAMAGED, or why its file could not be read
 *
 * Fills @host with what its state file knows of it, if it has one.
 *
 * Returns: whether that is known
 */
gboolean vmc_sim_state_load(VmcSimHost *host,
                            gboolean *ret_was_saved,
                            GError **error);

/* Saves hosts that have changed. A file that cannot be written is a critical
 * warning: a test must not go on as if it were. */
void vmc_sim_state_save(void);
