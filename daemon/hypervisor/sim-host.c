/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-host.h"

#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-world.h"

#include <string.h>

/* ---- pools ----------------------------------------------------------------
 */

VmcSimPool *
vmc_sim_pool_new(const char *name, guint64 capacity_bytes)
{
    VmcSimPool *pool = g_new0(VmcSimPool, 1);

    pool->name = g_strdup(name);
    pool->path = g_strdup_printf("/var/lib/libvirt/%s", name);
    pool->capacity_bytes = capacity_bytes;
    pool->volumes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_atomic_ref_count_init(&pool->refs);
    return pool;
}

VmcSimPool *
vmc_sim_pool_ref(VmcSimPool *pool)
{
    g_atomic_ref_count_inc(&pool->refs);
    return pool;
}

void
vmc_sim_pool_unref(VmcSimPool *pool)
{
    if (pool == NULL || !g_atomic_ref_count_dec(&pool->refs))
        return;
    g_hash_table_unref(pool->volumes);
    g_free(pool->name);
    g_free(pool->path);
    g_free(pool);
}

VmcSimPool *
vmc_sim_host_find_pool(VmcSimHost *host, const char *name)
{
    for (guint i = 0; i < host->pools->len; i++) {
        VmcSimPool *pool = g_ptr_array_index(host->pools, i);
        if (g_strcmp0(pool->name, name) == 0)
            return pool;
    }
    return NULL;
}

VmcSimPool *
vmc_sim_host_find_volume(VmcSimHost *host,
                         const char *path,
                         const char **ret_volume)
{
    for (guint i = 0; i < host->pools->len; i++) {
        VmcSimPool *pool = g_ptr_array_index(host->pools, i);
        gsize n = strlen(pool->path);
        if (strncmp(path, pool->path, n) == 0 && path[n] == '/') {
            *ret_volume = path + n + 1;
            return pool;
        }
    }
    return NULL;
}

/* ---- life -----------------------------------------------------------------
 */

/* The same name always has the same UUID, so that a host or VM is recognised
 * after a restart. */
char *
vmc_sim_uuid_of(const char *name)
{
    g_autofree char *hash =
        g_compute_checksum_for_string(G_CHECKSUM_SHA1, name, -1);

    return g_strdup_printf("%.8s-%.4s-5%.3s-8%.3s-%.12s", hash, hash + 8,
                           hash + 12, hash + 15, hash + 18);
}

VmcSimHost *
vmc_sim_host_new(const char *uri, VmcSimConfig *config)
{
    VmcSimHost *host = g_new0(VmcSimHost, 1);

    host->config = config;
    host->uri = g_strdup(uri);
    host->uuid = vmc_sim_uuid_of(config->name);
    host->domains = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify) vmc_sim_domain_free);
    host->pools =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_sim_pool_unref);
    host->sinks =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_event_sink_unref);
    return host;
}

void
vmc_sim_host_free(VmcSimHost *host)
{
    if (host == NULL)
        return;
    g_hash_table_unref(host->domains);
    g_ptr_array_unref(host->pools);
    g_ptr_array_unref(host->sinks);
    vmc_sim_config_free(host->config);
    g_free(host->uri);
    g_free(host->uuid);
    g_free(host);
}

/* Its name, which is the key it is found by, stays. */
void
vmc_sim_host_set_uri(VmcSimHost *host, const char *uri, VmcSimConfig *config)
{
    char *name = g_steal_pointer(&host->config->name);

    vmc_sim_config_free(host->config);
    g_free(config->name);
    config->name = name;
    host->config = config;
    g_free(host->uri);
    host->uri = g_strdup(uri);
}

/* ---- the VMs it comes with ------------------------------------------------
 */

static void
shape_ready_to_resize(VmcVmShape *shape, const VmcSimConfig *config)
{
    shape->vcpus_max = config->vm_vcpus * 4;
    shape->vcpus_floor = 1;
    shape->vcpus_config = config->vm_vcpus;
    shape->vcpus_plugged = config->vm_vcpus;
    shape->boot_bytes = config->vm_memory_bytes;
    shape->max_bytes = config->vm_memory_bytes * 4;
    shape->balloon_config_bytes = config->vm_memory_bytes;
    shape->balloon_bytes = config->vm_memory_bytes;
    shape->has_virtio_mem = TRUE;
    shape->virtio_mem_size_bytes = config->vm_memory_bytes * 2;
    shape->virtio_mem_block_bytes = G_GUINT64_CONSTANT(2) << 20;
}

static VmcVm *
metadata_of(const VmcSimDomain *domain)
{
    VmcVm *vm = vmc_vm_new(domain->uuid, domain->name);
    const VmcVmShape *shape = &domain->shape;

    vm->size = VMC_RESOURCES((guint64) shape->vcpus_config * 1000,
                             shape->boot_bytes, 0, 0);
    vm->size_min = VMC_RESOURCES(1000, shape->boot_bytes, 0, 0);
    vm->size_max =
        VMC_RESOURCES((guint64) shape->vcpus_max * 1000,
                      shape->boot_bytes + shape->virtio_mem_size_bytes, 0, 0);
    return vm;
}

static void
add_vm(VmcSimHost *host, guint number)
{
    g_autofree char *name =
        g_strdup_printf("%s-vm%u", host->config->name, number);
    g_autofree char *uuid = vmc_sim_uuid_of(name);
    VmcSimDomain *domain = vmc_sim_domain_new(uuid, name);

    domain->shape.dimm_slots_free = 4;
    domain->shape.dimm_slots_config_free = 4;
    domain->has_agent_channel = TRUE;
    shape_ready_to_resize(&domain->shape, host->config);
    domain->is_managed = host->config->vms_managed;
    if (domain->is_managed)
        domain->metadata = metadata_of(domain);
    vmc_sim_host_add(host, domain);
    domain->state = VMC_RUN_RUNNING;
    domain->shape.is_running = TRUE;
    domain->is_kvm = vmc_sim_host_has_kvm(host);
    domain->shape.can_unplug_vcpus = domain->is_kvm;
    domain->guest.traits = host->config->guest;
    domain->guest.n_boots = 1;
    domain->guest.is_booted = TRUE;
    domain->guest.n_online = domain->shape.vcpus_plugged;
    domain->guest.balloon_target_bytes = domain->shape.balloon_bytes;
}

void
vmc_sim_host_populate(VmcSimHost *host)
{
    for (guint i = 1; i <= host->config->n_vms; i++)
        add_vm(host, i);
}

/* ---- domains --------------------------------------------------------------
 */

VmcSimDomain *
vmc_sim_host_find(VmcSimHost *host, const char *uuid)
{
    VmcSimDomain *domain =
        uuid != NULL ? g_hash_table_lookup(host->domains, uuid) : NULL;

    if (domain == NULL || !vmc_sim_guest_advance(domain))
        return NULL;
    return domain;
}

VmcSimDomain *
vmc_sim_host_find_by_name(VmcSimHost *host, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, host->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (g_strcmp0(((VmcSimDomain *) value)->name, name) == 0)
            return value;
    return NULL;
}

void
vmc_sim_host_add(VmcSimHost *host, VmcSimDomain *domain)
{
    domain->host = host;
    g_hash_table_replace(host->domains, domain->uuid, domain);
}

void
vmc_sim_host_remove(VmcSimHost *host, const char *uuid)
{
    g_autofree char *gone = g_strdup(uuid); /* @uuid may be the domain's */

    g_hash_table_remove(host->domains, gone);
    vmc_sim_host_changed(host, VMC_EVENT_DOMAIN_GONE, gone, NULL);
}

void
vmc_sim_host_changed(VmcSimHost *host,
                     VmcEventKind kind,
                     const char *uuid,
                     const char *detail)
{
    host->is_changed = TRUE;
    for (guint i = 0; i < host->sinks->len; i++)
        vmc_event_sink_post(g_ptr_array_index(host->sinks, i), kind, uuid,
                            detail);
    vmc_sim_world_wake();
}

/* ---- facts ----------------------------------------------------------------
 */

static GPtrArray *
pool_facts(const VmcSimHost *host)
{
    GPtrArray *pools =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_pool_free);

    for (guint i = 0; i < host->pools->len; i++) {
        const VmcSimPool *pool = g_ptr_array_index(host->pools, i);
        VmcPool *facts = vmc_pool_new(pool->name, pool->path);
        facts->capacity_bytes = pool->capacity_bytes;
        facts->free_bytes = pool->capacity_bytes;
        g_ptr_array_add(pools, facts);
    }
    return pools;
}

static void
replace_strv(GStrv *strv, GStrv value)
{
    g_strfreev(*strv);
    *strv = g_strdupv(value);
}

gboolean
vmc_sim_host_has_kvm(const VmcSimHost *host)
{
    return g_str_equal(host->config->domain_type, "kvm");
}

VmcHost *
vmc_sim_host_facts(const VmcSimHost *host)
{
    const VmcSimConfig *config = host->config;
    VmcHost *facts = vmc_host_new(config->name, host->uri);

    facts->uuid = g_strdup(host->uuid);
    facts->physical = VMC_RESOURCES(
        (guint64) config->n_cores * 1000, config->memory_bytes,
        config->disk_bytes * host->pools->len, config->network_bits_per_s);
    facts->arch = g_strdup("x86_64");
    facts->cpu_model = g_strdup(config->cpu_models[0]);
    facts->domain_type = g_strdup(config->domain_type);
    facts->hypervisor_version = g_strdup("simulated 1.0.0");
    facts->n_cores = config->n_cores;
    facts->n_threads = config->n_cores;
    facts->n_numa_nodes = 1;
    replace_strv(&facts->cpu_models, config->cpu_models);
    replace_strv(&facts->machines, config->machines);
    g_clear_pointer(&facts->pools, g_ptr_array_unref);
    facts->pools = pool_facts(host);
    replace_strv(&facts->networks, config->networks);
    replace_strv(&facts->bridges, config->bridges);
    return facts;
}
