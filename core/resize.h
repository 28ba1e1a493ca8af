/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/shape.h"

/*
 * The ladder of live resize, as data: given what a VM looks like now and what
 * is wanted, the next rung to climb. No clock and no calls: the resize job
 * carries a rung out, looks again, and asks for the next.
 *
 * Memory grows by deflating the balloon, then by virtio-mem, then, in guests
 * without its driver, by DIMMs; it shrinks the other way round, the balloon
 * coming last. vCPUs are plugged and brought online; they are unplugged where
 * that works, and else taken offline by the guest agent. What is stored is
 * written last, by the same means as the guest has taken it, so that a power
 * cycle gives the size that was asked for.
 */

/**
 * VmcRung:
 * @VMC_RUNG_DONE: nothing is left to do: the target is reached
 * @VMC_RUNG_GIVE_UP: no rung is left: what is reached is all there is
 * @VMC_RUNG_PLUG_VCPUS: amount: the new count
 * @VMC_RUNG_ONLINE_VCPUS: amount: online in the guest, by the agent
 * @VMC_RUNG_UNPLUG_VCPUS: amount: the new count
 * @VMC_RUNG_OFFLINE_VCPUS: amount: online in the guest, by the agent
 * @VMC_RUNG_CONFIG_VCPUS: amount: the stored count
 * @VMC_RUNG_DEFLATE_BALLOON: amount: the new size of the balloon
 * @VMC_RUNG_VIRTIO_MEM: amount: the size the guest is asked to take; may be
 *   what it is asked already, and then there is only to wait
 * @VMC_RUNG_POKE_VIRTIO_MEM: amount: asked again by way of another size, which
 *   makes the driver try at once what it had given up
 * @VMC_RUNG_WITHDRAW: amount: asked to keep what it has: what it did not do
 *   shall not happen later on top of what is done instead
 * @VMC_RUNG_ONLINE_MEMORY: amount: the bytes that are plugged and offline
 * @VMC_RUNG_ATTACH_DIMM: amount: the size of the DIMM
 * @VMC_RUNG_DETACH_DIMM: alias: which; amount: its size
 * @VMC_RUNG_INFLATE_BALLOON: amount: the new size of the balloon
 * @VMC_RUNG_FORGET_DIMM: amount: the size of a stored DIMM that goes
 * @VMC_RUNG_CONFIG_MEMORY: amount: the stored virtio-mem size
 * @VMC_RUNG_STORE_DIMM: amount: the size of a DIMM that is stored
 * @VMC_RUNG_CONFIG_BALLOON: amount: the stored size of the balloon
 *
 * What can be done to a VM's size.
 */
typedef enum {
    VMC_RUNG_DONE,
    VMC_RUNG_GIVE_UP,
    VMC_RUNG_PLUG_VCPUS,
    VMC_RUNG_ONLINE_VCPUS,
    VMC_RUNG_UNPLUG_VCPUS,
    VMC_RUNG_OFFLINE_VCPUS,
    VMC_RUNG_CONFIG_VCPUS,
    VMC_RUNG_DEFLATE_BALLOON,
    VMC_RUNG_VIRTIO_MEM,
    VMC_RUNG_POKE_VIRTIO_MEM,
    VMC_RUNG_WITHDRAW,
    VMC_RUNG_ONLINE_MEMORY,
    VMC_RUNG_ATTACH_DIMM,
    VMC_RUNG_DETACH_DIMM,
    VMC_RUNG_INFLATE_BALLOON,
    VMC_RUNG_FORGET_DIMM,
    VMC_RUNG_CONFIG_MEMORY,
    VMC_RUNG_STORE_DIMM,
    VMC_RUNG_CONFIG_BALLOON,
    VMC_N_RUNGS
} VmcRung;

/**
 * vmc_rung_to_name:
 * @rung: a rung
 *
 * Returns: (transfer none): its name, as "plug-vcpus"
 */
const char *vmc_rung_to_name(VmcRung rung);

/**
 * vmc_rung_from_name:
 * @name: a name as vmc_rung_to_name() gives it
 * @ret_rung: (out): the rung
 *
 * Returns: %FALSE when no rung has that name
 */
gboolean vmc_rung_from_name(const char *name, VmcRung *ret_rung);

/**
 * VmcResizeTarget:
 * @vcpus: wanted count, 0 to leave
 * @memory_bytes: wanted memory, 0 to leave
 * @min_memory_bytes: what the template allows at the least; 0: what it boots
 *   with
 * @margin_bytes: what the guest must keep usable beyond a shrink; 0: the
 *   larger of 10 % and 128 MiB
 * @vcpus_before: plugged vCPUs when it began, set by vmc_resize_begin()
 * @memory_before_bytes: plugged memory when it began, likewise
 * @overhead_bytes: what the guest's kernel keeps of its memory, likewise
 */
typedef struct {
    guint vcpus;
    guint64 memory_bytes;
    guint64 min_memory_bytes;
    guint64 margin_bytes;
    guint vcpus_before;
    guint64 memory_before_bytes;
    guint64 overhead_bytes;
} VmcResizeTarget;

/**
 * VmcResizeStep:
 * @rung: what to do
 * @amount: how much, by @rung
 * @alias: (nullable): which device
 * @reason: in words
 */
typedef struct {
    VmcRung rung;
    guint64 amount;
    char *alias;
    char *reason;
} VmcResizeStep;

/**
 * vmc_resize_step_new:
 * @rung: what to do
 * @amount: how much
 * @alias: (nullable): which device
 * @format: the reason
 *
 * Returns: (transfer full): a step
 */
VmcResizeStep *vmc_resize_step_new(VmcRung rung,
                                   guint64 amount,
                                   const char *alias,
                                   const char *format,
                                   ...) G_GNUC_PRINTF(4, 5);
void vmc_resize_step_free(VmcResizeStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcResizeStep, vmc_resize_step_free)

/**
 * vmc_resize_round_memory:
 * @shape: what the VM looks like
 * @memory_bytes: wanted memory
 *
 * Memory comes in blocks of the guest on top of what it boots with; other
 * amounts would be given by the host and not be used by the guest.
 *
 * Returns: @memory_bytes rounded up to what can be had, or down where the
 * maximum is in between
 */
guint64 vmc_resize_round_memory(const VmcVmShape *shape, guint64 memory_bytes);

/**
 * vmc_resize_begin:
 * @target: what is wanted; its memory is rounded, and what is to be compared
 *   with later is set
 * @shape: what the VM looks like before the first step
 */
void vmc_resize_begin(VmcResizeTarget *target, const VmcVmShape *shape);

/**
 * vmc_resize_credit_guest:
 * @target: what is wanted, after vmc_resize_begin()
 * @shape: what was just read
 *
 * Takes a growing virtio-mem device to have all it was asked for when the
 * guest's own count says so. What the hypervisor says of it is up to a second
 * old, for QEMU sends that news once a second at the most; the agent's count is
 * of this moment, and a guest cannot count what it was not given.
 */
void vmc_resize_credit_guest(const VmcResizeTarget *target, VmcVmShape *shape);

/**
 * vmc_resize_check:
 * @shape: what the VM looks like
 * @target: what is wanted
 * @error: %VMC_ERROR_REFUSED with the gate that forbids it: above the maximum,
 *   below the least, below what the guest uses plus the margin, or by a guest
 *   that cannot be asked; the message begins with what was wanted
 *
 * The gates of a resize: asked before the first side effect.
 *
 * Returns: whether the ladder may be entered
 */
gboolean vmc_resize_check(const VmcVmShape *shape,
                          const VmcResizeTarget *target,
                          GError **error);

/**
 * vmc_resize_margin:
 * @target: what is wanted
 *
 * Returns: what the guest must keep usable beyond a shrink
 */
guint64 vmc_resize_margin(const VmcResizeTarget *target);

/**
 * vmc_resize_next:
 * @shape: what the VM looks like now
 * @target: what is wanted, after vmc_resize_begin()
 * @tried: bit mask of `1u << VmcRung` of rungs that were tried and brought no
 *   further effect
 *
 * Returns: (transfer full): the next step; %VMC_RUNG_DONE or
 * %VMC_RUNG_GIVE_UP, whose reason says what is left, end the ladder
 */
VmcResizeStep *vmc_resize_next(const VmcVmShape *shape,
                               const VmcResizeTarget *target,
                               guint32 tried);

/**
 * vmc_resize_is_there:
 * @shape: what the VM looks like now
 * @target: what is wanted, after vmc_resize_begin()
 * @step: what was done
 * @before: what it looked like before @step
 *
 * Returns: whether hypervisor and guest show all of the effect of @step
 */
gboolean vmc_resize_is_there(const VmcVmShape *shape,
                             const VmcResizeTarget *target,
                             const VmcResizeStep *step,
                             const VmcVmShape *before);

/**
 * vmc_resize_apply:
 * @shape: a shape that is changed to what it is when @step succeeds and the
 *   guest does its part
 * @step: a step
 */
void vmc_resize_apply(VmcVmShape *shape, const VmcResizeStep *step);

/**
 * vmc_resize_plan:
 * @shape: what the VM looks like
 * @target: what is wanted, after vmc_resize_begin()
 *
 * The whole ladder if every step succeeds: a dry run.
 *
 * Returns: (transfer full) (element-type VmcResizeStep): the steps; the last
 * one is %VMC_RUNG_DONE or %VMC_RUNG_GIVE_UP
 */
GPtrArray *vmc_resize_plan(const VmcVmShape *shape,
                           const VmcResizeTarget *target);
