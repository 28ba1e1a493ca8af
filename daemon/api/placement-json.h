/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/placement.h"

/**
 * vmc_placement_to_json:
 * @placement: a placement
 *
 * Returns: (transfer full): {"host"?, "candidates": [{"host", "verdict",
 * "score_milli", "reason"}]}
 */
JsonNode *vmc_placement_to_json(const VmcPlacement *placement);
