/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-draft.h"

#include <string.h>

/* What vmctl writes and reads back itself: a fragment that changed it would
 * make the VM another than the one that is accounted for. */
static const struct {
    const char *element;
    const char *instead;
} ours[] = {
    {"name", "the name given to create"},
    {"uuid", "nothing: each VM gets its own"},
    {"metadata", "nothing: vmctl keeps its own there"},
    {"memory", "<memory> in <size>"},
    {"currentMemory", "<memory> in <size>"},
    {"maxMemory", "'max' of <memory> in <size>"},
    {"vcpu", "<vcpus> in <size>"},
    {"vcpus", "<vcpus> in <size>"},
};

static gboolean
check_is_free(const VmcTemplateDocument *document,
              const xmlNode *element,
              GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (!vmc_template_is_element(element, ours[i].element))
            continue;
        vmc_template_set_error(error, VMC_ERROR_INVALID, document->path,
                               xmlGetLineNo(element),
                               "<%s> may not stand in <libvirt>, vmctl writes "
                               "it; expected %s",
                               ours[i].element, ours[i].instead);
        return FALSE;
    }
    return TRUE;
}

static void
drop_declaration(xmlNode *element, const char *uri)
{
    for (xmlNs **link = &element->nsDef; *link != NULL;) {
        xmlNs *ns = *link;
        if (g_strcmp0((const char *) ns->href, uri) != 0) {
            link = &ns->next;
            continue;
        }
        *link = ns->next;
        xmlFreeNs(ns);
    }
}

static gboolean
is_in(const xmlNs *ns, const char *uri)
{
    return ns != NULL && g_strcmp0((const char *) ns->href, uri) == 0;
}

/* Elements written without a prefix are in the template's namespace; libvirt
 * wants them in none. */
static void
drop_namespace(xmlNode *element, const char *uri)
{
    if (is_in(element->ns, uri))
        element->ns = NULL;
    for (xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next)
        if (is_in(attribute->ns, uri))
            attribute->ns = NULL;
    for (xmlNode *node = element->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            drop_namespace(node, uri);
    drop_declaration(element, uri);
}

static void
append_element(GString *fragment, xmlNode *element, const char *uri)
{
    xmlDoc *xml = xmlNewDoc((const xmlChar *) "1.0");
    xmlNode *copy = xmlDocCopyNode(element, xml, 1);
    xmlBuffer *buffer = xmlBufferCreate();

    xmlDocSetRootElement(xml, copy);
    drop_namespace(copy, uri);
    xmlNodeDump(buffer, xml, copy, 0, 0);
    if (fragment->len > 0)
        g_string_append_c(fragment, '\n');
    g_string_append(fragment, (const char *) xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    xmlFreeDoc(xml);
}

gboolean
vmc_template_read_libvirt(VmcTemplateDraft *draft,
                          const VmcTemplateDocument *document,
                          xmlNode *element,
                          GError **error)
{
    g_autoptr(GString) fragment = g_string_new(draft->tmpl->libvirt_fragment);
    const char *uri = (const char *) element->ns->href;

    for (xmlNode *node = element->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!check_is_free(document, node, error))
            return FALSE;
        append_element(fragment, node, uri);
    }
    g_free(draft->tmpl->libvirt_fragment);
    draft->tmpl->libvirt_fragment =
        fragment->len > 0 ? g_strdup(fragment->str) : NULL;
    return TRUE;
}
