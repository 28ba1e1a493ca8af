/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-world.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-migration.h"
#include "daemon/hypervisor/sim-state.h"
#include "daemon/hypervisor/sim-usage.h"

#include <string.h>

#define PATIENCE_US (G_GINT64_CONSTANT(20) * G_USEC_PER_SEC)

/* A global, as the world is: two connections to one URI see the same host. */
static GMutex lock;
static GCond changed;
static GHashTable *hosts;  /* (element-type VmcSimHost) by name */
static GHashTable *shared; /* (element-type VmcSimPool) by name */
static guint n_connections;

void
vmc_sim_world_lock(void)
{
    g_mutex_lock(&lock);
    if (hosts != NULL)
        return;
    hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                  (GDestroyNotify) vmc_sim_host_free);
    shared = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                   (GDestroyNotify) vmc_sim_pool_unref);
}

void
vmc_sim_world_unlock(void)
{
    vmc_sim_state_save();
    g_mutex_unlock(&lock);
}

void
vmc_sim_world_wait(gint64 end_us)
{
    vmc_sim_state_save();
    if (end_us == G_MAXINT64)
        g_cond_wait(&changed, &lock);
    else
        g_cond_wait_until(&changed, &lock, end_us);
}

void
vmc_sim_world_wake(void)
{
    g_cond_broadcast(&changed);
}

GHashTable *
vmc_sim_world_hosts(void)
{
    return hosts;
}

VmcSimHost *
vmc_sim_world_find(const char *host_name)
{
    return g_hash_table_lookup(hosts, host_name);
}

/* ---- new hosts ------------------------------------------------------------
 */

static VmcSimPool *
take_pool(const VmcSimConfig *config, const char *name)
{
    VmcSimPool *pool = NULL;

    if (config->shared_pools)
        pool = g_hash_table_lookup(shared, name);
    if (pool != NULL)
        return vmc_sim_pool_ref(pool);
    pool = vmc_sim_pool_new(name, config->disk_bytes);
    if (config->shared_pools)
        g_hash_table_insert(shared, pool->name, vmc_sim_pool_ref(pool));
    return pool;
}

static VmcSimHost *
add_host(const char *uri, VmcSimConfig *config)
{
    VmcSimHost *host = vmc_sim_host_new(uri, config);

    for (GStrv name = config->pools; *name != NULL; name++)
        g_ptr_array_add(host->pools, take_pool(config, *name));
    g_hash_table_insert(hosts, config->name, host);
    return host;
}

/* Whom a state file told of is as it left it; the first to open it may say
 * otherwise. */
static VmcSimHost *
find_known(const char *uri, VmcSimConfig **config)
{
    VmcSimHost *host = vmc_sim_world_find((*config)->name);

    if (host != NULL && !host->is_claimed && !g_str_equal(host->uri, uri))
        vmc_sim_host_set_uri(host, uri, g_steal_pointer(config));
    return host;
}

VmcSimHost *
vmc_sim_world_wake_host(const char *uri, GError **error)
{
    g_autoptr(VmcSimConfig) config = vmc_sim_config_parse(uri, error);
    if (config == NULL)
        return NULL;
    VmcSimHost *host = find_known(uri, &config);
    if (host != NULL)
        return host;
    gboolean was_saved = FALSE;
    host = add_host(uri, g_steal_pointer(&config));
    if (!vmc_sim_state_load(host, &was_saved, error)) {
        g_hash_table_remove(hosts, host->config->name);
        return NULL;
    }
    if (!was_saved)
        vmc_sim_host_populate(host);
    return host;
}

VmcSimHost *
vmc_sim_world_open(const char *uri, GError **error)
{
    VmcSimHost *host = vmc_sim_world_wake_host(uri, error);

    if (host != NULL)
        host->is_claimed = TRUE;
    return host;
}

void
vmc_sim_world_connect(void)
{
    n_connections++;
}

void
vmc_sim_world_disconnect(void)
{
    n_connections--;
    vmc_sim_world_wake();
}

/* ---- for tests ------------------------------------------------------------
 */

/* Those that close are closed by threads of their own; one that nobody closes
 * is a mistake of the test. */
static void
await_disconnection(void)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    while (n_connections > 0 && g_get_monotonic_time() < end_us)
        vmc_sim_world_wait(end_us);
    if (n_connections > 0)
        g_error("%u connections to simulated hosts are still open: stop links "
                "before the world is reset",
                n_connections);
}

void
vmc_sim_world_reset(void)
{
    vmc_sim_fault_clear();
    vmc_sim_world_lock();
    await_disconnection();
    vmc_sim_migration_forget_all();
    g_clear_pointer(&hosts, g_hash_table_unref);
    g_clear_pointer(&shared, g_hash_table_unref);
    g_mutex_unlock(&lock);
}

guint
vmc_sim_world_count_running(const char *uuid)
{
    GHashTableIter iter;
    gpointer host;
    guint n = 0;

    vmc_sim_world_lock();
    g_hash_table_iter_init(&iter, hosts);
    while (g_hash_table_iter_next(&iter, NULL, &host)) {
        const VmcSimDomain *domain = vmc_sim_host_find(host, uuid);
        n += domain != NULL && domain->state == VMC_RUN_RUNNING;
    }
    vmc_sim_world_unlock();
    return n;
}

static guint
count_in_pool(const VmcSimPool *pool, const char *part)
{
    GHashTableIter iter;
    gpointer name;
    guint n = 0;

    g_hash_table_iter_init(&iter, pool->volumes);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        n += strstr(name, part) != NULL;
    return n;
}

guint
vmc_sim_world_count_volumes(const char *part)
{
    GHashTableIter iter;
    gpointer data;
    guint n = 0;

    vmc_sim_world_lock();
    g_hash_table_iter_init(&iter, hosts);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const VmcSimHost *host = data;
        for (guint i = 0; i < host->pools->len; i++)
            n += count_in_pool(g_ptr_array_index(host->pools, i), part);
    }
    vmc_sim_world_unlock();
    return n;
}

static gboolean
is_called(const VmcSimDomain *domain, const char *name_or_uuid)
{
    return g_strcmp0(domain->name, name_or_uuid) == 0 ||
           g_strcmp0(domain->uuid, name_or_uuid) == 0;
}

static gboolean
set_on_host(VmcSimHost *host,
            const char *vm,
            const char *key,
            const char *value,
            gboolean *found,
            GError **error)
{
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, host->domains);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        VmcSimDomain *domain = data;
        if (!is_called(domain, vm))
            continue;
        *found = TRUE;
        vmc_sim_guest_meter(domain, g_get_monotonic_time());
        if (!vmc_sim_traits_set(&domain->guest.traits, key, value, error))
            return FALSE;
        vmc_sim_guest_poke(domain);
    }
    return TRUE;
}

gboolean
vmc_sim_guest_set_locked(const char *vm,
                         const char *key,
                         const char *value,
                         GError **error)
{
    GHashTableIter iter;
    gpointer host;
    gboolean found = FALSE;
    gboolean ok = TRUE;

    g_hash_table_iter_init(&iter, hosts);
    while (ok && g_hash_table_iter_next(&iter, NULL, &host))
        ok = set_on_host(host, vm, key, value, &found, error);
    if (!ok)
        return FALSE;
    if (!found)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "no simulated host has a VM '%s'", vm);
    return found;
}

gboolean
vmc_sim_guest_set(const char *vm,
                  const char *key,
                  const char *value,
                  GError **error)
{
    vmc_sim_world_lock();
    gboolean ok = vmc_sim_guest_set_locked(vm, key, value, error);
    vmc_sim_world_unlock();
    return ok;
}
