/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/planner/policy.h"

#define VMC_POLICY_MAX_BYTES (64 * 1024)

/**
 * vmc_policy_to_json:
 * @policy: a policy
 *
 * Returns: (transfer full): an object with every member
 */
JsonNode *vmc_policy_to_json(const VmcPolicy *policy);

/**
 * vmc_policy_from_json:
 * @node: an object; its member "like" names the shipped policy that it changes,
 *   "balance" when it is left out
 * @error: %VMC_ERROR_INVALID that begins with the path of what is wrong
 *
 * Returns: (transfer full): the policy
 */
VmcPolicy *vmc_policy_from_json(JsonNode *node, GError **error);

/**
 * vmc_policy_parse:
 * @text: JSON text
 * @length: its length, or -1
 * @error: as vmc_policy_from_json(), or %VMC_ERROR_INVALID with the line when
 *   it is not JSON; %VMC_ERROR_TOO_LARGE beyond %VMC_POLICY_MAX_BYTES
 *
 * Returns: (transfer full): the policy
 */
VmcPolicy *vmc_policy_parse(const char *text, gssize length, GError **error);
