/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What a simulated host is like, as its URI says:
 *     sim://NAME?cores=16&memory=64GiB&vms=20&latency_ms=2
 * docs/simulated-driver.md lists every parameter.
 */

/**
 * VmcSimTraits:
 *
 * How a simulated guest behaves: of a host's guests by its URI, of a single
 * one by vmc_sim_guest_set() or the faults file.
 */
typedef struct {
    gboolean agent;         /* a guest agent runs, given its channel */
    gboolean acpi;          /* heeds the power button */
    gboolean balloon;       /* has the balloon driver */
    gboolean virtio_mem;    /* has the virtio-mem driver */
    gboolean online_cpus;   /* brings hot-added vCPUs online by itself */
    gboolean online_memory; /* and hot-added memory */
    gboolean unplug_cpus;   /* lets vCPUs go */
    gboolean unplug_dimms;  /* lets DIMMs go */
    guint64
        used_memory_bytes; /* what it needs; 0: a quarter, at most 128 MiB */
    guint64 dirty_bytes_per_s;  /* how fast it writes to its memory */
    guint cpu_percent;          /* how busy its vCPUs are */
    guint64 traffic_bits_per_s; /* on its network */
} VmcSimTraits;

/**
 * VmcSimConfig:
 *
 * Parsed URI of a simulated host.
 */
typedef struct {
    char *name;
    /* the machine */
    guint n_cores;
    guint64 memory_bytes;
    guint64 disk_bytes; /* each pool */
    guint64 network_bits_per_s;
    char *domain_type;
    GStrv pools;
    GStrv images; /* (nullable): volumes to clone from; %NULL: any */
    GStrv networks;
    GStrv bridges;
    GStrv cpu_models;
    GStrv machines;
    gboolean shared_pools; /* pools are the same on all hosts that say so */
    /* the VMs it comes with */
    guint n_vms;
    guint vm_vcpus;
    guint64 vm_memory_bytes;
    gboolean vms_managed;
    /* how long things take */
    guint latency_ms;
    guint open_ms;
    guint boot_ms;
    guint guest_ms;
    guint job_wait_ms;
    guint migration_mib_per_s;
    VmcSimTraits guest;
    char *state_path;  /* (nullable) */
    char *faults_path; /* (nullable) */
} VmcSimConfig;

/**
 * vmc_sim_config_parse:
 * @uri: a URI of the simulated driver
 * @error: %VMC_ERROR_INVALID, naming the parameter
 *
 * Returns: (transfer full): what it says, the rest at its defaults
 */
VmcSimConfig *vmc_sim_config_parse(const char *uri, GError **error);
void vmc_sim_config_free(VmcSimConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSimConfig, vmc_sim_config_free)

/**
 * vmc_sim_traits_set:
 * @traits: how a guest behaves
 * @key: a guest parameter as in the URI, as "agent"
 * @value: its value as in the URI
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: whether @traits was changed
 */
gboolean vmc_sim_traits_set(VmcSimTraits *traits,
                            const char *key,
                            const char *value,
                            GError **error);
