/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-fault.h"

/*
 * The file of faults: JSON, read again whenever it changes.
 * docs/simulated-driver.md describes it.
 */

/**
 * VmcSimGuestRule:
 *
 * How a guest shall behave: one parameter of it.
 */
typedef struct {
    char *vm;
    char *key;
    char *value;
} VmcSimGuestRule;

/**
 * VmcSimFaultFile:
 * @faults: (element-type VmcSimFault)
 * @guests: (element-type VmcSimGuestRule)
 */
typedef struct {
    GPtrArray *faults;
    GPtrArray *guests;
} VmcSimFaultFile;

/**
 * vmc_sim_fault_file_read:
 * @path: a file; one that does not exist holds nothing
 * @error: %VMC_ERROR_INVALID, naming file and entry
 *
 * Returns: (transfer full): what it says
 */
VmcSimFaultFile *vmc_sim_fault_file_read(const char *path, GError **error);
void vmc_sim_fault_file_free(VmcSimFaultFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSimFaultFile, vmc_sim_fault_file_free)

/* Of a fault whose strings it owns. */
VmcSimFault *vmc_sim_fault_copy(const VmcSimFault *fault);
void vmc_sim_fault_free(VmcSimFault *fault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSimFault, vmc_sim_fault_free)
