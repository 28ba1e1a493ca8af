/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VmcResource:
 * @VMC_CPU: in millicores: one vCPU or one CPU is 1000
 * @VMC_MEMORY: in bytes
 * @VMC_DISK: in bytes
 * @VMC_NETWORK: in bit/s
 * @VMC_N_RESOURCES: how many there are
 */
typedef enum {
    VMC_CPU,
    VMC_MEMORY,
    VMC_DISK,
    VMC_NETWORK,
    VMC_N_RESOURCES
} VmcResource;

/**
 * VMC_MILLICORES_PER_CPU:
 *
 * What one vCPU, or one CPU of a host, counts in %VMC_CPU.
 */
#define VMC_MILLICORES_PER_CPU 1000

/**
 * VmcResources:
 * @amount: one amount per resource, in the unit #VmcResource names
 *
 * A vector over the resources: a size, a claim, a capacity. A plain value:
 * copy it by assignment.
 */
typedef struct {
    guint64 amount[VMC_N_RESOURCES];
} VmcResources;

/**
 * VMC_RESOURCES:
 *
 * A #VmcResources literal from its four amounts.
 */
#define VMC_RESOURCES(cpu_millicores, memory_bytes, disk_bytes,                \
                      network_bits_per_s)                                      \
    ((VmcResources){.amount = {(cpu_millicores), (memory_bytes), (disk_bytes), \
                               (network_bits_per_s)}})

/**
 * vmc_resource_to_name:
 * @resource: a resource
 *
 * Returns: (transfer none): "cpu", "memory", "disk" or "network"
 */
const char *vmc_resource_to_name(VmcResource resource);

/**
 * vmc_resource_from_name:
 * @name: a name as vmc_resource_to_name() gives it
 * @ret_resource: (out): the resource
 *
 * Returns: %FALSE when there is no such resource
 */
gboolean vmc_resource_from_name(const char *name, VmcResource *ret_resource);

/**
 * vmc_resource_to_key:
 * @resource: a resource
 *
 * Returns: (transfer none): the JSON key, which carries the unit:
 * "cpu_millicores", "memory_bytes", "disk_bytes" or "network_bits_per_s"
 */
const char *vmc_resource_to_key(VmcResource resource);

/**
 * vmc_resource_format:
 * @resource: a resource
 * @amount: an amount of it
 *
 * Returns: (transfer full): the exact text for people, as "4GiB"
 */
char *vmc_resource_format(VmcResource resource, guint64 amount);

/**
 * vmc_resource_parse:
 * @resource: a resource
 * @text: an amount of it as people write it
 * @ret_amount: (out): the amount in the resource's unit
 * @error: %VMC_ERROR_INVALID as the parsers of units.h
 *
 * Returns: %TRUE when @ret_amount was set
 */
gboolean vmc_resource_parse(VmcResource resource,
                            const char *text,
                            guint64 *ret_amount,
                            GError **error);

/**
 * vmc_resources_add:
 * @a: a vector
 * @b: another
 *
 * Returns: the sum; an amount that would overflow stays at the largest number,
 * which no capacity reaches, so that a sum never looks smaller than it is
 */
VmcResources vmc_resources_add(VmcResources a, VmcResources b);

/**
 * vmc_resources_subtract:
 * @a: a vector
 * @b: what to take away
 *
 * Returns: the difference, never below zero
 */
VmcResources vmc_resources_subtract(VmcResources a, VmcResources b);

/**
 * vmc_resources_max:
 * @a: a vector
 * @b: another
 *
 * Returns: the larger amount of each resource
 */
VmcResources vmc_resources_max(VmcResources a, VmcResources b);

/**
 * vmc_resources_fit:
 * @need: what is asked for
 * @room: what there is
 * @ret_short: (out) (optional): the first resource that does not fit
 *
 * Returns: %TRUE when every amount of @need is at most that of @room
 */
gboolean vmc_resources_fit(VmcResources need,
                           VmcResources room,
                           VmcResource *ret_short);

/**
 * vmc_resources_equal:
 * @a: a vector
 * @b: another
 *
 * Returns: whether all amounts are the same
 */
gboolean vmc_resources_equal(VmcResources a, VmcResources b);

/**
 * vmc_resource_scale_milli:
 * @amount: an amount
 * @factor_milli: a factor in thousandths
 *
 * Returns: @amount × @factor_milli ÷ 1000, rounded up so that a claim is never
 * less than it should be; saturates at the largest number
 */
guint64 vmc_resource_scale_milli(guint64 amount, guint64 factor_milli);
