/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml-metadata.h"

#include "core/units.h"
#include "daemon/hypervisor/domain-xml-tree.h"
#include "daemon/hypervisor/domain-xml.h"

#define METADATA_VERSION "1"
#define METADATA_PREFIX "vmctl"

/* Words of a placement wish, by must and avoid. */
static const char *const wish_words[2][2] = {{"prefer", "avoid"},
                                             {"require", "forbid"}};

/* ---- writing ------------------------------------------------------------- */

static void
add_amounts(xmlNode *parent, const char *name, const VmcResources *resources)
{
    xmlNode *node = vmc_xml_add(parent, name);

    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        vmc_xml_set(node, vmc_resource_to_key((VmcResource) i),
                    "%" G_GUINT64_FORMAT, resources->amount[i]);
}

/* An automatic factor also has the value it had last. */
static void
add_factor(xmlNode *parent, VmcResource resource, const VmcFactor *factor)
{
    xmlNode *node = vmc_xml_add(parent, "factor");
    g_autofree char *value = vmc_factor_format(factor);

    vmc_xml_set(node, "resource", "%s", vmc_resource_to_name(resource));
    vmc_xml_set(node, "value", "%s", value);
    if (factor->is_auto)
        vmc_xml_set(node, "now_milli", "%u", factor->value_milli);
    vmc_xml_set(node, "source", "%s",
                vmc_factor_source_to_name(factor->source));
}

static void
add_wish(xmlNode *parent, const VmcWish *wish)
{
    xmlNode *node =
        vmc_xml_add(parent, wish_words[wish->must != 0][wish->avoid != 0]);

    if (wish->host != NULL)
        vmc_xml_set(node, "host", "%s", wish->host);
    else
        vmc_xml_set(node, "label", "%s", wish->label);
}

static void
fill(xmlNode *node, const VmcVm *vm)
{
    vmc_xml_set(node, "version", METADATA_VERSION);
    if (vm->template_name != NULL)
        vmc_xml_add_text(node, "template", "%s", vm->template_name);
    if (vm->service_class != NULL)
        vmc_xml_add_text(node, "class", "%s", vm->service_class);
    add_amounts(node, "size", &vm->size);
    add_amounts(node, "min", &vm->size_min);
    add_amounts(node, "max", &vm->size_max);
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        add_factor(node, (VmcResource) i, &vm->factors.of[i]);
    for (guint i = 0; vm->wishes != NULL && i < vm->wishes->len; i++)
        add_wish(node, vm->wishes->pdata[i]);
}

void
vmc_domain_metadata_add(xmlNode *domain, const VmcVm *vm)
{
    xmlNode *metadata = vmc_xml_add(domain, "metadata");
    xmlNode *node = vmc_xml_add(metadata, "vm");
    xmlNs *ns = xmlNewNs(node, (const xmlChar *) VMC_METADATA_URI,
                         (const xmlChar *) METADATA_PREFIX);

    xmlSetNs(node, ns);
    fill(node, vm); /* children inherit the namespace */
}

char *
vmc_domain_xml_metadata(const VmcVm *vm)
{
    g_return_val_if_fail(vm != NULL, NULL);
    g_autoptr(xmlDoc) xml = xmlNewDoc((const xmlChar *) "1.0");
    xmlNode *node = xmlNewDocNode(xml, NULL, (const xmlChar *) "vm", NULL);

    xmlDocSetRootElement(xml, node);
    fill(node, vm);
    return vmc_xml_to_text(node);
}

/* ---- reading ------------------------------------------------------------- */

static gboolean
read_amounts(const xmlNode *parent, const char *name, VmcResources *ret)
{
    xmlNode *node = vmc_xml_child(parent, name);
    VmcResources resources;

    if (node == NULL)
        return FALSE;
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        const char *key = vmc_resource_to_key((VmcResource) i);
        if (!xmlHasProp(node, (const xmlChar *) key))
            return FALSE;
        resources.amount[i] = vmc_xml_get_uint(node, key, 0);
    }
    *ret = resources;
    return TRUE;
}

static gboolean
read_factor(xmlNode *node, VmcFactors *factors)
{
    g_autofree char *resource_name = vmc_xml_get(node, "resource");
    g_autofree char *value = vmc_xml_get(node, "value");
    g_autofree char *source_name = vmc_xml_get(node, "source");
    VmcResource resource;
    VmcFactorSource source;
    VmcFactor factor;

    if (resource_name == NULL || value == NULL || source_name == NULL ||
        !vmc_resource_from_name(resource_name, &resource) ||
        !vmc_factor_source_from_name(source_name, &source) ||
        !vmc_factor_parse(value, source, &factor, NULL))
        return FALSE;
    if (factor.is_auto)
        factor.value_milli = (guint32) CLAMP(
            vmc_xml_get_uint(node, "now_milli", factor.max_milli),
            factor.min_milli, factor.max_milli);
    factors->of[resource] = factor;
    return TRUE;
}

static gboolean
read_factors(const xmlNode *parent, VmcFactors *factors)
{
    for (xmlNode *node = vmc_xml_child(parent, "factor"); node != NULL;
         node = vmc_xml_next(node))
        if (!read_factor(node, factors))
            return FALSE;
    return TRUE;
}

static void
read_wish(xmlNode *node, GPtrArray *wishes)
{
    g_autofree char *host = vmc_xml_get(node, "host");
    g_autofree char *label = vmc_xml_get(node, "label");

    for (gboolean must = FALSE; must <= TRUE; must++)
        for (gboolean avoid = FALSE; avoid <= TRUE; avoid++)
            if (vmc_xml_is(node, wish_words[must][avoid]) &&
                (host != NULL) != (label != NULL))
                g_ptr_array_add(wishes, vmc_wish_new(must, avoid, host, label));
}

static xmlNode *
find_metadata(const xmlNode *domain)
{
    xmlNode *metadata = vmc_xml_child(domain, "metadata");

    for (xmlNode *node = vmc_xml_child(metadata, "vm"); node != NULL;
         node = vmc_xml_next(node))
        if (node->ns != NULL &&
            g_str_equal((const char *) node->ns->href, VMC_METADATA_URI) &&
            vmc_xml_has(node, "version", METADATA_VERSION))
            return node;
    return NULL;
}

VmcVm *
vmc_domain_metadata_read(const xmlNode *domain,
                         const char *uuid,
                         const char *name)
{
    const xmlNode *node = find_metadata(domain);

    if (node == NULL)
        return NULL;
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);
    if (!read_amounts(node, "size", &vm->size) ||
        !read_amounts(node, "min", &vm->size_min) ||
        !read_amounts(node, "max", &vm->size_max) ||
        !read_factors(node, &vm->factors))
        return NULL;
    vm->is_managed = TRUE;
    vm->template_name = vmc_xml_text(vmc_xml_child(node, "template"));
    vm->service_class = vmc_xml_text(vmc_xml_child(node, "class"));
    for (xmlNode *child = node->children; child != NULL; child = child->next)
        read_wish(child, vm->wishes);
    return g_steal_pointer(&vm);
}
