/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/facts.h"
#include "daemon/hypervisor/sim-config.h"

/*
 * A simulated domain: what the hypervisor knows of it. What goes on inside is
 * sim-guest.h. Everything here is for the holder of the world's lock.
 */

typedef struct _VmcSimHost VmcSimHost;
typedef struct _VmcSimMigration VmcSimMigration;

/**
 * VmcSimGuest:
 * @traits: how it behaves
 * @n_boots: how often it was switched on or reset
 * @is_booted: the operating system runs
 * @boot_us: when it will; 0: it does not boot
 * @off_us: when it will have shut down; 0: it does not
 * @react_us: when it will have dealt with what was asked of it; 0: nothing was
 * @n_online: vCPUs it uses
 * @n_dark: vCPUs that were added and that it has not looked at yet
 * @balloon_target_bytes: what the balloon should leave it
 * @offline_bytes: memory it sees but does not use
 * @leaving: (nullable): alias of the DIMM it was asked to let go
 * @metered_us: until when what follows is counted, 0: from the next look on
 * @cpu_ns: processor time since it was switched on
 * @network_bytes: what went over its network since
 * @is_poisoned: a vCPU was unplugged under TCG: the next plug kills it
 *
 * The inside of a running domain. Times are monotonic.
 */
typedef struct {
    VmcSimTraits traits;
    guint n_boots;
    gboolean is_booted;
    gint64 boot_us;
    gint64 off_us;
    gint64 react_us;
    guint n_online;
    guint n_dark;
    guint64 balloon_target_bytes;
    guint64 offline_bytes;
    char *leaving;
    gint64 metered_us;
    guint64 cpu_ns;
    guint64 network_bytes;
    gboolean is_poisoned;
} VmcSimGuest;

/**
 * VmcSimDomain:
 * @host: where it is
 * @is_kvm: it runs under KVM, else under TCG
 * @shape: what the hypervisor says; members that only the guest knows are
 *   filled when it is read
 * @migration: (nullable): the migration it is the source or destination of
 * @migration_facts: how far that is, or how the last one went
 * @console_fd: our end of its console, -1: nobody has it open
 */
typedef struct {
    VmcSimHost *host;
    char *uuid;
    char *name;
    VmcRunState state;
    gboolean is_kvm;
    gboolean is_persistent;
    gboolean is_managed;
    gboolean has_agent_channel;
    VmcVm *metadata; /* (nullable) */
    VmcVmShape shape;
    guint64 disk_bytes;
    guint64 network_bits_per_s;
    GStrv pools;
    GStrv disks;
    GStrv networks;
    GStrv bridges;
    char *machine;
    char *cpu_model;
    VmcSimGuest guest;
    VmcSimMigration *migration;
    VmcMigrationFacts migration_facts;
    int console_fd;
} VmcSimDomain;

VmcSimDomain *vmc_sim_domain_new(const char *uuid, const char *name);
void vmc_sim_domain_free(VmcSimDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSimDomain, vmc_sim_domain_free)

/* A twin for the other host of a migration, guest included. */
VmcSimDomain *vmc_sim_domain_copy(const VmcSimDomain *domain);

/**
 * vmc_sim_domain_define:
 * @domain: a domain
 * @facts: what its new definition says
 *
 * Takes on a definition: all of it when the domain is off, else what the next
 * start will use.
 */
void vmc_sim_domain_define(VmcSimDomain *domain, const VmcDomainFacts *facts);

/**
 * vmc_sim_domain_facts:
 * @domain: a domain
 * @with_guest: also ask guest agent and balloon
 *
 * Returns: (transfer full): what a driver says of it
 */
VmcDomainFacts *vmc_sim_domain_facts(const VmcSimDomain *domain,
                                     gboolean with_guest);

/* What is stored is what there is, unless it runs. */
void vmc_sim_domain_settle(VmcSimDomain *domain);

/* Off → running; the guest begins to boot. */
void vmc_sim_domain_power_on(VmcSimDomain *domain);

/* Running → @state, off or crashed; live sizes become the stored ones. A
 * domain without definition is gone then, and with it @domain. */
void vmc_sim_domain_power_off(VmcSimDomain *domain, VmcRunState state);

/* The guest boots anew; the hypervisor keeps its devices. */
void vmc_sim_domain_reset(VmcSimDomain *domain);

/* Changes the state, and tells who listens. */
void vmc_sim_domain_set_state(VmcSimDomain *domain, VmcRunState state);
