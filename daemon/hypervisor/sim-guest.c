/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-guest.h"

#include "daemon/hypervisor/sim-host.h"
#include "daemon/hypervisor/sim-usage.h"
#include "daemon/hypervisor/sim-world.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define LEAST_FREE_BYTES (32 * MIB) /* what a kernel does not give away */

/* ---- time -----------------------------------------------------------------
 */

typedef struct {
    char *host_name;
    char *uuid;
} Appointment;

static void
appointment_free(gpointer data)
{
    Appointment *appointment = data;

    g_free(appointment->host_name);
    g_free(appointment->uuid);
    g_free(appointment);
}

/* Looking at a domain works off what is due. */
static gboolean
on_due(gpointer data)
{
    Appointment *appointment = data;

    vmc_sim_world_lock();
    VmcSimHost *host = vmc_sim_world_find(appointment->host_name);
    if (host != NULL)
        vmc_sim_host_find(host, appointment->uuid);
    vmc_sim_world_unlock();
    return G_SOURCE_REMOVE;
}

static gint64
make_appointment(VmcSimDomain *domain, guint delay_ms)
{
    Appointment *appointment = g_new(Appointment, 1);

    appointment->host_name = g_strdup(domain->host->config->name);
    appointment->uuid = g_strdup(domain->uuid);
    g_timeout_add_full(G_PRIORITY_DEFAULT, delay_ms + 1, on_due, appointment,
                       appointment_free);
    return g_get_monotonic_time() + (gint64) delay_ms * 1000;
}

/* ---- power ----------------------------------------------------------------
 */

void
vmc_sim_guest_stop(VmcSimDomain *domain)
{
    VmcSimTraits traits = domain->guest.traits;
    guint n_boots = domain->guest.n_boots;

    g_free(domain->guest.leaving);
    domain->guest = (VmcSimGuest){.traits = traits, .n_boots = n_boots};
}

/* DIMMs that are no multiple of its memory block are not used by Linux. */
static guint64
ignored_bytes(const VmcSimDomain *domain)
{
    GPtrArray *dimms = domain->shape.dimms;
    guint64 bytes = 0;

    for (guint i = 0; dimms != NULL && i < dimms->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(dimms, i);
        if (dimm->size_bytes % VMC_GUEST_BLOCK_BYTES != 0)
            bytes += dimm->size_bytes;
    }
    return bytes;
}

void
vmc_sim_guest_boot(VmcSimDomain *domain)
{
    VmcSimGuest *guest = &domain->guest;

    vmc_sim_guest_stop(domain);
    guest->n_boots++;
    domain->shape.virtio_mem_current_bytes = 0;
    guest->offline_bytes =
        vmc_vm_shape_dimm_bytes(&domain->shape) - ignored_bytes(domain);
    guest->balloon_target_bytes = domain->shape.balloon_bytes;
    guest->boot_us = make_appointment(domain, domain->host->config->boot_ms);
}

void
vmc_sim_guest_press_power(VmcSimDomain *domain)
{
    VmcSimGuest *guest = &domain->guest;

    if (guest->traits.acpi && guest->is_booted && guest->off_us == 0)
        guest->off_us =
            make_appointment(domain, domain->host->config->guest_ms);
}

void
vmc_sim_guest_poke(VmcSimDomain *domain)
{
    if (domain->guest.is_booted)
        domain->guest.react_us =
            make_appointment(domain, domain->host->config->guest_ms);
}

void
vmc_sim_guest_continue(VmcSimDomain *domain)
{
    make_appointment(domain, 0);
}

void
vmc_sim_guest_catch_up(VmcSimDomain *domain)
{
    VmcSimGuest *guest = &domain->guest;
    const VmcSimConfig *config = domain->host->config;

    if (!vmc_run_state_is_active(domain->state))
        return;
    if (!guest->is_booted)
        guest->boot_us = make_appointment(domain, config->boot_ms);
    if (guest->off_us != 0)
        guest->off_us = make_appointment(domain, config->guest_ms);
    vmc_sim_guest_poke(domain);
}

/* ---- what it says ---------------------------------------------------------
 */

gboolean
vmc_sim_guest_has_agent(const VmcSimDomain *domain)
{
    return domain->guest.is_booted && domain->has_agent_channel &&
           domain->guest.traits.agent;
}

gboolean
vmc_sim_guest_has_balloon(const VmcSimDomain *domain)
{
    return domain->guest.is_booted && domain->guest.traits.balloon;
}

char *
vmc_sim_guest_boot_id(const VmcSimDomain *domain)
{
    return g_strdup_printf("%s-%u", domain->uuid, domain->guest.n_boots);
}

/* What firmware and kernel keep of the initial memory. */
static guint64
kernel_bytes(const VmcSimDomain *domain)
{
    return 16 * MIB + domain->shape.boot_bytes / 64;
}

guint64
vmc_sim_guest_total_bytes(const VmcSimDomain *domain)
{
    guint64 plugged =
        domain->shape.balloon_bytes + domain->shape.virtio_mem_current_bytes;
    guint64 away = domain->guest.offline_bytes + ignored_bytes(domain) +
                   kernel_bytes(domain);

    if (!domain->guest.is_booted || plugged < away)
        return 0;
    return plugged - away;
}

static guint64
used_bytes(const VmcSimDomain *domain)
{
    guint64 used = domain->guest.traits.used_memory_bytes;

    return used != 0 ? used : MIN(128 * MIB, domain->shape.boot_bytes / 4);
}

guint64
vmc_sim_guest_usable_bytes(const VmcSimDomain *domain)
{
    guint64 total = vmc_sim_guest_total_bytes(domain);
    guint64 used = used_bytes(domain);

    return total > used ? total - used : 0;
}

void
vmc_sim_guest_online_memory(VmcSimDomain *domain)
{
    domain->guest.offline_bytes = 0;
    vmc_sim_host_changed(domain->host, VMC_EVENT_DEVICE, domain->uuid,
                         "memory online");
}

/* ---- reactions ------------------------------------------------------------
 */

static void
take_cpus(VmcSimDomain *domain)
{
    VmcSimGuest *guest = &domain->guest;

    vmc_sim_guest_meter(domain, g_get_monotonic_time());
    if (guest->traits.online_cpus)
        guest->n_online += guest->n_dark;
    guest->n_dark = 0;
}

/* What it can give back without touching what it uses. */
static guint64
spare_bytes(const VmcSimDomain *domain)
{
    guint64 usable = vmc_sim_guest_usable_bytes(domain);

    return usable > LEAST_FREE_BYTES ? usable - LEAST_FREE_BYTES : 0;
}

static void
grow_virtio_mem(VmcSimDomain *domain)
{
    VmcVmShape *shape = &domain->shape;
    guint64 delta =
        shape->virtio_mem_requested_bytes - shape->virtio_mem_current_bytes;

    shape->virtio_mem_current_bytes = shape->virtio_mem_requested_bytes;
    if (!domain->guest.traits.online_memory)
        domain->guest.offline_bytes += delta;
}

/* Gives what it has to spare, in whole blocks: less than asked, when the guest
 * uses its memory. */
static void
shrink_virtio_mem(VmcSimDomain *domain)
{
    VmcVmShape *shape = &domain->shape;
    guint64 wanted =
        shape->virtio_mem_current_bytes - shape->virtio_mem_requested_bytes;
    guint64 from_offline = MIN(wanted, domain->guest.offline_bytes);
    guint64 given = MIN(wanted, from_offline + spare_bytes(domain));

    if (shape->virtio_mem_block_bytes != 0)
        given -= given % shape->virtio_mem_block_bytes;
    domain->guest.offline_bytes -= MIN(given, from_offline);
    shape->virtio_mem_current_bytes -= given;
}

static void
take_virtio_mem(VmcSimDomain *domain)
{
    VmcVmShape *shape = &domain->shape;

    /* The device refuses plug and unplug during a migration. */
    if (!shape->has_virtio_mem || !domain->guest.traits.virtio_mem ||
        domain->migration != NULL)
        return;
    if (shape->virtio_mem_requested_bytes > shape->virtio_mem_current_bytes)
        grow_virtio_mem(domain);
    else
        shrink_virtio_mem(domain);
}

static void
move_balloon(VmcSimDomain *domain)
{
    VmcVmShape *shape = &domain->shape;
    guint64 target = domain->guest.balloon_target_bytes;

    if (!domain->guest.traits.balloon)
        return;
    if (target < shape->balloon_bytes)
        shape->balloon_bytes -=
            MIN(shape->balloon_bytes - target, spare_bytes(domain));
    else
        shape->balloon_bytes = target;
}

static gboolean
find_dimm(VmcSimDomain *domain, const char *alias, guint *ret_index)
{
    GPtrArray *dimms = domain->shape.dimms;

    for (guint i = 0; dimms != NULL && i < dimms->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(dimms, i);
        if (g_strcmp0(dimm->alias, alias) == 0) {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}

static void
remove_dimm(VmcSimDomain *domain, guint index)
{
    VmcVmShape *shape = &domain->shape;
    const VmcDimm *dimm = g_ptr_array_index(shape->dimms, index);
    guint64 bytes = dimm->size_bytes;

    shape->balloon_bytes -= MIN(bytes, shape->balloon_bytes);
    domain->guest.balloon_target_bytes -=
        MIN(bytes, domain->guest.balloon_target_bytes);
    domain->guest.offline_bytes -= MIN(bytes, domain->guest.offline_bytes);
    shape->dimm_slots_free++;
    g_ptr_array_remove_index(shape->dimms, index);
}

/* Returns FALSE when the guest died of it: Linux kills everything, and then
 * panics, rather than to refuse. */
static gboolean
let_dimm_go(VmcSimDomain *domain)
{
    g_autofree char *alias = g_steal_pointer(&domain->guest.leaving);
    guint index;

    if (alias == NULL || !find_dimm(domain, alias, &index))
        return TRUE;
    if (!domain->guest.traits.unplug_dimms) {
        vmc_sim_host_changed(domain->host, VMC_EVENT_DEVICE, domain->uuid,
                             "removal failed");
        return TRUE;
    }
    const VmcDimm *dimm = g_ptr_array_index(domain->shape.dimms, index);
    gboolean is_deadly =
        dimm->size_bytes > vmc_sim_guest_usable_bytes(domain) &&
        dimm->size_bytes % VMC_GUEST_BLOCK_BYTES == 0;
    remove_dimm(domain, index);
    return !is_deadly;
}

/* ---- what is due ----------------------------------------------------------
 */

static void
finish_boot(VmcSimDomain *domain)
{
    VmcSimGuest *guest = &domain->guest;

    guest->boot_us = 0;
    guest->is_booted = TRUE;
    guest->n_online = domain->shape.vcpus_plugged;
    guest->n_dark = 0;
    if (guest->traits.online_memory)
        guest->offline_bytes = 0;
    take_virtio_mem(domain);
    vmc_sim_host_changed(domain->host, VMC_EVENT_AGENT, domain->uuid, "booted");
}

static gboolean
react(VmcSimDomain *domain)
{
    domain->guest.react_us = 0;
    take_cpus(domain);
    if (domain->guest.traits.online_memory)
        domain->guest.offline_bytes = 0;
    take_virtio_mem(domain);
    move_balloon(domain);
    if (!let_dimm_go(domain)) {
        vmc_sim_domain_power_off(domain, VMC_RUN_CRASHED);
        return FALSE;
    }
    vmc_sim_host_changed(domain->host, VMC_EVENT_DEVICE, domain->uuid,
                         "guest has reacted");
    return TRUE;
}

static gboolean
is_due(gint64 due_us, gint64 now_us)
{
    return due_us != 0 && due_us <= now_us;
}

gboolean
vmc_sim_guest_advance(VmcSimDomain *domain)
{
    gint64 now_us = g_get_monotonic_time();
    VmcSimGuest *guest = &domain->guest;
    gboolean is_persistent = domain->is_persistent;

    vmc_sim_guest_meter(domain, now_us);
    /* Nothing happens in a guest whose CPUs stand still. */
    if (domain->state != VMC_RUN_RUNNING)
        return TRUE;
    if (is_due(guest->boot_us, now_us))
        finish_boot(domain);
    if (is_due(guest->react_us, now_us) && !react(domain))
        return is_persistent;
    if (is_due(guest->off_us, now_us)) {
        vmc_sim_domain_power_off(domain, VMC_RUN_SHUT_OFF);
        return is_persistent;
    }
    return TRUE;
}
