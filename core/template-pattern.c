/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-pattern.h"

#include "core/template-document.h"

#include <libxml/xmlregexp.h>

#define RELAX_NG_URI "http://relaxng.org/ns/structure/1.0"

/* How a pattern stands in its element. */
typedef struct {
    gboolean is_required;
    gboolean is_repeatable;
    gboolean is_alternative;
    const char *needs;
} Standing;

typedef struct {
    xmlDoc *grammar;
    VmcTemplatePattern *pattern;
} Collector;

static void collect(const Collector *collector,
                    xmlNode *node,
                    Standing standing);

/* ---- the schema's tree --------------------------------------------------- */

static gboolean
is_pattern(const xmlNode *node, const char *name)
{
    return vmc_template_is_element(node, name) && node->ns != NULL &&
           g_str_equal((const char *) node->ns->href, RELAX_NG_URI);
}

static xmlNode *
find_define(xmlDoc *grammar, const char *name)
{
    xmlNode *root = xmlDocGetRootElement(grammar);

    for (xmlNode *node = root->children; node != NULL; node = node->next) {
        if (!is_pattern(node, "define"))
            continue;
        g_autofree char *defined = vmc_template_attribute(node, "name");
        if (g_strcmp0(defined, name) == 0)
            return node;
    }
    return NULL;
}

static xmlNode *
follow_ref(xmlDoc *grammar, xmlNode *ref)
{
    g_autofree char *name = vmc_template_attribute(ref, "name");

    return name == NULL ? NULL : find_define(grammar, name);
}

static xmlNode *
first_pattern(xmlNode *parent)
{
    for (xmlNode *node = parent->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
            g_str_equal((const char *) node->ns->href, RELAX_NG_URI))
            return node;
    return NULL;
}

xmlNode *
vmc_template_pattern_start(xmlDoc *grammar)
{
    xmlNode *root = xmlDocGetRootElement(grammar);

    for (xmlNode *node = root->children; node != NULL; node = node->next) {
        if (!is_pattern(node, "start"))
            continue;
        xmlNode *pattern = first_pattern(node);
        if (is_pattern(pattern, "ref"))
            pattern = first_pattern(follow_ref(grammar, pattern));
        return is_pattern(pattern, "element") ? pattern : NULL;
    }
    return NULL;
}

/* ---- collecting ---------------------------------------------------------- */

static void
part_free(void *data)
{
    VmcTemplatePart *part = data;

    g_free(part->name);
    g_free(part->needs);
    g_free(part);
}

static VmcTemplatePart *
part_new(xmlNode *node, const char *name, Standing standing)
{
    VmcTemplatePart *part = g_new0(VmcTemplatePart, 1);

    part->name = g_strdup(name);
    part->node = node;
    part->is_required = standing.is_required;
    part->is_repeatable = standing.is_repeatable;
    part->needs = g_strdup(standing.needs);
    return part;
}

static void
collect_children(const Collector *collector, xmlNode *node, Standing standing)
{
    for (xmlNode *child = node->children; child != NULL; child = child->next)
        collect(collector, child, standing);
}

static void
collect_named(const Collector *collector, xmlNode *node, Standing standing)
{
    VmcTemplatePattern *pattern = collector->pattern;
    g_autofree char *name = vmc_template_attribute(node, "name");

    if (name == NULL) { /* <anyName/> */
        pattern->takes_any_child = TRUE;
        return;
    }
    if (is_pattern(node, "element")) {
        g_ptr_array_add(pattern->children, part_new(node, name, standing));
        return;
    }
    g_ptr_array_add(pattern->attributes, part_new(node, name, standing));
    if (standing.is_alternative)
        g_ptr_array_add(pattern->alternatives, part_new(node, name, standing));
}

/* A group in a choice: its first attribute is the alternative, the others go
 * with it. */
static void
collect_group(const Collector *collector, xmlNode *group, Standing standing)
{
    xmlNode *first = first_pattern(group);
    g_autofree char *name = vmc_template_attribute(first, "name");

    if (!standing.is_alternative || !is_pattern(first, "attribute")) {
        collect_children(collector, group, standing);
        return;
    }
    collect(collector, first, standing);
    standing.is_alternative = FALSE;
    standing.needs = name;
    for (xmlNode *node = first->next; node != NULL; node = node->next)
        collect(collector, node, standing);
}

static gboolean
is_value(const xmlNode *node)
{
    return is_pattern(node, "value") || is_pattern(node, "data");
}

static void
collect(const Collector *collector, xmlNode *node, Standing standing)
{
    if (is_pattern(node, "element") || is_pattern(node, "attribute")) {
        collect_named(collector, node, standing);
    } else if (is_pattern(node, "text")) {
        collector->pattern->has_text = TRUE;
    } else if (is_value(node)) {
        collector->pattern->has_text = TRUE;
        collector->pattern->value = node->parent;
    } else if (is_pattern(node, "ref")) {
        xmlNode *define = follow_ref(collector->grammar, node);
        if (define != NULL)
            collect_children(collector, define, standing);
    } else if (is_pattern(node, "group")) {
        collect_group(collector, node, standing);
    } else if (is_pattern(node, "choice")) {
        standing.is_alternative = !standing.is_repeatable;
        standing.is_required = FALSE;
        collect_children(collector, node, standing);
    } else if (is_pattern(node, "interleave")) {
        collect_children(collector, node, standing);
    } else if (node->type == XML_ELEMENT_NODE) {
        standing.is_repeatable = standing.is_repeatable ||
                                 is_pattern(node, "zeroOrMore") ||
                                 is_pattern(node, "oneOrMore");
        standing.is_required =
            standing.is_required && is_pattern(node, "oneOrMore");
        collect_children(collector, node, standing);
    }
}

VmcTemplatePattern *
vmc_template_pattern_new(xmlDoc *grammar, xmlNode *element)
{
    VmcTemplatePattern *pattern = g_new0(VmcTemplatePattern, 1);
    const Collector collector = {grammar, pattern};

    pattern->attributes = g_ptr_array_new_with_free_func(part_free);
    pattern->alternatives = g_ptr_array_new_with_free_func(part_free);
    pattern->children = g_ptr_array_new_with_free_func(part_free);
    collect_children(&collector, element, (Standing){.is_required = TRUE});
    return pattern;
}

void
vmc_template_pattern_free(VmcTemplatePattern *pattern)
{
    if (pattern == NULL)
        return;
    g_ptr_array_unref(pattern->attributes);
    g_ptr_array_unref(pattern->alternatives);
    g_ptr_array_unref(pattern->children);
    g_free(pattern);
}

VmcTemplatePart *
vmc_template_pattern_find(GPtrArray *parts, const char *name)
{
    for (guint i = 0; i < parts->len; i++) {
        VmcTemplatePart *part = parts->pdata[i];
        if (g_str_equal(part->name, name))
            return part;
    }
    return NULL;
}

/* ---- words --------------------------------------------------------------- */

/* "a", "a or b", "one of a, b, c" */
static char *
join_choices(GPtrArray *words)
{
    if (words->len == 0)
        return NULL;
    if (words->len == 1)
        return g_strdup(words->pdata[0]);
    if (words->len == 2)
        return g_strdup_printf("%s or %s", (const char *) words->pdata[0],
                               (const char *) words->pdata[1]);
    GString *list = g_string_new("one of ");
    for (guint i = 0; i < words->len; i++)
        g_string_append_printf(list, "%s%s", i == 0 ? "" : ", ",
                               (const char *) words->pdata[i]);
    return g_string_free(list, FALSE);
}

char *
vmc_template_pattern_list(GPtrArray *parts,
                          const char *before,
                          const char *after)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < parts->len; i++) {
        const VmcTemplatePart *part = parts->pdata[i];
        g_ptr_array_add(words, g_strconcat(before, part->name, after, NULL));
    }
    return join_choices(words);
}

static char *
documentation_of(xmlNode *define)
{
    for (xmlNode *node = define->children; node != NULL; node = node->next)
        if (vmc_template_is_element(node, "documentation"))
            return g_strstrip(vmc_template_text(node));
    return NULL;
}

static char *
describe_values(xmlNode *choice)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (xmlNode *node = choice->children; node != NULL; node = node->next) {
        if (!is_pattern(node, "value"))
            continue;
        g_autofree char *value = vmc_template_text(node);
        g_ptr_array_add(words, g_strdup_printf("'%s'", value));
    }
    return join_choices(words);
}

char *
vmc_template_pattern_describe(xmlDoc *grammar, xmlNode *pattern)
{
    char *words = documentation_of(pattern);

    if (words == NULL)
        words = describe_values(pattern);
    if (words != NULL)
        return words;
    xmlNode *inner = is_pattern(pattern, "ref") ? follow_ref(grammar, pattern)
                                                : first_pattern(pattern);
    return inner == NULL ? g_strdup("text")
                         : vmc_template_pattern_describe(grammar, inner);
}

/* ---- values -------------------------------------------------------------- */

static gboolean
matches_regexp(xmlNode *param, const char *value)
{
    g_autofree char *text = vmc_template_text(param);
    xmlRegexp *regexp = xmlRegexpCompile((const xmlChar *) text);

    if (regexp == NULL)
        return TRUE;
    gboolean matches = xmlRegexpExec(regexp, (const xmlChar *) value) == 1;
    xmlRegFreeRegexp(regexp);
    return matches;
}

static gboolean
any_takes(xmlDoc *grammar, xmlNode *choice, const char *value)
{
    for (xmlNode *node = choice->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE &&
            vmc_template_pattern_takes(grammar, node, value))
            return TRUE;
    return FALSE;
}

gboolean
vmc_template_pattern_takes(xmlDoc *grammar, xmlNode *pattern, const char *value)
{
    if (is_pattern(pattern, "text"))
        return TRUE;
    if (is_pattern(pattern, "choice"))
        return any_takes(grammar, pattern, value);
    if (is_pattern(pattern, "value")) {
        g_autofree char *wanted = vmc_template_text(pattern);
        g_autofree char *given = g_strstrip(g_strdup(value));
        return g_str_equal(wanted, given);
    }
    xmlNode *inner = is_pattern(pattern, "ref") ? follow_ref(grammar, pattern)
                                                : first_pattern(pattern);
    if (is_pattern(inner, "param"))
        return matches_regexp(inner, value);
    return inner == NULL || vmc_template_pattern_takes(grammar, inner, value);
}
