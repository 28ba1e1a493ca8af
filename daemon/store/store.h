/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/fleet.h"
#include "daemon/jobs/job.h"

/*
 * What must outlive the daemon: hosts, VMs and the journal of jobs, in one
 * SQLite database in WAL mode. libvirt is the truth about what runs where; the
 * store can be made again from the hosts (vmctld --rebuild). Its functions
 * fsync: never call them on the main thread (vmc_store_open at start apart).
 * Any other thread may; writes are serialised.
 */

typedef struct _VmcStore VmcStore;

/**
 * vmc_store_open:
 * @path: the database; made when missing, readable for its owner only
 * @error: %VMC_ERROR_DAMAGED when the integrity check fails, %VMC_ERROR_DENIED
 *   when it cannot be written, %VMC_ERROR_NOT_FOUND when its folder is missing,
 *   %VMC_ERROR_BUSY when another vmctld has it, %VMC_ERROR_NO_SPACE,
 *   %VMC_ERROR_UNSUPPORTED when a newer vmctld wrote it; each says what would
 *   help
 *
 * Locks, checks, migrates.
 *
 * Returns: (transfer full): the store
 */
VmcStore *vmc_store_open(const char *path, GError **error);
void vmc_store_close(VmcStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcStore, vmc_store_close)

/**
 * vmc_store_replace:
 * @path: a database that nobody has open, or none
 * @fleet: what the new one holds
 * @now_s: now, for the name of the old one; seconds of the epoch
 * @ret_aside: (out) (transfer full) (nullable): where the old one is now
 * @error: as vmc_store_open(); then the old one is in its place
 *
 * Makes a new database beside the old one, without jobs, and puts it in the
 * place of that. Nothing is deleted.
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_replace(const char *path,
                           const VmcFleet *fleet,
                           gint64 now_s,
                           char **ret_aside,
                           GError **error);

/* ---- the fleet (store-fleet.c) --------------------------------------------
 */

/**
 * vmc_store_load_fleet:
 * @store: the store
 * @error: %VMC_ERROR_DAMAGED when something stored makes no sense
 *
 * Returns: (transfer full): all hosts and VMs, as they were last stored
 */
VmcFleet *vmc_store_load_fleet(VmcStore *store, GError **error);

/**
 * vmc_store_put_host:
 * @store: the store
 * @host: a host, added or replacing the one of its name
 * @error: as all writes: %VMC_ERROR_NO_SPACE, %VMC_ERROR_DENIED,
 *   %VMC_ERROR_DAMAGED; then nothing was changed
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_put_host(VmcStore *store,
                            const VmcHost *host,
                            GError **error);

/**
 * vmc_store_remove_host:
 * @store: the store
 * @name: a host; one that is not there is fine
 * @error: %VMC_ERROR_REFUSED while VMs are stored for it
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_remove_host(VmcStore *store,
                               const char *name,
                               GError **error);

/**
 * vmc_store_put_vm:
 * @store: the store
 * @vm: a VM, added or replacing the one of its UUID
 * @error: %VMC_ERROR_NOT_FOUND when its host or destination is not stored
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_put_vm(VmcStore *store, const VmcVm *vm, GError **error);

/**
 * vmc_store_observe:
 * @store: the store
 * @hosts: (element-type VmcHost): hosts as they said they are
 * @vms: (element-type VmcVm): VMs as their hosts show them
 * @error: as all writes
 *
 * Puts all of them in one transaction. Left alone is a VM that an open job
 * holds, since what the job stored is newer than what was seen, and one whose
 * host or destination is not stored, since it was removed meanwhile.
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_observe(VmcStore *store,
                           const GPtrArray *hosts,
                           const GPtrArray *vms,
                           GError **error);

/**
 * vmc_store_remove_vm:
 * @store: the store
 * @uuid: a VM; one that is not there is fine
 * @error: as all writes
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_remove_vm(VmcStore *store, const char *uuid, GError **error);

/* ---- the journal (store-journal.c) ----------------------------------------
 */

/**
 * vmc_store_put_job:
 * @store: the store
 * @record: a job, added or replacing the one of its id
 * @error: as all writes
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_put_job(VmcStore *store,
                           const VmcJobRecord *record,
                           GError **error);

/**
 * vmc_store_submit_job:
 * @store: the store
 * @record: a new job
 * @reserve: (nullable): what it reserves
 * @error: as all writes
 *
 * Stores both or neither.
 *
 * Returns: %TRUE when both are durable
 */
gboolean vmc_store_submit_job(VmcStore *store,
                              const VmcJobRecord *record,
                              const VmcVm *reserve,
                              GError **error);

/**
 * vmc_store_load_jobs:
 * @store: the store
 * @limit: how many at the most
 * @error: %VMC_ERROR_DAMAGED
 *
 * Returns: (transfer container full) (element-type VmcJobRecord): the newest
 * jobs, newest first
 */
GPtrArray *vmc_store_load_jobs(VmcStore *store, guint limit, GError **error);

/**
 * vmc_store_load_open_jobs:
 * @store: the store
 * @error: %VMC_ERROR_DAMAGED
 *
 * Returns: (transfer container full) (element-type VmcJobRecord): the jobs that
 * have not ended, newest first
 */
GPtrArray *vmc_store_load_open_jobs(VmcStore *store, GError **error);

/**
 * vmc_store_trim_jobs:
 * @store: the store
 * @keep: how many ended jobs are kept
 * @error: as all writes
 *
 * Forgets the oldest ended jobs; open ones stay.
 *
 * Returns: %TRUE when it is durable
 */
gboolean vmc_store_trim_jobs(VmcStore *store, guint keep, GError **error);

/**
 * vmc_store_last_job_id:
 * @store: the store
 * @error: as all reads
 *
 * Returns: the highest id that was ever given, 0 for none or on error
 */
guint64 vmc_store_last_job_id(VmcStore *store, GError **error);
