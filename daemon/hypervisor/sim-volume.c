/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-act.h"

static VmcSimPool *
find_pool(VmcSimAct *act, GError **error)
{
    VmcSimPool *pool = vmc_sim_host_find_pool(act->host, act->call->pool);

    if (pool == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "host '%s' has no storage pool '%s'",
                    act->host->config->name, act->call->pool);
    return pool;
}

/* Unless its URI lists them, a host has every image one may ask for. */
static gboolean
check_image(VmcSimAct *act, VmcSimPool *pool, GError **error)
{
    const char *image = act->call->image;
    GStrv images = act->host->config->images;

    if (image == NULL || images == NULL ||
        g_strv_contains((const char *const *) images, image) ||
        g_hash_table_contains(pool->volumes, image))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "pool '%s' of host '%s' has no image '%s'", pool->name,
                act->host->config->name, image);
    return FALSE;
}

static gboolean
put_volume(VmcSimAct *act, VmcSimPool *pool, guint64 size_bytes, GError **error)
{
    if (size_bytes > pool->capacity_bytes) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NO_SPACE,
                    "volume '%s' does not fit into pool '%s' of host '%s'",
                    act->call->volume, pool->name, act->host->config->name);
        return FALSE;
    }
    if (!g_hash_table_contains(pool->volumes, act->call->volume))
        g_hash_table_insert(pool->volumes, g_strdup(act->call->volume),
                            g_memdup2(&size_bytes, sizeof size_bytes));
    act->reply->path = g_strdup_printf("%s/%s", pool->path, act->call->volume);
    return TRUE;
}

gboolean
vmc_sim_act_create_disk(VmcSimAct *act, GError **error)
{
    VmcSimPool *pool = find_pool(act, error);

    return pool != NULL && check_image(act, pool, error) &&
           put_volume(act, pool, act->call->bytes, error);
}

gboolean
vmc_sim_act_create_seed(VmcSimAct *act, GError **error)
{
    VmcSimPool *pool = find_pool(act, error);
    guint64 size_bytes =
        act->call->data != NULL ? g_bytes_get_size(act->call->data) : 0;

    return pool != NULL && put_volume(act, pool, size_bytes, error);
}

gboolean
vmc_sim_act_delete_volume(VmcSimAct *act, GError **error)
{
    VmcSimPool *pool = find_pool(act, error);

    if (pool == NULL)
        return FALSE;
    g_hash_table_remove(pool->volumes, act->call->volume);
    return TRUE;
}
