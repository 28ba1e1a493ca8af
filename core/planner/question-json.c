/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/question-json.h"

#include "core/error.h"
#include "core/resources-json.h"
#include "core/json-text.h"
#include "core/planner/policy-json.h"

static const char *
kind_name(guint kind)
{
    return vmc_question_kind_to_name((VmcQuestionKind) kind);
}

static const VmcEnumNames kind_names = {VMC_N_QUESTION_KINDS, kind_name};

static gboolean
needs(const char *member, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".%s: is empty, but required by this question", member);
    return FALSE;
}

static gboolean
question_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcQuestion *question = record;
    gboolean has_vms = question->vms != NULL && question->vms[0] != NULL;
    gboolean has_hosts = question->hosts != NULL && question->hosts[0] != NULL;

    if (question->kind == VMC_QUESTION_DRAIN && !has_hosts)
        return needs("hosts", error);
    if (!has_vms && (question->kind == VMC_QUESTION_PLACE ||
                     question->kind == VMC_QUESTION_MAKE_ROOM))
        return needs("vms", error);
    return TRUE;
}

static const VmcField question_fields[] = {
    {"question", VMC_FIELD_ENUM, G_STRUCT_OFFSET(VmcQuestion, kind), TRUE,
     &kind_names},
    VMC_FIELD(VmcQuestion, now_s, INT64),
    VMC_FIELD(VmcQuestion, seed, UINT64),
    VMC_FIELD(VmcQuestion, threads, UINT, .max = VMC_QUESTION_MAX_THREADS),
    VMC_FIELD(VmcQuestion, steps, UINT64),
    VMC_FIELD(VmcQuestion, max_moves, UINT),
    VMC_FIELD(VmcQuestion, hosts, STRV),
    VMC_FIELD(VmcQuestion, vms, STRV),
    VMC_FIELD(VmcQuestion, size, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
};
static const VmcRecordType question_type =
    VMC_RECORD_TYPE(question_fields, .finish = question_finish);

/* The name of a shipped policy, or an object that changes one. */
static VmcPolicy *
read_policy(JsonNode *node, GError **error)
{
    g_autoptr(VmcPolicy) policy = NULL;

    if (JSON_NODE_HOLDS_VALUE(node) &&
        json_node_get_value_type(node) == G_TYPE_STRING) {
        policy = vmc_policy_new(json_node_get_string(node));
        if (policy == NULL)
            g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                        "policy: there is no policy of that name");
        return g_steal_pointer(&policy);
    }
    policy = vmc_policy_from_json(node, error);
    if (policy == NULL)
        g_prefix_error(error, "policy: ");
    return g_steal_pointer(&policy);
}

/* The policy has a form of its own: it is taken out before the rest is read. */
static gboolean
take_policy(JsonNode *node, VmcQuestion *question, GError **error)
{
    JsonObject *object =
        JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

    if (object == NULL || !json_object_has_member(object, "policy"))
        return TRUE;
    VmcPolicy *policy =
        read_policy(json_object_get_member(object, "policy"), error);
    if (policy == NULL)
        return FALSE;
    vmc_policy_free(question->policy);
    question->policy = policy;
    json_object_remove_member(object, "policy");
    return TRUE;
}

VmcQuestion *
vmc_question_parse(const char *text, gssize length, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(VmcQuestion) question = vmc_question_new(VMC_QUESTION_REBALANCE);
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, length, VMC_QUESTION_MAX_BYTES, error);

    if (node == NULL || !take_policy(node, question, error) ||
        !vmc_record_from_json(&question_type, node, question, error))
        return NULL;
    return g_steal_pointer(&question);
}
