/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/sim-host.h"

/*
 * All simulated hosts of the process, so that a VM can move between any two.
 * One lock guards it; nothing blocks under it but vmc_sim_world_wait(), which
 * lets go of it meanwhile.
 */

void vmc_sim_world_lock(void);

/* First saves hosts that changed and have a state file. */
void vmc_sim_world_unlock(void);

/**
 * vmc_sim_world_wait:
 * @end_us: monotonic time; when to return at the latest
 *
 * Lets go of the lock until something changes. Pointers into the world are
 * void after it.
 */
void vmc_sim_world_wait(gint64 end_us);

/* Something changed: those who wait look again. */
void vmc_sim_world_wake(void);

/* (nullable) */
VmcSimHost *vmc_sim_world_find(const char *host_name);

/**
 * vmc_sim_world_open:
 * @uri: URI of the host
 * @error: %VMC_ERROR_INVALID; those of reading a state file
 *
 * Finds the host, or makes it: from its state file, if it has one, else with
 * the VMs its URI asks for.
 *
 * Returns: the host
 */
VmcSimHost *vmc_sim_world_open(const char *uri, GError **error);

/* As vmc_sim_world_open(), for a host that a state file tells of. */
VmcSimHost *vmc_sim_world_wake_host(const char *uri, GError **error);

/* (element-type VmcSimHost) by name */
GHashTable *vmc_sim_world_hosts(void);

/* Counts connections, which hold pointers into the world while they act. */
void vmc_sim_world_connect(void);
void vmc_sim_world_disconnect(void);

/* As vmc_sim_guest_set(), for the holder of the lock. */
gboolean vmc_sim_guest_set_locked(const char *vm,
                                  const char *key,
                                  const char *value,
                                  GError **error);

/* ---- for tests; they take the lock themselves ---------------------------- */

/* Forgets all hosts, VMs and faults, once all connections are closed; ends the
 * program when they are not. */
void vmc_sim_world_reset(void);

/**
 * vmc_sim_world_count_running:
 * @uuid: a domain
 *
 * Returns: on how many hosts its CPUs run: never more than one
 */
guint vmc_sim_world_count_running(const char *uuid);

/**
 * vmc_sim_world_count_volumes:
 * @part: what their names contain, as the UUID of a VM
 *
 * Returns: how many volumes there are on all hosts; one in a shared pool counts
 * for each host that shares it
 */
guint vmc_sim_world_count_volumes(const char *part);

/**
 * vmc_sim_guest_set:
 * @vm: name or UUID of a domain, wherever it is
 * @key: a guest parameter
 * @value: its value
 * @error: %VMC_ERROR_NOT_FOUND, %VMC_ERROR_INVALID
 *
 * Changes how a guest behaves, as "used_memory=1GiB".
 *
 * Returns: whether it was changed
 */
gboolean vmc_sim_guest_set(const char *vm,
                           const char *key,
                           const char *value,
                           GError **error);
