/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/verb.h"

/**
 * vmc_completion_lines:
 * @verbs: the table of verbs
 * @words: (array zero-terminated=1): the words behind "vmctl", as far as they
 *   were typed; the last is to be completed and may be empty
 *
 * Names of VMs, hosts, templates and jobs are asked from vmctld; when it does
 * not answer at once there are none.
 *
 * Returns: (transfer full): the candidates, a line each: the word, a tab, what
 * it is; ":files" where a file is wanted
 */
char *vmc_completion_lines(const VmcVerb *verbs, const char *const *words);
