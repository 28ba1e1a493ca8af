/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"

#include "daemon/hypervisor/domain-xml-devices.h"
#include "daemon/hypervisor/domain-xml-metadata.h"
#include "daemon/hypervisor/domain-xml-shape.h"
#include "daemon/hypervisor/domain-xml-tree.h"

#include "core/error.h"

#define BITS_PER_KILOBYTE 8000

/* ---- lists of names ------------------------------------------------------ */

static void
add_name(GStrvBuilder *builder, GHashTable *seen, char *name)
{
    if (name != NULL && g_hash_table_add(seen, g_strdup(name)))
        g_strv_builder_add(builder, name);
    g_free(name);
}

/* What the devices of one kind say at @path, attribute @attribute: each name
 * once, in order. @type: only devices of that type. */
static GStrv
collect(const xmlNode *domain,
        const char *device,
        const char *type,
        const char *attribute)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (xmlNode *node = vmc_xml_at(domain, device); node != NULL;
         node = vmc_xml_next(node))
        if (type == NULL || vmc_xml_has(node, "type", type))
            add_name(builder, seen,
                     vmc_xml_get(vmc_xml_child(node, "source"), attribute));
    return g_strv_builder_end(builder);
}

/* Paths of disks; a disk given by pool and volume has none. */
static GStrv
collect_disks(const xmlNode *domain)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (xmlNode *disk = vmc_xml_at(domain, "devices/disk"); disk != NULL;
         disk = vmc_xml_next(disk)) {
        xmlNode *source = vmc_xml_child(disk, "source");
        add_name(builder, seen, vmc_xml_get(source, "file"));
        add_name(builder, seen, vmc_xml_get(source, "dev"));
    }
    return g_strv_builder_end(builder);
}

/* ---- single facts -------------------------------------------------------- */

static gboolean
has_agent_channel(const xmlNode *domain)
{
    for (xmlNode *channel = vmc_xml_at(domain, "devices/channel");
         channel != NULL; channel = vmc_xml_next(channel))
        if (vmc_xml_has(vmc_xml_child(channel, "target"), "name",
                        VMC_AGENT_CHANNEL))
            return TRUE;
    return FALSE;
}

/* "host-passthrough" and "host-model" stand for themselves: what they come to
 * is another CPU on another host. */
static char *
read_cpu_model(const xmlNode *domain)
{
    xmlNode *cpu = vmc_xml_child(domain, "cpu");
    g_autofree char *mode = vmc_xml_get(cpu, "mode");

    if (mode != NULL && g_str_has_prefix(mode, "host-"))
        return g_steal_pointer(&mode);
    return vmc_xml_text(vmc_xml_child(cpu, "model"));
}

static guint64
read_network(const xmlNode *domain)
{
    guint64 kilobytes_per_s = 0;

    for (xmlNode *interface = vmc_xml_at(domain, "devices/interface");
         interface != NULL; interface = vmc_xml_next(interface))
        kilobytes_per_s += vmc_xml_get_uint(
            vmc_xml_at(interface, "bandwidth/outbound"), "average", 0);
    return kilobytes_per_s * BITS_PER_KILOBYTE;
}

/* How large disks are is not in the XML: what we know of our own is. */
static VmcResources
read_size(const xmlNode *domain, const VmcDomainFacts *facts)
{
    const VmcVmShape *shape = &facts->shape;
    guint64 memory_bytes =
        shape->balloon_bytes + shape->virtio_mem_requested_bytes;
    guint64 disk_bytes =
        facts->metadata != NULL ? facts->metadata->size.amount[VMC_DISK] : 0;

    return VMC_RESOURCES((guint64) shape->vcpus_plugged * 1000, memory_bytes,
                         disk_bytes, read_network(domain));
}

/* ---- public -------------------------------------------------------------- */

static void
replace(char **string, char *value)
{
    g_free(*string);
    *string = value;
}

static void
replace_list(GStrv *list, GStrv value)
{
    g_strfreev(*list);
    *list = value;
}

static void
fill(VmcDomainFacts *facts, xmlNode *live, const xmlNode *config)
{
    replace(&facts->uuid, vmc_xml_text(vmc_xml_child(live, "uuid")));
    replace(&facts->name, vmc_xml_text(vmc_xml_child(live, "name")));
    replace(&facts->domain_type, vmc_xml_get(live, "type"));
    g_clear_pointer(&facts->metadata, vmc_vm_unref);
    facts->metadata = vmc_domain_metadata_read(live, facts->uuid, facts->name);
    facts->is_managed = facts->metadata != NULL;
    facts->has_agent_channel = has_agent_channel(live);
    vmc_domain_shape_read(live, config, &facts->shape);
    replace_list(&facts->pools,
                 collect(live, "devices/disk", "volume", "pool"));
    replace_list(&facts->disks, collect_disks(live));
    replace_list(&facts->networks,
                 collect(live, "devices/interface", "network", "network"));
    replace_list(&facts->bridges,
                 collect(live, "devices/interface", "bridge", "bridge"));
    replace(&facts->machine,
            vmc_xml_get(vmc_xml_at(live, "os/type"), "machine"));
    replace(&facts->cpu_model, read_cpu_model(live));
    facts->size = read_size(live, facts);
}

gboolean
vmc_domain_xml_read(const char *live_xml,
                    const char *config_xml,
                    VmcDomainFacts *facts,
                    GError **error)
{
    g_return_val_if_fail(live_xml != NULL && facts != NULL, FALSE);
    g_autoptr(xmlDoc) live = vmc_xml_parse(live_xml, "domain", error);
    g_autoptr(xmlDoc) config = NULL;

    if (live == NULL)
        return FALSE;
    if (config_xml != NULL &&
        (config = vmc_xml_parse(config_xml, "domain", error)) == NULL)
        return FALSE;
    xmlNode *domain = xmlDocGetRootElement(live);
    if (vmc_xml_child(domain, "uuid") == NULL ||
        vmc_xml_child(domain, "name") == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "XML of a <domain> has no <name> or no <uuid>");
        return FALSE;
    }
    fill(facts, domain, config != NULL ? xmlDocGetRootElement(config) : domain);
    return TRUE;
}
