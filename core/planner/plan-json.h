/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/planner/plan.h"

/*
 * The JSON form of a plan: docs/plan-format.md. Exact round trip; what is not
 * known is refused. Errors are %VMC_ERROR_INVALID and begin with the path of
 * what is wrong, as "steps[3].batch: ".
 */

#define VMC_PLAN_FORMAT_VERSION 1
#define VMC_PLAN_MAX_BYTES (256 * 1024 * 1024)

/**
 * vmc_plan_to_json:
 * @plan: a plan
 *
 * Returns: (transfer full): an object
 */
JsonNode *vmc_plan_to_json(const VmcPlan *plan);

/**
 * vmc_plan_from_json:
 * @node: what vmc_plan_to_json() made
 * @error: also when batches do not follow each other, a step lacks a host its
 *   kind needs, or ends before it begins
 *
 * Returns: (transfer full): the plan
 */
VmcPlan *vmc_plan_from_json(JsonNode *node, GError **error);

/**
 * vmc_plan_parse:
 * @text: JSON text
 * @length: its length, or -1
 * @error: as vmc_plan_from_json(), or %VMC_ERROR_INVALID with the line when it
 *   is not JSON; %VMC_ERROR_TOO_LARGE beyond %VMC_PLAN_MAX_BYTES
 *
 * Returns: (transfer full): the plan
 */
VmcPlan *vmc_plan_parse(const char *text, gssize length, GError **error);
