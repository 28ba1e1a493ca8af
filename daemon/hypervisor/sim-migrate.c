/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-act.h"
#include "daemon/hypervisor/sim-migration.h"
#include "daemon/hypervisor/sim-world.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* ---- checks ---------------------------------------------------------------
 */

static gboolean
has_all(GStrv offered, GStrv wanted, const char **ret_missing)
{
    for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++) {
        if (!g_strv_contains((const char *const *) offered, wanted[i])) {
            *ret_missing = wanted[i];
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
has_one(GStrv offered, const char *wanted)
{
    return wanted == NULL ||
           g_strv_contains((const char *const *) offered, wanted);
}

static gboolean
check_compatible(VmcSimAct *act, VmcSimHost *to, GError **error)
{
    const VmcSimDomain *domain = act->domain;
    const VmcSimConfig *offer = to->config;
    const char *missing = NULL;

    if (domain->is_kvm && !vmc_sim_host_has_kvm(to))
        missing = "kvm";
    else if (!has_one(offer->cpu_models, domain->cpu_model))
        missing = domain->cpu_model;
    else if (!has_one(offer->machines, domain->machine))
        missing = domain->machine;
    else if (has_all(offer->networks, domain->networks, &missing) &&
             has_all(offer->bridges, domain->bridges, &missing))
        has_all(offer->pools, domain->pools, &missing);
    if (missing == NULL)
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_FAILED,
                              "host '%s' has no '%s'", offer->name, missing);
}

static gboolean
check_storage(VmcSimAct *act, VmcSimHost *to, GError **error)
{
    const VmcMigrationOrder *order = act->call->migration;
    GStrv disks = act->domain->disks;
    gboolean has_disks = disks != NULL && disks[0] != NULL;

    if (!has_disks || order->copy_disks || order->pools_shared ||
        (act->host->config->shared_pools && to->config->shared_pools))
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                              "migration without shared storage is unsafe");
}

static gboolean
check_name_free(VmcSimAct *act, VmcSimHost *to, GError **error)
{
    VmcSimDomain *other = vmc_sim_host_find_by_name(to, act->domain->name);

    if (other == NULL || (g_str_equal(other->uuid, act->domain->uuid) &&
                          !vmc_run_state_is_active(other->state)))
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_EXISTS,
                              "host '%s' has a domain '%s' already",
                              to->config->name, other->name);
}

/* The source connects to the destination by itself. */
static VmcSimHost *
connect_destination(VmcSimAct *act, GError **error)
{
    g_autoptr(VmcSimConfig) config =
        vmc_sim_config_parse(act->call->migration->destination_uri, error);
    if (config == NULL)
        return NULL;
    g_auto(VmcSimStrike) strike = {0};
    VmcSimTarget target = {.faults_path = act->host->config->faults_path,
                           .host = config->name,
                           .call = "open"};
    VmcSimHost *host = vmc_sim_world_find(config->name);

    if (!vmc_sim_fault_take(&target, &strike, error))
        return NULL;
    if (host == NULL || strike.id != 0) {
        vmc_sim_act_refuse(act, error, VMC_ERROR_FAILED,
                           "host '%s' could not be connected", config->name);
        return NULL;
    }
    if (host == act->host) {
        vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                           "it is on that host already");
        return NULL;
    }
    return host;
}

/* ---- calls ----------------------------------------------------------------
 */

static guint64
speed(const VmcSimAct *act)
{
    guint64 most = act->host->config->migration_mib_per_s;
    guint64 cap = act->call->migration->bandwidth_mib_per_s;

    return (cap != 0 ? MIN(cap, most) : most) * MIB;
}

gboolean
vmc_sim_act_migrate(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    VmcSimHost *to = connect_destination(act, error);
    if (to == NULL || !check_name_free(act, to, error) ||
        !check_compatible(act, to, error) || !check_storage(act, to, error))
        return FALSE;
    VmcSimMigration *migration =
        vmc_sim_migration_begin(act->domain, to, speed(act));
    vmc_sim_migration_ref(migration);
    vmc_sim_migration_strike(migration, act->strike);
    gboolean ok = vmc_sim_migration_wait(migration, error);
    vmc_sim_migration_unref(migration);
    act->domain = NULL; /* it may be gone */
    return ok;
}

gboolean
vmc_sim_act_read_migration(VmcSimAct *act, GError **error)
{
    const VmcSimDomain *domain = act->domain;

    act->reply->migration = domain->migration != NULL
                                ? vmc_sim_migration_progress(domain->migration)
                                : domain->migration_facts;
    return TRUE;
}

gboolean
vmc_sim_act_abort_migration(VmcSimAct *act, GError **error)
{
    VmcSimMigration *migration = act->domain->migration;

    if (migration == NULL)
        return TRUE;
    if (!vmc_sim_migration_is_source(migration, act->domain))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_UNSUPPORTED,
                                  "it is aborted at its source");
    if (!vmc_sim_migration_abort(migration))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                                  "it is too late for that");
    return TRUE;
}
