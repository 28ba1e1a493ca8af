/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/domain-xml-tree.h"

#include "core/error.h"
#include "core/units.h"

#include <libxml/parser.h>

#include <string.h>

#define TO_XML(text) ((const xmlChar *) (text))

/* ---- parsing and printing ------------------------------------------------ */

static void
keep_first(void *data, xmlErrorPtr failure)
{
    xmlParserCtxt *parser = data;
    char **message = parser->_private;

    if (*message != NULL)
        return;
    *message =
        g_utf8_make_valid(failure->message != NULL ? failure->message : "", -1);
    g_strstrip(*message);
}

static void
refuse_doctype(void *data,
               const xmlChar *name,
               const xmlChar *public_id,
               const xmlChar *system_id)
{
    xmlParserCtxt *parser = data;
    char **message = parser->_private;

    if (*message == NULL)
        *message = g_strdup("a DOCTYPE is not allowed");
    xmlStopParser(parser);
}

static xmlDoc *
parse(const char *text, char **ret_message)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOBLANKS |
                        XML_PARSE_BIG_LINES | XML_PARSE_NOWARNING;
    xmlParserCtxt *parser = xmlNewParserCtxt();

    if (parser == NULL)
        g_error("libxml2 could not allocate a parser");
    parser->_private = ret_message;
    parser->sax->serror = keep_first;
    parser->sax->internalSubset = refuse_doctype;
    xmlDoc *xml = xmlCtxtReadMemory(parser, text, (int) strlen(text), NULL,
                                    NULL, options);
    xmlFreeParserCtxt(parser);
    return xml;
}

xmlDoc *
vmc_xml_parse(const char *text, const char *root, GError **error)
{
    g_autofree char *message = NULL;
    g_autoptr(xmlDoc) xml = parse(text, &message);

    if (xml == NULL || message != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "XML of a <%s> is not well-formed: %s", root,
                    message != NULL ? message : "it ends too early");
        return NULL;
    }
    xmlNode *node = xmlDocGetRootElement(xml);
    if (!vmc_xml_is(node, root)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "XML of a <%s> was expected, it is a <%.64s>", root,
                    node != NULL ? (const char *) node->name : "nothing");
        return NULL;
    }
    return g_steal_pointer(&xml);
}

char *
vmc_xml_to_text(xmlNode *node)
{
    xmlBuffer *buffer = xmlBufferCreate();

    xmlNodeDump(buffer, node->doc, node, 0, 1);
    char *text =
        g_strconcat((const char *) xmlBufferContent(buffer), "\n", NULL);
    xmlBufferFree(buffer);
    return text;
}

/* ---- writing ------------------------------------------------------------- */

xmlNode *
vmc_xml_add(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, TO_XML(name), NULL);
}

static xmlNode *
add_string(xmlNode *parent, const char *name, const char *text)
{
    return xmlNewTextChild(parent, NULL, TO_XML(name), TO_XML(text));
}

xmlNode *
vmc_xml_add_text(xmlNode *parent, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return add_string(parent, name, text);
}

xmlNode *
vmc_xml_add_kib(xmlNode *parent, const char *name, guint64 size_bytes)
{
    xmlNode *node = vmc_xml_add_text(parent, name, "%" G_GUINT64_FORMAT,
                                     size_bytes / VMC_BYTES_PER_KIB);

    vmc_xml_set(node, "unit", "KiB");
    return node;
}

void
vmc_xml_set(xmlNode *node, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    xmlSetProp(node, TO_XML(name), TO_XML(text));
}

/* ---- reading ------------------------------------------------------------- */

gboolean
vmc_xml_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE &&
           g_str_equal((const char *) node->name, name);
}

xmlNode *
vmc_xml_child(const xmlNode *parent, const char *name)
{
    if (parent == NULL)
        return NULL;
    for (xmlNode *node = parent->children; node != NULL; node = node->next)
        if (vmc_xml_is(node, name))
            return node;
    return NULL;
}

xmlNode *
vmc_xml_next(const xmlNode *node)
{
    for (xmlNode *next = node->next; next != NULL; next = next->next)
        if (vmc_xml_is(next, (const char *) node->name))
            return next;
    return NULL;
}

xmlNode *
vmc_xml_at(const xmlNode *parent, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    xmlNode *node = vmc_xml_child(parent, names[0]);

    for (char **name = names + 1; node != NULL && *name != NULL; name++)
        node = vmc_xml_child(node, *name);
    return node;
}

static char *
take_string(xmlChar *string)
{
    char *copy = g_strdup((const char *) string);

    xmlFree(string);
    return copy;
}

char *
vmc_xml_get(xmlNode *node, const char *name)
{
    xmlChar *value = node != NULL ? xmlGetNoNsProp(node, TO_XML(name)) : NULL;

    return value != NULL ? take_string(value) : NULL;
}

gboolean
vmc_xml_has(xmlNode *node, const char *name, const char *value)
{
    g_autofree char *given = vmc_xml_get(node, name);

    return g_strcmp0(given, value) == 0;
}

char *
vmc_xml_text(xmlNode *node)
{
    xmlChar *text = node != NULL ? xmlNodeGetContent(node) : NULL;

    return text != NULL ? g_strstrip(take_string(text)) : NULL;
}

static guint64
parse_uint(const char *text, guint64 fallback)
{
    guint64 value;

    if (text == NULL ||
        !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &value, NULL))
        return fallback;
    return value;
}

guint64
vmc_xml_uint(xmlNode *node)
{
    g_autofree char *text = vmc_xml_text(node);

    return parse_uint(text, 0);
}

guint64
vmc_xml_get_uint(xmlNode *node, const char *name, guint64 fallback)
{
    g_autofree char *text = vmc_xml_get(node, name);

    return parse_uint(text, fallback);
}

/* libvirt takes what our own parser of sizes takes, and writes KiB; only
 * "bytes" is a word of its own. */
static guint64
to_bytes(const char *number, const char *unit)
{
    guint64 bytes = 0;

    if (number == NULL)
        return 0;
    if (unit == NULL)
        unit = "KiB";
    if (g_str_has_prefix(unit, "byte"))
        unit = "";
    g_autofree char *size = g_strconcat(number, unit, NULL);
    return vmc_units_parse_bytes(size, &bytes, NULL) ? bytes : 0;
}

guint64
vmc_xml_bytes(xmlNode *node)
{
    g_autofree char *number = vmc_xml_text(node);
    g_autofree char *unit = vmc_xml_get(node, "unit");

    return to_bytes(number, unit);
}

guint64
vmc_xml_get_bytes(xmlNode *node, const char *name)
{
    g_autofree char *number = vmc_xml_get(node, name);
    g_autofree char *unit = vmc_xml_get(node, "unit");

    return to_bytes(number, unit);
}
