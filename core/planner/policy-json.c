/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/policy-json.h"

#include "core/error.h"
#include "core/resources-json.h"
#include "core/json-text.h"

/* No number of a policy is above this: products of three stay exact. */
#define MAX_NUMBER 1000000000
#define NUMBER .max = MAX_NUMBER

#define WEIGHT(kind, key)                                                      \
    {                                                                          \
        key, VMC_FIELD_UINT64, (kind) * sizeof(guint64), NUMBER                \
    }

/* The record is VmcPolicy.weight_milli. */
static const VmcField weight_fields[] = {
    WEIGHT(VMC_TERM_LOAD, "load"),
    WEIGHT(VMC_TERM_SHAPE, "shape"),
    WEIGHT(VMC_TERM_SPREAD, "spread"),
    WEIGHT(VMC_TERM_PEAK, "peak"),
    WEIGHT(VMC_TERM_SPARE, "spare"),
    WEIGHT(VMC_TERM_WISHES, "wishes"),
    WEIGHT(VMC_TERM_MOVES, "moves"),
    WEIGHT(VMC_TERM_DISTANCE, "distance"),
    WEIGHT(VMC_TERM_DISRUPTION, "disruption"),
    WEIGHT(VMC_TERM_HOSTS, "hosts"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(weight_fields) == VMC_N_TERMS - 1);
static const VmcRecordType weights_type = VMC_RECORD_TYPE(weight_fields);

#define SHARE(resource, key)                                                   \
    {                                                                          \
        key, VMC_FIELD_UINT64,                                                 \
            G_STRUCT_OFFSET(VmcResources, amount[resource]), NUMBER            \
    }

static const VmcField share_fields[VMC_N_RESOURCES] = {
    SHARE(VMC_CPU, "cpu"),
    SHARE(VMC_MEMORY, "memory"),
    SHARE(VMC_DISK, "disk"),
    SHARE(VMC_NETWORK, "network"),
};
static const VmcRecordType shares_type = VMC_RECORD_TYPE(share_fields);

/* A policy, and the one it began as. */
typedef struct {
    VmcPolicy policy;
    char *like;
} Draft;

#define POLICY(member, kind, ...)                                              \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(Draft, policy.member),      \
            __VA_ARGS__                                                        \
    }

static const VmcField policy_fields[] = {
    POLICY(name, STRING, .min = 1, .max = 63),
    {"like", VMC_FIELD_STRING, G_STRUCT_OFFSET(Draft, like)},
    POLICY(weight_milli, RECORD, VMC_FIELD_DETAIL(weights_type)),
    POLICY(resource_milli, RECORD, VMC_FIELD_DETAIL(shares_type)),
    POLICY(safe_milli, RECORD, VMC_FIELD_DETAIL(shares_type)),
    POLICY(spare_level, STRING, .min = 1, .max = 255),
    POLICY(distance_level, STRING, .min = 1, .max = 255),
    POLICY(horizon_s, UINT64, .min = 1, NUMBER),
    POLICY(cooldown_s, UINT64, NUMBER),
    POLICY(demand_max_age_s, UINT64, NUMBER),
    POLICY(moves_in, UINT64, .max = 1000),
    POLICY(moves_out, UINT64, .max = 1000),
    POLICY(min_gain_milli, UINT64, NUMBER),
    POLICY(move_milli, UINT64, NUMBER),
    POLICY(gib_milli, UINT64, NUMBER),
    POLICY(bandwidth_bytes_per_s, UINT64, .min = 1, .max = G_MAXINT32 * 1000L),
};

static gboolean
draft_finish(gpointer record, JsonObject *object, GError **error)
{
    Draft *draft = record;

    if (draft->policy.name == NULL)
        draft->policy.name = g_strdup("custom");
    return TRUE;
}

static const VmcRecordType draft_type =
    VMC_RECORD_TYPE(policy_fields, .finish = draft_finish);

JsonNode *
vmc_policy_to_json(const VmcPolicy *policy)
{
    g_return_val_if_fail(policy != NULL, NULL);
    Draft draft = {.policy = *policy};
    JsonNode *node = vmc_record_to_json(&draft_type, &draft);
    JsonObject *object = json_node_get_object(node);

    /* said, since what is left out is that of "balance" */
    if (policy->spare_level == NULL)
        json_object_set_null_member(object, "spare_level");
    if (policy->distance_level == NULL)
        json_object_set_null_member(object, "distance_level");
    return node;
}

/* The name in "like", if it is one: what else may be wrong is found when the
 * whole is read. */
static const char *
like_of(JsonNode *node)
{
    JsonNode *like = NULL;

    if (JSON_NODE_HOLDS_OBJECT(node))
        like = json_object_get_member(json_node_get_object(node), "like");
    if (like == NULL || !JSON_NODE_HOLDS_VALUE(like) ||
        json_node_get_value_type(like) != G_TYPE_STRING)
        return "balance";
    return json_node_get_string(like);
}

static VmcPolicy *
shipped_policy(const char *name, GError **error)
{
    VmcPolicy *policy = vmc_policy_new(name);

    if (policy != NULL)
        return policy;
    g_autofree char *shown = vmc_error_quote(name);
    g_autofree char *all = g_strjoinv("', '", (GStrv) vmc_policy_names());
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "like: there is no policy '%s'; those that ship are '%s'",
                shown, all);
    return NULL;
}

VmcPolicy *
vmc_policy_from_json(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    g_autoptr(VmcPolicy) policy = shipped_policy(like_of(node), error);
    Draft draft = {0};

    if (policy == NULL)
        return NULL;
    g_clear_pointer(&policy->name, g_free);
    draft.policy = *policy;
    gboolean is_read = vmc_record_from_json(&draft_type, node, &draft, error);
    *policy = draft.policy;
    g_free(draft.like);
    return is_read ? g_steal_pointer(&policy) : NULL;
}

VmcPolicy *
vmc_policy_parse(const char *text, gssize length, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, length, VMC_POLICY_MAX_BYTES, error);

    return node != NULL ? vmc_policy_from_json(node, error) : NULL;
}
