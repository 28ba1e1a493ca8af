/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml-fragment.h"

#include "daemon/hypervisor/domain-xml-tree.h"

static const char *
uri_of(const xmlNode *node)
{
    return node->ns != NULL ? (const char *) node->ns->href : NULL;
}

static gboolean
agrees(xmlNode *a, xmlNode *b, const char *attribute)
{
    g_autofree char *first = vmc_xml_get(a, attribute);
    g_autofree char *second = vmc_xml_get(b, attribute);

    return g_strcmp0(first, second) == 0;
}

static xmlNode *
find_same(xmlNode *parent, xmlNode *wanted)
{
    for (xmlNode *node = parent->children; node != NULL; node = node->next)
        if (vmc_xml_is(node, (const char *) wanted->name) &&
            g_strcmp0(uri_of(node), uri_of(wanted)) == 0 &&
            agrees(node, wanted, "name") && agrees(node, wanted, "id"))
            return node;
    return NULL;
}

static void
append_copy(xmlNode *parent, xmlNode *node)
{
    xmlAddChild(parent, xmlDocCopyNode(node, parent->doc, 1));
}

static void
copy_attributes(xmlNode *to, xmlNode *from)
{
    for (xmlAttr *attribute = from->properties; attribute != NULL;
         attribute = attribute->next) {
        g_autofree char *value =
            vmc_xml_get(from, (const char *) attribute->name);
        if (value != NULL)
            xmlSetProp(to, attribute->name, (const xmlChar *) value);
    }
}

static void
copy_text(xmlNode *to, xmlNode *from)
{
    g_autofree char *text = vmc_xml_text(from);

    if (xmlFirstElementChild(from) == NULL && text != NULL && *text != '\0') {
        xmlNodeSetContent(to, NULL);
        xmlNodeAddContent(to, (const xmlChar *) text);
    }
}

static void
merge(xmlNode *parent, xmlNode *node)
{
    xmlNode *same =
        vmc_xml_is(parent, "devices") ? NULL : find_same(parent, node);

    if (same == NULL) {
        append_copy(parent, node);
        return;
    }
    copy_attributes(same, node);
    copy_text(same, node);
    for (xmlNode *child = xmlFirstElementChild(node); child != NULL;
         child = xmlNextElementSibling(child))
        merge(same, child);
}

gboolean
vmc_domain_fragment_merge(xmlNode *domain, const char *fragment, GError **error)
{
    g_autofree char *text =
        g_strconcat("<fragment>", fragment, "</fragment>", NULL);
    g_autoptr(xmlDoc) xml = vmc_xml_parse(text, "fragment", error);

    if (xml == NULL)
        return FALSE;
    for (xmlNode *node = xmlFirstElementChild(xmlDocGetRootElement(xml));
         node != NULL; node = xmlNextElementSibling(node))
        merge(domain, node);
    return TRUE;
}
