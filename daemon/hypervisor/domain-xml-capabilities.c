/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml.h"

#include "daemon/hypervisor/domain-xml-tree.h"

/* ---- the machine --------------------------------------------------------- */

static void
replace(char **string, char *value)
{
    g_free(*string);
    *string = value;
}

/* A core is told by socket, die and core id: siblings share all three. */
static void
count_cpus(xmlNode *cell, GHashTable *cores, VmcHost *host)
{
    for (xmlNode *cpu = vmc_xml_at(cell, "cpus/cpu"); cpu != NULL;
         cpu = vmc_xml_next(cpu)) {
        g_autofree char *socket = vmc_xml_get(cpu, "socket_id");
        g_autofree char *die = vmc_xml_get(cpu, "die_id");
        g_autofree char *core = vmc_xml_get(cpu, "core_id");
        g_hash_table_add(cores, g_strdup_printf("%s/%s/%s",
                                                socket != NULL ? socket : "0",
                                                die != NULL ? die : "0",
                                                core != NULL ? core : "0"));
        host->n_threads++;
    }
}

static void
read_cells(const xmlNode *machine, VmcHost *host)
{
    g_autoptr(GHashTable) cores =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint64 memory_bytes = 0;

    host->n_threads = 0;
    host->n_numa_nodes = 0;
    for (xmlNode *cell = vmc_xml_at(machine, "topology/cells/cell");
         cell != NULL; cell = vmc_xml_next(cell)) {
        host->n_numa_nodes++;
        memory_bytes += vmc_xml_bytes(vmc_xml_child(cell, "memory"));
        count_cpus(cell, cores, host);
    }
    host->n_cores = g_hash_table_size(cores);
    host->physical.amount[VMC_CPU] = (guint64) host->n_threads * 1000;
    host->physical.amount[VMC_MEMORY] = memory_bytes;
}

static void
read_machine(const xmlNode *capabilities, VmcHost *host)
{
    xmlNode *machine = vmc_xml_child(capabilities, "host");

    replace(&host->uuid, vmc_xml_text(vmc_xml_child(machine, "uuid")));
    replace(&host->arch, vmc_xml_text(vmc_xml_at(machine, "cpu/arch")));
    replace(&host->cpu_model, vmc_xml_text(vmc_xml_at(machine, "cpu/model")));
    read_cells(machine, host);
}

/* ---- what guests may be given -------------------------------------------- */

static xmlNode *
find_guest_arch(const xmlNode *capabilities, const char *name)
{
    for (xmlNode *guest = vmc_xml_child(capabilities, "guest"); guest != NULL;
         guest = vmc_xml_next(guest)) {
        xmlNode *arch = vmc_xml_child(guest, "arch");
        if (arch != NULL && vmc_xml_has(arch, "name", name))
            return arch;
    }
    return NULL;
}

static GStrv
read_machine_types(const xmlNode *arch)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (xmlNode *node = vmc_xml_child(arch, "machine"); node != NULL;
         node = vmc_xml_next(node)) {
        g_autofree char *name = vmc_xml_text(node);
        g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

static xmlNode *
find_custom_mode(const xmlNode *domain_capabilities)
{
    xmlNode *mode = vmc_xml_at(domain_capabilities, "cpu/mode");

    while (mode != NULL && !vmc_xml_has(mode, "name", "custom"))
        mode = vmc_xml_next(mode);
    return mode;
}

static GStrv
read_cpu_models(const xmlNode *domain_capabilities)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (xmlNode *model =
             vmc_xml_child(find_custom_mode(domain_capabilities), "model");
         model != NULL; model = vmc_xml_next(model)) {
        g_autofree char *name = vmc_xml_text(model);
        if (vmc_xml_has(model, "usable", "yes"))
            g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

/* ---- public -------------------------------------------------------------- */

gboolean
vmc_domain_xml_read_capabilities(const char *capabilities_xml,
                                 const char *domain_capabilities_xml,
                                 VmcHost *host,
                                 GError **error)
{
    g_return_val_if_fail(capabilities_xml != NULL && host != NULL, FALSE);
    g_autoptr(xmlDoc) general =
        vmc_xml_parse(capabilities_xml, "capabilities", error);
    g_autoptr(xmlDoc) domain = NULL;

    if (general == NULL)
        return FALSE;
    if (domain_capabilities_xml != NULL) {
        domain =
            vmc_xml_parse(domain_capabilities_xml, "domainCapabilities", error);
        if (domain == NULL)
            return FALSE;
    }
    xmlNode *capabilities = xmlDocGetRootElement(general);
    read_machine(capabilities, host);
    g_strfreev(host->machines);
    host->machines = read_machine_types(find_guest_arch(
        capabilities, host->arch != NULL ? host->arch : "x86_64"));
    if (domain == NULL)
        return TRUE;
    xmlNode *root = xmlDocGetRootElement(domain);
    replace(&host->domain_type, vmc_xml_text(vmc_xml_child(root, "domain")));
    g_strfreev(host->cpu_models);
    host->cpu_models = read_cpu_models(root);
    return TRUE;
}
