/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template-document.h"
#include "core/template.h"

/**
 * vmc_template_schema_validate:
 * @schema: the schema
 * @document: a document
 * @error: %VMC_ERROR_INVALID with file, line and what was expected
 *
 * Returns: whether @document fits @schema
 */
gboolean vmc_template_schema_validate(VmcTemplateSchema *schema,
                                      const VmcTemplateDocument *document,
                                      GError **error);
