/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-usage.h"

#include "daemon/hypervisor/sim-act.h"
#include "daemon/hypervisor/sim-guest.h"

#define BITS_PER_BYTE 8
#define NS_PER_US 1000

/* ---- counting ------------------------------------------------------------ */

void
vmc_sim_guest_meter(VmcSimDomain *domain, gint64 now_us)
{
    VmcSimGuest *guest = &domain->guest;
    gint64 since_us = guest->metered_us != 0 ? guest->metered_us : now_us;
    guint64 passed_us = (guint64) (now_us - since_us);
    guint64 cpu_ns = passed_us * NS_PER_US * guest->n_online *
                     guest->traits.cpu_percent / 100;

    guest->metered_us = now_us;
    if (domain->state != VMC_RUN_RUNNING)
        return;
    guest->cpu_ns += cpu_ns;
    guest->network_bytes += guest->traits.traffic_bits_per_s / BITS_PER_BYTE *
                            passed_us / G_USEC_PER_SEC;
    if (domain->host != NULL)
        domain->host->cpu_ns += cpu_ns;
}

/* ---- reading ------------------------------------------------------------- */

/* Counted until the moment of the reading: rates are exact, however busy the
 * machine is. */
static void
add_domain(VmcUsage *usage, VmcSimDomain *domain, gboolean with_memory)
{
    guint64 plugged = vmc_vm_shape_memory_plugged(&domain->shape);
    guint64 total = vmc_sim_guest_total_bytes(domain);
    guint64 usable = vmc_sim_guest_usable_bytes(domain);

    usage->memory_bytes += plugged - MIN(plugged, usable);
    if (domain->state != VMC_RUN_RUNNING)
        return;
    vmc_sim_guest_meter(domain, usage->read_us);
    VmcDomainUsage *row = vmc_usage_add_domain(usage, domain->uuid);
    row->cpu_ns = domain->guest.cpu_ns;
    row->network_bytes = domain->guest.network_bytes;
    row->disk_allocated_bytes = domain->disk_bytes;
    if (!with_memory)
        return;
    row->resident_bytes = plugged - MIN(plugged, usable);
    if (vmc_sim_guest_has_balloon(domain))
        row->guest_used_bytes = total - MIN(total, usable);
}

gboolean
vmc_sim_act_read_usage(VmcSimAct *act, GError **error)
{
    g_autoptr(GList) uuids = g_hash_table_get_keys(act->host->domains);
    gboolean with_memory = (act->call->flags & VMC_CALL_WITH_MEMORY) != 0;
    GHashTableIter iter;
    gpointer domain;

    /* Looking at one may make it go. */
    for (GList *l = uuids; l != NULL; l = l->next)
        (void) vmc_sim_host_find(act->host, l->data);
    VmcUsage *usage = vmc_usage_new();
    g_hash_table_iter_init(&iter, act->host->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain))
        add_domain(usage, domain, with_memory);
    usage->cpu_ns = act->host->cpu_ns;
    act->reply->usage = usage;
    return TRUE;
}
