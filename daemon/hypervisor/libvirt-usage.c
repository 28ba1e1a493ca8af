/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

/*
 * Counters of a host and all its running domains. No domain is waited for: one
 * whose QEMU hangs would cost 30 s, so its numbers are missing this time.
 */

#define BYTES_PER_KIB 1024

/* ---- the host ------------------------------------------------------------ */

/* Σ of all fields that are neither idleness nor waiting. */
static gboolean
add_processors(virConnectPtr conn, VmcUsage *usage, GError **error)
{
    int n = 0;

    if (virNodeGetCPUStats(conn, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &n, 0) < 0)
        return vmc_libvirt_error_set(error, "cannot read what the processors "
                                            "of the host do");
    g_autofree virNodeCPUStats *items = g_new0(virNodeCPUStats, n);
    if (virNodeGetCPUStats(conn, VIR_NODE_CPU_STATS_ALL_CPUS, items, &n, 0) < 0)
        return vmc_libvirt_error_set(error, "cannot read what the processors "
                                            "of the host do");
    for (int i = 0; i < n; i++)
        if (g_str_equal(items[i].field, VIR_NODE_CPU_STATS_KERNEL) ||
            g_str_equal(items[i].field, VIR_NODE_CPU_STATS_USER) ||
            g_str_equal(items[i].field, VIR_NODE_CPU_STATS_INTR))
            usage->cpu_ns += items[i].value;
    return TRUE;
}

static guint64
memory_kib(const virNodeMemoryStats *items, int n, const char *field)
{
    for (int i = 0; i < n; i++)
        if (g_str_equal(items[i].field, field))
            return items[i].value;
    return 0;
}

static gboolean
add_memory(virConnectPtr conn, VmcUsage *usage, GError **error)
{
    const int all = VIR_NODE_MEMORY_STATS_ALL_CELLS;
    int n = 0;

    if (virNodeGetMemoryStats(conn, all, NULL, &n, 0) < 0)
        return vmc_libvirt_error_set(error,
                                     "cannot read the memory of the host");
    g_autofree virNodeMemoryStats *items = g_new0(virNodeMemoryStats, n);
    if (virNodeGetMemoryStats(conn, all, items, &n, 0) < 0)
        return vmc_libvirt_error_set(error,
                                     "cannot read the memory of the host");
    guint64 total = memory_kib(items, n, VIR_NODE_MEMORY_STATS_TOTAL);
    guint64 free = memory_kib(items, n, VIR_NODE_MEMORY_STATS_FREE) +
                   memory_kib(items, n, VIR_NODE_MEMORY_STATS_BUFFERS) +
                   memory_kib(items, n, VIR_NODE_MEMORY_STATS_CACHED);
    usage->memory_bytes = (total - MIN(total, free)) * BYTES_PER_KIB;
    return TRUE;
}

/* ---- its domains --------------------------------------------------------- */

static guint64
number(virDomainStatsRecordPtr record, const char *name)
{
    unsigned long long value = 0;

    (void) virTypedParamsGetULLong(record->params, record->nparams, name,
                                   &value);
    return value;
}

/* Σ over devices, as of "block" "rd.bytes". */
static guint64
sum(virDomainStatsRecordPtr record, const char *group, const char *name)
{
    g_autofree char *count_name = g_strconcat(group, ".count", NULL);
    unsigned count = 0;
    guint64 total = 0;

    (void) virTypedParamsGetUInt(record->params, record->nparams, count_name,
                                 &count);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *full = g_strdup_printf("%s.%u.%s", group, i, name);
        total += number(record, full);
    }
    return total;
}

/* A domain that is busy has no numbers but its state. */
static gboolean
has_numbers(virDomainStatsRecordPtr record)
{
    unsigned long long ns;

    return virTypedParamsGetULLong(record->params, record->nparams, "cpu.time",
                                   &ns) == 1;
}

static void
add_domain(VmcUsage *usage, virDomainStatsRecordPtr record)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (!has_numbers(record) || virDomainGetUUIDString(record->dom, uuid) < 0)
        return;
    VmcDomainUsage *domain = vmc_usage_add_domain(usage, uuid);
    guint64 total = number(record, "balloon.available");
    guint64 usable = number(record, "balloon.usable");

    domain->cpu_ns = number(record, "cpu.time");
    domain->network_bytes =
        sum(record, "net", "rx.bytes") + sum(record, "net", "tx.bytes");
    domain->disk_bytes =
        sum(record, "block", "rd.bytes") + sum(record, "block", "wr.bytes");
    domain->disk_allocated_bytes = sum(record, "block", "allocation");
    domain->resident_bytes = number(record, "balloon.rss") * BYTES_PER_KIB;
    if (usable > 0)
        domain->guest_used_bytes = (total - MIN(total, usable)) * BYTES_PER_KIB;
}

static gboolean
add_domains(virConnectPtr conn,
            guint32 call_flags,
            VmcUsage *usage,
            GError **error)
{
    const unsigned flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
                           VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    unsigned groups = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BLOCK |
                      VIR_DOMAIN_STATS_INTERFACE;
    virDomainStatsRecordPtr *records = NULL;

    if ((call_flags & VMC_CALL_WITH_MEMORY) != 0)
        groups |= VIR_DOMAIN_STATS_BALLOON;
    if (virConnectGetAllDomainStats(conn, groups, &records, flags) < 0)
        return vmc_libvirt_error_set(error, "cannot read what its domains use");
    for (gsize i = 0; records[i] != NULL; i++)
        add_domain(usage, records[i]);
    virDomainStatsRecordListFree(records);
    return TRUE;
}

gboolean
vmc_libvirt_read_usage(virConnectPtr conn,
                       const VmcCall *call,
                       VmcReply *reply,
                       GError **error)
{
    g_autoptr(VmcUsage) usage = vmc_usage_new();

    if (!add_processors(conn, usage, error) ||
        !add_memory(conn, usage, error) ||
        !add_domains(conn, call->flags, usage, error))
        return FALSE;
    reply->usage = g_steal_pointer(&usage);
    return TRUE;
}
