/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/error.h"

/*
 * Errors as the API tells them: problem details of RFC 9457. The type is
 * "urn:vmctl:problem:" and the word of the error's code (core/error.c), and
 * says what vmctl exits with.
 */

#define VMC_PROBLEM_MEDIA_TYPE "application/problem+json"

/**
 * VmcProblem:
 * @code: what went wrong; gives type and title
 * @status: HTTP status; that of @code, but for what HTTP itself refuses
 * @detail: one sentence: what was refused, where, why, what would help
 * @instance: (nullable): the path that was asked for
 */
typedef struct {
    VmcError code;
    guint status;
    const char *detail;
    const char *instance;
} VmcProblem;

/**
 * vmc_problem_of:
 * @error: any error
 * @instance: (nullable): the path that was asked for
 *
 * Returns: the problem that tells @error; it lives as long as the two
 */
VmcProblem vmc_problem_of(const GError *error, const char *instance);

/**
 * vmc_problem_to_json:
 * @problem: a problem
 *
 * Returns: (transfer full): its JSON form
 */
JsonNode *vmc_problem_to_json(const VmcProblem *problem);
