/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/placement-json.h"

static JsonObject *
candidate_to_json(const VmcCandidate *candidate)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "host", candidate->host);
    json_object_set_string_member(
        object, "verdict", vmc_candidate_verdict_to_name(candidate->verdict));
    json_object_set_int_member(object, "score_milli", candidate->score_milli);
    json_object_set_string_member(
        object, "reason", candidate->reason != NULL ? candidate->reason : "");
    return object;
}

JsonNode *
vmc_placement_to_json(const VmcPlacement *placement)
{
    JsonObject *object = json_object_new();
    JsonArray *candidates = json_array_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    if (placement->host != NULL)
        json_object_set_string_member(object, "host", placement->host);
    for (guint i = 0; i < placement->candidates->len; i++)
        json_array_add_object_element(
            candidates, candidate_to_json(placement->candidates->pdata[i]));
    json_object_set_array_member(object, "candidates", candidates);
    json_node_take_object(node, object);
    return node;
}
