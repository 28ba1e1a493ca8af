/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/vm.h"

/**
 * VmcVolumeOrder:
 * @pool: storage pool
 * @volume: name of the volume in it
 * @image: (nullable): volume of the pool that it starts as a clone of
 * @size_bytes: its size; 0 for what its content needs
 *
 * A volume that a VM is made with.
 */
typedef struct {
    char *pool;
    char *volume;
    char *image;
    guint64 size_bytes;
} VmcVolumeOrder;

VmcVolumeOrder *vmc_volume_order_new(const char *pool, const char *volume);
void vmc_volume_order_free(VmcVolumeOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcVolumeOrder, vmc_volume_order_free)

/**
 * VmcCreateOrder:
 * @vm: the VM, its host chosen
 * @domain_xml: its definition
 * @disks: (element-type VmcVolumeOrder): made before it is defined
 * @seed: (nullable): the NoCloud seed
 * @user_data: (nullable): what is in the seed
 * @meta_data: (nullable): what is in the seed
 * @start: start it at the end
 *
 * All that a create job needs: it reads no template, so that it does the same
 * after a crash, whatever became of the template meanwhile.
 */
typedef struct {
    VmcVm *vm;
    char *domain_xml;
    GPtrArray *disks;
    VmcVolumeOrder *seed;
    char *user_data;
    char *meta_data;
    gboolean start;
} VmcCreateOrder;

VmcCreateOrder *vmc_create_order_new(VmcVm *vm);
void vmc_create_order_free(VmcCreateOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcCreateOrder, vmc_create_order_free)

/**
 * vmc_create_order_to_json:
 * @order: an order
 *
 * Returns: (transfer full): the intent of a create job
 */
JsonObject *vmc_create_order_to_json(const VmcCreateOrder *order);

/**
 * vmc_create_order_from_json:
 * @intent: the intent of a create job
 * @error: %VMC_ERROR_INVALID
 *
 * Returns: (transfer full): the order
 */
VmcCreateOrder *vmc_create_order_from_json(JsonObject *intent, GError **error);
