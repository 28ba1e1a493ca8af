/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/*
 * What a RELAX NG schema allows in one element, read off the schema's own
 * tree. For messages only: libxml2 judges, this explains.
 */

/**
 * VmcTemplatePart:
 * @name: of the attribute or element
 * @node: its pattern in the schema
 * @is_required: it must be there
 * @is_repeatable: it may be there more than once
 * @needs: (nullable): the attribute it goes with
 */
typedef struct {
    char *name;
    xmlNode *node;
    gboolean is_required;
    gboolean is_repeatable;
    char *needs;
} VmcTemplatePart;

/**
 * VmcTemplatePattern:
 * @attributes: (element-type VmcTemplatePart): all that are allowed
 * @alternatives: (element-type VmcTemplatePart): those of which exactly one
 *   is expected
 * @children: (element-type VmcTemplatePart): elements
 * @has_text: text is allowed
 * @value: (nullable): the pattern of its text, %NULL: any
 * @takes_any_child: any element may stand in it
 */
typedef struct {
    GPtrArray *attributes;
    GPtrArray *alternatives;
    GPtrArray *children;
    gboolean has_text;
    xmlNode *value;
    gboolean takes_any_child;
} VmcTemplatePattern;

VmcTemplatePattern *vmc_template_pattern_new(xmlDoc *grammar, xmlNode *element);
void vmc_template_pattern_free(VmcTemplatePattern *pattern);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplatePattern, vmc_template_pattern_free)

/**
 * vmc_template_pattern_start:
 * @grammar: a schema
 *
 * Returns: (transfer none) (nullable): the pattern of the root element
 */
xmlNode *vmc_template_pattern_start(xmlDoc *grammar);

VmcTemplatePart *vmc_template_pattern_find(GPtrArray *parts, const char *name);

/**
 * vmc_template_pattern_list:
 * @parts: (element-type VmcTemplatePart): parts
 * @before: what stands before a name, as "<"
 * @after: what stands after it
 *
 * Returns: (transfer full) (nullable): "<a>", "<a> or <b>", "one of <a>, <b>,
 * <c>"; %NULL when there are none
 */
char *vmc_template_pattern_list(GPtrArray *parts,
                                const char *before,
                                const char *after);

/**
 * vmc_template_pattern_takes:
 * @grammar: the schema
 * @pattern: of an attribute, or a value pattern
 * @value: a value
 *
 * Returns: whether @value fits
 */
gboolean vmc_template_pattern_takes(xmlDoc *grammar,
                                    xmlNode *pattern,
                                    const char *value);

/**
 * vmc_template_pattern_describe:
 * @grammar: the schema
 * @pattern: of an attribute, or a value pattern
 *
 * Returns: (transfer full): what is expected, in words of the schema
 */
char *vmc_template_pattern_describe(xmlDoc *grammar, xmlNode *pattern);
