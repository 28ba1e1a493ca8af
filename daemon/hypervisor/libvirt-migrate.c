/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

#include <gio/gio.h>
#include <libvirt/virterror.h>

/* ---- migrating ----------------------------------------------------------- */

/* The destination offers its own host name for the data. Who reaches it by an
 * address may not be able to resolve that: then the data goes to the address.
 * (nullable) */
static char *
make_data_uri(const char *destination_uri)
{
    g_autoptr(GUri) uri =
        g_uri_parse(destination_uri, G_URI_FLAGS_NON_DNS, NULL);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;

    if (host == NULL || !g_hostname_is_ip_address(host))
        return NULL;
    return g_strdup_printf(
        strchr(host, ':') != NULL ? "tcp://[%s]" : "tcp://%s", host);
}

static gboolean
add_params(VmcTypedParams *params,
           const VmcMigrationOrder *order,
           GError **error)
{
    g_autofree char *data_uri = make_data_uri(order->destination_uri);

    if (order->bandwidth_mib_per_s > 0 &&
        virTypedParamsAddULLong(&params->items, &params->n, &params->max,
                                VIR_MIGRATE_PARAM_BANDWIDTH,
                                order->bandwidth_mib_per_s) < 0)
        return vmc_libvirt_error_set(error, "cannot cap the bandwidth");
    if (data_uri != NULL &&
        virTypedParamsAddString(&params->items, &params->n, &params->max,
                                VIR_MIGRATE_PARAM_URI, data_uri) < 0)
        return vmc_libvirt_error_set(error, "cannot use '%s'", data_uri);
    return TRUE;
}

static unsigned int
make_flags(const VmcMigrationOrder *order)
{
    unsigned int flags = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER |
                         VIR_MIGRATE_PERSIST_DEST |
                         VIR_MIGRATE_UNDEFINE_SOURCE | VIR_MIGRATE_PAUSED;

    if (order->pools_shared)
        flags |= VIR_MIGRATE_UNSAFE;
    if (order->copy_disks)
        flags |= VIR_MIGRATE_NON_SHARED_DISK;
    return flags;
}

/* Whatever the error, only looking at both hosts tells where the VM is. */
gboolean
vmc_libvirt_migrate(virDomainPtr dom,
                    const VmcCall *call,
                    VmcReply *reply,
                    GError **error)
{
    const VmcMigrationOrder *order = call->migration;
    g_auto(VmcTypedParams) params = {0};

    if (!add_params(&params, order, error))
        return FALSE;
    if (virDomainMigrateToURI3(dom, order->destination_uri, params.items,
                               (unsigned int) params.n, make_flags(order)) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot migrate '%s' to '%s'",
                                 virDomainGetName(dom), order->destination_uri);
}

/* ---- watching ------------------------------------------------------------ */

static guint64
get_stat(const VmcTypedParams *params, const char *field)
{
    unsigned long long value = 0;

    (void) virTypedParamsGetULLong(params->items, params->n, field, &value);
    return value;
}

static gboolean
read_job(virDomainPtr dom, VmcTypedParams *params, int *ret_type, guint flags)
{
    int type = VIR_DOMAIN_JOB_NONE;

    if (virDomainGetJobStats(dom, &type, &params->items, &params->n, flags) < 0)
        return FALSE;
    *ret_type = type;
    return TRUE;
}

static gboolean
is_migration(const VmcTypedParams *params)
{
    int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

    (void) virTypedParamsGetInt(params->items, params->n,
                                VIR_DOMAIN_JOB_OPERATION, &operation);
    return operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT ||
           operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN;
}

static guint64
dirty_rate(const VmcTypedParams *params)
{
    return get_stat(params, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE) *
           get_stat(params, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
}

static VmcMigrationFacts
make_facts(const VmcTypedParams *params, gboolean is_active)
{
    return (VmcMigrationFacts){
        .is_active = is_active,
        .total_bytes = get_stat(params, VIR_DOMAIN_JOB_DATA_TOTAL),
        .remaining_bytes = get_stat(params, VIR_DOMAIN_JOB_DATA_REMAINING),
        .processed_bytes = get_stat(params, VIR_DOMAIN_JOB_DATA_PROCESSED),
        .bytes_per_s = get_stat(params, VIR_DOMAIN_JOB_MEMORY_BPS),
        .dirty_bytes_per_s = dirty_rate(params),
        .elapsed_ms = get_stat(params, VIR_DOMAIN_JOB_TIME_ELAPSED),
        .downtime_ms = get_stat(params, VIR_DOMAIN_JOB_DOWNTIME),
        .iteration = (guint) get_stat(params, VIR_DOMAIN_JOB_MEMORY_ITERATION),
    };
}

/* The receiving side knows that it receives, and nothing else. A domain that is
 * off goes nowhere. */
static gboolean
read_without_job(virDomainPtr dom, VmcReply *reply, GError **error)
{
    int code = virGetLastErrorCode();

    if (code != VIR_ERR_OPERATION_UNSUPPORTED &&
        code != VIR_ERR_OPERATION_INVALID)
        return vmc_libvirt_error_set(error, "cannot read the migration of '%s'",
                                     virDomainGetName(dom));
    reply->migration =
        (VmcMigrationFacts){.is_active = code == VIR_ERR_OPERATION_UNSUPPORTED};
    return TRUE;
}

/* A job under way, else how the last one went; both sides remember that. */
gboolean
vmc_libvirt_read_migration(virDomainPtr dom,
                           const VmcCall *call,
                           VmcReply *reply,
                           GError **error)
{
    g_auto(VmcTypedParams) now = {0};
    g_auto(VmcTypedParams) last = {0};
    int type = VIR_DOMAIN_JOB_NONE;

    if (!read_job(dom, &now, &type, 0))
        return read_without_job(dom, reply, error);
    if (type != VIR_DOMAIN_JOB_NONE && is_migration(&now)) {
        reply->migration = make_facts(&now, TRUE);
        return TRUE;
    }
    if (!read_job(dom, &last, &type,
                  VIR_DOMAIN_JOB_STATS_COMPLETED |
                      VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED) ||
        !is_migration(&last))
        reply->migration = (VmcMigrationFacts){0};
    else
        reply->migration = make_facts(&last, FALSE);
    return TRUE;
}

/* Of the jobs of a domain only a migration is ended. */
gboolean
vmc_libvirt_abort_migration(virDomainPtr dom,
                            const VmcCall *call,
                            VmcReply *reply,
                            GError **error)
{
    g_auto(VmcTypedParams) now = {0};
    int type = VIR_DOMAIN_JOB_NONE;

    if (!read_job(dom, &now, &type, 0))
        return vmc_libvirt_error_set(error, "cannot read the migration of '%s'",
                                     virDomainGetName(dom));
    if (type == VIR_DOMAIN_JOB_NONE || !is_migration(&now) ||
        virDomainAbortJob(dom) == 0)
        return TRUE;
    /* It ended in the meantime. */
    if (virGetLastErrorCode() == VIR_ERR_OPERATION_INVALID)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot abort the migration of '%s'",
                                 virDomainGetName(dom));
}
