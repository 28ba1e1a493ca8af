/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/vm.h"
#include "daemon/hypervisor/usage.h"

/*
 * What one VM used lately. Two readings of its counters make a sample; the
 * last samples make its demand.
 */

typedef struct _VmcDemandWindow VmcDemandWindow;

/**
 * vmc_demand_window_new:
 *
 * Returns: (transfer full): one without samples
 */
VmcDemandWindow *vmc_demand_window_new(void);
void vmc_demand_window_free(VmcDemandWindow *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDemandWindow, vmc_demand_window_free)

/**
 * vmc_demand_window_add:
 * @window: of a VM
 * @host: where it was read; counters begin anew on another
 * @usage: its counters
 * @read_us: when they were read, monotonic
 *
 * Counters that fell, or are of another host, are a new beginning and no
 * sample.
 */
void vmc_demand_window_add(VmcDemandWindow *window,
                           const char *host,
                           const VmcDomainUsage *usage,
                           gint64 read_us);

/**
 * vmc_demand_window_sampled_us:
 * @window: of a VM
 *
 * Returns: when the last sample was read, monotonic; 0: there is none
 */
gint64 vmc_demand_window_sampled_us(const VmcDemandWindow *window);

/**
 * vmc_demand_window_measure:
 * @window: of a VM, with a sample
 * @vm: the VM; gets its demand, of age 0, and its resident memory
 *
 * Demand is the 90th percentile of the samples, by nearest rank, for CPU,
 * memory and network; and what its disks take now. A guest that does not say
 * what memory it uses uses what it holds on the host, and no more than it has.
 */
void vmc_demand_window_measure(const VmcDemandWindow *window, VmcVm *vm);
