/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/shape.h"

#include "core/units.h"

/* ---- DIMMs -------------------------------------------------------------- */

VmcDimm *
vmc_dimm_new(const char *alias, guint64 size_bytes)
{
    VmcDimm *dimm = g_new0(VmcDimm, 1);

    dimm->alias = g_strdup(alias);
    dimm->size_bytes = size_bytes;
    return dimm;
}

void
vmc_dimm_free(VmcDimm *dimm)
{
    if (dimm == NULL)
        return;
    g_free(dimm->alias);
    g_free(dimm);
}

GPtrArray *
vmc_dimms_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) vmc_dimm_free);
}

GPtrArray *
vmc_dimms_copy(GPtrArray *dimms)
{
    if (dimms == NULL)
        return NULL;
    GPtrArray *copy = vmc_dimms_new();
    for (guint i = 0; i < dimms->len; i++) {
        const VmcDimm *dimm = dimms->pdata[i];
        g_ptr_array_add(copy, vmc_dimm_new(dimm->alias, dimm->size_bytes));
    }
    return copy;
}

/* ---- shapes ------------------------------------------------------------- */

VmcVmShape
vmc_vm_shape_copy(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, (VmcVmShape){0});
    VmcVmShape copy = *shape;
    copy.dimms = vmc_dimms_copy(shape->dimms);
    copy.dimms_config = vmc_dimms_copy(shape->dimms_config);
    return copy;
}

void
vmc_vm_shape_clear(VmcVmShape *shape)
{
    g_return_if_fail(shape != NULL);
    g_clear_pointer(&shape->dimms, g_ptr_array_unref);
    g_clear_pointer(&shape->dimms_config, g_ptr_array_unref);
    *shape = (VmcVmShape){0};
}

static guint64
sum_dimms(const GPtrArray *dimms)
{
    guint64 bytes = 0;

    for (guint i = 0; dimms != NULL && i < dimms->len; i++)
        bytes += ((const VmcDimm *) dimms->pdata[i])->size_bytes;
    return bytes;
}

guint64
vmc_vm_shape_dimm_bytes(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, 0);
    return sum_dimms(shape->dimms);
}

guint64
vmc_vm_shape_dimm_config_bytes(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, 0);
    return sum_dimms(shape->dimms_config);
}

guint64
vmc_vm_shape_memory_plugged(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, 0);
    return shape->balloon_bytes + shape->virtio_mem_current_bytes;
}

guint64
vmc_vm_shape_memory_stored(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, 0);
    /* libvirt stores "no balloon" as everything there could ever be */
    return MIN(shape->balloon_config_bytes,
               shape->boot_bytes + vmc_vm_shape_dimm_config_bytes(shape)) +
           shape->virtio_mem_config_bytes;
}

guint64
vmc_vm_shape_memory_most(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, 0);
    guint64 fixed = shape->boot_bytes + vmc_vm_shape_dimm_bytes(shape) +
                    (shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0);

    return shape->dimm_slots_free > 0 ? MAX(fixed, shape->max_bytes) : fixed;
}

guint64
vmc_vm_shape_block(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, VMC_GUEST_BLOCK_BYTES);
    guint64 guest = shape->guest_block_bytes;

    return MAX(guest != 0 ? guest : VMC_GUEST_BLOCK_BYTES,
               shape->has_virtio_mem ? shape->virtio_mem_block_bytes : 0);
}

/* ---- what waits --------------------------------------------------------- */

static void add_sentence(GString *text, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void
add_sentence(GString *text, const char *format, ...)
{
    va_list arguments;

    if (text->len > 0)
        g_string_append(text, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

static void
add_vcpus(GString *text, const VmcVmShape *shape)
{
    guint online = shape->vcpus_online;

    if (shape->vcpus_plugged != shape->vcpus_config)
        add_sentence(text, "the next power cycle changes vCPUs from %u to %u",
                     shape->vcpus_plugged, shape->vcpus_config);
    if (online != 0 && online < shape->vcpus_plugged)
        add_sentence(text, "vCPUs offline in the guest: %u of %u",
                     shape->vcpus_plugged - online, shape->vcpus_plugged);
}

static void
add_memory(GString *text, const VmcVmShape *shape)
{
    guint64 plugged = vmc_vm_shape_memory_plugged(shape);
    guint64 stored = vmc_vm_shape_memory_stored(shape);
    g_autofree char *requested =
        vmc_units_format_bytes_short(shape->virtio_mem_requested_bytes);
    g_autofree char *current =
        vmc_units_format_bytes_short(shape->virtio_mem_current_bytes);
    g_autofree char *now = vmc_units_format_bytes_short(plugged);
    g_autofree char *next = vmc_units_format_bytes_short(stored);

    if (shape->virtio_mem_current_bytes > shape->virtio_mem_requested_bytes)
        add_sentence(text,
                     "the guest has yet to free virtio memory: %s of it, "
                     "to be %s",
                     current, requested);
    if (shape->virtio_mem_current_bytes < shape->virtio_mem_requested_bytes)
        add_sentence(text,
                     "the guest has yet to take virtio memory: %s of it, "
                     "to be %s",
                     current, requested);
    if (stored != plugged)
        add_sentence(text, "the next power cycle changes memory from %s to %s",
                     now, next);
}

char *
vmc_vm_shape_pending(const VmcVmShape *shape)
{
    g_return_val_if_fail(shape != NULL, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    if (!shape->is_running)
        return NULL;
    add_vcpus(text, shape);
    add_memory(text, shape);
    if (text->len == 0)
        return NULL;
    return g_string_free(g_steal_pointer(&text), FALSE);
}
