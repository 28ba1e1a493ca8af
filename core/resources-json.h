/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "core/resources.h"

/* VmcResources with units in its keys, and a ceiling, whose keys have none. */
extern const VmcRecordType vmc_resources_type;
extern const VmcRecordType vmc_ceiling_type;

/**
 * vmc_resources_to_json:
 * @resources: a vector
 *
 * Returns: (transfer full): an object with a member a resource, whose name
 * carries the unit, as vmc_resource_to_key(); the largest number, which stands
 * for no limit, is written as %G_MAXINT64
 */
JsonNode *vmc_resources_to_json(VmcResources resources);
gboolean vmc_resources_from_json(JsonNode *node,
                                 VmcResources *ret_resources,
                                 GError **error);
