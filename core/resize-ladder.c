/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resize-ladder.h"

#include "core/units.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* To manage new memory Linux needs 1.56 % of it free beforehand, and may panic
 * without. 16 times what is free leaves a fourfold reserve. */
#define GROWTH_PER_FREE_BYTE 16

/* The kernel's own memory is in what the VM boots with, whatever it has got
 * since: the balloon leaves that half of it. */
#define LEAST_BALLOON_DIVISOR 2

/* ---- what all rungs use ------------------------------------------------- */

gboolean
vmc_ladder_was_tried(const VmcLadder *ladder, VmcRung rung)
{
    return (ladder->tried & (1u << rung)) != 0;
}

guint64
vmc_ladder_round_up(guint64 amount, guint64 block)
{
    return (amount + block - 1) / block * block;
}

VmcResizeStep *
vmc_ladder_memory_step(VmcRung rung, const char *what, guint64 from, guint64 to)
{
    g_autofree char *from_text = vmc_units_format_bytes_short(from);
    g_autofree char *to_text = vmc_units_format_bytes_short(to);

    return vmc_resize_step_new(rung, to, NULL, "%s: from %s to %s", what,
                               from_text, to_text);
}

VmcResizeStep *
vmc_ladder_vcpu_step(VmcRung rung, const char *what, guint from, guint to)
{
    return vmc_resize_step_new(rung, to, NULL, "%s: from %u to %u", what, from,
                               to);
}

static guint64
round_down(guint64 amount, guint64 block)
{
    return amount / block * block;
}

/* ---- vCPUs -------------------------------------------------------------- */

static VmcResizeStep *
unplug_vcpus(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint least = MAX(ladder->target->vcpus, shape->vcpus_floor);

    if (shape->vcpus_plugged <= least || !shape->can_unplug_vcpus ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_UNPLUG_VCPUS))
        return NULL;
    return vmc_ladder_vcpu_step(VMC_RUNG_UNPLUG_VCPUS, "unplug vCPUs",
                                shape->vcpus_plugged, least);
}

/* What is plugged is right, or cannot be helped: now the guest. */
static VmcResizeStep *
settle_vcpus_in_guest(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint wanted = ladder->target->vcpus;
    guint online = shape->vcpus_online;

    if (online == 0 || !shape->agent_answers) {
        /* a vCPU is gone only once the guest has let it go */
        if (shape->vcpus_plugged == wanted &&
            wanted <= ladder->target->vcpus_before)
            return NULL;
        return vmc_resize_step_new(
            VMC_RUNG_GIVE_UP, 0, NULL,
            "vCPUs plugged: %u; how many the guest uses is not known: "
            "its agent does not answer",
            shape->vcpus_plugged);
    }
    if (online < wanted && !vmc_ladder_was_tried(ladder, VMC_RUNG_ONLINE_VCPUS))
        return vmc_ladder_vcpu_step(VMC_RUNG_ONLINE_VCPUS, "bring vCPUs online",
                                    online, wanted);
    if (online > wanted && shape->vcpus_plugged > wanted &&
        !vmc_ladder_was_tried(ladder, VMC_RUNG_OFFLINE_VCPUS))
        return vmc_ladder_vcpu_step(VMC_RUNG_OFFLINE_VCPUS,
                                    "take vCPUs offline", online, wanted);
    /* more online than plugged is an old answer of the agent */
    if (online == wanted || (online > wanted && shape->vcpus_plugged == wanted))
        return NULL;
    return vmc_resize_step_new(VMC_RUNG_GIVE_UP, 0, NULL,
                               "vCPUs in the guest: %u, not %u: it has %s",
                               online, wanted,
                               online < wanted ? "not brought the others online"
                                               : "not let the others go");
}

/* What cannot be plugged does not keep the guest from using what was. */
static VmcResizeStep *
plug_vcpus(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint wanted = ladder->target->vcpus;
    guint plugged = shape->vcpus_plugged;

    if (!vmc_ladder_was_tried(ladder, VMC_RUNG_PLUG_VCPUS))
        return vmc_ladder_vcpu_step(VMC_RUNG_PLUG_VCPUS, "plug vCPUs", plugged,
                                    wanted);
    if (shape->agent_answers && shape->vcpus_online < plugged &&
        !vmc_ladder_was_tried(ladder, VMC_RUNG_ONLINE_VCPUS))
        return vmc_ladder_vcpu_step(VMC_RUNG_ONLINE_VCPUS, "bring vCPUs online",
                                    shape->vcpus_online, plugged);
    return vmc_resize_step_new(
        VMC_RUNG_GIVE_UP, 0, NULL,
        "vCPUs plugged: %u of %u; the rest needs a restart", plugged, wanted);
}

/* NULL when they are as wanted. */
static VmcResizeStep *
next_vcpus(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint wanted = ladder->target->vcpus;

    if (wanted == 0 || !shape->is_running)
        return NULL;
    if (shape->vcpus_plugged < wanted)
        return plug_vcpus(ladder);
    VmcResizeStep *step = unplug_vcpus(ladder);
    return step != NULL ? step : settle_vcpus_in_guest(ladder);
}

/* ---- memory, growing ---------------------------------------------------- */

/* The most that may be added in one step. */
static guint64
growth_limit(const VmcVmShape *shape)
{
    guint64 limit;

    if (shape->guest_usable_bytes == 0)
        return vmc_vm_shape_memory_plugged(shape);
    if (!g_uint64_checked_mul(&limit, shape->guest_usable_bytes,
                              GROWTH_PER_FREE_BYTE))
        return G_MAXUINT64;
    return limit;
}

static VmcResizeStep *
online_memory(const VmcLadder *ladder)
{
    g_autofree char *offline =
        vmc_units_format_bytes_short(ladder->offline_bytes);

    if (ladder->shape->agent_answers &&
        !vmc_ladder_was_tried(ladder, VMC_RUNG_ONLINE_MEMORY))
        return vmc_resize_step_new(VMC_RUNG_ONLINE_MEMORY,
                                   ladder->offline_bytes, NULL,
                                   "bring %s of memory online", offline);
    return vmc_resize_step_new(
        VMC_RUNG_GIVE_UP, 0, NULL,
        "%s of memory is plugged, but the guest has not brought it online",
        offline);
}

static VmcResizeStep *
deflate_balloon(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 most = shape->boot_bytes + vmc_vm_shape_dimm_bytes(shape);
    guint64 wants = ladder->target->memory_bytes - ladder->plugged_bytes;

    if (shape->balloon_bytes + VMC_LADDER_NEAR_BYTES > most ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_DEFLATE_BALLOON))
        return NULL;
    return vmc_ladder_memory_step(VMC_RUNG_DEFLATE_BALLOON,
                                  "deflate the balloon", shape->balloon_bytes,
                                  MIN(most, shape->balloon_bytes + wants));
}

static VmcResizeStep *
grow_virtio_mem(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 block = vmc_vm_shape_block(shape);
    guint64 current = shape->virtio_mem_current_bytes;
    guint64 wants = ladder->target->memory_bytes - ladder->plugged_bytes;
    guint64 wanted = MIN(vmc_ladder_round_up(current + wants, block),
                         shape->virtio_mem_size_bytes);

    if (!shape->has_virtio_mem || wanted <= current ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_VIRTIO_MEM))
        return NULL;
    guint64 requested = shape->virtio_mem_requested_bytes;
    if (requested > current && requested <= wanted)
        return vmc_ladder_memory_step(
            VMC_RUNG_VIRTIO_MEM, "wait for virtio memory", current, requested);
    guint64 limit = growth_limit(shape);
    if (wanted - current > limit)
        wanted = round_down(current + limit, block);
    if (wanted <= current)
        return NULL;
    return vmc_ladder_memory_step(VMC_RUNG_VIRTIO_MEM, "plug virtio memory",
                                  current, wanted);
}

/* How large a DIMM may be now, 0 for none: slots, room under the maximum, of
 * which virtio-mem takes its full size, and what the guest can manage. */
static guint64
dimm_bytes(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 block = vmc_ladder_dimm_block(shape);
    guint64 taken = shape->boot_bytes + vmc_vm_shape_dimm_bytes(shape) +
                    (shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0);
    guint64 room = shape->max_bytes - MIN(shape->max_bytes, taken);
    guint64 wants = ladder->target->memory_bytes - ladder->plugged_bytes;

    if (shape->dimm_slots_free == 0 ||
        vmc_ladder_was_tried(ladder, VMC_RUNG_ATTACH_DIMM))
        return 0;
    guint64 limit = MIN(room, growth_limit(shape));
    return MIN(vmc_ladder_round_up(wants, block), round_down(limit, block));
}

/* What virtio-mem was asked for and did not give would come on top later. */
static VmcResizeStep *
withdraw(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;

    if (!shape->has_virtio_mem ||
        shape->virtio_mem_requested_bytes == shape->virtio_mem_current_bytes)
        return NULL;
    return vmc_ladder_memory_step(
        VMC_RUNG_WITHDRAW, "ask no more of virtio-mem",
        shape->virtio_mem_requested_bytes, shape->virtio_mem_current_bytes);
}

static VmcResizeStep *
attach_dimm(const VmcLadder *ladder)
{
    guint64 bytes = dimm_bytes(ladder);
    g_autofree char *size = vmc_units_format_bytes_short(bytes);

    if (bytes == 0)
        return NULL;
    g_autoptr(VmcResizeStep) first = withdraw(ladder);
    if (first != NULL)
        return vmc_ladder_was_tried(ladder, VMC_RUNG_WITHDRAW)
                   ? NULL
                   : g_steal_pointer(&first);
    return vmc_resize_step_new(VMC_RUNG_ATTACH_DIMM, bytes, NULL,
                               "attach a DIMM of %s", size);
}

static VmcResizeStep *
grow_memory(const VmcLadder *ladder)
{
    g_autofree char *has = vmc_units_format_bytes_short(ladder->plugged_bytes);
    g_autofree char *wanted =
        vmc_units_format_bytes_short(ladder->target->memory_bytes);

    /* more is of no use to a guest that has not taken what it has */
    if (ladder->offline_bytes > 0)
        return online_memory(ladder);
    VmcResizeStep *step = deflate_balloon(ladder);
    if (step == NULL)
        step = grow_virtio_mem(ladder);
    if (step == NULL)
        step = attach_dimm(ladder);
    if (step != NULL)
        return step;
    return vmc_resize_step_new(
        VMC_RUNG_GIVE_UP, 0, NULL, "%s of %s of memory is there; %s", has,
        wanted,
        growth_limit(ladder->shape) < vmc_vm_shape_block(ladder->shape)
            ? "the guest has too little free to manage more"
            : "the guest takes no more before a restart");
}

/* ---- memory, shrinking -------------------------------------------------- */

/* Whether the guest can spare it now, by the same gate as at the beginning. */
static gboolean
can_spare(const VmcLadder *ladder, guint64 bytes)
{
    guint64 usable = ladder->shape->guest_usable_bytes;
    guint64 margin = vmc_resize_margin(ladder->target);

    return usable >= margin && usable - margin >= bytes;
}

static VmcResizeStep *
shrink_virtio_mem(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 current = shape->virtio_mem_current_bytes;
    guint64 excess = ladder->plugged_bytes - ladder->target->memory_bytes;
    guint64 block = MAX(shape->virtio_mem_block_bytes, MIB);
    guint64 wanted = vmc_ladder_round_up(current - MIN(current, excess), block);

    if (!shape->has_virtio_mem || wanted >= current)
        return NULL;
    if (!vmc_ladder_was_tried(ladder, VMC_RUNG_VIRTIO_MEM))
        return vmc_ladder_memory_step(VMC_RUNG_VIRTIO_MEM,
                                      "unplug virtio memory", current, wanted);
    if (!vmc_ladder_was_tried(ladder, VMC_RUNG_POKE_VIRTIO_MEM) &&
        shape->virtio_mem_requested_bytes == wanted)
        return vmc_ladder_memory_step(VMC_RUNG_POKE_VIRTIO_MEM,
                                      "ask for virtio memory once more",
                                      current, wanted);
    return NULL;
}

static const VmcDimm *
largest_dimm(const VmcVmShape *shape, guint64 most_bytes)
{
    const VmcDimm *largest = NULL;

    for (guint i = 0; shape->dimms != NULL && i < shape->dimms->len; i++) {
        const VmcDimm *dimm = shape->dimms->pdata[i];
        if (dimm->alias == NULL || dimm->size_bytes > most_bytes)
            continue;
        if (largest == NULL || dimm->size_bytes > largest->size_bytes)
            largest = dimm;
    }
    return largest;
}

/* A guest that has too little free does not refuse: it dies. */
static VmcResizeStep *
detach_dimm(const VmcLadder *ladder)
{
    guint64 excess = ladder->plugged_bytes - ladder->target->memory_bytes;
    const VmcDimm *dimm = largest_dimm(ladder->shape, excess);

    if (dimm == NULL || vmc_ladder_was_tried(ladder, VMC_RUNG_DETACH_DIMM) ||
        !can_spare(ladder, dimm->size_bytes))
        return NULL;
    g_autofree char *size = vmc_units_format_bytes_short(dimm->size_bytes);
    return vmc_resize_step_new(VMC_RUNG_DETACH_DIMM, dimm->size_bytes,
                               dimm->alias, "detach '%s' of %s", dimm->alias,
                               size);
}

static VmcResizeStep *
inflate_balloon(const VmcLadder *ladder)
{
    const VmcVmShape *shape = ladder->shape;
    guint64 excess = ladder->plugged_bytes - ladder->target->memory_bytes;
    guint64 least = MIN(shape->boot_bytes, ladder->target->memory_bytes) /
                    LEAST_BALLOON_DIVISOR;
    guint64 wanted = shape->balloon_bytes - MIN(shape->balloon_bytes, excess);

    if (vmc_ladder_was_tried(ladder, VMC_RUNG_INFLATE_BALLOON) ||
        wanted < least || !can_spare(ladder, excess))
        return NULL;
    g_autoptr(VmcResizeStep) first = withdraw(ladder);
    if (first != NULL)
        return vmc_ladder_was_tried(ladder, VMC_RUNG_WITHDRAW)
                   ? NULL
                   : g_steal_pointer(&first);
    return vmc_ladder_memory_step(VMC_RUNG_INFLATE_BALLOON,
                                  "inflate the balloon", shape->balloon_bytes,
                                  wanted);
}

static VmcResizeStep *
shrink_memory(const VmcLadder *ladder)
{
    g_autofree char *has = vmc_units_format_bytes_short(ladder->plugged_bytes);
    g_autofree char *wanted =
        vmc_units_format_bytes_short(ladder->target->memory_bytes);
    VmcResizeStep *step = shrink_virtio_mem(ladder);

    if (step == NULL)
        step = detach_dimm(ladder);
    if (step == NULL)
        step = inflate_balloon(ladder);
    if (step != NULL)
        return step;
    return vmc_resize_step_new(VMC_RUNG_GIVE_UP, 0, NULL,
                               "the guest still has %s of memory, not %s: it "
                               "has not given back the rest",
                               has, wanted);
}

/* ---- memory ------------------------------------------------------------- */

guint64
vmc_ladder_bytes_offline(const VmcVmShape *shape, const VmcResizeTarget *target)
{
    guint64 plugged = vmc_vm_shape_memory_plugged(shape);
    guint64 expected = plugged - MIN(plugged, target->overhead_bytes);
    guint64 total = shape->guest_total_bytes;

    if (total == 0 || total >= expected ||
        expected - total < vmc_vm_shape_block(shape) / 2)
        return 0;
    return expected - total;
}

/* What is plugged is what is wanted: does the guest have it, and stays it so?
 */
static VmcResizeStep *
settle_memory(const VmcLadder *ladder)
{
    if (ladder->offline_bytes > 0)
        return online_memory(ladder);
    g_autoptr(VmcResizeStep) step = withdraw(ladder);
    if (step != NULL && !vmc_ladder_was_tried(ladder, VMC_RUNG_WITHDRAW))
        return g_steal_pointer(&step);
    if (ladder->shape->guest_total_bytes == 0 &&
        ladder->target->memory_bytes >
            ladder->target->memory_before_bytes + VMC_LADDER_NEAR_BYTES)
        return vmc_resize_step_new(
            VMC_RUNG_GIVE_UP, 0, NULL,
            "the memory is plugged, but whether the guest uses it is not "
            "known: neither its agent nor its balloon driver says");
    return NULL;
}

/* NULL when it is as wanted. */
static VmcResizeStep *
next_memory(const VmcLadder *ladder)
{
    guint64 wanted = ladder->target->memory_bytes;

    if (wanted == 0 || !ladder->shape->is_running)
        return NULL;
    if (ladder->plugged_bytes + VMC_LADDER_NEAR_BYTES < wanted)
        return grow_memory(ladder);
    if (ladder->plugged_bytes > wanted + VMC_LADDER_NEAR_BYTES)
        return shrink_memory(ladder);
    return settle_memory(ladder);
}

/* ---- public ------------------------------------------------------------- */

typedef VmcResizeStep *(*Part)(const VmcLadder *ladder);

/* Each part goes on whether or not another has given up. */
static const Part parts[] = {next_vcpus, next_memory, vmc_ladder_store_vcpus,
                             vmc_ladder_store_memory};

VmcResizeStep *
vmc_resize_next(const VmcVmShape *shape,
                const VmcResizeTarget *target,
                guint32 tried)
{
    g_return_val_if_fail(shape != NULL && target != NULL, NULL);
    g_autoptr(GString) left = g_string_new(NULL);
    const VmcLadder ladder = {
        .shape = shape,
        .target = target,
        .tried = tried,
        .plugged_bytes = vmc_vm_shape_memory_plugged(shape),
        .offline_bytes = vmc_ladder_bytes_offline(shape, target)};

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(VmcResizeStep) step = parts[i](&ladder);
        if (step == NULL)
            continue;
        if (step->rung != VMC_RUNG_GIVE_UP)
            return g_steal_pointer(&step);
        g_string_append_printf(left, "%s%s", left->len > 0 ? "; " : "",
                               step->reason);
    }
    if (left->len > 0)
        return vmc_resize_step_new(VMC_RUNG_GIVE_UP, 0, NULL, "%s", left->str);
    return vmc_resize_step_new(VMC_RUNG_DONE, 0, NULL,
                               "the guest has what was asked for, and it is "
                               "stored");
}
