/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A VM's shape: its size from every side at one moment. The hypervisor's
 * numbers, the stored definition's and the guest's are kept apart, because a
 * live resize is done only when the guest has it.
 */

/* The memory block of Linux on x86: memory comes and goes in whole ones. */
#define VMC_GUEST_BLOCK_BYTES (G_GUINT64_CONSTANT(128) << 20)

/**
 * VmcDimm:
 * @alias: device alias, as "dimm0"
 * @size_bytes: its size
 */
typedef struct {
    char *alias;
    guint64 size_bytes;
} VmcDimm;

/**
 * vmc_dimm_new:
 * @alias: (nullable): device alias, as "dimm0"
 * @size_bytes: its size
 *
 * Returns: (transfer full): a DIMM
 */
VmcDimm *vmc_dimm_new(const char *alias, guint64 size_bytes);
void vmc_dimm_free(VmcDimm *dimm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDimm, vmc_dimm_free)

/**
 * vmc_dimms_new:
 *
 * Returns: (transfer full) (element-type VmcDimm): a list without DIMMs
 */
GPtrArray *vmc_dimms_new(void);

/**
 * vmc_dimms_copy:
 * @dimms: (nullable) (element-type VmcDimm): DIMMs
 *
 * Returns: (transfer full) (nullable) (element-type VmcDimm): copies of them
 */
GPtrArray *vmc_dimms_copy(GPtrArray *dimms);

/**
 * VmcVmShape:
 * @is_running: whether there is a guest; else only what is stored counts
 * @can_unplug_vcpus: %FALSE under TCG: unplug kills QEMU later
 * @vcpus_max: the most there may be, fixed at boot
 * @vcpus_floor: vCPUs that can not be unplugged
 * @vcpus_plugged: what the hypervisor gives
 * @vcpus_config: what the next power cycle gives
 * @vcpus_online: what the guest uses, 0: not known
 * @boot_bytes: initial memory, without devices
 * @max_bytes: the most memory there may be with all devices, fixed at boot
 * @balloon_bytes: what the balloon leaves of @boot_bytes and the DIMMs
 * @balloon_config_bytes: what it leaves of @boot_bytes and @dimms_config after
 *   the next power cycle
 * @has_virtio_mem: whether there is a virtio-mem device
 * @virtio_mem_size_bytes: the most it can give
 * @virtio_mem_block_bytes: it gives whole ones of these
 * @virtio_mem_requested_bytes: what the guest is asked to take of it
 * @virtio_mem_current_bytes: what the guest has taken
 * @virtio_mem_config_bytes: what it is asked to after the next power cycle
 * @dimm_slots_free: how many DIMMs can be added
 * @dimms: (nullable) (element-type VmcDimm): the DIMMs it has
 * @dimm_slots_config_free: how many can be added to the stored definition
 * @dimms_config: (nullable) (element-type VmcDimm): those it has after the next
 *   power cycle
 * @agent_answers: whether the guest agent answers
 * @balloon_stats: whether there are fresh statistics of the balloon
 * @guest_total_bytes: MemTotal of the guest, 0: not known
 * @guest_usable_bytes: its MemAvailable, 0: not known
 * @guest_block_bytes: its memory block, 0: not known, and then
 *   %VMC_GUEST_BLOCK_BYTES
 *
 * What hypervisor and guest say about a VM's size at one moment. "config" is
 * the stored definition, what the next power cycle gives.
 */
typedef struct {
    gboolean is_running;
    gboolean can_unplug_vcpus;
    guint vcpus_max;
    guint vcpus_floor;
    guint vcpus_plugged;
    guint vcpus_config;
    guint vcpus_online;
    guint64 boot_bytes;
    guint64 max_bytes;
    guint64 balloon_bytes;
    guint64 balloon_config_bytes;
    gboolean has_virtio_mem;
    guint64 virtio_mem_size_bytes;
    guint64 virtio_mem_block_bytes;
    guint64 virtio_mem_requested_bytes;
    guint64 virtio_mem_current_bytes;
    guint64 virtio_mem_config_bytes;
    guint dimm_slots_free;
    GPtrArray *dimms;
    guint dimm_slots_config_free;
    GPtrArray *dimms_config;
    gboolean agent_answers;
    gboolean balloon_stats;
    guint64 guest_total_bytes;
    guint64 guest_usable_bytes;
    guint64 guest_block_bytes;
} VmcVmShape;

/**
 * vmc_vm_shape_copy:
 * @shape: a shape
 *
 * Returns: (transfer full): a shape of the same content that shares nothing
 */
VmcVmShape vmc_vm_shape_copy(const VmcVmShape *shape);

/**
 * vmc_vm_shape_clear:
 * @shape: a shape
 *
 * Frees what @shape holds and makes it all zero.
 */
void vmc_vm_shape_clear(VmcVmShape *shape);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcVmShape, vmc_vm_shape_clear)

/**
 * vmc_vm_shape_dimm_bytes:
 * @shape: a shape
 *
 * Returns: Σ size of its DIMMs
 */
guint64 vmc_vm_shape_dimm_bytes(const VmcVmShape *shape);

/**
 * vmc_vm_shape_dimm_config_bytes:
 * @shape: a shape
 *
 * Returns: Σ size of the DIMMs of the stored definition
 */
guint64 vmc_vm_shape_dimm_config_bytes(const VmcVmShape *shape);

/**
 * vmc_vm_shape_memory_plugged:
 * @shape: a shape
 *
 * The balloon's number has the DIMMs in it, and not virtio-mem.
 *
 * Returns: the memory the hypervisor gives now: balloon + virtio-mem current
 */
guint64 vmc_vm_shape_memory_plugged(const VmcVmShape *shape);

/**
 * vmc_vm_shape_memory_stored:
 * @shape: a shape
 *
 * Returns: the memory the next power cycle gives, if the guest takes it
 */
guint64 vmc_vm_shape_memory_stored(const VmcVmShape *shape);

/**
 * vmc_vm_shape_memory_most:
 * @shape: a shape
 *
 * Returns: the most memory it can have without being defined anew: with all of
 * virtio-mem, and DIMMs where there is a slot for one more
 */
guint64 vmc_vm_shape_memory_most(const VmcVmShape *shape);

/**
 * vmc_vm_shape_block:
 * @shape: a shape
 *
 * Returns: what hot-plugged memory has to be a multiple of to be of use: the
 * larger of the guest's block and that of virtio-mem
 */
guint64 vmc_vm_shape_block(const VmcVmShape *shape);

/**
 * vmc_vm_shape_pending:
 * @shape: a shape
 *
 * What was asked for and is not there yet: memory the guest has not given back
 * or taken, vCPUs it has not brought online, what comes or goes with the next
 * power cycle.
 *
 * Returns: (transfer full) (nullable): in words; %NULL when nothing waits
 */
char *vmc_vm_shape_pending(const VmcVmShape *shape);
