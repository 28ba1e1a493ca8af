/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-extends.h"

#include "core/template-schema.h"

typedef struct {
    VmcTemplateSchema *schema;
    VmcTemplateSource source;
    gpointer source_data;
    GPtrArray *documents;
} Chain;

static xmlNode *
root_of(const Chain *chain, guint i)
{
    const VmcTemplateDocument *document = chain->documents->pdata[i];

    return xmlDocGetRootElement(document->xml);
}

static gboolean
append(const Chain *chain, const char *xml, const char *path, GError **error)
{
    g_autoptr(VmcTemplateDocument) document =
        vmc_template_document_parse(xml, path, error);

    if (document == NULL ||
        !vmc_template_schema_validate(chain->schema, document, error))
        return FALSE;
    g_ptr_array_add(chain->documents, g_steal_pointer(&document));
    return TRUE;
}

/* "web → base → web" */
static char *
describe_loop(const Chain *chain, guint from, const char *end)
{
    GString *names = g_string_new(NULL);

    for (guint i = from; i < chain->documents->len; i++) {
        g_autofree char *name =
            vmc_template_attribute(root_of(chain, i), "name");
        g_string_append_printf(names, "%s → ", name);
    }
    g_string_append(names, end);
    return g_string_free(names, FALSE);
}

/* Whether the last document of the chain may extend @base. */
static gboolean
check_link(const Chain *chain, const char *base, GError **error)
{
    const guint last = chain->documents->len - 1;
    const VmcTemplateDocument *document = chain->documents->pdata[last];
    long line = xmlGetLineNo(root_of(chain, last));

    for (guint i = 0; i <= last; i++) {
        g_autofree char *name =
            vmc_template_attribute(root_of(chain, i), "name");
        if (!g_str_equal(name, base))
            continue;
        g_autofree char *loop = describe_loop(chain, i, base);
        vmc_template_set_error(error, VMC_ERROR_INVALID, document->path, line,
                               "'%s' extends itself: %s; remove one 'extends'",
                               base, loop);
        return FALSE;
    }
    if (last + 1 >= VMC_TEMPLATE_MAX_EXTENDS) {
        vmc_template_set_error(error, VMC_ERROR_TOO_LARGE, document->path, line,
                               "more than %d templates extend one another; "
                               "expected fewer",
                               VMC_TEMPLATE_MAX_EXTENDS);
        return FALSE;
    }
    return TRUE;
}

static gboolean
fetch(const Chain *chain, const char *base, GError **error)
{
    const guint last = chain->documents->len - 1;
    const VmcTemplateDocument *document = chain->documents->pdata[last];
    g_autofree char *xml = NULL;
    g_autofree char *path = NULL;

    if (chain->source == NULL ||
        !chain->source(base, &xml, &path, chain->source_data, error)) {
        if (chain->source == NULL)
            g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                        "no other templates are at hand");
        g_prefix_error(error, "%s:%ld: it extends '%s', which cannot be had: ",
                       document->path,
                       MAX(xmlGetLineNo(root_of(chain, last)), 1), base);
        return FALSE;
    }
    if (!append(chain, xml, path, error))
        return FALSE;
    g_autofree char *name =
        vmc_template_attribute(root_of(chain, last + 1), "name");
    if (g_str_equal(name, base))
        return TRUE;
    vmc_template_set_error(error, VMC_ERROR_INVALID, path,
                           xmlGetLineNo(root_of(chain, last + 1)),
                           "the template is named '%s'; expected '%s', by "
                           "which it was found",
                           name, base);
    return FALSE;
}

GPtrArray *
vmc_template_extends_follow(VmcTemplateSchema *schema,
                            const char *xml,
                            const char *path,
                            VmcTemplateSource source,
                            gpointer source_data,
                            GError **error)
{
    g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func(
        (GDestroyNotify) vmc_template_document_free);
    const Chain chain = {schema, source, source_data, documents};

    if (!append(&chain, xml, path, error))
        return NULL;
    while (TRUE) {
        g_autofree char *base = vmc_template_attribute(
            root_of(&chain, documents->len - 1), "extends");
        if (base == NULL)
            return g_steal_pointer(&documents);
        if (!check_link(&chain, base, error) || !fetch(&chain, base, error))
            return NULL;
    }
}
