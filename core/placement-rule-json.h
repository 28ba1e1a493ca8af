/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "core/placement-rule.h"

/* VmcGroup and VmcPlacementRule as records of the fleet's JSON form. */
extern const VmcRecordType vmc_group_type;
extern const VmcRecordType vmc_placement_rule_type;

/**
 * vmc_placement_rule_to_json:
 * @rule: a rule
 *
 * Returns: (transfer full): an object
 */
JsonNode *vmc_placement_rule_to_json(const VmcPlacementRule *rule);
VmcPlacementRule *vmc_placement_rule_from_json(JsonNode *node, GError **error);

/**
 * vmc_group_to_json:
 * @group: a group
 *
 * Returns: (transfer full): an object
 */
JsonNode *vmc_group_to_json(const VmcGroup *group);
VmcGroup *vmc_group_from_json(JsonNode *node, GError **error);
