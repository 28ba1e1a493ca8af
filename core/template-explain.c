/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-explain.h"

#include "core/template-pattern.h"

#include <string.h>

typedef struct {
    const char *path;
    xmlDoc *grammar;
    const char *namespace_uri;
} Walk;

static gboolean explain_element(const Walk *walk,
                                xmlNode *pattern,
                                xmlNode *element,
                                GError **error);

#define NAME(node) ((const char *) (node)->name)

#define FAIL(walk, node, error, ...)                                           \
    vmc_template_set_error(error, VMC_ERROR_INVALID, (walk)->path,             \
                           xmlGetLineNo(node), __VA_ARGS__)

/* ---- attributes ---------------------------------------------------------- */

static gboolean
explain_attribute(const Walk *walk,
                  const VmcTemplatePattern *pattern,
                  xmlNode *element,
                  const xmlAttr *attribute,
                  GError **error)
{
    VmcTemplatePart *part =
        vmc_template_pattern_find(pattern->attributes, NAME(attribute));

    if (part == NULL || attribute->ns != NULL) {
        g_autofree char *names =
            vmc_template_pattern_list(pattern->attributes, "'", "'");
        const xmlNs *ns = attribute->ns;
        FAIL(walk, element, error,
             "unknown attribute '%s%s%s' of <%s>; expected %s",
             ns != NULL && ns->prefix != NULL ? (const char *) ns->prefix : "",
             ns != NULL ? ":" : "", NAME(attribute), NAME(element),
             names != NULL ? names : "no attributes");
        return FALSE;
    }
    g_autofree char *value = vmc_template_attribute(element, part->name);
    if (vmc_template_pattern_takes(walk->grammar, part->node, value))
        return TRUE;
    g_autofree char *expected =
        vmc_template_pattern_describe(walk->grammar, part->node);
    FAIL(walk, element, error,
         "wrong value '%.200s' for '%s' of <%s>; expected %s", value,
         part->name, NAME(element), expected);
    return FALSE;
}

static gboolean
explain_attributes(const Walk *walk,
                   const VmcTemplatePattern *pattern,
                   xmlNode *element,
                   GError **error)
{
    for (xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next)
        if (!explain_attribute(walk, pattern, element, attribute, error))
            return FALSE;
    for (guint i = 0; i < pattern->attributes->len; i++) {
        const VmcTemplatePart *part = pattern->attributes->pdata[i];
        if (!part->is_required ||
            xmlHasProp(element, (const xmlChar *) part->name) != NULL)
            continue;
        g_autofree char *expected =
            vmc_template_pattern_describe(walk->grammar, part->node);
        FAIL(walk, element, error, "<%s> lacks the attribute '%s'; expected %s",
             NAME(element), part->name, expected);
        return FALSE;
    }
    return TRUE;
}

/* Of attributes that exclude each other exactly one stands there. */
static gboolean
explain_choices(const Walk *walk,
                const VmcTemplatePattern *pattern,
                xmlNode *element,
                GError **error)
{
    g_autofree char *names =
        vmc_template_pattern_list(pattern->alternatives, "'", "'");
    guint n_given = 0;

    if (names == NULL)
        return TRUE;
    for (guint i = 0; i < pattern->alternatives->len; i++) {
        const VmcTemplatePart *part = pattern->alternatives->pdata[i];
        n_given +=
            xmlHasProp(element, (const xmlChar *) part->name) != NULL ? 1 : 0;
    }
    if (n_given == 1)
        return TRUE;
    FAIL(walk, element, error, "<%s> has %s of its attributes; expected %s%s",
         NAME(element), n_given == 0 ? "none" : "more than one",
         pattern->alternatives->len > 1 ? "exactly " : "", names);
    return FALSE;
}

/* An attribute that goes only with one of the alternatives. */
static gboolean
explain_companions(const Walk *walk,
                   const VmcTemplatePattern *pattern,
                   xmlNode *element,
                   GError **error)
{
    for (guint i = 0; i < pattern->attributes->len; i++) {
        const VmcTemplatePart *part = pattern->attributes->pdata[i];
        if (part->needs == NULL ||
            xmlHasProp(element, (const xmlChar *) part->name) == NULL ||
            xmlHasProp(element, (const xmlChar *) part->needs) != NULL)
            continue;
        FAIL(walk, element, error,
             "'%s' of <%s> goes only with '%s'; expected both or neither",
             part->name, NAME(element), part->needs);
        return FALSE;
    }
    return TRUE;
}

/* ---- children ------------------------------------------------------------ */

static gboolean
is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

static gboolean
stands_before(const xmlNode *child)
{
    for (const xmlNode *node = child->prev; node != NULL; node = node->prev)
        if (vmc_template_is_element(node, NAME(child)))
            return TRUE;
    return FALSE;
}

static gboolean
explain_child(const Walk *walk,
              const VmcTemplatePattern *pattern,
              xmlNode *child,
              GError **error)
{
    VmcTemplatePart *part =
        vmc_template_pattern_find(pattern->children, NAME(child));

    if (part == NULL) {
        g_autofree char *names =
            vmc_template_pattern_list(pattern->children, "<", ">");
        FAIL(walk, child, error, "unknown element <%s> in <%s>; expected %s",
             NAME(child), NAME(child->parent),
             names != NULL ? names : "no elements in it");
        return FALSE;
    }
    if (!part->is_repeatable && stands_before(child)) {
        FAIL(walk, child, error,
             "<%s> stands twice in <%s>; expected at most one", NAME(child),
             NAME(child->parent));
        return FALSE;
    }
    return explain_element(walk, part->node, child, error);
}

static gboolean
explain_node(const Walk *walk,
             const VmcTemplatePattern *pattern,
             xmlNode *node,
             GError **error)
{
    if (node->type == XML_ELEMENT_NODE)
        return explain_child(walk, pattern, node, error);
    if ((node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE) ||
        pattern->has_text || is_blank((const char *) node->content))
        return TRUE;
    g_autofree char *text = g_strdup((const char *) node->content);
    FAIL(walk, node->parent, error,
         "text '%.60s' in <%s>; expected only elements", g_strstrip(text),
         NAME(node->parent));
    return FALSE;
}

static gboolean
explain_children(const Walk *walk,
                 const VmcTemplatePattern *pattern,
                 xmlNode *element,
                 GError **error)
{
    for (xmlNode *node = element->children; node != NULL; node = node->next)
        if (!explain_node(walk, pattern, node, error))
            return FALSE;
    for (guint i = 0; i < pattern->children->len; i++) {
        const VmcTemplatePart *part = pattern->children->pdata[i];
        gboolean is_there = FALSE;
        for (xmlNode *node = element->children; node != NULL; node = node->next)
            is_there = is_there || vmc_template_is_element(node, part->name);
        if (!part->is_required || is_there)
            continue;
        FAIL(walk, element, error,
             "<%s> lacks the element <%s>; expected it there", NAME(element),
             part->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
explain_text(const Walk *walk,
             const VmcTemplatePattern *pattern,
             xmlNode *element,
             GError **error)
{
    if (pattern->value == NULL)
        return TRUE;
    g_autofree char *text = vmc_template_text(element);
    if (vmc_template_pattern_takes(walk->grammar, pattern->value, text))
        return TRUE;
    g_autofree char *expected =
        vmc_template_pattern_describe(walk->grammar, pattern->value);
    FAIL(walk, element, error, "wrong value '%.200s' of <%s>; expected %s",
         g_strstrip(text), NAME(element), expected);
    return FALSE;
}

/* ---- elements ------------------------------------------------------------ */

static gboolean
explain_namespace(const Walk *walk, const xmlNode *element, GError **error)
{
    const char *uri =
        element->ns != NULL ? (const char *) element->ns->href : NULL;

    if (g_strcmp0(uri, walk->namespace_uri) == 0)
        return TRUE;
    FAIL(walk, element, error, "<%s> is in the namespace '%s'; expected '%s'",
         NAME(element), uri != NULL ? uri : "", walk->namespace_uri);
    return FALSE;
}

static gboolean
explain_element(const Walk *walk,
                xmlNode *pattern_node,
                xmlNode *element,
                GError **error)
{
    g_autoptr(VmcTemplatePattern) pattern =
        vmc_template_pattern_new(walk->grammar, pattern_node);

    return explain_namespace(walk, element, error) &&
           explain_attributes(walk, pattern, element, error) &&
           explain_choices(walk, pattern, element, error) &&
           explain_companions(walk, pattern, element, error) &&
           explain_text(walk, pattern, element, error) &&
           (pattern->takes_any_child ||
            explain_children(walk, pattern, element, error));
}

gboolean
vmc_template_explain(xmlDoc *grammar,
                     const VmcTemplateDocument *document,
                     GError **error)
{
    xmlNode *root = xmlDocGetRootElement(document->xml);
    xmlNode *start = vmc_template_pattern_start(grammar);
    g_autofree char *uri =
        vmc_template_attribute(xmlDocGetRootElement(grammar), "ns");
    const Walk walk = {document->path, grammar, uri};

    if (start == NULL)
        return TRUE;
    g_autofree char *name = vmc_template_attribute(start, "name");
    if (g_strcmp0(name, NAME(root)) != 0) {
        FAIL(&walk, root, error,
             "the root element is <%s>; expected <%s xmlns=\"%s\">", NAME(root),
             name, uri);
        return FALSE;
    }
    return explain_element(&walk, start, root, error);
}
