/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/planner/question.h"

#define VMC_QUESTION_MAX_BYTES (16 * 1024 * 1024)

/**
 * vmc_question_parse:
 * @text: JSON text: docs/plan-format.md
 * @length: its length, or -1
 * @error: %VMC_ERROR_INVALID that begins with the path of what is wrong, or
 *   with the line when it is not JSON; %VMC_ERROR_TOO_LARGE beyond
 *   %VMC_QUESTION_MAX_BYTES
 *
 * Returns: (transfer full): the question
 */
VmcQuestion *vmc_question_parse(const char *text,
                                gssize length,
                                GError **error);
