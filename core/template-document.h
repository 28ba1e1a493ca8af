/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

#include "core/error.h"

#define VMC_TEMPLATE_MAX_BYTES ((gsize) 256 * 1024)
#define VMC_TEMPLATE_MAX_DEPTH 64

/**
 * VmcTemplateDocument:
 * @path: where it came from, for messages
 * @xml: its tree; an external entity or a DTD is never in it
 *
 * One template file, well-formed, not validated yet.
 */
typedef struct {
    char *path;
    xmlDoc *xml;
} VmcTemplateDocument;

/**
 * vmc_template_document_parse:
 * @text: the text of a file
 * @path: where it came from
 * @error: %VMC_ERROR_TOO_LARGE beyond 256 KiB or 64 levels,
 *   %VMC_ERROR_INVALID when it is not well-formed or has a DOCTYPE
 *
 * Returns: (transfer full): the document
 */
VmcTemplateDocument *vmc_template_document_parse(const char *text,
                                                 const char *path,
                                                 GError **error);
void vmc_template_document_free(VmcTemplateDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTemplateDocument, vmc_template_document_free)

/**
 * vmc_template_set_error:
 * @error: where to
 * @code: the cause
 * @path: file
 * @line: line in it, from 1
 * @format: the sentence, printf()-like
 *
 * Sets an error "path:line: sentence".
 */
void vmc_template_set_error(GError **error,
                            VmcError code,
                            const char *path,
                            long line,
                            const char *format,
                            ...) G_GNUC_PRINTF(5, 6);

/**
 * vmc_template_attribute:
 * @element: an element
 * @name: an attribute without namespace
 *
 * Returns: (transfer full) (nullable): its value
 */
char *vmc_template_attribute(xmlNode *element, const char *name);

/**
 * vmc_template_text:
 * @element: an element
 *
 * Returns: (transfer full): all text in it, as written
 */
char *vmc_template_text(xmlNode *element);

/**
 * vmc_template_is_element:
 * @node: a node
 * @name: a local name
 *
 * Returns: whether @node is an element of that name
 */
gboolean vmc_template_is_element(const xmlNode *node, const char *name);
