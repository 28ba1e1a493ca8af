/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/vm.h"
#include "daemon/hypervisor/facts.h"

/*
 * From what a host says about a domain to the VM the fleet shows. Pure: the
 * monitor and the jobs both use it, so that they agree.
 */

/**
 * VmcObservation:
 * @known: (nullable): the VM as the fleet has it
 * @facts: what a host says
 * @host: the name of that host
 * @is_held: a job has the VM: where it is and how large belongs to the job
 * @now_s: now, seconds of the epoch
 */
typedef struct {
    const VmcVm *known;
    const VmcDomainFacts *facts;
    const char *host;
    gboolean is_held;
    gint64 now_s;
} VmcObservation;

/**
 * vmc_vm_observe:
 * @observation: what is known and what was seen
 *
 * Host and size stay as they are while a job holds the VM, and while it is in
 * transit. What a size was asked to be comes from the stored definition; what
 * counts is the most of asked for and given.
 *
 * Returns: (transfer full): the VM as it is now
 */
VmcVm *vmc_vm_observe(const VmcObservation *observation);

/**
 * vmc_vm_set_state:
 * @vm: a VM that is not shared yet
 * @state: its state
 * @reason: (nullable): why
 * @now_s: now, seconds of the epoch
 *
 * Sets all three members of the state; since when only changes with the rest.
 */
void vmc_vm_set_state(VmcVm *vm,
                      VmcVmState state,
                      const char *reason,
                      gint64 now_s);

/**
 * vmc_vm_looks_same:
 * @a: a VM
 * @b: another
 *
 * Returns: whether they agree in all that vmc_vm_observe() may change
 */
gboolean vmc_vm_looks_same(const VmcVm *a, const VmcVm *b);

/**
 * vmc_vm_is_stored_same:
 * @a: a VM
 * @b: another
 *
 * Returns: whether they agree in what only the store remembers when a host does
 * not answer: host, size, name, whether it is managed
 */
gboolean vmc_vm_is_stored_same(const VmcVm *a, const VmcVm *b);
