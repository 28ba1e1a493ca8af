/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host.h"

#include "core/name-table.h"

static const char *const state_names[VMC_N_HOST_STATES] = {
    [VMC_HOST_UP] = "up",
    [VMC_HOST_DEGRADED] = "degraded",
    [VMC_HOST_UNREACHABLE] = "unreachable",
    [VMC_HOST_DRAINING] = "draining",
    [VMC_HOST_DRAINED] = "drained",
    [VMC_HOST_ERROR] = "error",
};

const char *
vmc_host_state_to_name(VmcHostState state)
{
    g_return_val_if_fail(state < VMC_N_HOST_STATES, NULL);
    return state_names[state];
}

gboolean
vmc_host_state_from_name(const char *name, VmcHostState *ret_state)
{
    return vmc_names_find(state_names, name, ret_state);
}

/* ---- pools -------------------------------------------------------------- */

VmcPool *
vmc_pool_new(const char *name, const char *path)
{
    g_return_val_if_fail(name != NULL, NULL);
    VmcPool *pool = g_new0(VmcPool, 1);
    pool->name = g_strdup(name);
    pool->path = g_strdup(path);
    return pool;
}

VmcPool *
vmc_pool_copy(const VmcPool *pool)
{
    g_return_val_if_fail(pool != NULL, NULL);
    VmcPool *copy = vmc_pool_new(pool->name, pool->path);
    copy->capacity_bytes = pool->capacity_bytes;
    copy->free_bytes = pool->free_bytes;
    return copy;
}

void
vmc_pool_free(VmcPool *pool)
{
    if (pool == NULL)
        return;
    g_free(pool->name);
    g_free(pool->path);
    g_free(pool);
}

static GPtrArray *
pools_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) vmc_pool_free);
}

static GPtrArray *
pools_copy(GPtrArray *pools)
{
    GPtrArray *copy = pools_new();

    for (guint i = 0; pools != NULL && i < pools->len; i++)
        g_ptr_array_add(copy, vmc_pool_copy(pools->pdata[i]));
    return copy;
}

/* ---- hosts -------------------------------------------------------------- */

static GStrv
strv_new_empty(void)
{
    return g_new0(char *, 1);
}

VmcHost *
vmc_host_new(const char *name, const char *uri)
{
    g_return_val_if_fail(name != NULL && uri != NULL, NULL);
    VmcHost *host = g_new0(VmcHost, 1);
    g_atomic_ref_count_init(&host->refs);
    host->name = g_strdup(name);
    host->uri = g_strdup(uri);
    host->state = VMC_HOST_UNREACHABLE;
    host->labels = strv_new_empty();
    host->cpu_models = strv_new_empty();
    host->machines = strv_new_empty();
    host->networks = strv_new_empty();
    host->bridges = strv_new_empty();
    host->pools = pools_new();
    return host;
}

/* After the members were copied by assignment: own what they point to. */
static void
own_members(VmcHost *host)
{
    host->name = g_strdup(host->name);
    host->uri = g_strdup(host->uri);
    host->uuid = g_strdup(host->uuid);
    host->migration_uri = g_strdup(host->migration_uri);
    host->state_reason = g_strdup(host->state_reason);
    host->arch = g_strdup(host->arch);
    host->cpu_model = g_strdup(host->cpu_model);
    host->domain_type = g_strdup(host->domain_type);
    host->hypervisor_version = g_strdup(host->hypervisor_version);
    host->labels = g_strdupv(host->labels);
    host->cpu_models = g_strdupv(host->cpu_models);
    host->machines = g_strdupv(host->machines);
    host->networks = g_strdupv(host->networks);
    host->bridges = g_strdupv(host->bridges);
    host->pools = pools_copy(host->pools);
}

VmcHost *
vmc_host_copy(const VmcHost *host)
{
    g_return_val_if_fail(host != NULL, NULL);
    VmcHost *copy = g_new(VmcHost, 1);
    /* all but the last member, which other threads count in */
    memcpy(copy, host, G_STRUCT_OFFSET(VmcHost, refs));
    g_atomic_ref_count_init(&copy->refs);
    own_members(copy);
    return copy;
}

VmcHost *
vmc_host_ref(VmcHost *host)
{
    g_return_val_if_fail(host != NULL, NULL);
    g_atomic_ref_count_inc(&host->refs);
    return host;
}

void
vmc_host_unref(VmcHost *host)
{
    if (host == NULL || !g_atomic_ref_count_dec(&host->refs))
        return;
    g_free(host->name);
    g_free(host->uri);
    g_free(host->uuid);
    g_free(host->migration_uri);
    g_free(host->state_reason);
    g_free(host->arch);
    g_free(host->cpu_model);
    g_free(host->domain_type);
    g_free(host->hypervisor_version);
    g_strfreev(host->labels);
    g_strfreev(host->cpu_models);
    g_strfreev(host->machines);
    g_strfreev(host->networks);
    g_strfreev(host->bridges);
    g_clear_pointer(&host->pools, g_ptr_array_unref);
    g_free(host);
}

VmcResources
vmc_host_capacity(const VmcHost *host)
{
    g_return_val_if_fail(host != NULL, (VmcResources){0});
    return vmc_resources_subtract(host->physical, host->reserved);
}

VmcResources
vmc_host_ceiling(const VmcHost *host)
{
    g_return_val_if_fail(host != NULL, (VmcResources){0});
    VmcResources ceiling = vmc_host_capacity(host);

    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        guint64 limit_milli = host->ceiling_milli.amount[i];
        if (limit_milli == 0 || !vmc_host_knows(host, (VmcResource) i))
            ceiling.amount[i] = G_MAXUINT64;
        else
            ceiling.amount[i] =
                vmc_resource_scale_milli(ceiling.amount[i], limit_milli);
    }
    return ceiling;
}

gboolean
vmc_host_knows(const VmcHost *host, VmcResource resource)
{
    g_return_val_if_fail(host != NULL && resource < VMC_N_RESOURCES, FALSE);
    if (resource == VMC_CPU || resource == VMC_MEMORY)
        return TRUE;
    return host->physical.amount[resource] > 0;
}

gboolean
vmc_host_takes_vms(const VmcHost *host)
{
    g_return_val_if_fail(host != NULL, FALSE);
    return host->state == VMC_HOST_UP;
}
