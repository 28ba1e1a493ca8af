/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run.h"

/**
 * vmc_migrate_watch:
 * @run: the job
 * @source: the host that migrates
 * @call: the call that migrates
 * @error: what the host says; whatever it is, only looking at both hosts tells
 *   where the VM is. %VMC_ERROR_CANCELLED when the job was cancelled and the
 *   host gave up; or when vmctld is to end: the migration goes on then
 *
 * Migrates, in a thread of its own, and shows how far it is. A cancel or the
 * time limit of the settings aborts it; that may come too late.
 *
 * Returns: whether the host says that the VM is at the destination, stopped
 */
gboolean vmc_migrate_watch(VmcJobRun *run,
                           const char *source,
                           const VmcCall *call,
                           GError **error);

/**
 * vmc_migrate_abort:
 * @run: the job
 * @source: the host that migrates
 *
 * Asks the host to give up; what became of it is seen afterwards.
 */
void vmc_migrate_abort(VmcJobRun *run, const char *source);

/**
 * vmc_migrate_read:
 * @run: the job
 * @host: a host
 * @ret_facts: (out): how far the migration is, or how the last one went
 * @error: %VMC_ERROR_NOT_FOUND when the host has no such domain; any other says
 *   that the host does not tell
 *
 * Returns: whether the host told it
 */
gboolean vmc_migrate_read(VmcJobRun *run,
                          const char *host,
                          VmcMigrationFacts *ret_facts,
                          GError **error);
