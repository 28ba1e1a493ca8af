/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template.h"

/**
 * corpus_template:
 * @folder: the folder of a case
 * @shipped: (nullable): name of a template of templates/; %NULL: the case's
 *   own template.xml
 * @error: from vmc_template_parse() or vmc_template_override()
 *
 * Reads a template by the schema of templates/. `extends` finds NAME.xml in
 * @folder first, then in templates/. The file `overrides` of @folder, lines of
 * PARAMETER=VALUE with C escapes, is applied.
 *
 * Returns: (transfer full): the template
 */
VmcTemplate *corpus_template(const char *folder,
                             const char *shipped,
                             GError **error);
