/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-agent.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-inventory.h"

/*
 * What the guest itself says: by the agent where one answers, else by the
 * statistics of the balloon, which the guest's driver sends every few seconds.
 */

#define BYTES_PER_KIB 1024

/* Older statistics are those of a driver that has stopped. Generous, since the
 * host's clock is compared with ours. */
#define STATS_FRESH_S 30

typedef struct {
    gint64 updated_s;
    guint64 actual_bytes; /* what the balloon leaves */
    guint64 total_bytes;
    guint64 usable_bytes;
} BalloonStats;

static gboolean
read_balloon(virDomainPtr dom, BalloonStats *ret_stats)
{
    virDomainMemoryStatStruct items[VIR_DOMAIN_MEMORY_STAT_NR];
    BalloonStats stats = {0};
    int n = virDomainMemoryStats(dom, items, G_N_ELEMENTS(items), 0);

    if (n < 0)
        return FALSE;
    for (int i = 0; i < n; i++) {
        if (items[i].tag == VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE)
            stats.updated_s = (gint64) items[i].val;
        else if (items[i].tag == VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON)
            stats.actual_bytes = items[i].val * BYTES_PER_KIB;
        else if (items[i].tag == VIR_DOMAIN_MEMORY_STAT_AVAILABLE)
            stats.total_bytes = items[i].val * BYTES_PER_KIB;
        else if (items[i].tag == VIR_DOMAIN_MEMORY_STAT_USABLE)
            stats.usable_bytes = items[i].val * BYTES_PER_KIB;
    }
    *ret_stats = stats;
    return TRUE;
}

static void
add_balloon(virDomainPtr dom, VmcVmShape *shape)
{
    gint64 now_s = g_get_real_time() / G_USEC_PER_SEC;
    BalloonStats stats = {0};

    if (!read_balloon(dom, &stats))
        return;
    if (stats.actual_bytes > 0)
        shape->balloon_bytes = stats.actual_bytes;
    shape->balloon_stats =
        stats.total_bytes > 0 && ABS(now_s - stats.updated_s) <= STATS_FRESH_S;
    if (!shape->balloon_stats)
        return;
    shape->guest_total_bytes = stats.total_bytes;
    shape->guest_usable_bytes = stats.usable_bytes;
}

/* The agent's numbers are of this moment, so they win. */
static void
add_agent(virDomainPtr dom, VmcVmShape *shape)
{
    VmcGuestMemory memory = {0};

    shape->agent_answers =
        vmc_agent_count_vcpus(dom, &shape->vcpus_online, NULL);
    if (!shape->agent_answers)
        return;
    if (vmc_agent_read_memory(dom, &memory, NULL)) {
        shape->guest_total_bytes = memory.total_bytes;
        shape->guest_usable_bytes = memory.usable_bytes;
    }
    (void) vmc_agent_read_block_size(dom, &shape->guest_block_bytes, NULL);
}

gboolean
vmc_libvirt_read_guest(virDomainPtr dom,
                       const VmcCall *call,
                       VmcReply *reply,
                       GError **error)
{
    VmcDomainFacts *facts = vmc_libvirt_read_facts(dom, error);

    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_RUNNING) {
        add_balloon(dom, &facts->shape);
        /* A guest that is not ours is not spoken to. */
        if (facts->has_agent_channel && facts->is_managed)
            add_agent(dom, &facts->shape);
    }
    reply->domain = facts;
    return TRUE;
}

gboolean
vmc_libvirt_read_boot(virDomainPtr dom,
                      const VmcCall *call,
                      VmcReply *reply,
                      GError **error)
{
    reply->boot_id = vmc_agent_read_boot(dom, error);
    return reply->boot_id != NULL;
}

gboolean
vmc_libvirt_set_guest_vcpus(virDomainPtr dom,
                            const VmcCall *call,
                            VmcReply *reply,
                            GError **error)
{
    guint online = 0;

    if (vmc_agent_count_vcpus(dom, &online, NULL) && online == call->count)
        return TRUE;
    return vmc_agent_set_vcpus(dom, call->count, error);
}

gboolean
vmc_libvirt_online_guest_memory(virDomainPtr dom,
                                const VmcCall *call,
                                VmcReply *reply,
                                GError **error)
{
    return vmc_agent_online_memory(dom, error);
}
