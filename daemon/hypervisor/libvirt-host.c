/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"
#include "daemon/hypervisor/libvirt-xml.h"

#define BYTES_PER_KIB 1024
#define BITS_PER_MBIT 1000000
#define MILLICORES 1000

/* What new VMs get; on other architectures what QEMU takes by default. */
#define MACHINE "q35"

/* ---- processors and hypervisor ------------------------------------------- */

/* Of the wanted domain type, else of the best there is: KVM where libvirt sees
 * it. That guests really live under it only booting one shows, so who adds the
 * host may overrule it; what CPU models it can give depends on that. */
static char *
read_domain_capabilities(virConnectPtr conn, const char *type)
{
    char *xml =
        virConnectGetDomainCapabilities(conn, NULL, NULL, MACHINE, type, 0);

    if (xml == NULL)
        xml = virConnectGetDomainCapabilities(conn, NULL, NULL, NULL, type, 0);
    return xml;
}

static gboolean
add_capabilities(virConnectPtr conn,
                 const char *domain_type,
                 VmcHost *host,
                 GError **error)
{
    g_autofree char *capabilities = virConnectGetCapabilities(conn);
    g_autofree char *domain_capabilities = NULL;

    if (capabilities == NULL)
        return vmc_libvirt_error_set(
            error, "cannot read the capabilities of the host");
    domain_capabilities = read_domain_capabilities(conn, domain_type);
    return vmc_domain_xml_read_capabilities(capabilities, domain_capabilities,
                                            host, error);
}

/* A vCPU runs on a hardware thread: that is what a host has of "CPUs". */
static gboolean
add_node(virConnectPtr conn, VmcHost *host, GError **error)
{
    virNodeInfo info = {0};

    if (virNodeGetInfo(conn, &info) < 0)
        return vmc_libvirt_error_set(error,
                                     "cannot read the machine of the host");
    if (host->n_threads == 0)
        host->n_threads = info.cpus;
    if (host->n_cores == 0)
        host->n_cores = info.nodes * info.sockets * info.cores;
    host->physical.amount[VMC_CPU] = (guint64) host->n_threads * MILLICORES;
    host->physical.amount[VMC_MEMORY] = (guint64) info.memory * BYTES_PER_KIB;
    return TRUE;
}

static char *
format_version(const char *name, unsigned long version)
{
    return g_strdup_printf("%s %lu.%lu.%lu", name, version / 1000000,
                           version / 1000 % 1000, version % 1000);
}

static void
add_version(virConnectPtr conn, VmcHost *host)
{
    const char *type = virConnectGetType(conn);
    unsigned long hypervisor = 0;
    unsigned long library = 0;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    (void) virConnectGetVersion(conn, &hypervisor);
    (void) virConnectGetLibVersion(conn, &library);
    first = format_version(type != NULL ? type : "hypervisor", hypervisor);
    second = format_version("libvirt", library);
    g_free(host->hypervisor_version);
    host->hypervisor_version = g_strconcat(first, ", ", second, NULL);
}

/* ---- storage ------------------------------------------------------------- */

static VmcPool *
read_pool(virStoragePoolPtr pool)
{
    g_autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autofree char *path = NULL;
    virStoragePoolInfo info = {0};
    VmcPool *result = NULL;

    /* Its numbers are those of the last refresh, which fails while a volume
     * is being made: then they are a little old. */
    (void) virStoragePoolRefresh(pool, 0);
    if (xml == NULL || virStoragePoolGetInfo(pool, &info) < 0)
        return NULL;
    path = vmc_libvirt_xml_get(xml, "pool/target/path");
    result = vmc_pool_new(virStoragePoolGetName(pool), path);
    result->capacity_bytes = info.capacity;
    result->free_bytes = info.available;
    return result;
}

/* Two pools on one file system count twice: libvirt does not tell. */
static gboolean
add_pools(virConnectPtr conn, VmcHost *host, GError **error)
{
    virStoragePoolPtr *items = NULL;
    g_autoptr(GPtrArray) pools = NULL;
    int n = virConnectListAllStoragePools(
        conn, &items, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);

    if (n < 0)
        return vmc_libvirt_error_set(
            error, "cannot list the storage pools of the host");
    pools = vmc_libvirt_list(items, n, vmc_release_virStoragePool);
    for (guint i = 0; i < pools->len; i++) {
        VmcPool *pool = read_pool(pools->pdata[i]);

        if (pool == NULL)
            continue;
        host->physical.amount[VMC_DISK] += pool->capacity_bytes;
        g_ptr_array_add(host->pools, pool);
    }
    return TRUE;
}

/* ---- networks ------------------------------------------------------------ */

static GStrv
end_names(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    return (GStrv) g_ptr_array_free(names, FALSE);
}

static gboolean
add_networks(virConnectPtr conn, VmcHost *host, GError **error)
{
    GPtrArray *names = NULL;
    virNetworkPtr *items = NULL;
    g_autoptr(GPtrArray) networks = NULL;
    int n = virConnectListAllNetworks(conn, &items,
                                      VIR_CONNECT_LIST_NETWORKS_ACTIVE);

    if (n < 0)
        return vmc_libvirt_error_set(error,
                                     "cannot list the networks of the host");
    networks = vmc_libvirt_list(items, n, vmc_release_virNetwork);
    names = g_ptr_array_new();
    for (guint i = 0; i < networks->len; i++)
        g_ptr_array_add(names, g_strdup(virNetworkGetName(networks->pdata[i])));
    g_strfreev(host->networks);
    host->networks = end_names(names);
    return TRUE;
}

/* Left unknown (NULL) where libvirt has no interface driver. */
static void
add_bridges(virConnectPtr conn, VmcHost *host)
{
    GPtrArray *names = NULL;
    virInterfacePtr *items = NULL;
    g_autoptr(GPtrArray) interfaces = NULL;
    int n = virConnectListAllInterfaces(conn, &items,
                                        VIR_CONNECT_LIST_INTERFACES_ACTIVE);

    if (n < 0)
        return;
    interfaces = vmc_libvirt_list(items, n, vmc_release_virInterface);
    names = g_ptr_array_new();
    for (guint i = 0; i < interfaces->len; i++) {
        g_autofree char *xml = virInterfaceGetXMLDesc(interfaces->pdata[i], 0);
        g_autofree char *type = NULL;

        if (xml != NULL)
            type = vmc_libvirt_xml_get(xml, "interface@type");
        if (g_strcmp0(type, "bridge") == 0)
            g_ptr_array_add(
                names, g_strdup(virInterfaceGetName(interfaces->pdata[i])));
    }
    g_strfreev(host->bridges);
    host->bridges = end_names(names);
}

/* Bridges, tunnels and the like hang on "computer", and what goes through them
 * goes through a card as well. */
static guint64
read_card_bits_per_s(virNodeDevicePtr device)
{
    g_autofree char *xml = virNodeDeviceGetXMLDesc(device, 0);
    g_autofree char *parent = NULL;
    g_autofree char *state = NULL;
    g_autofree char *speed = NULL;

    if (xml == NULL)
        return 0;
    parent = vmc_libvirt_xml_get(xml, "device/parent");
    state = vmc_libvirt_xml_get(xml, "device/capability/link@state");
    speed = vmc_libvirt_xml_get(xml, "device/capability/link@speed");
    if (g_strcmp0(parent, "computer") == 0 || g_strcmp0(state, "up") != 0 ||
        speed == NULL)
        return 0;
    return g_ascii_strtoull(speed, NULL, 10) * BITS_PER_MBIT;
}

/* The sum of the cards that are up; 0, not known, where none tells. */
static void
add_bandwidth(virConnectPtr conn, VmcHost *host)
{
    virNodeDevicePtr *items = NULL;
    g_autoptr(GPtrArray) devices = NULL;
    int n = virConnectListAllNodeDevices(conn, &items,
                                         VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);

    devices = vmc_libvirt_list(items, n, vmc_release_virNodeDevice);
    for (guint i = 0; i < devices->len; i++)
        host->physical.amount[VMC_NETWORK] +=
            read_card_bits_per_s(devices->pdata[i]);
}

static VmcHost *
new_host(virConnectPtr conn)
{
    g_autofree char *name = virConnectGetHostname(conn);

    return vmc_host_new(name != NULL ? name : "", "");
}

gboolean
vmc_libvirt_read_host(virConnectPtr conn,
                      const VmcCall *call,
                      VmcReply *reply,
                      GError **error)
{
    g_autoptr(VmcHost) host = new_host(conn);

    if (!add_capabilities(conn, call->domain_type, host, error) ||
        !add_node(conn, host, error) || !add_pools(conn, host, error) ||
        !add_networks(conn, host, error))
        return FALSE;
    add_version(conn, host);
    add_bridges(conn, host);
    add_bandwidth(conn, host);
    reply->host = g_steal_pointer(&host);
    return TRUE;
}
