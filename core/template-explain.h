/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template-document.h"

/**
 * vmc_template_explain:
 * @grammar: the RELAX NG schema as a tree
 * @document: a document that does not fit it
 * @error: set when the reason was found: one sentence on the first place that
 *   does not fit, and what was expected there
 *
 * libxml2 says that a document does not fit, but not why in words that help.
 * This walks document and schema side by side until they part. It knows the
 * part of RELAX NG that templates/template.rng uses.
 *
 * Returns: %TRUE when nothing was found, %FALSE with @error set
 */
gboolean vmc_template_explain(xmlDoc *grammar,
                              const VmcTemplateDocument *document,
                              GError **error);
