/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/template.h"

/**
 * vmc_template_checker_load:
 * @path: a template file
 * @dirs: (nullable) (element-type utf8): folders to look in first
 * @error: what is wrong with it, with file and line;
 *   %VMC_ERROR_NOT_FOUND when there is no such file or no schema
 *
 * Reads a template as vmctld would, without it. The schema (template.rng) and
 * what it extends are looked for in @dirs, in its own folder and where vmctld
 * has its templates, in this order.
 *
 * Returns: (transfer full): the template
 */
VmcTemplate *vmc_template_checker_load(const char *path,
                                       GPtrArray *dirs,
                                       GError **error);
