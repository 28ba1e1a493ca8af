/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/factor.h"
#include "core/resources.h"
#include "core/wish.h"

/* The longest a name of a VM or host may be, in bytes. */
#define VMC_NAME_MAX_LENGTH 63

/**
 * VmcVmState:
 * @VMC_VM_CREATING: a job is making it; its claim is already counted
 * @VMC_VM_SHUT_OFF: defined, not running; its claim is kept for it
 * @VMC_VM_RUNNING: running
 * @VMC_VM_PAUSED: in memory, its vCPUs stopped
 * @VMC_VM_CRASHED: its guest panicked or its hypervisor process died
 * @VMC_VM_UNKNOWN: its host does not answer, or a call's end is unknown
 */
typedef enum {
    VMC_VM_CREATING,
    VMC_VM_SHUT_OFF,
    VMC_VM_RUNNING,
    VMC_VM_PAUSED,
    VMC_VM_CRASHED,
    VMC_VM_UNKNOWN,
    VMC_N_VM_STATES
} VmcVmState;

/**
 * vmc_vm_state_to_name:
 * @state: a state
 *
 * Returns: (transfer none): its name, as "shut-off"
 */
const char *vmc_vm_state_to_name(VmcVmState state);

/**
 * vmc_vm_state_from_name:
 * @name: a name as vmc_vm_state_to_name() gives it
 * @ret_state: (out): the state
 *
 * Returns: %FALSE when no state has that name
 */
gboolean vmc_vm_state_from_name(const char *name, VmcVmState *ret_state);

/**
 * VmcTriple:
 * @requested: what was last asked for
 * @plugged: what the hypervisor has given
 * @usable: what the guest has: vCPUs online, MemTotal; 0 when not known
 *
 * The three numbers of a live resize. All three are shown.
 */
typedef struct {
    guint64 requested;
    guint64 plugged;
    guint64 usable;
} VmcTriple;

/**
 * VmcVm:
 * @uuid: its identity
 * @name: what people call it; unique among the managed VMs of a fleet
 * @host: (nullable): the host it is on
 * @destination: (nullable): the host it is moving to; it counts on both
 * @state: its state
 * @state_reason: (nullable): why it is in it
 * @state_since_s: since when, seconds of the epoch
 * @is_managed: %FALSE: a domain that was found and not adopted: it counts
 *   against its host, and is never touched
 * @template_name: (nullable): the template it was made from
 * @service_class: (nullable): "gold", "silver" or "bronze"
 * @size: what it is given; what a resize under way will give, if that is more
 * @size_min: the least a live resize may reach
 * @size_max: the most
 * @factors: the share of its size that is set aside, per resource
 * @vcpus: requested, plugged and usable vCPUs
 * @memory_bytes: requested, plugged and usable memory
 * @demand: measured use, valid when @demand_age_s >= 0
 * @demand_age_s: how old @demand is, -1: never measured
 * @resident_bytes: memory it was measured to hold on the host, or 0
 * @dirty_bytes_per_s: how fast its guest was measured to write to its memory,
 *   which is what a live move has to send again; 0: never measured
 * @moved_at_s: when it was last moved, seconds of the epoch; 0: never
 * @n_numa_nodes: NUMA nodes its guest is laid out for, 0 for any
 * @cpu_model: (nullable): CPU model a host must be able to give it
 * @machine: (nullable): machine type a host must know
 * @pools: storage pools a host must have
 * @networks: libvirt networks a host must have
 * @bridges: bridges a host must have
 * @pending: (nullable): what waits for a restart or for the guest, in words
 * @wishes: (element-type VmcWish): where it should or must (not) go
 *
 * A libvirt domain in the fleet. An immutable, reference-counted value, as
 * #VmcHost.
 */
typedef struct {
    char *uuid;
    char *name;
    char *host;
    char *destination;
    VmcVmState state;
    char *state_reason;
    gint64 state_since_s;
    gboolean is_managed;
    char *template_name;
    char *service_class;
    VmcResources size;
    VmcResources size_min;
    VmcResources size_max;
    VmcFactors factors;
    VmcTriple vcpus;
    VmcTriple memory_bytes;
    VmcResources demand;
    gint64 demand_age_s;
    guint64 resident_bytes;
    guint64 dirty_bytes_per_s;
    gint64 moved_at_s;
    guint n_numa_nodes;
    char *cpu_model;
    char *machine;
    GStrv pools;
    GStrv networks;
    GStrv bridges;
    char *pending;
    GPtrArray *wishes;
    gatomicrefcount refs;
} VmcVm;

/**
 * vmc_vm_new:
 * @uuid: its identity
 * @name: what people call it
 *
 * Returns: (transfer full): a VM in state unknown, on no host, with the
 * fleet's default factors; may be written to until it is shared
 */
VmcVm *vmc_vm_new(const char *uuid, const char *name);

/**
 * vmc_vm_copy:
 * @vm: a VM
 *
 * Returns: (transfer full): a VM of the same content that may be written to
 * until it is shared
 */
VmcVm *vmc_vm_copy(const VmcVm *vm);
VmcVm *vmc_vm_ref(VmcVm *vm);
void vmc_vm_unref(VmcVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcVm, vmc_vm_unref)

/**
 * vmc_vm_claim:
 * @vm: a VM
 *
 * Returns: its claim, as vmc_factors_claim()
 */
VmcResources vmc_vm_claim(const VmcVm *vm);

/**
 * vmc_vm_check_managed:
 * @vm: a VM
 * @error: %VMC_ERROR_REFUSED when it is a domain that was only found
 *
 * Returns: whether vmctl may touch it
 */
gboolean vmc_vm_check_managed(const VmcVm *vm, GError **error);

/**
 * vmc_vm_name_check:
 * @name: a name for a VM or host
 * @error: %VMC_ERROR_INVALID when it is empty, longer than 63 characters, has
 *   anything but letters, digits, '-', '_' and '.', does not begin with a
 *   letter or digit, or has the form of a UUID
 *
 * Returns: whether @name may be used
 */
gboolean vmc_vm_name_check(const char *name, GError **error);
