/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template-document.h"
#include "core/template.h"

#define VMC_TEMPLATE_MAX_EXTENDS 8

/**
 * vmc_template_extends_follow:
 * @schema: the schema each file must fit
 * @xml: the text of the template that was asked for
 * @path: where it came from
 * @source: (nullable): finds what it extends
 * @source_data: closure of @source
 * @error: %VMC_ERROR_INVALID when a file is wrong or extends itself,
 *   %VMC_ERROR_TOO_LARGE beyond 8 files, %VMC_ERROR_NOT_FOUND
 *
 * Returns: (transfer full) (element-type VmcTemplateDocument): the template,
 * what it extends, what that extends, …; each fits @schema
 */
GPtrArray *vmc_template_extends_follow(VmcTemplateSchema *schema,
                                       const char *xml,
                                       const char *path,
                                       VmcTemplateSource source,
                                       gpointer source_data,
                                       GError **error);
