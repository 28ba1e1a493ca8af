/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-schema.h"

#include "core/template-explain.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemastypes.h>

#include <string.h>

struct _VmcTemplateSchema {
    GMutex lock;
    xmlDoc *grammar; /* for explaining; never changes */
    xmlRelaxNG *compiled;
};

/* libxml2 sets its tables up on first use, without a lock: RELAX NG's and the
 * data types' are not covered by xmlInitParser(). */
static void
set_up_libxml(void)
{
    static gsize is_done;

    if (!g_once_init_enter(&is_done))
        return;
    xmlInitParser();
    xmlSchemaInitTypes();
    xmlRelaxNGInitTypes();
    g_once_init_leave(&is_done, 1);
}

/* Keeps the first message of a run, as "line: message". */
static void
keep_first(void *data, xmlErrorPtr failure)
{
    char **first = data;

    if (*first != NULL)
        return;
    g_autofree char *message =
        g_utf8_make_valid(failure->message != NULL ? failure->message : "", -1);
    *first =
        g_strdup_printf("%d: %s", MAX(failure->line, 1), g_strstrip(message));
}

static void
ignore_error(void *data, xmlErrorPtr failure)
{
}

static xmlDoc *
read_grammar(const char *rng, gssize length)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();

    if (parser == NULL)
        return NULL;
    parser->sax->serror = ignore_error;
    xmlDoc *grammar = xmlCtxtReadMemory(
        parser, rng, (int) (length < 0 ? (gssize) strlen(rng) : length),
        "template.rng", NULL, XML_PARSE_NONET);
    xmlFreeParserCtxt(parser);
    return grammar;
}

static xmlRelaxNG *
compile(xmlDoc *grammar, char **ret_message)
{
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewDocParserCtxt(grammar);

    if (parser == NULL)
        return NULL;
    xmlRelaxNGSetParserStructuredErrors(parser, keep_first, ret_message);
    xmlRelaxNG *compiled = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    return compiled;
}

VmcTemplateSchema *
vmc_template_schema_parse(const char *rng, gssize length, GError **error)
{
    g_return_val_if_fail(rng != NULL, NULL);
    set_up_libxml();
    g_autoptr(VmcTemplateSchema) schema = g_new0(VmcTemplateSchema, 1);
    g_autofree char *message = NULL;

    g_mutex_init(&schema->lock);
    schema->grammar = read_grammar(rng, length);
    if (schema->grammar != NULL)
        schema->compiled = compile(schema->grammar, &message);
    if (schema->compiled == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "template schema: not a RELAX NG schema: line %s",
                    message != NULL ? message : "1: not well-formed XML");
        return NULL;
    }
    return g_steal_pointer(&schema);
}

void
vmc_template_schema_free(VmcTemplateSchema *schema)
{
    if (schema == NULL)
        return;
    xmlRelaxNGFree(schema->compiled);
    xmlFreeDoc(schema->grammar);
    g_mutex_clear(&schema->lock);
    g_free(schema);
}

static gboolean
run_validation(VmcTemplateSchema *schema, xmlDoc *xml, char **ret_message)
{
    xmlRelaxNGValidCtxt *validation = xmlRelaxNGNewValidCtxt(schema->compiled);

    if (validation == NULL)
        g_error("libxml2 could not allocate a validation");
    xmlRelaxNGSetValidStructuredErrors(validation, keep_first, ret_message);
    g_mutex_lock(&schema->lock);
    int result = xmlRelaxNGValidateDoc(validation, xml);
    g_mutex_unlock(&schema->lock);
    xmlRelaxNGFreeValidCtxt(validation);
    return result == 0;
}

gboolean
vmc_template_schema_validate(VmcTemplateSchema *schema,
                             const VmcTemplateDocument *document,
                             GError **error)
{
    g_autofree char *message = NULL;

    if (run_validation(schema, document->xml, &message))
        return TRUE;
    if (vmc_template_explain(schema->grammar, document, error))
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "%s:%s; expected what docs/template.md describes",
                    document->path, message != NULL ? message : "1: invalid");
    return FALSE;
}
