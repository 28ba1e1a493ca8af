/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resize.h"

#include "core/error.h"
#include "core/name-table.h"
#include "core/resize-ladder.h"
#include "core/units.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* No ladder is longer: a plan that were would go round in circles. */
#define MAX_STEPS 256

static const char *const rung_names[VMC_N_RUNGS] = {
    [VMC_RUNG_DONE] = "done",
    [VMC_RUNG_GIVE_UP] = "give-up",
    [VMC_RUNG_PLUG_VCPUS] = "plug-vcpus",
    [VMC_RUNG_ONLINE_VCPUS] = "online-vcpus",
    [VMC_RUNG_UNPLUG_VCPUS] = "unplug-vcpus",
    [VMC_RUNG_OFFLINE_VCPUS] = "offline-vcpus",
    [VMC_RUNG_CONFIG_VCPUS] = "config-vcpus",
    [VMC_RUNG_DEFLATE_BALLOON] = "deflate-balloon",
    [VMC_RUNG_VIRTIO_MEM] = "virtio-mem",
    [VMC_RUNG_POKE_VIRTIO_MEM] = "poke-virtio-mem",
    [VMC_RUNG_WITHDRAW] = "withdraw",
    [VMC_RUNG_ONLINE_MEMORY] = "online-memory",
    [VMC_RUNG_ATTACH_DIMM] = "attach-dimm",
    [VMC_RUNG_DETACH_DIMM] = "detach-dimm",
    [VMC_RUNG_INFLATE_BALLOON] = "inflate-balloon",
    [VMC_RUNG_FORGET_DIMM] = "forget-dimm",
    [VMC_RUNG_CONFIG_MEMORY] = "config-memory",
    [VMC_RUNG_STORE_DIMM] = "store-dimm",
    [VMC_RUNG_CONFIG_BALLOON] = "config-balloon",
};

const char *
vmc_rung_to_name(VmcRung rung)
{
    g_return_val_if_fail(rung < VMC_N_RUNGS, NULL);
    return rung_names[rung];
}

gboolean
vmc_rung_from_name(const char *name, VmcRung *ret_rung)
{
    return vmc_names_find(rung_names, name, ret_rung);
}

/* ---- steps -------------------------------------------------------------- */

VmcResizeStep *
vmc_resize_step_new(
    VmcRung rung, guint64 amount, const char *alias, const char *format, ...)
{
    VmcResizeStep *step = g_new0(VmcResizeStep, 1);
    va_list arguments;

    step->rung = rung;
    step->amount = amount;
    step->alias = g_strdup(alias);
    va_start(arguments, format);
    step->reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return step;
}

void
vmc_resize_step_free(VmcResizeStep *step)
{
    if (step == NULL)
        return;
    g_free(step->alias);
    g_free(step->reason);
    g_free(step);
}

/* ---- what can be had ---------------------------------------------------- */

static guint64
round_up(guint64 amount, guint64 block)
{
    return (amount + block - 1) / block * block;
}

guint64
vmc_resize_round_memory(const VmcVmShape *shape, guint64 memory_bytes)
{
    g_return_val_if_fail(shape != NULL, memory_bytes);
    guint64 block = vmc_vm_shape_block(shape);
    guint64 most = vmc_vm_shape_memory_most(shape);

    /* what is out of reach is for the gates to refuse as it was given */
    if (memory_bytes == 0 || memory_bytes > most)
        return memory_bytes;
    if (memory_bytes <= shape->boot_bytes)
        return MIN(round_up(memory_bytes, MIB), shape->boot_bytes);
    guint64 rounded =
        shape->boot_bytes + round_up(memory_bytes - shape->boot_bytes, block);
    return rounded <= most ? rounded : rounded - block;
}

guint64
vmc_resize_margin(const VmcResizeTarget *target)
{
    g_return_val_if_fail(target != NULL, 0);
    if (target->margin_bytes != 0)
        return target->margin_bytes;
    return MAX(target->memory_bytes / 10, 128 * MIB);
}

/* What the kernel keeps for itself differs between guests, so what they have
 * is compared with what they had. Hot-plugged memory that was offline before
 * is no overhead, though: of what is missing beyond the usual, whole blocks are
 * taken to be offline. */
static guint64
overhead_of(const VmcVmShape *shape)
{
    guint64 plugged = vmc_vm_shape_memory_plugged(shape);
    guint64 hot =
        shape->virtio_mem_current_bytes + vmc_vm_shape_dimm_bytes(shape);
    guint64 usual = 64 * MIB + shape->boot_bytes / 8;
    guint64 block = vmc_vm_shape_block(shape);

    if (shape->guest_total_bytes == 0)
        return usual;
    guint64 seen = plugged - MIN(plugged, shape->guest_total_bytes);
    if (seen <= usual)
        return seen;
    guint64 blocks = (seen - usual + block - 1) / block;
    return seen - MIN(blocks, MIN(hot, seen) / block) * block;
}

void
vmc_resize_begin(VmcResizeTarget *target, const VmcVmShape *shape)
{
    g_return_if_fail(target != NULL && shape != NULL);
    target->memory_bytes = vmc_resize_round_memory(shape, target->memory_bytes);
    target->vcpus_before = shape->vcpus_plugged;
    target->memory_before_bytes = vmc_vm_shape_memory_plugged(shape);
    target->overhead_bytes = overhead_of(shape);
}

void
vmc_resize_credit_guest(const VmcResizeTarget *target, VmcVmShape *shape)
{
    g_return_if_fail(target != NULL && shape != NULL);
    guint64 requested = shape->virtio_mem_requested_bytes;
    guint64 current = shape->virtio_mem_current_bytes;
    guint64 plugged = vmc_vm_shape_memory_plugged(shape);

    if (!shape->agent_answers || requested <= current)
        return;
    if (shape->guest_total_bytes + target->overhead_bytes >=
        plugged - current + requested)
        shape->virtio_mem_current_bytes = requested;
}

/* ---- gates -------------------------------------------------------------- */

static gboolean refuse(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, VMC_ERROR, VMC_ERROR_REFUSED, message);
    return FALSE;
}

static gboolean
check_vcpus(const VmcVmShape *shape, guint vcpus, GError **error)
{
    guint least =
        shape->can_unplug_vcpus ? shape->vcpus_floor : shape->vcpus_plugged;

    if (vcpus > shape->vcpus_max)
        return refuse(error,
                      "vCPUs cannot become %u: the most it can have is %u, "
                      "fixed when a VM is made",
                      vcpus, shape->vcpus_max);
    if (!shape->is_running || vcpus >= least || shape->agent_answers)
        return TRUE;
    if (shape->can_unplug_vcpus)
        return refuse(error,
                      "vCPUs cannot become %u: %u cannot be unplugged, and the "
                      "guest agent, which could take them offline, does not "
                      "answer",
                      vcpus, least);
    return refuse(error,
                  "vCPUs cannot become %u: an emulated VM gives them back only "
                  "through the guest agent, which does not answer",
                  vcpus);
}

static gboolean
check_bounds(const VmcVmShape *shape,
             const VmcResizeTarget *target,
             GError **error)
{
    guint64 most = vmc_vm_shape_memory_most(shape);
    g_autofree char *wanted = vmc_units_format_bytes(target->memory_bytes);
    g_autofree char *most_text = vmc_units_format_bytes(most);
    g_autofree char *boot = vmc_units_format_bytes(shape->boot_bytes);
    g_autofree char *least = vmc_units_format_bytes(target->min_memory_bytes);

    if (target->memory_bytes > most)
        return refuse(error,
                      "memory cannot become %s: the most it can have is %s, "
                      "fixed when a VM is made",
                      wanted, most_text);
    if (target->memory_bytes < target->min_memory_bytes)
        return refuse(error,
                      "memory cannot become %s: its template lets it have no "
                      "less than %s",
                      wanted, least);
    if (target->min_memory_bytes == 0 &&
        target->memory_bytes < shape->boot_bytes)
        return refuse(error,
                      "memory cannot become %s: it boots with %s, and no "
                      "template says that it may have less",
                      wanted, boot);
    return TRUE;
}

static gboolean
check_shrink(const VmcVmShape *shape,
             const VmcResizeTarget *target,
             GError **error)
{
    guint64 plugged = vmc_vm_shape_memory_plugged(shape);
    guint64 margin = vmc_resize_margin(target);
    guint64 shrink = plugged - target->memory_bytes;
    guint64 usable = shape->guest_usable_bytes;
    guint64 spare = usable - MIN(usable, margin);
    guint64 possible =
        vmc_resize_round_memory(shape, plugged - MIN(plugged, spare));
    g_autofree char *wanted = vmc_units_format_bytes(target->memory_bytes);
    g_autofree char *shrink_text = vmc_units_format_bytes_short(shrink);
    g_autofree char *usable_text = vmc_units_format_bytes_short(usable);
    g_autofree char *margin_text = vmc_units_format_bytes_short(margin);
    g_autofree char *possible_text = vmc_units_format_bytes(possible);

    if (shape->guest_total_bytes == 0)
        return refuse(error,
                      "memory cannot become %s: what the guest can spare is "
                      "not known, since neither its agent nor its balloon "
                      "driver says",
                      wanted);
    if (shrink <= spare)
        return TRUE;
    return refuse(error,
                  "memory cannot become %s: that takes %s from the guest, "
                  "which has %s free and must keep %s of that; %s is possible "
                  "now",
                  wanted, shrink_text, usable_text, margin_text, possible_text);
}

gboolean
vmc_resize_check(const VmcVmShape *shape,
                 const VmcResizeTarget *target,
                 GError **error)
{
    g_return_val_if_fail(shape != NULL && target != NULL, FALSE);

    if (target->vcpus != 0 && !check_vcpus(shape, target->vcpus, error))
        return FALSE;
    if (target->memory_bytes == 0)
        return TRUE;
    if (!check_bounds(shape, target, error))
        return FALSE;
    if (!shape->is_running ||
        target->memory_bytes >= vmc_vm_shape_memory_plugged(shape))
        return TRUE;
    return check_shrink(shape, target, error);
}

/* ---- effects ------------------------------------------------------------ */

static gboolean
vcpus_are_seen(const VmcVmShape *shape, guint count)
{
    return shape->vcpus_online == 0 || shape->vcpus_online >= count;
}

static guint
length_of(const GPtrArray *dimms)
{
    return dimms != NULL ? dimms->len : 0;
}

gboolean
vmc_resize_is_there(const VmcVmShape *shape,
                    const VmcResizeTarget *target,
                    const VmcResizeStep *step,
                    const VmcVmShape *before)
{
    gboolean is_online = vmc_ladder_bytes_offline(shape, target) == 0;

    switch (step->rung) {
    case VMC_RUNG_PLUG_VCPUS:
        return shape->vcpus_plugged >= step->amount &&
               vcpus_are_seen(shape, (guint) step->amount);
    case VMC_RUNG_ONLINE_VCPUS:
        return vcpus_are_seen(shape, (guint) step->amount);
    case VMC_RUNG_UNPLUG_VCPUS:
        return shape->vcpus_plugged <= step->amount;
    case VMC_RUNG_OFFLINE_VCPUS:
        return shape->vcpus_online <= step->amount;
    case VMC_RUNG_CONFIG_VCPUS:
        return shape->vcpus_config == step->amount;
    case VMC_RUNG_DEFLATE_BALLOON:
        return shape->balloon_bytes + VMC_LADDER_NEAR_BYTES >= step->amount;
    case VMC_RUNG_INFLATE_BALLOON:
        return shape->balloon_bytes <= step->amount + VMC_LADDER_NEAR_BYTES;
    case VMC_RUNG_VIRTIO_MEM:
    case VMC_RUNG_POKE_VIRTIO_MEM:
        return shape->virtio_mem_requested_bytes == step->amount &&
               shape->virtio_mem_current_bytes == step->amount && is_online;
    case VMC_RUNG_WITHDRAW:
        return shape->virtio_mem_requested_bytes ==
               shape->virtio_mem_current_bytes;
    case VMC_RUNG_ONLINE_MEMORY:
        return is_online;
    case VMC_RUNG_ATTACH_DIMM:
        return length_of(shape->dimms) > length_of(before->dimms) && is_online;
    case VMC_RUNG_DETACH_DIMM:
        return length_of(shape->dimms) < length_of(before->dimms);
    case VMC_RUNG_FORGET_DIMM:
        return length_of(shape->dimms_config) < length_of(before->dimms_config);
    case VMC_RUNG_STORE_DIMM:
        return length_of(shape->dimms_config) > length_of(before->dimms_config);
    case VMC_RUNG_CONFIG_MEMORY:
        return shape->virtio_mem_config_bytes == step->amount;
    case VMC_RUNG_CONFIG_BALLOON:
        return shape->balloon_config_bytes == step->amount;
    case VMC_RUNG_DONE:
    case VMC_RUNG_GIVE_UP:
    case VMC_N_RUNGS:
    default:
        return TRUE;
    }
}

/* What the guest has grows and shrinks with what it is given. */
static void
move_guest_memory(VmcVmShape *shape, guint64 from, guint64 to)
{
    if (shape->guest_total_bytes == 0)
        return;
    if (to >= from) {
        shape->guest_total_bytes += to - from;
        shape->guest_usable_bytes += to - from;
        return;
    }
    shape->guest_total_bytes -= MIN(shape->guest_total_bytes, from - to);
    shape->guest_usable_bytes -= MIN(shape->guest_usable_bytes, from - to);
}

static void
apply_virtio_mem(VmcVmShape *shape, guint64 bytes)
{
    move_guest_memory(shape, shape->virtio_mem_current_bytes, bytes);
    shape->virtio_mem_requested_bytes = bytes;
    shape->virtio_mem_current_bytes = bytes;
}

static void
apply_balloon(VmcVmShape *shape, guint64 bytes)
{
    move_guest_memory(shape, shape->balloon_bytes, bytes);
    shape->balloon_bytes = bytes;
}

static void
add_dimm(GPtrArray **dimms, const char *alias, guint64 bytes)
{
    if (*dimms == NULL)
        *dimms = vmc_dimms_new();
    g_ptr_array_add(*dimms, vmc_dimm_new(alias, bytes));
}

static void
apply_attach(VmcVmShape *shape, guint64 bytes)
{
    g_autofree char *alias = g_strdup_printf("dimm%u", length_of(shape->dimms));

    add_dimm(&shape->dimms, alias, bytes);
    shape->dimm_slots_free--;
    apply_balloon(shape, shape->balloon_bytes + bytes);
}

static void
apply_detach(VmcVmShape *shape, const char *alias)
{
    for (guint i = 0; i < length_of(shape->dimms); i++) {
        const VmcDimm *dimm = shape->dimms->pdata[i];
        if (g_strcmp0(dimm->alias, alias) != 0)
            continue;
        apply_balloon(shape, shape->balloon_bytes - dimm->size_bytes);
        shape->dimm_slots_free++;
        g_ptr_array_remove_index(shape->dimms, i);
        return;
    }
}

/* libvirt moves the stored balloon with the DIMMs. */
static void
apply_store(VmcVmShape *shape, guint64 bytes)
{
    add_dimm(&shape->dimms_config, NULL, bytes);
    shape->dimm_slots_config_free--;
    shape->balloon_config_bytes += bytes;
}

static void
apply_forget(VmcVmShape *shape, guint64 bytes)
{
    for (guint i = 0; i < length_of(shape->dimms_config); i++) {
        const VmcDimm *dimm = shape->dimms_config->pdata[i];
        if (dimm->size_bytes != bytes)
            continue;
        shape->balloon_config_bytes -= MIN(shape->balloon_config_bytes, bytes);
        shape->dimm_slots_config_free++;
        g_ptr_array_remove_index(shape->dimms_config, i);
        return;
    }
}

static void
apply_vcpus(VmcVmShape *shape, guint vcpus)
{
    if (shape->vcpus_online != 0 && vcpus > shape->vcpus_plugged)
        shape->vcpus_online += vcpus - shape->vcpus_plugged;
    shape->vcpus_plugged = vcpus;
    shape->vcpus_online = MIN(shape->vcpus_online, vcpus);
}

void
vmc_resize_apply(VmcVmShape *shape, const VmcResizeStep *step)
{
    g_return_if_fail(shape != NULL && step != NULL);

    switch (step->rung) {
    case VMC_RUNG_PLUG_VCPUS:
    case VMC_RUNG_UNPLUG_VCPUS:
        apply_vcpus(shape, (guint) step->amount);
        break;
    case VMC_RUNG_ONLINE_VCPUS:
    case VMC_RUNG_OFFLINE_VCPUS:
        shape->vcpus_online = (guint) step->amount;
        break;
    case VMC_RUNG_CONFIG_VCPUS:
        shape->vcpus_config = (guint) step->amount;
        break;
    case VMC_RUNG_DEFLATE_BALLOON:
    case VMC_RUNG_INFLATE_BALLOON:
        apply_balloon(shape, step->amount);
        break;
    case VMC_RUNG_VIRTIO_MEM:
    case VMC_RUNG_POKE_VIRTIO_MEM:
        apply_virtio_mem(shape, step->amount);
        break;
    case VMC_RUNG_WITHDRAW:
        shape->virtio_mem_requested_bytes = shape->virtio_mem_current_bytes;
        break;
    case VMC_RUNG_ONLINE_MEMORY:
        move_guest_memory(shape, 0, step->amount);
        break;
    case VMC_RUNG_ATTACH_DIMM:
        apply_attach(shape, step->amount);
        break;
    case VMC_RUNG_DETACH_DIMM:
        apply_detach(shape, step->alias);
        break;
    case VMC_RUNG_FORGET_DIMM:
        apply_forget(shape, step->amount);
        break;
    case VMC_RUNG_STORE_DIMM:
        apply_store(shape, step->amount);
        break;
    case VMC_RUNG_CONFIG_MEMORY:
        shape->virtio_mem_config_bytes = step->amount;
        break;
    case VMC_RUNG_CONFIG_BALLOON:
        shape->balloon_config_bytes = step->amount;
        break;
    case VMC_RUNG_DONE:
    case VMC_RUNG_GIVE_UP:
    case VMC_N_RUNGS:
    default:
        break;
    }
}

/* ---- the whole ladder --------------------------------------------------- */

GPtrArray *
vmc_resize_plan(const VmcVmShape *shape, const VmcResizeTarget *target)
{
    g_return_val_if_fail(shape != NULL && target != NULL, NULL);
    g_auto(VmcVmShape) now = vmc_vm_shape_copy(shape);
    GPtrArray *plan =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_resize_step_free);

    for (guint i = 0; i < MAX_STEPS; i++) {
        VmcResizeStep *step = vmc_resize_next(&now, target, 0);
        g_ptr_array_add(plan, step);
        if (step->rung == VMC_RUNG_DONE || step->rung == VMC_RUNG_GIVE_UP)
            break;
        vmc_resize_apply(&now, step);
    }
    return plan;
}
