/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/create-order.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "core/json-record.h"
#include "daemon/jobs/json-value.h"

#include <stddef.h>

/* ---- volumes ------------------------------------------------------------- */

VmcVolumeOrder *
vmc_volume_order_new(const char *pool, const char *volume)
{
    VmcVolumeOrder *order = g_new0(VmcVolumeOrder, 1);

    order->pool = g_strdup(pool);
    order->volume = g_strdup(volume);
    return order;
}

void
vmc_volume_order_free(VmcVolumeOrder *order)
{
    if (order == NULL)
        return;
    g_free(order->pool);
    g_free(order->volume);
    g_free(order->image);
    g_free(order);
}

static const VmcField volume_fields[] = {
    {"pool", VMC_FIELD_STRING, offsetof(VmcVolumeOrder, pool), TRUE},
    {"volume", VMC_FIELD_STRING, offsetof(VmcVolumeOrder, volume), TRUE},
    {"image", VMC_FIELD_STRING, offsetof(VmcVolumeOrder, image), FALSE},
    {"size_bytes", VMC_FIELD_UINT64, offsetof(VmcVolumeOrder, size_bytes),
     FALSE},
};

static const VmcRecordType volume_type = {
    .fields = volume_fields,
    .n_fields = G_N_ELEMENTS(volume_fields),
};

static VmcVolumeOrder *
volume_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcVolumeOrder) volume = vmc_volume_order_new(NULL, NULL);

    if (!vmc_record_from_json(&volume_type, node, volume, error))
        return NULL;
    return g_steal_pointer(&volume);
}

/* ---- orders -------------------------------------------------------------- */

static VmcCreateOrder *
order_new_empty(void)
{
    VmcCreateOrder *order = g_new0(VmcCreateOrder, 1);

    order->disks =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_volume_order_free);
    return order;
}

VmcCreateOrder *
vmc_create_order_new(VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, NULL);
    VmcCreateOrder *order = order_new_empty();

    order->vm = vmc_vm_ref(vm);
    order->start = TRUE;
    return order;
}

void
vmc_create_order_free(VmcCreateOrder *order)
{
    if (order == NULL)
        return;
    g_clear_pointer(&order->vm, vmc_vm_unref);
    g_free(order->domain_xml);
    g_ptr_array_unref(order->disks);
    vmc_volume_order_free(order->seed);
    g_free(order->user_data);
    g_free(order->meta_data);
    g_free(order);
}

static JsonArray *
disks_to_json(GPtrArray *disks)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < disks->len; i++)
        json_array_add_element(
            array, vmc_record_to_json(&volume_type, disks->pdata[i]));
    return array;
}

JsonObject *
vmc_create_order_to_json(const VmcCreateOrder *order)
{
    g_return_val_if_fail(order != NULL, NULL);
    JsonObject *intent = json_object_new();

    json_object_set_member(intent, "vm", vmc_vm_to_json(order->vm));
    json_object_set_string_member(intent, "domain_xml", order->domain_xml);
    json_object_set_array_member(intent, "disks", disks_to_json(order->disks));
    json_object_set_boolean_member(intent, "start", order->start);
    if (order->seed != NULL) {
        json_object_set_member(intent, "seed",
                               vmc_record_to_json(&volume_type, order->seed));
        json_object_set_string_member(intent, "user_data", order->user_data);
        json_object_set_string_member(intent, "meta_data", order->meta_data);
    }
    return intent;
}

static gboolean
read_vm(VmcCreateOrder *order, JsonObject *intent, GError **error)
{
    if (!json_object_has_member(intent, "vm")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'vm' is missing from the intent");
        return FALSE;
    }
    order->vm = vmc_vm_from_json(json_object_get_member(intent, "vm"), error);
    if (order->vm == NULL)
        g_prefix_error(error, "vm.");
    return order->vm != NULL;
}

static gboolean
read_disks(VmcCreateOrder *order, JsonObject *intent, GError **error)
{
    JsonNode *node = json_object_get_member(intent, "disks");

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'disks' is not an array");
        return FALSE;
    }
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        VmcVolumeOrder *disk =
            volume_from_json(json_array_get_element(array, i), error);
        if (disk == NULL) {
            g_prefix_error(error, "disks[%u].", i);
            return FALSE;
        }
        g_ptr_array_add(order->disks, disk);
    }
    return TRUE;
}

static gboolean
read_seed(VmcCreateOrder *order, JsonObject *intent, GError **error)
{
    if (!json_object_has_member(intent, "seed"))
        return TRUE;
    order->seed =
        volume_from_json(json_object_get_member(intent, "seed"), error);
    if (order->seed == NULL) {
        g_prefix_error(error, "seed.");
        return FALSE;
    }
    return vmc_json_read_string(intent, "user_data", &order->user_data,
                                error) &&
           vmc_json_read_string(intent, "meta_data", &order->meta_data, error);
}

VmcCreateOrder *
vmc_create_order_from_json(JsonObject *intent, GError **error)
{
    g_return_val_if_fail(intent != NULL, NULL);
    g_autoptr(VmcCreateOrder) order = order_new_empty();

    if (!read_vm(order, intent, error) || !read_disks(order, intent, error) ||
        !read_seed(order, intent, error) ||
        !vmc_json_read_string(intent, "domain_xml", &order->domain_xml,
                              error) ||
        !vmc_json_read_boolean(intent, "start", TRUE, &order->start, error))
        return NULL;
    if (order->domain_xml == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'domain_xml' is missing from the intent");
        return NULL;
    }
    return g_steal_pointer(&order);
}
