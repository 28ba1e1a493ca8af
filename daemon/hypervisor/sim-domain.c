/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-domain.h"

#include "daemon/hypervisor/sim-console.h"
#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-host.h"

/* ---- life -----------------------------------------------------------------
 */

VmcSimDomain *
vmc_sim_domain_new(const char *uuid, const char *name)
{
    VmcSimDomain *domain = g_new0(VmcSimDomain, 1);

    domain->uuid = g_strdup(uuid);
    domain->name = g_strdup(name);
    domain->state = VMC_RUN_SHUT_OFF;
    domain->is_persistent = TRUE;
    domain->console_fd = -1;
    return domain;
}

void
vmc_sim_domain_free(VmcSimDomain *domain)
{
    if (domain == NULL)
        return;
    vmc_sim_console_close(domain);
    g_free(domain->uuid);
    g_free(domain->name);
    g_clear_pointer(&domain->metadata, vmc_vm_unref);
    vmc_vm_shape_clear(&domain->shape);
    g_strfreev(domain->pools);
    g_strfreev(domain->disks);
    g_strfreev(domain->networks);
    g_strfreev(domain->bridges);
    g_free(domain->machine);
    g_free(domain->cpu_model);
    g_free(domain->guest.leaving);
    g_free(domain);
}

VmcSimDomain *
vmc_sim_domain_copy(const VmcSimDomain *domain)
{
    VmcSimDomain *copy = g_new(VmcSimDomain, 1);

    *copy = *domain;
    copy->uuid = g_strdup(domain->uuid);
    copy->name = g_strdup(domain->name);
    if (domain->metadata != NULL)
        vmc_vm_ref(domain->metadata);
    copy->shape = vmc_vm_shape_copy(&domain->shape);
    copy->pools = g_strdupv(domain->pools);
    copy->disks = g_strdupv(domain->disks);
    copy->networks = g_strdupv(domain->networks);
    copy->bridges = g_strdupv(domain->bridges);
    copy->machine = g_strdup(domain->machine);
    copy->cpu_model = g_strdup(domain->cpu_model);
    copy->guest.leaving = g_strdup(domain->guest.leaving);
    copy->console_fd = -1;
    return copy;
}

/* ---- definition -----------------------------------------------------------
 */

static void
replace_strv(GStrv *strv, GStrv value)
{
    g_strfreev(*strv);
    *strv = g_strdupv(value);
}

static void
replace_text(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

/* A stored DIMM gets its name only when it is plugged; here, at once. */
static GPtrArray *
name_dimms(GPtrArray *stored)
{
    GPtrArray *dimms = vmc_dimms_new();

    for (guint i = 0; stored != NULL && i < stored->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(stored, i);
        g_autofree char *alias = g_strdup_printf("dimm%u", i);
        g_ptr_array_add(dimms, vmc_dimm_new(alias, dimm->size_bytes));
    }
    return dimms;
}

/* What holds whether it runs or not. */
static void
define_always(VmcSimDomain *domain, const VmcDomainFacts *facts)
{
    const VmcVmShape *shape = &facts->shape;

    g_clear_pointer(&domain->metadata, vmc_vm_unref);
    if (facts->metadata != NULL)
        domain->metadata = vmc_vm_ref(facts->metadata);
    domain->is_managed = facts->is_managed;
    domain->is_persistent = TRUE;
    domain->shape.vcpus_config = shape->vcpus_config;
    domain->shape.balloon_config_bytes = shape->balloon_config_bytes;
    domain->shape.virtio_mem_config_bytes = shape->virtio_mem_config_bytes;
    g_clear_pointer(&domain->shape.dimms_config, g_ptr_array_unref);
    domain->shape.dimms_config = name_dimms(shape->dimms_config);
    domain->shape.dimm_slots_config_free = shape->dimm_slots_config_free;
}

static void
make_live_stored(VmcVmShape *shape)
{
    shape->vcpus_plugged = shape->vcpus_config;
    shape->balloon_bytes = shape->balloon_config_bytes;
    shape->virtio_mem_requested_bytes = shape->virtio_mem_config_bytes;
    shape->virtio_mem_current_bytes = 0;
    g_clear_pointer(&shape->dimms, g_ptr_array_unref);
    shape->dimms = vmc_dimms_copy(shape->dimms_config);
    shape->dimm_slots_free = shape->dimm_slots_config_free;
}

void
vmc_sim_domain_settle(VmcSimDomain *domain)
{
    if (!domain->shape.is_running)
        make_live_stored(&domain->shape);
}

static void
define_off(VmcSimDomain *domain, const VmcDomainFacts *facts)
{
    replace_text(&domain->name, facts->name);
    vmc_vm_shape_clear(&domain->shape);
    domain->shape = vmc_vm_shape_copy(&facts->shape);
    domain->shape.is_running = FALSE;
    domain->is_kvm = g_strcmp0(facts->domain_type, "kvm") == 0;
    domain->has_agent_channel = facts->has_agent_channel;
    domain->disk_bytes = facts->size.amount[VMC_DISK];
    domain->network_bits_per_s = facts->size.amount[VMC_NETWORK];
    replace_strv(&domain->pools, facts->pools);
    replace_strv(&domain->disks, facts->disks);
    replace_strv(&domain->networks, facts->networks);
    replace_strv(&domain->bridges, facts->bridges);
    replace_text(&domain->machine, facts->machine);
    replace_text(&domain->cpu_model, facts->cpu_model);
}

void
vmc_sim_domain_define(VmcSimDomain *domain, const VmcDomainFacts *facts)
{
    if (!vmc_run_state_is_active(domain->state))
        define_off(domain, facts);
    define_always(domain, facts);
    vmc_sim_domain_settle(domain);
}

/* ---- power ----------------------------------------------------------------
 */

void
vmc_sim_domain_set_state(VmcSimDomain *domain, VmcRunState state)
{
    domain->state = state;
    domain->shape.is_running = vmc_run_state_is_active(state);
    vmc_sim_host_changed(domain->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         vmc_run_state_to_name(state));
}

void
vmc_sim_domain_power_on(VmcSimDomain *domain)
{
    domain->shape.can_unplug_vcpus = domain->is_kvm;
    vmc_sim_guest_boot(domain);
    vmc_sim_domain_set_state(domain, VMC_RUN_RUNNING);
}

void
vmc_sim_domain_power_off(VmcSimDomain *domain, VmcRunState state)
{
    vmc_sim_guest_stop(domain);
    vmc_sim_console_close(domain);
    if (!domain->is_persistent) {
        vmc_sim_host_remove(domain->host, domain->uuid);
        return;
    }
    domain->shape.is_running = FALSE;
    make_live_stored(&domain->shape);
    vmc_sim_domain_set_state(domain, state);
}

void
vmc_sim_domain_reset(VmcSimDomain *domain)
{
    vmc_sim_guest_boot(domain);
    vmc_sim_host_changed(domain->host, VMC_EVENT_DOMAIN_CHANGED, domain->uuid,
                         "reset");
}

/* ---- reading --------------------------------------------------------------
 */

static VmcResources
size_of(const VmcSimDomain *domain)
{
    const VmcVmShape *shape = &domain->shape;

    return VMC_RESOURCES((guint64) shape->vcpus_plugged * 1000,
                         shape->balloon_bytes +
                             shape->virtio_mem_requested_bytes,
                         domain->disk_bytes, domain->network_bits_per_s);
}

static void
ask_guest(const VmcSimDomain *domain, VmcVmShape *shape)
{
    gboolean is_running = domain->state == VMC_RUN_RUNNING;

    shape->agent_answers = is_running && vmc_sim_guest_has_agent(domain);
    shape->balloon_stats = is_running && vmc_sim_guest_has_balloon(domain);
    if (shape->agent_answers) {
        shape->vcpus_online = domain->guest.n_online;
        shape->guest_block_bytes = VMC_GUEST_BLOCK_BYTES;
    }
    if (shape->balloon_stats) {
        shape->guest_total_bytes = vmc_sim_guest_total_bytes(domain);
        shape->guest_usable_bytes = vmc_sim_guest_usable_bytes(domain);
    }
}

VmcDomainFacts *
vmc_sim_domain_facts(const VmcSimDomain *domain, gboolean with_guest)
{
    VmcDomainFacts *facts = vmc_domain_facts_new(domain->uuid, domain->name);

    facts->state = domain->state;
    facts->is_persistent = domain->is_persistent;
    facts->is_managed = domain->is_managed;
    facts->has_agent_channel = domain->has_agent_channel;
    facts->domain_type = g_strdup(domain->is_kvm ? "kvm" : "qemu");
    if (domain->metadata != NULL)
        facts->metadata = vmc_vm_ref(domain->metadata);
    facts->shape = vmc_vm_shape_copy(&domain->shape);
    if (with_guest)
        ask_guest(domain, &facts->shape);
    facts->size = size_of(domain);
    facts->pools = g_strdupv(domain->pools);
    facts->disks = g_strdupv(domain->disks);
    facts->networks = g_strdupv(domain->networks);
    facts->bridges = g_strdupv(domain->bridges);
    facts->machine = g_strdup(domain->machine);
    facts->cpu_model = g_strdup(domain->cpu_model);
    return facts;
}
