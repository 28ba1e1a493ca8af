/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-document.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <string.h>

/* What went wrong first; later errors are only its consequences. */
typedef struct {
    const char *path;
    GError *error;
} Load;

/* ---- errors -------------------------------------------------------------- */

/* A message is one line, whatever stood in the file. */
static void
blank_control_characters(char *text)
{
    for (char *p = text; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
}

void
vmc_template_set_error(GError **error,
                       VmcError code,
                       const char *path,
                       long line,
                       const char *format,
                       ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    blank_control_characters(sentence);
    g_set_error(error, VMC_ERROR, code, "%s:%ld: %s", path, MAX(line, 1),
                sentence);
}

static void
stop_with(xmlParserCtxt *parser, VmcError code, const char *sentence)
{
    Load *load = parser->_private;

    if (load->error == NULL)
        vmc_template_set_error(&load->error, code, load->path,
                               xmlSAX2GetLineNumber(parser), "%s", sentence);
    xmlStopParser(parser);
}

static void
on_error(void *data, xmlErrorPtr failure)
{
    xmlParserCtxt *parser = data;
    Load *load = parser->_private;

    if (load->error != NULL || failure->level < XML_ERR_ERROR)
        return;
    g_autofree char *message =
        g_utf8_make_valid(failure->message != NULL ? failure->message : "", -1);
    vmc_template_set_error(&load->error, VMC_ERROR_INVALID, load->path,
                           failure->line, "not well-formed XML: %s",
                           g_strstrip(message));
}

/* ---- limits -------------------------------------------------------------- */

/* Entities can only be declared in a DTD. Without one there are neither
 * external entities nor any that expand to others. */
static void
refuse_doctype(void *data,
               const xmlChar *name,
               const xmlChar *public_id,
               const xmlChar *system_id)
{
    stop_with(data, VMC_ERROR_INVALID,
              "a DOCTYPE is not allowed; a template is plain XML without "
              "entities of its own");
}

static void
start_element(void *data,
              const xmlChar *name,
              const xmlChar *prefix,
              const xmlChar *uri,
              int n_namespaces,
              const xmlChar **namespaces,
              int n_attributes,
              int n_defaulted,
              const xmlChar **attributes)
{
    const xmlParserCtxt *parser = data;

    if (parser->nodeNr >= VMC_TEMPLATE_MAX_DEPTH) {
        stop_with(data, VMC_ERROR_TOO_LARGE,
                  "elements are nested deeper than 64 levels; a template "
                  "needs no more than a dozen");
        return;
    }
    xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces,
                          n_attributes, n_defaulted, attributes);
}

static gboolean
check_text(const char *text, const char *path, GError **error)
{
    const char *bad;

    if (strnlen(text, VMC_TEMPLATE_MAX_BYTES + 1) > VMC_TEMPLATE_MAX_BYTES) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                    "%s:1: the file is larger than 256 KiB; a template needs "
                    "no more than a few",
                    path);
        return FALSE;
    }
    if (!g_utf8_validate(text, -1, &bad)) {
        long line = 1;
        for (const char *p = text; p < bad; p++)
            line += *p == '\n' ? 1 : 0;
        vmc_template_set_error(error, VMC_ERROR_INVALID, path, line,
                               "this is not UTF-8 text; save the file as "
                               "UTF-8");
        return FALSE;
    }
    return TRUE;
}

/* ---- public -------------------------------------------------------------- */

static xmlDoc *
read_text(xmlParserCtxt *parser, Load *load, const char *text)
{
    const int options =
        XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOWARNING;

    parser->_private = load;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->startElementNs = start_element;
    parser->sax->serror = on_error;
    xmlDoc *xml = xmlCtxtReadMemory(parser, text, (int) strlen(text), NULL,
                                    NULL, options);
    /* A stop is no error to libxml2: it would give the tree it has so far. */
    if (load->error != NULL || xml == NULL) {
        xmlFreeDoc(xml);
        return NULL;
    }
    return xml;
}

VmcTemplateDocument *
vmc_template_document_parse(const char *text, const char *path, GError **error)
{
    if (!check_text(text, path, error))
        return NULL;
    Load load = {.path = path};
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        g_error("libxml2 could not allocate a parser");
    xmlDoc *xml = read_text(parser, &load, text);
    xmlFreeParserCtxt(parser);
    if (xml == NULL) {
        if (load.error == NULL)
            vmc_template_set_error(&load.error, VMC_ERROR_INVALID, path, 1,
                                   "not well-formed XML");
        g_propagate_error(error, load.error);
        return NULL;
    }
    VmcTemplateDocument *document = g_new0(VmcTemplateDocument, 1);
    document->path = g_strdup(path);
    document->xml = xml;
    return document;
}

void
vmc_template_document_free(VmcTemplateDocument *document)
{
    if (document == NULL)
        return;
    g_free(document->path);
    xmlFreeDoc(document->xml);
    g_free(document);
}

/* Strings of libxml2 are freed by its own allocator: none leaves this file. */
static char *
take_string(xmlChar *string)
{
    char *copy = g_strdup((const char *) string);

    xmlFree(string);
    return copy;
}

char *
vmc_template_attribute(xmlNode *element, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(element, (const xmlChar *) name);

    return value == NULL ? NULL : take_string(value);
}

char *
vmc_template_text(xmlNode *element)
{
    xmlChar *text = xmlNodeGetContent(element);

    return text == NULL ? g_strdup("") : take_string(text);
}

gboolean
vmc_template_is_element(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE &&
           g_str_equal((const char *) node->name, name);
}
