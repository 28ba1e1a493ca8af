/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/sim-act.h"
#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-migration.h"

#include <stdarg.h>

/* ---- errors ---------------------------------------------------------------
 */

gboolean
vmc_sim_act_refuse(const VmcSimAct *act,
                   GError **error,
                   VmcError code,
                   const char *format,
                   ...)
{
    const char *call = vmc_call_kind_to_name(act->call->kind);
    const char *name = act->domain != NULL ? act->domain->name : "-";
    va_list args;

    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, VMC_ERROR, code, "'%s' of '%s' on host '%s': %s", call,
                name, act->host->config->name, why);
    return FALSE;
}

gboolean
vmc_sim_act_needs_running(const VmcSimAct *act, GError **error)
{
    if (vmc_run_state_is_active(act->domain->state))
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                              "it is not running");
}

gboolean
vmc_sim_act_needs_agent(const VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (act->domain->state == VMC_RUN_RUNNING &&
        vmc_sim_guest_has_agent(act->domain))
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_UNSUPPORTED,
                              "its guest agent does not answer");
}

/* ---- definitions ----------------------------------------------------------
 */

static VmcSimDomain *
add_domain(VmcSimHost *host, const VmcDomainFacts *facts)
{
    VmcSimDomain *domain = vmc_sim_domain_new(facts->uuid, facts->name);

    domain->guest.traits = host->config->guest;
    vmc_sim_host_add(host, domain);
    return domain;
}

static gboolean
check_name(const VmcSimAct *act,
           const char *name,
           const char *uuid,
           GError **error)
{
    const VmcSimDomain *other = vmc_sim_host_find_by_name(act->host, name);

    if (other == NULL || g_strcmp0(other->uuid, uuid) == 0)
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_EXISTS,
                              "domain '%s' exists already, with UUID %s", name,
                              other->uuid);
}

static gboolean
check_definition(VmcSimAct *act, const VmcDomainFacts *facts, GError **error)
{
    if (g_strcmp0(facts->domain_type, "kvm") == 0 &&
        !vmc_sim_host_has_kvm(act->host))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_UNSUPPORTED,
                                  "there is no KVM");
    return check_name(act, facts->name, facts->uuid, error);
}

gboolean
vmc_sim_act_define(VmcSimAct *act, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);

    if (!vmc_domain_xml_read(act->call->xml, NULL, facts, error) ||
        !check_definition(act, facts, error))
        return FALSE;
    VmcSimDomain *domain = vmc_sim_host_find(act->host, facts->uuid);
    if (domain == NULL)
        domain = add_domain(act->host, facts);
    vmc_sim_domain_define(domain, facts);
    vmc_sim_fault_apply_guests(domain->name);
    vmc_sim_host_changed(act->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         "defined");
    act->reply->domain = vmc_sim_domain_facts(domain, FALSE);
    return TRUE;
}

gboolean
vmc_sim_act_undefine(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;

    if (domain == NULL)
        return TRUE;
    if (!vmc_run_state_is_active(domain->state)) {
        vmc_sim_host_remove(act->host, domain->uuid);
        return TRUE;
    }
    domain->is_persistent = FALSE;
    vmc_sim_host_changed(act->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         "undefined");
    return TRUE;
}

gboolean
vmc_sim_act_rename(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;
    const char *name = act->call->name;

    if (g_strcmp0(domain->name, name) == 0)
        return TRUE;
    if (name == NULL || *name == '\0')
        return vmc_sim_act_refuse(act, error, VMC_ERROR_INVALID,
                                  "the new name is empty");
    if (vmc_run_state_is_active(domain->state))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                                  "cannot rename active domain");
    if (!check_name(act, name, domain->uuid, error))
        return FALSE;
    g_free(domain->name);
    domain->name = g_strdup(name);
    vmc_sim_host_changed(act->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         "renamed");
    return TRUE;
}

gboolean
vmc_sim_act_set_metadata(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;

    g_clear_pointer(&domain->metadata, vmc_vm_unref);
    domain->is_managed = act->call->metadata != NULL;
    if (domain->is_managed)
        domain->metadata = vmc_vm_ref(act->call->metadata);
    vmc_sim_host_changed(act->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         "metadata");
    return TRUE;
}

/* ---- power ----------------------------------------------------------------
 */

/* A disk in a pool that is not there is one that nobody made, or that somebody
 * deleted. */
static gboolean
check_disks(VmcSimAct *act, GError **error)
{
    GStrv disks = act->domain->disks;
    const char *volume = NULL;

    for (guint i = 0; disks != NULL && disks[i] != NULL; i++) {
        const VmcSimPool *pool =
            vmc_sim_host_find_volume(act->host, disks[i], &volume);
        if (pool != NULL && !g_hash_table_contains(pool->volumes, volume))
            return vmc_sim_act_refuse(act, error, VMC_ERROR_NOT_FOUND,
                                      "cannot access storage file '%s'",
                                      disks[i]);
    }
    return TRUE;
}

/* A start that takes its time: meanwhile the domain is neither off nor does it
 * run, and somebody may end it. */
static gboolean
set_up_process(VmcSimAct *act, GError **error)
{
    if (act->strike->id == 0 || act->strike->step != VMC_SIM_STEP_PERFORM)
        return TRUE;
    vmc_sim_domain_set_state(act->domain, VMC_RUN_STARTING);
    vmc_sim_fault_hang(act->strike, act->host->config->faults_path);
    act->domain = vmc_sim_host_find(act->host, act->call->uuid);
    if (act->domain != NULL && act->domain->state == VMC_RUN_STARTING)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "domain '%s' was ended on host '%s' while it was started",
                act->call->uuid, act->host->config->name);
    return FALSE;
}

gboolean
vmc_sim_act_start(VmcSimAct *act, GError **error)
{
    if (vmc_run_state_is_active(act->domain->state))
        return TRUE;
    if (!check_disks(act, error) || !set_up_process(act, error))
        return FALSE;
    vmc_sim_domain_power_on(act->domain);
    if (act->is_partial)
        vmc_sim_domain_set_state(act->domain, VMC_RUN_PAUSED);
    return TRUE;
}

gboolean
vmc_sim_act_shutdown(VmcSimAct *act, GError **error)
{
    if (!vmc_run_state_is_active(act->domain->state))
        return TRUE;
    if ((act->call->flags & VMC_CALL_BY_AGENT) != 0 &&
        !vmc_sim_act_needs_agent(act, error))
        return FALSE;
    vmc_sim_guest_press_power(act->domain);
    return TRUE;
}

gboolean
vmc_sim_act_reboot(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if ((act->call->flags & VMC_CALL_BY_AGENT) != 0 &&
        !vmc_sim_act_needs_agent(act, error))
        return FALSE;
    if (act->domain->guest.traits.acpi)
        vmc_sim_domain_reset(act->domain);
    return TRUE;
}

gboolean
vmc_sim_act_reset(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    vmc_sim_domain_reset(act->domain);
    return TRUE;
}

gboolean
vmc_sim_act_destroy(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;

    if (domain == NULL || !vmc_run_state_is_active(domain->state))
        return TRUE;
    if (domain->migration != NULL)
        vmc_sim_migration_break(domain->migration, domain);
    else
        vmc_sim_domain_power_off(domain, VMC_RUN_SHUT_OFF);
    return TRUE;
}

gboolean
vmc_sim_act_suspend(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (act->domain->state == VMC_RUN_RUNNING)
        vmc_sim_domain_set_state(act->domain, VMC_RUN_PAUSED);
    return TRUE;
}

gboolean
vmc_sim_act_resume(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (act->domain->state == VMC_RUN_RUNNING)
        return TRUE;
    vmc_sim_domain_set_state(act->domain, VMC_RUN_RUNNING);
    vmc_sim_guest_continue(act->domain);
    return TRUE;
}
