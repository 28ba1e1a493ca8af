/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resources.h"

#include "core/name-table.h"
#include "core/units.h"

typedef struct {
    const char *name;
    const char *key;
    char *(*format)(guint64 amount);
    gboolean (*parse)(const char *text, guint64 *ret_amount, GError **error);
} ResourceRow;

static const ResourceRow rows[VMC_N_RESOURCES] = {
    [VMC_CPU] = {"cpu", "cpu_millicores", vmc_units_format_millicores,
                 vmc_units_parse_millicores},
    [VMC_MEMORY] = {"memory", "memory_bytes", vmc_units_format_bytes,
                    vmc_units_parse_bytes},
    [VMC_DISK] = {"disk", "disk_bytes", vmc_units_format_bytes,
                  vmc_units_parse_bytes},
    [VMC_NETWORK] = {"network", "network_bits_per_s",
                     vmc_units_format_bits_per_s, vmc_units_parse_bits_per_s},
};

const char *
vmc_resource_to_name(VmcResource resource)
{
    g_return_val_if_fail(resource < VMC_N_RESOURCES, NULL);
    return rows[resource].name;
}

gboolean
vmc_resource_from_name(const char *name, VmcResource *ret_resource)
{
    return vmc_rows_find(rows, name, name, ret_resource);
}

const char *
vmc_resource_to_key(VmcResource resource)
{
    g_return_val_if_fail(resource < VMC_N_RESOURCES, NULL);
    return rows[resource].key;
}

char *
vmc_resource_format(VmcResource resource, guint64 amount)
{
    g_return_val_if_fail(resource < VMC_N_RESOURCES, NULL);
    return rows[resource].format(amount);
}

gboolean
vmc_resource_parse(VmcResource resource,
                   const char *text,
                   guint64 *ret_amount,
                   GError **error)
{
    g_return_val_if_fail(resource < VMC_N_RESOURCES, FALSE);
    return rows[resource].parse(text, ret_amount, error);
}

VmcResources
vmc_resources_add(VmcResources a, VmcResources b)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (!g_uint64_checked_add(&a.amount[i], a.amount[i], b.amount[i]))
            a.amount[i] = G_MAXUINT64;
    return a;
}

VmcResources
vmc_resources_subtract(VmcResources a, VmcResources b)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        a.amount[i] -= MIN(a.amount[i], b.amount[i]);
    return a;
}

VmcResources
vmc_resources_max(VmcResources a, VmcResources b)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        a.amount[i] = MAX(a.amount[i], b.amount[i]);
    return a;
}

gboolean
vmc_resources_fit(VmcResources need, VmcResources room, VmcResource *ret_short)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        if (need.amount[i] <= room.amount[i])
            continue;
        if (ret_short != NULL)
            *ret_short = (VmcResource) i;
        return FALSE;
    }
    return TRUE;
}

gboolean
vmc_resources_equal(VmcResources a, VmcResources b)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (a.amount[i] != b.amount[i])
            return FALSE;
    return TRUE;
}

guint64
vmc_resource_scale_milli(guint64 amount, guint64 factor_milli)
{
    /* whole thousands first: the product then overflows only when the result
     * would */
    guint64 whole, part;

    if (!g_uint64_checked_mul(&whole, amount / 1000, factor_milli) ||
        !g_uint64_checked_mul(&part, amount % 1000, factor_milli) ||
        !g_uint64_checked_add(&part, part, 999) ||
        !g_uint64_checked_add(&whole, whole, part / 1000))
        return G_MAXUINT64;
    return whole;
}
