/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/host.h"
#include "core/vm.h"

/**
 * VmcHostNeeds:
 * @cpu_model: (nullable): CPU model the host must be able to give
 * @machine: (nullable): machine type the host must know
 * @pools: (nullable): pools that must exist on the host
 * @networks: (nullable): libvirt networks that must exist on the host
 * @bridges: (nullable): bridges that must exist on the host
 * @n_numa_nodes: NUMA nodes the host must have, 0 for any
 *
 * What a VM needs of a host besides room. Borrows everything.
 */
typedef struct {
    const char *cpu_model;
    const char *machine;
    GStrv pools;
    GStrv networks;
    GStrv bridges;
    guint n_numa_nodes;
} VmcHostNeeds;

/**
 * vmc_vm_host_needs:
 * @vm: a VM
 *
 * Returns: what it needs, borrowed from @vm
 */
VmcHostNeeds vmc_vm_host_needs(const VmcVm *vm);

/**
 * vmc_host_needs_any:
 * @needs: what a VM needs
 *
 * Returns: whether there is a host that could lack it
 */
gboolean vmc_host_needs_any(const VmcHostNeeds *needs);

/**
 * vmc_host_misfit:
 * @host: a host
 * @needs: what a VM needs of it
 *
 * What a host does not say it cannot do may be tried: an empty list of models,
 * machines or bridges means that it could not be asked.
 *
 * Returns: (transfer full) (nullable): what it lacks, as "it has no active
 * network 'lan'"; %NULL when nothing
 */
char *vmc_host_misfit(const VmcHost *host, const VmcHostNeeds *needs);

/**
 * vmc_host_stranger:
 * @host: a host
 * @source: the host a VM is on
 *
 * Returns: (transfer full) (nullable): why a guest that runs on @source cannot
 * run on @host whatever it needs: architecture, KVM; %NULL when it can
 */
char *vmc_host_stranger(const VmcHost *host, const VmcHost *source);

/**
 * vmc_wish_holds:
 * @wish: a wish
 * @host: a host
 *
 * Returns: whether @wish holds for a VM on @host
 */
gboolean vmc_wish_holds(const VmcWish *wish, const VmcHost *host);

/**
 * vmc_wish_describe:
 * @wish: a wish
 *
 * Returns: (transfer full): as "it must be on host 'kvm1'"
 */
char *vmc_wish_describe(const VmcWish *wish);
