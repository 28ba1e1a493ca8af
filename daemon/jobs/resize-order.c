/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/resize-order.h"

#include "core/error.h"
#include "core/placement.h"
#include "daemon/jobs/json-value.h"

/* ---- the intent --------------------------------------------------------- */

JsonObject *
vmc_resize_order_to_intent(const VmcResizeOrder *order)
{
    g_return_val_if_fail(order != NULL, NULL);
    JsonObject *intent = json_object_new();

    if (order->vcpus != 0)
        json_object_set_int_member(intent, "vcpus", order->vcpus);
    if (order->memory_bytes != 0)
        json_object_set_int_member(intent, "memory_bytes",
                                   (gint64) order->memory_bytes);
    return intent;
}

gboolean
vmc_resize_order_from_intent(JsonObject *intent,
                             VmcResizeOrder *ret_order,
                             GError **error)
{
    g_return_val_if_fail(intent != NULL && ret_order != NULL, FALSE);
    gint64 vcpus, memory_bytes;

    if (!vmc_json_read_int(intent, "vcpus", 0, &vcpus, error) ||
        !vmc_json_read_int(intent, "memory_bytes", 0, &memory_bytes, error))
        return FALSE;
    *ret_order = (VmcResizeOrder){.vcpus = (guint) MIN(vcpus, G_MAXUINT),
                                  .memory_bytes = (guint64) memory_bytes};
    return TRUE;
}

/* ---- what it comes to --------------------------------------------------- */

VmcResizeTarget
vmc_resize_order_target(const VmcResizeOrder *order, const VmcVm *vm)
{
    g_return_val_if_fail(order != NULL && vm != NULL, (VmcResizeTarget){0});
    return (VmcResizeTarget){.vcpus = order->vcpus,
                             .memory_bytes = order->memory_bytes,
                             .min_memory_bytes =
                                 vm->size_min.amount[VMC_MEMORY]};
}

VmcResources
vmc_resize_order_size(const VmcResizeOrder *order, const VmcVm *vm)
{
    g_return_val_if_fail(order != NULL && vm != NULL, (VmcResources){0});
    VmcResources size = vm->size;

    if (order->vcpus != 0)
        size.amount[VMC_CPU] = (guint64) order->vcpus * VMC_MILLICORES_PER_CPU;
    if (order->memory_bytes != 0)
        size.amount[VMC_MEMORY] = order->memory_bytes;
    return size;
}

/* The guest's blocks begin at 0 and what it boots with is whole ones; where
 * that is not so, the job rounds once more, and says so in its trail. */
static void
round_memory(VmcResizeOrder *order, const VmcVm *vm)
{
    guint64 most_bytes = vm->size_max.amount[VMC_MEMORY];
    guint64 beyond = order->memory_bytes % VMC_GUEST_BLOCK_BYTES;
    guint64 rounded;

    if (beyond == 0 || !g_uint64_checked_add(&rounded, order->memory_bytes,
                                             VMC_GUEST_BLOCK_BYTES - beyond))
        return;
    if (most_bytes == 0 || rounded <= most_bytes)
        order->memory_bytes = rounded;
}

/* ---- whether it may be -------------------------------------------------- */

static gboolean
check_vm(const VmcVm *vm, GError **error)
{
    if (!vmc_vm_check_managed(vm, error))
        return FALSE;
    if (vm->host == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' is on no host", vm->name);
        return FALSE;
    }
    if (vm->destination == NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                "VM '%s' is moving to host '%s': wait until it is there",
                vm->name, vm->destination);
    return FALSE;
}

/* @wanted is what @asked was rounded to: that is what counts, and what was
 * asked is what is spoken of. */
static gboolean
check_limit(const VmcVm *vm,
            VmcResource resource,
            guint64 wanted,
            guint64 asked,
            GError **error)
{
    guint64 min = vm->size_min.amount[resource];
    guint64 max = vm->size_max.amount[resource];
    g_autofree char *asked_text = vmc_resource_format(resource, asked);
    g_autofree char *min_text = vmc_resource_format(resource, min);
    g_autofree char *max_text = vmc_resource_format(resource, max);

    if (wanted >= min && (max == 0 || wanted <= max))
        return TRUE;
    if (wanted < min)
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "%s of VM '%s' cannot become %s: it must keep %s",
                    vmc_resource_to_name(resource), vm->name, asked_text,
                    min_text);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "%s of VM '%s' cannot become %s: it was made for at most "
                    "%s",
                    vmc_resource_to_name(resource), vm->name, asked_text,
                    max_text);
    return FALSE;
}

static gboolean
check_order(const VmcResizeOrder *order,
            const VmcResizeOrder *asked,
            const VmcVm *vm,
            GError **error)
{
    VmcResources size = vmc_resize_order_size(order, vm);

    if (order->vcpus == 0 && order->memory_bytes == 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "nothing to resize VM '%s' to: give vcpus, memory_bytes "
                    "or both",
                    vm->name);
        return FALSE;
    }
    if (order->vcpus != 0 && !check_limit(vm, VMC_CPU, size.amount[VMC_CPU],
                                          size.amount[VMC_CPU], error))
        return FALSE;
    return order->memory_bytes == 0 ||
           check_limit(vm, VMC_MEMORY, size.amount[VMC_MEMORY],
                       asked->memory_bytes, error);
}

static gboolean
check_room(const VmcFleet *fleet,
           const VmcVm *vm,
           const VmcVm *reserve,
           GError **error)
{
    VmcPlacementRequest request = {.vm_name = vm->name,
                                   .vm_uuid = vm->uuid,
                                   .size = reserve->size,
                                   .claim = vmc_vm_claim(reserve)};

    if (vmc_resources_fit(reserve->size, vm->size, NULL) ||
        vmc_placement_check(fleet, &request, vm->host, error))
        return TRUE;
    g_prefix_error(error, "VM '%s' cannot grow where it is: ", vm->name);
    return FALSE;
}

/* ---- public ------------------------------------------------------------- */

gboolean
vmc_resize_order_prepare(VmcResizeOrder *order,
                         const VmcFleet *fleet,
                         const VmcVm *vm,
                         VmcVm **ret_reserve,
                         GError **error)
{
    g_return_val_if_fail(order != NULL && fleet != NULL, FALSE);
    g_return_val_if_fail(vm != NULL && ret_reserve != NULL, FALSE);
    VmcResizeOrder rounded = *order;

    round_memory(&rounded, vm);
    if (!check_vm(vm, error) || !check_order(&rounded, order, vm, error))
        return FALSE;
    g_autoptr(VmcVm) reserve = vmc_vm_copy(vm);
    reserve->size =
        vmc_resources_max(vm->size, vmc_resize_order_size(&rounded, vm));
    if (rounded.vcpus != 0)
        reserve->vcpus.requested = rounded.vcpus;
    if (rounded.memory_bytes != 0)
        reserve->memory_bytes.requested = rounded.memory_bytes;
    if (!check_room(fleet, vm, reserve, error))
        return FALSE;
    *order = rounded;
    *ret_reserve = g_steal_pointer(&reserve);
    return TRUE;
}
