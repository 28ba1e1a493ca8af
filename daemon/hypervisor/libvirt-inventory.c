/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-inventory.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

#include <libvirt/virterror.h>

/* ---- state --------------------------------------------------------------- */

static VmcRunState
paused_state(int reason, gboolean is_incoming)
{
    if (is_incoming)
        return VMC_RUN_PAUSED_INCOMING;
    switch (reason) {
    case VIR_DOMAIN_PAUSED_STARTING_UP:
        return VMC_RUN_STARTING;
    case VIR_DOMAIN_PAUSED_MIGRATION:
    case VIR_DOMAIN_PAUSED_POSTCOPY:
        return VMC_RUN_PAUSED_MIGRATION;
    case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
        return VMC_RUN_POSTCOPY_FAILED;
    case VIR_DOMAIN_PAUSED_IOERROR:
        return VMC_RUN_PAUSED_IO_ERROR;
    case VIR_DOMAIN_PAUSED_CRASHED:
        return VMC_RUN_CRASHED;
    default:
        return VMC_RUN_PAUSED;
    }
}

VmcRunState
vmc_libvirt_run_state(int state, int reason, gboolean is_incoming)
{
    switch (state) {
    case VIR_DOMAIN_SHUTOFF:
        return reason == VIR_DOMAIN_SHUTOFF_CRASHED ? VMC_RUN_CRASHED
                                                    : VMC_RUN_SHUT_OFF;
    case VIR_DOMAIN_CRASHED:
        return VMC_RUN_CRASHED;
    case VIR_DOMAIN_PAUSED:
        return paused_state(reason, is_incoming);
    case VIR_DOMAIN_PMSUSPENDED: /* the guest sleeps; resume wakes it */
        return VMC_RUN_PAUSED;
    default: /* running, blocked, and shutting down but still there */
        return reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED &&
                       state == VIR_DOMAIN_RUNNING
                   ? VMC_RUN_POSTCOPY_FAILED
                   : VMC_RUN_RUNNING;
    }
}

/* Both sides of a migration say "paused (migration)". Only the receiving one
 * refuses to tell of the job; it does so before it looks for any lock. */
static gboolean
is_incoming(virDomainPtr dom, int state, int reason)
{
    virDomainJobInfo info = {0};

    if (state != VIR_DOMAIN_PAUSED || (reason != VIR_DOMAIN_PAUSED_MIGRATION &&
                                       reason != VIR_DOMAIN_PAUSED_STARTING_UP))
        return FALSE;
    return virDomainGetJobInfo(dom, &info) < 0 &&
           virGetLastErrorCode() == VIR_ERR_OPERATION_UNSUPPORTED;
}

/* ---- one domain ---------------------------------------------------------- */

typedef struct {
    int state;
    int reason;
    gboolean is_persistent;
} DomainSight;

static VmcDomainFacts *
read_sighted(virDomainPtr dom, const DomainSight *sight, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new(NULL, NULL);
    gboolean is_active = sight->state != VIR_DOMAIN_SHUTOFF;
    gboolean has_both = is_active && sight->is_persistent;
    g_autofree char *xml = NULL;
    g_autofree char *config_xml = NULL;

    xml = virDomainGetXMLDesc(dom, is_active ? 0 : VIR_DOMAIN_XML_INACTIVE);
    if (xml != NULL && has_both)
        config_xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
    if (xml == NULL || (has_both && config_xml == NULL)) {
        vmc_libvirt_error_set(error, "cannot read domain '%s'",
                              virDomainGetName(dom));
        return NULL;
    }
    if (!vmc_domain_xml_read(xml, config_xml, facts, error))
        return NULL;
    facts->is_persistent = sight->is_persistent;
    facts->state =
        vmc_libvirt_run_state(sight->state, sight->reason,
                              is_incoming(dom, sight->state, sight->reason));
    return g_steal_pointer(&facts);
}

VmcDomainFacts *
vmc_libvirt_read_facts(virDomainPtr dom, GError **error)
{
    DomainSight sight = {0};
    int persistent = virDomainIsPersistent(dom);

    if (persistent < 0 ||
        virDomainGetState(dom, &sight.state, &sight.reason, 0) < 0) {
        vmc_libvirt_error_set(error, "cannot read the state of '%s'",
                              virDomainGetName(dom));
        return NULL;
    }
    sight.is_persistent = persistent == 1;
    return read_sighted(dom, &sight, error);
}

gboolean
vmc_libvirt_read_domain(virDomainPtr dom,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    VmcDomainFacts *facts = vmc_libvirt_read_facts(dom, error);

    if (facts == NULL)
        return FALSE;
    reply->domain = facts;
    return TRUE;
}

/* ---- all domains --------------------------------------------------------- */

/* The UUIDs of the persistent domains, as text. */
static GHashTable *
list_persistent(virConnectPtr conn, GError **error)
{
    g_autoptr(GHashTable) uuids =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) doms = NULL;
    virDomainPtr *items = NULL;
    int n = virConnectListAllDomains(conn, &items,
                                     VIR_CONNECT_LIST_DOMAINS_PERSISTENT);

    if (n < 0) {
        vmc_libvirt_error_set(error, "cannot list the domains of the host");
        return NULL;
    }
    doms = vmc_libvirt_list(items, n, vmc_release_virDomain);
    for (guint i = 0; i < doms->len; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN];

        if (virDomainGetUUIDString(doms->pdata[i], uuid) == 0)
            g_hash_table_add(uuids, g_strdup(uuid));
    }
    return g_steal_pointer(&uuids);
}

static gboolean
add_record(GPtrArray *domains,
           virDomainStatsRecordPtr record,
           GHashTable *persistent,
           GError **error)
{
    DomainSight sight = {0};
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(GError) local = NULL;
    VmcDomainFacts *facts = NULL;

    virTypedParamsGetInt(record->params, record->nparams, "state.state",
                         &sight.state);
    virTypedParamsGetInt(record->params, record->nparams, "state.reason",
                         &sight.reason);
    if (virDomainGetUUIDString(record->dom, uuid) == 0)
        sight.is_persistent = g_hash_table_contains(persistent, uuid);
    facts = read_sighted(record->dom, &sight, &local);
    if (facts != NULL)
        g_ptr_array_add(domains, facts);
    else if (!g_error_matches(local, VMC_ERROR, VMC_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE; /* one that went away meanwhile is not listed */
}

/* Two calls for all domains, and one or two XML texts for each. */
gboolean
vmc_libvirt_list_domains(virConnectPtr conn,
                         const VmcCall *call,
                         VmcReply *reply,
                         GError **error)
{
    g_autoptr(GPtrArray) domains =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_domain_facts_unref);
    g_autoptr(GHashTable) persistent = list_persistent(conn, error);
    virDomainStatsRecordPtr *records = NULL;
    gboolean ok = TRUE;
    int n = 0;

    if (persistent == NULL)
        return FALSE;
    n = virConnectGetAllDomainStats(conn, VIR_DOMAIN_STATS_STATE, &records,
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (n < 0)
        return vmc_libvirt_error_set(error,
                                     "cannot list the domains of the host");
    for (int i = 0; i < n && ok; i++)
        ok = add_record(domains, records[i], persistent, error);
    virDomainStatsRecordListFree(records);
    if (ok)
        reply->domains = g_steal_pointer(&domains);
    return ok;
}
