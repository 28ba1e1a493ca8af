/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resize-ladder.h"

#include "core/units.h"

/*
 * What is stored, so that a power cycle gives what was asked for. Memory beyond
 * what the VM boots with is stored by the means by which it came: a guest that
 * had to be given DIMMs has no virtio-mem driver, and would not take it after
 * the next boot either.
 */

guint64
vmc_ladder_dimm_block(const VmcVmShape *shape)
{
    return shape->guest_block_bytes != 0 ? shape->guest_block_bytes
                                         : VMC_GUEST_BLOCK_BYTES;
}

/* ---- vCPUs -------------------------------------------------------------- */

VmcResizeStep *
vmc_ladder_store_vcpus(const VmcLadder *ladder)
{
    guint stored = ladder->shape->vcpus_config;
    guint wanted = ladder->target->vcpus;

    if (wanted == 0 || stored == wanted)
        return NULL;
    if (!vmc_ladder_was_tried(ladder, VMC_RUNG_CONFIG_VCPUS))
        return vmc_ladder_vcpu_step(VMC_RUNG_CONFIG_VCPUS, "store vCPUs",
                                    stored, wanted);
    return vmc_resize_step_new(VMC_RUNG_GIVE_UP, 0, NULL,
                               "vCPUs stored: %u, not %u: that is what the "
                               "next power cycle gives",
                               stored, wanted);
}

/* ---- how memory shall be stored ----------------------------------------- */

typedef struct {
    guint64 dimm_bytes;
    guint64 virtio_mem_bytes;
} Composition;

/* Taken for granted until the guest has taken none, and DIMMs instead: now, or
 * where it is off, as it was when the job began. */
static gboolean
takes_virtio_mem(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 taken = shape->is_running ? shape->virtio_mem_current_bytes
                                      : shape->virtio_mem_config_bytes;

    if (!shape->has_virtio_mem || taken > 0)
        return shape->has_virtio_mem;
    return vmc_vm_shape_dimm_bytes(shape) == 0 &&
           !vmc_ladder_was_tried(ladder, VMC_RUNG_VIRTIO_MEM);
}

/* The most that can be stored as DIMMs: what is left under the maximum, of
 * which virtio-mem takes its full size, and a slot for one more. */
static guint64
dimm_limit(const VmcVmShape *shape)
{
    guint64 taken = shape->boot_bytes +
                    (shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0);

    if (shape->dimm_slots_config_free == 0)
        return vmc_vm_shape_dimm_config_bytes(shape);
    return shape->max_bytes - MIN(shape->max_bytes, taken);
}

/* Of what is left, no more than @limit, in whole blocks. */
static guint64
take(guint64 *left, guint64 limit, guint64 block)
{
    guint64 bytes = MIN(*left, limit) / block * block;

    *left -= bytes;
    return bytes;
}

static Composition
compose(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 wanted = ladder->target->memory_bytes;
    guint64 left = wanted - MIN(wanted, shape->boot_bytes);
    guint64 block = vmc_ladder_dimm_block(shape);
    guint64 limit = dimm_limit(shape);
    guint64 size = shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0;
    Composition result = {0};

    if (takes_virtio_mem(ladder)) {
        result.dimm_bytes =
            take(&left, MIN(limit, vmc_vm_shape_dimm_bytes(shape)), block);
        result.virtio_mem_bytes =
            MIN(vmc_ladder_round_up(left, vmc_vm_shape_block(shape)), size);
        left -= MIN(left, size);
        result.dimm_bytes += take(&left, limit - result.dimm_bytes, block);
        return result;
    }
    result.dimm_bytes = take(&left, limit, block);
    result.virtio_mem_bytes = take(&left, size, vmc_vm_shape_block(shape));
    return result;
}

/* ---- storing it --------------------------------------------------------- */

/* The largest DIMM that is not wanted, or the smallest, which is then too
 * large: what is missing comes as a new one. */
static guint64
choose_dimm(const GPtrArray *dimms, guint64 excess)
{
    guint64 largest = 0;
    guint64 smallest = G_MAXUINT64;

    for (guint i = 0; i < dimms->len; i++) {
        guint64 bytes = ((const VmcDimm *) dimms->pdata[i])->size_bytes;
        if (bytes <= excess)
            largest = MAX(largest, bytes);
        smallest = MIN(smallest, bytes);
    }
    return largest != 0 ? largest : smallest;
}

static VmcResizeStep *
store_dimms(const VmcLadder *ladder, guint64 wanted, VmcRung rung)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 stored = vmc_vm_shape_dimm_config_bytes(shape);
    gboolean is_growth = rung == VMC_RUNG_STORE_DIMM;

    if (stored == wanted || (stored < wanted) != is_growth ||
        vmc_ladder_was_tried(ladder, rung))
        return NULL;
    guint64 bytes = is_growth
                        ? wanted - stored
                        : choose_dimm(shape->dimms_config, stored - wanted);
    g_autofree char *size = vmc_units_format_bytes_short(bytes);
    return vmc_resize_step_new(rung, bytes, NULL,
                               is_growth ? "store a DIMM of %s"
                                         : "take a DIMM of %s out of what is "
                                           "stored",
                               size);
}

static VmcResizeStep *
store_virtio_mem(const VmcLadder *ladder, guint64 wanted)
{
    const VmcVmShape *shape = ladder->shape;

    if (!shape->has_virtio_mem || shape->virtio_mem_config_bytes == wanted ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_CONFIG_MEMORY))
        return NULL;
    return vmc_ladder_memory_step(VMC_RUNG_CONFIG_MEMORY, "store virtio memory",
                                  shape->virtio_mem_config_bytes, wanted);
}

static VmcResizeStep *
store_balloon(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 dimms = vmc_vm_shape_dimm_config_bytes(shape);
    guint64 most = shape->boot_bytes + dimms;
    guint64 wanted =
        MIN(ladder->target->memory_bytes, shape->boot_bytes) + dimms;
    guint64 stored = MIN(shape->balloon_config_bytes, most);

    if (stored == wanted ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_CONFIG_BALLOON))
        return NULL;
    return vmc_ladder_memory_step(VMC_RUNG_CONFIG_BALLOON, "store the balloon",
                                  stored, wanted);
}

static VmcResizeStep *
check_stored(const VmcLadder *ladder)
{
    guint64 wanted = ladder->target->memory_bytes;
    guint64 stored = vmc_vm_shape_memory_stored(ladder->shape);
    g_autofree char *wanted_text = vmc_units_format_bytes_short(wanted);
    g_autofree char *stored_text = vmc_units_format_bytes_short(stored);

    if (stored == wanted)
        return NULL;
    return vmc_resize_step_new(VMC_RUNG_GIVE_UP, 0, NULL,
                               "memory stored: %s, not %s: that is what the "
                               "next power cycle gives",
                               stored_text, wanted_text);
}

VmcResizeStep *
vmc_ladder_store_memory(const VmcLadder *ladder)
{
    if (ladder->target->memory_bytes == 0)
        return NULL;
    const Composition wanted = compose(ladder);
    VmcResizeStep *step =
        store_dimms(ladder, wanted.dimm_bytes, VMC_RUNG_FORGET_DIMM);

    if (step == NULL)
        step = store_virtio_mem(ladder, wanted.virtio_mem_bytes);
    if (step == NULL)
        step = store_dimms(ladder, wanted.dimm_bytes, VMC_RUNG_STORE_DIMM);
    if (step == NULL)
        step = store_balloon(ladder);
    return step != NULL ? step : check_stored(ladder);
}
