/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-act.h"
#include "daemon/hypervisor/sim-guest.h"

/* What libvirt 9.0 and QEMU 7.2 take and refuse, and what they leave to the
 * guest. */

static void
tell_device(VmcSimAct *act, const char *detail)
{
    vmc_sim_host_changed(act->host, VMC_EVENT_DEVICE, act->domain->uuid,
                         detail);
}

static gboolean
has_flag(const VmcSimAct *act, VmcCallFlags flag)
{
    return (act->call->flags & (guint32) flag) != 0;
}

/* ---- vCPUs ----------------------------------------------------------------
 */

static gboolean
plug_vcpus(VmcSimAct *act, guint count, GError **error)
{
    VmcSimDomain *domain = act->domain;
    VmcVmShape *shape = &domain->shape;

    if (domain->guest.is_poisoned) {
        vmc_sim_act_refuse(act, error, VMC_ERROR_FAILED,
                           "QEMU crashed: a vCPU had been unplugged under "
                           "TCG before");
        vmc_sim_domain_power_off(domain, VMC_RUN_CRASHED);
        return FALSE;
    }
    domain->guest.n_dark += count - shape->vcpus_plugged;
    shape->vcpus_plugged = count;
    vmc_sim_guest_poke(domain);
    return TRUE;
}

static void
give_up_cpus(VmcSimGuest *guest, guint count)
{
    guest->n_online = MIN(guest->n_online, count);
    guest->n_dark = MIN(guest->n_dark, count - guest->n_online);
}

/* Under TCG the guest gives the vCPU up, and libvirt never hears of it. */
static gboolean
unplug_vcpus(VmcSimAct *act, guint count, GError **error)
{
    VmcSimDomain *domain = act->domain;
    VmcVmShape *shape = &domain->shape;
    gboolean is_kvm = shape->can_unplug_vcpus;

    if (count < shape->vcpus_floor)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_UNSUPPORTED,
                                  "its first %u vCPUs can not be unplugged",
                                  shape->vcpus_floor);
    if (is_kvm && domain->guest.traits.unplug_cpus) {
        shape->vcpus_plugged = count;
        give_up_cpus(&domain->guest, count);
        return TRUE;
    }
    if (!is_kvm) {
        domain->guest.is_poisoned = TRUE;
        give_up_cpus(&domain->guest, count);
    }
    return vmc_sim_act_refuse(act, error, VMC_ERROR_UNKNOWN,
                              "the guest did not let go of a vCPU in time; it "
                              "may do so later");
}

static gboolean
set_live_vcpus(VmcSimAct *act, GError **error)
{
    VmcVmShape *shape = &act->domain->shape;
    guint count = act->call->count;
    gboolean ok = TRUE;

    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (act->is_partial)
        count = (count + shape->vcpus_plugged) / 2;
    if (count > shape->vcpus_plugged)
        ok = plug_vcpus(act, count, error);
    else if (count < shape->vcpus_plugged)
        ok = unplug_vcpus(act, count, error);
    return ok;
}

gboolean
vmc_sim_act_set_vcpus(VmcSimAct *act, GError **error)
{
    VmcVmShape *shape = &act->domain->shape;
    guint count = act->call->count;

    if (count == 0 || count > shape->vcpus_max)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_INVALID,
                                  "it can have 1 to %u vCPUs, not %u",
                                  shape->vcpus_max, count);
    if (has_flag(act, VMC_CALL_LIVE) && !set_live_vcpus(act, error))
        return FALSE;
    if (has_flag(act, VMC_CALL_CONFIG) && !act->is_partial) {
        shape->vcpus_config = count;
        vmc_sim_domain_settle(act->domain);
    }
    tell_device(act, "vCPUs");
    return TRUE;
}

gboolean
vmc_sim_act_set_guest_vcpus(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;

    if (!vmc_sim_act_needs_agent(act, error))
        return FALSE;
    if (act->call->count == 0 || act->call->count > domain->shape.vcpus_plugged)
        return vmc_sim_act_refuse(
            act, error, VMC_ERROR_REFUSED, "it has %u vCPUs plugged, not %u",
            domain->shape.vcpus_plugged, act->call->count);
    domain->guest.n_online = act->call->count;
    domain->guest.n_dark = 0;
    tell_device(act, "guest vCPUs");
    return TRUE;
}

/* ---- virtio-mem -----------------------------------------------------------
 */

static gboolean
check_virtio_mem(VmcSimAct *act, GError **error)
{
    const VmcVmShape *shape = &act->domain->shape;
    guint64 bytes = act->call->bytes;

    if (!shape->has_virtio_mem)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_UNSUPPORTED,
                                  "it has no virtio-mem device");
    if (bytes > shape->virtio_mem_size_bytes)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                                  "its virtio-mem device is smaller");
    if (shape->virtio_mem_block_bytes != 0 &&
        bytes % shape->virtio_mem_block_bytes != 0)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_INVALID,
                                  "requested size must be a multiple of the "
                                  "block size");
    return TRUE;
}

/* Live or stored: libvirt 9.0 cannot do both at once. */
gboolean
vmc_sim_act_set_virtio_mem(VmcSimAct *act, GError **error)
{
    VmcVmShape *shape = &act->domain->shape;
    guint64 bytes = act->call->bytes;

    if (has_flag(act, VMC_CALL_LIVE) == has_flag(act, VMC_CALL_CONFIG))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_INVALID,
                                  "it changes live or stored, one at a time");
    if (!check_virtio_mem(act, error))
        return FALSE;
    if (has_flag(act, VMC_CALL_CONFIG)) {
        shape->virtio_mem_config_bytes = bytes;
        vmc_sim_domain_settle(act->domain);
        return TRUE;
    }
    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (act->is_partial && shape->virtio_mem_block_bytes != 0) {
        bytes = (bytes + shape->virtio_mem_requested_bytes) / 2;
        bytes -= bytes % shape->virtio_mem_block_bytes;
    }
    shape->virtio_mem_requested_bytes = bytes;
    vmc_sim_guest_poke(act->domain);
    tell_device(act, "virtio-mem requested");
    return TRUE;
}

/* ---- balloon --------------------------------------------------------------
 */

static gboolean
check_balloon(VmcSimAct *act, guint64 most, GError **error)
{
    guint64 bytes = act->call->bytes;

    if (bytes != 0 && bytes <= most)
        return TRUE;
    return vmc_sim_act_refuse(act, error, VMC_ERROR_INVALID,
                              "cannot set memory higher than its maximum, "
                              "or to nothing");
}

gboolean
vmc_sim_act_set_balloon(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;
    VmcVmShape *shape = &domain->shape;
    guint64 bytes = act->call->bytes;

    if (has_flag(act, VMC_CALL_LIVE)) {
        if (!vmc_sim_act_needs_running(act, error) ||
            !check_balloon(
                act, shape->boot_bytes + vmc_vm_shape_dimm_bytes(shape), error))
            return FALSE;
        domain->guest.balloon_target_bytes = bytes;
        vmc_sim_guest_poke(domain);
    }
    if (has_flag(act, VMC_CALL_CONFIG)) {
        if (!check_balloon(
                act, shape->boot_bytes + vmc_vm_shape_dimm_config_bytes(shape),
                error))
            return FALSE;
        shape->balloon_config_bytes = bytes;
        vmc_sim_domain_settle(domain);
    }
    tell_device(act, "balloon");
    return TRUE;
}

/* ---- DIMMs ----------------------------------------------------------------
 */

static gboolean
has_alias(GPtrArray *dimms, const char *alias)
{
    for (guint i = 0; dimms != NULL && i < dimms->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(dimms, i);
        if (g_strcmp0(dimm->alias, alias) == 0)
            return TRUE;
    }
    return FALSE;
}

/* QEMU's names: the first that is free. */
static char *
free_alias(GPtrArray *dimms)
{
    for (guint i = 0;; i++) {
        g_autofree char *alias = g_strdup_printf("dimm%u", i);
        if (!has_alias(dimms, alias))
            return g_steal_pointer(&alias);
    }
}

static void
add_dimm(GPtrArray **dimms, guint64 size_bytes)
{
    g_autofree char *alias = free_alias(*dimms);

    if (*dimms == NULL)
        *dimms = vmc_dimms_new();
    g_ptr_array_add(*dimms, vmc_dimm_new(alias, size_bytes));
}

static gboolean
check_dimm_fits(VmcSimAct *act,
                guint slots_free,
                guint64 dimms_bytes,
                GError **error)
{
    const VmcVmShape *shape = &act->domain->shape;
    guint64 bytes = act->call->bytes;
    guint64 taken = shape->boot_bytes + dimms_bytes +
                    (shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0);

    if (slots_free == 0)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                                  "it has no memory slot left");
    if (bytes == 0 || taken > shape->max_bytes ||
        bytes > shape->max_bytes - taken)
        return vmc_sim_act_refuse(act, error, VMC_ERROR_REFUSED,
                                  "memory device total size exceeds hotplug "
                                  "space");
    return TRUE;
}

static gboolean
plug_dimm(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;
    VmcVmShape *shape = &domain->shape;
    guint64 bytes = act->call->bytes;

    if (!vmc_sim_act_needs_running(act, error) ||
        !check_dimm_fits(act, shape->dimm_slots_free,
                         vmc_vm_shape_dimm_bytes(shape), error))
        return FALSE;
    add_dimm(&shape->dimms, bytes);
    shape->dimm_slots_free--;
    shape->balloon_bytes += bytes;
    domain->guest.balloon_target_bytes += bytes;
    if (bytes % VMC_GUEST_BLOCK_BYTES == 0)
        domain->guest.offline_bytes += bytes;
    vmc_sim_guest_poke(domain);
    tell_device(act, "DIMM attached");
    return TRUE;
}

/* The stored balloon moves with it. */
static gboolean
store_dimm(VmcSimAct *act, GError **error)
{
    VmcVmShape *shape = &act->domain->shape;

    if (!check_dimm_fits(act, shape->dimm_slots_config_free,
                         vmc_vm_shape_dimm_config_bytes(shape), error))
        return FALSE;
    add_dimm(&shape->dimms_config, act->call->bytes);
    shape->dimm_slots_config_free--;
    shape->balloon_config_bytes += act->call->bytes;
    vmc_sim_domain_settle(act->domain);
    return TRUE;
}

gboolean
vmc_sim_act_attach_dimm(VmcSimAct *act, GError **error)
{
    return has_flag(act, VMC_CALL_LIVE) ? plug_dimm(act, error)
                                        : store_dimm(act, error);
}

static gboolean
unplug_dimm(VmcSimAct *act, GError **error)
{
    VmcSimDomain *domain = act->domain;

    if (!vmc_sim_act_needs_running(act, error))
        return FALSE;
    if (!has_alias(domain->shape.dimms, act->call->alias))
        return vmc_sim_act_refuse(act, error, VMC_ERROR_NOT_FOUND,
                                  "it has no memory device '%s'",
                                  act->call->alias);
    g_free(domain->guest.leaving);
    domain->guest.leaving = g_strdup(act->call->alias);
    vmc_sim_guest_poke(domain);
    return TRUE;
}

/* A stored balloon of nothing is none at all. */
static void
remove_stored(VmcVmShape *shape, guint index, guint64 bytes)
{
    g_ptr_array_remove_index(shape->dimms_config, index);
    shape->dimm_slots_config_free++;
    if (shape->balloon_config_bytes > bytes)
        shape->balloon_config_bytes -= bytes;
    else
        shape->balloon_config_bytes =
            shape->boot_bytes + vmc_vm_shape_dimm_config_bytes(shape);
}

static gboolean
forget_dimm(VmcSimAct *act, GError **error)
{
    VmcVmShape *shape = &act->domain->shape;
    GPtrArray *dimms = shape->dimms_config;

    for (guint i = 0; dimms != NULL && i < dimms->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(dimms, i);
        if (dimm->size_bytes != act->call->bytes)
            continue;
        remove_stored(shape, i, act->call->bytes);
        vmc_sim_domain_settle(act->domain);
        return TRUE;
    }
    return vmc_sim_act_refuse(act, error, VMC_ERROR_NOT_FOUND,
                              "what is stored has no such memory device");
}

gboolean
vmc_sim_act_detach_dimm(VmcSimAct *act, GError **error)
{
    return has_flag(act, VMC_CALL_LIVE) ? unplug_dimm(act, error)
                                        : forget_dimm(act, error);
}

gboolean
vmc_sim_act_online_guest_memory(VmcSimAct *act, GError **error)
{
    if (!vmc_sim_act_needs_agent(act, error))
        return FALSE;
    vmc_sim_guest_online_memory(act->domain);
    return TRUE;
}
