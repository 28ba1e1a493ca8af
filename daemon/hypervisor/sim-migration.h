/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-act.h"

/*
 * A live migration between two simulated hosts. As with libvirt's peer to
 * peer, it goes on by itself: who asked for it only waits for its end. The
 * destination is left paused. For the holder of the world's lock.
 */

/**
 * VmcSimMigrationRecord:
 *
 * What a state file keeps of a migration under way.
 */
typedef struct {
    const char *uuid;
    const char *source;
    const char *destination;
    guint64 remaining_bytes;
    guint64 bytes_per_s;
    guint64 dirty_bytes_per_s;
} VmcSimMigrationRecord;

/* Begins it: the destination has an incoming domain from now on. (transfer
 * none) */
VmcSimMigration *vmc_sim_migration_begin(VmcSimDomain *source,
                                         VmcSimHost *destination,
                                         guint64 bytes_per_s);
VmcSimMigration *vmc_sim_migration_ref(VmcSimMigration *migration);
void vmc_sim_migration_unref(VmcSimMigration *migration);

/* The fault that will strike it on its way. */
void vmc_sim_migration_strike(VmcSimMigration *migration,
                              const VmcSimStrike *strike);

/**
 * vmc_sim_migration_wait:
 * @migration: a migration
 * @error: why it failed; %VMC_ERROR_CANCELLED when it was aborted,
 *   %VMC_ERROR_UNKNOWN when whoever waits was cut off
 *
 * Lets go of the lock meanwhile.
 *
 * Returns: whether it succeeded
 */
gboolean vmc_sim_migration_wait(VmcSimMigration *migration, GError **error);

VmcMigrationFacts vmc_sim_migration_progress(const VmcSimMigration *migration);

/* Returns: %FALSE when it is too late for that */
gboolean vmc_sim_migration_abort(VmcSimMigration *migration);

/* Works off what is due of it. */
void vmc_sim_migration_advance(VmcSimMigration *migration);

/* One of its domains, source or destination, is destroyed: so ends it. */
void vmc_sim_migration_break(VmcSimMigration *migration,
                             VmcSimDomain *destroyed);

/* What remains of @migration, for the state file of its source; borrows. */
VmcSimMigrationRecord vmc_sim_migration_record(VmcSimMigration *migration);

/* Goes on with a migration that a state file tells of, if both ends exist:
 * else it has failed. */
void vmc_sim_migration_restore(const VmcSimMigrationRecord *record);

/* Whether @domain is the source of @migration. */
gboolean vmc_sim_migration_is_source(const VmcSimMigration *migration,
                                     const VmcSimDomain *domain);

/* The world ends. */
void vmc_sim_migration_forget_all(void);
