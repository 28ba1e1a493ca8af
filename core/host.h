/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/resources.h"

/**
 * VmcHostState:
 * @VMC_HOST_UP: answers, and takes VMs
 * @VMC_HOST_DEGRADED: answers, but something of it fails: keeps its VMs, takes
 *   no new ones
 * @VMC_HOST_UNREACHABLE: does not answer; its VMs may well run
 * @VMC_HOST_DRAINING: its VMs are being moved away
 * @VMC_HOST_DRAINED: empty, for maintenance
 * @VMC_HOST_ERROR: answers, and must not be used: the reason says why
 */
typedef enum {
    VMC_HOST_UP,
    VMC_HOST_DEGRADED,
    VMC_HOST_UNREACHABLE,
    VMC_HOST_DRAINING,
    VMC_HOST_DRAINED,
    VMC_HOST_ERROR,
    VMC_N_HOST_STATES
} VmcHostState;

/**
 * vmc_host_state_to_name:
 * @state: a state
 *
 * Returns: (transfer none): its name, as "up"
 */
const char *vmc_host_state_to_name(VmcHostState state);

/**
 * vmc_host_state_from_name:
 * @name: a name as vmc_host_state_to_name() gives it
 * @ret_state: (out): the state
 *
 * Returns: %FALSE when no state has that name
 */
gboolean vmc_host_state_from_name(const char *name, VmcHostState *ret_state);

/**
 * VmcPool:
 * @name: its name in libvirt
 * @path: (nullable): the folder or device it lives in
 * @capacity_bytes: its size
 * @free_bytes: what is not taken
 *
 * A storage pool as a host offers it.
 */
typedef struct {
    char *name;
    char *path;
    guint64 capacity_bytes;
    guint64 free_bytes;
} VmcPool;

/**
 * vmc_pool_new:
 * @name: its name in libvirt
 * @path: (nullable): the folder or device it lives in
 *
 * Returns: (transfer full): a pool of size 0
 */
VmcPool *vmc_pool_new(const char *name, const char *path);
VmcPool *vmc_pool_copy(const VmcPool *pool);
void vmc_pool_free(VmcPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPool, vmc_pool_free)

/**
 * VmcHost:
 * @name: what people call it; unique in the fleet
 * @uri: libvirt URI vmctld reaches it by
 * @uuid: (nullable): UUID of the hypervisor host; unique in the fleet
 * @migration_uri: (nullable): libvirt URI by which other hosts reach it;
 *   %NULL: the host's own name in qemu+ssh or whatever @uri says
 * @state: its state
 * @state_reason: (nullable): why it is in it
 * @state_since_s: since when, seconds of the epoch
 * @labels: failure domains and traits, as "rack=r1", "ssd"
 * @physical: what the machine has
 * @reserved: what is kept back for the host itself
 * @ceiling_milli: the most Σ size may be, per resource, in thousandths of
 *   capacity; 0 for no ceiling
 * @arch: (nullable): as "x86_64"
 * @cpu_model: (nullable): what the machine's own CPU is
 * @domain_type: (nullable): "kvm" or "qemu": what guests run under here
 * @hypervisor_version: (nullable): as "QEMU 7.2.22, libvirt 9.0.0"
 * @n_cores: CPU cores
 * @n_threads: CPU threads
 * @n_numa_nodes: NUMA nodes
 * @cpu_models: named CPU models guests may be given here
 * @machines: machine types guests may be given here
 * @pools: (element-type VmcPool): storage pools
 * @networks: libvirt networks
 * @bridges: bridges of the machine
 *
 * A physical machine with a hypervisor. An immutable, reference-counted value:
 * vmc_host_copy() gives one that may be changed until it is shared.
 */
typedef struct {
    char *name;
    char *uri;
    char *uuid;
    char *migration_uri;
    VmcHostState state;
    char *state_reason;
    gint64 state_since_s;
    GStrv labels;
    VmcResources physical;
    VmcResources reserved;
    VmcResources ceiling_milli;
    char *arch;
    char *cpu_model;
    char *domain_type;
    char *hypervisor_version;
    guint n_cores;
    guint n_threads;
    guint n_numa_nodes;
    GStrv cpu_models;
    GStrv machines;
    GPtrArray *pools;
    GStrv networks;
    GStrv bridges;
    gatomicrefcount refs;
} VmcHost;

/**
 * vmc_host_new:
 * @name: what people call it
 * @uri: libvirt URI vmctld reaches it by
 *
 * Returns: (transfer full): a host of which nothing is known yet, in state
 * unreachable; may be written to until it is shared
 */
VmcHost *vmc_host_new(const char *name, const char *uri);

/**
 * vmc_host_copy:
 * @host: a host
 *
 * Returns: (transfer full): a host of the same content that may be written to
 * until it is shared
 */
VmcHost *vmc_host_copy(const VmcHost *host);
VmcHost *vmc_host_ref(VmcHost *host);
void vmc_host_unref(VmcHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcHost, vmc_host_unref)

/**
 * vmc_host_capacity:
 * @host: a host
 *
 * Returns: physical − reserved
 */
VmcResources vmc_host_capacity(const VmcHost *host);

/**
 * vmc_host_ceiling:
 * @host: a host
 *
 * Returns: the most Σ size may be: capacity × limit; the largest
 * number where there is no limit
 */
VmcResources vmc_host_ceiling(const VmcHost *host);

/**
 * vmc_host_knows:
 * @host: a host
 * @resource: a resource
 *
 * Not every host can tell how much disk or network it has. It then says 0, and
 * nothing is refused for want of it.
 *
 * Returns: whether @host knows how much of @resource it has
 */
gboolean vmc_host_knows(const VmcHost *host, VmcResource resource);

/**
 * vmc_host_takes_vms:
 * @host: a host
 *
 * Returns: whether new VMs may be placed on it in its present state
 */
gboolean vmc_host_takes_vms(const VmcHost *host);
