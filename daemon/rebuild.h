/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/settings.h"

/**
 * vmc_rebuild:
 * @settings: where the state is, and what is reserved on hosts
 * @hosts: (nullable): "NAME=URI" each; %NULL: those of the database there is,
 *   if it can still be read, else of the ledger beside it
 * @error: %VMC_ERROR_INVALID for a malformed or missing host,
 *   %VMC_ERROR_UNREACHABLE when one does not answer, %VMC_ERROR_BUSY when a
 *   vmctld uses the database; nothing was changed then
 *
 * Makes the database anew from what hosts know of their VMs, which is what
 * vmctl wrote into their metadata, and from what is known of the hosts: labels,
 * reserves and the like of the old database or the ledger. The old database is
 * moved aside, never deleted; its journal of jobs is not taken over. Runs the
 * default main loop meanwhile.
 *
 * Returns: (transfer full): what was done, in a sentence
 */
char *vmc_rebuild(const VmcSettings *settings,
                  const char *const *hosts,
                  GError **error);
