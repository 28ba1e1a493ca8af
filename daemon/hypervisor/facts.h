/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/host.h"
#include "core/resize.h"
#include "core/vm.h"

/**
 * VmcRunState:
 *
 * What the hypervisor says about a domain, as finely as recovery after a
 * migration needs it.
 */
typedef enum {
    VMC_RUN_ABSENT, /* not defined and not running there */
    VMC_RUN_SHUT_OFF,
    VMC_RUN_STARTING, /* its process is being set up: soon it is another */
    VMC_RUN_RUNNING,
    VMC_RUN_PAUSED,           /* by a user, or the handoff of a migration */
    VMC_RUN_PAUSED_MIGRATION, /* source: migration under way or its end open */
    VMC_RUN_PAUSED_INCOMING,  /* destination: still receiving */
    VMC_RUN_PAUSED_IO_ERROR,
    VMC_RUN_POSTCOPY_FAILED,
    VMC_RUN_CRASHED,
    VMC_N_RUN_STATES
} VmcRunState;

/**
 * vmc_run_state_to_name:
 * @state: a state
 *
 * Returns: (transfer none): its name, as "paused-migration"
 */
const char *vmc_run_state_to_name(VmcRunState state);

/**
 * vmc_run_state_from_name:
 * @name: a name as vmc_run_state_to_name() gives it
 * @ret_state: (out): the state
 *
 * Returns: %FALSE when no state has that name
 */
gboolean vmc_run_state_from_name(const char *name, VmcRunState *ret_state);

/**
 * vmc_run_state_is_active:
 * @state: a state
 *
 * Returns: whether a process of the hypervisor exists for it, be it paused
 */
gboolean vmc_run_state_is_active(VmcRunState state);

/**
 * VmcDomainFacts:
 * @metadata: (nullable): what vmctl stored in the domain, %NULL when the
 *   domain is not managed by vmctl: name of template, class, factors, limits
 * @shape: its size from every side
 *
 * One domain as one host sees it at one moment.
 */
typedef struct {
    char *uuid;
    char *name;
    VmcRunState state;
    gboolean is_persistent;
    gboolean is_managed;
    gboolean has_agent_channel;
    char *domain_type; /* "kvm" or "qemu" */
    VmcVm *metadata;   /* (nullable) */
    VmcVmShape shape;
    VmcResources size; /* as the stored or live definition gives it */
    GStrv pools;
    GStrv disks; /* volume paths */
    GStrv networks;
    GStrv bridges;
    char *machine;
    char *cpu_model;
    gatomicrefcount refs;
} VmcDomainFacts;

/**
 * vmc_domain_facts_new:
 * @uuid: (nullable): its identity, when it is known already
 * @name: (nullable): its name
 *
 * Returns: (transfer full): facts of an absent domain without devices; they
 * may be written to until they are shared
 */
VmcDomainFacts *vmc_domain_facts_new(const char *uuid, const char *name);
VmcDomainFacts *vmc_domain_facts_ref(VmcDomainFacts *facts);
void vmc_domain_facts_unref(VmcDomainFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDomainFacts, vmc_domain_facts_unref)

/**
 * VmcMigrationFacts:
 *
 * How far a migration is, or how the last one went.
 */
typedef struct {
    gboolean is_active;
    guint64 total_bytes;
    guint64 remaining_bytes;
    guint64 processed_bytes;
    guint64 bytes_per_s;
    guint64 dirty_bytes_per_s;
    guint64 elapsed_ms;
    guint64 downtime_ms;
    guint iteration;
} VmcMigrationFacts;
