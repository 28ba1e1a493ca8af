/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/planner/plan-json.h"
#include "core/planner/question.h"
#include "core/planner/story.h"
#include "vmctl/fleet-source.h"
#include "vmctl/verbs.h"

#include <stdio.h>

/* ---- the question -------------------------------------------------------- */

static guint64
number_of(const VmcInvocation *invocation, const char *name)
{
    const char *text = vmc_invocation_option(invocation, name);

    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static GStrv
names_of(const VmcInvocation *invocation, const char *name)
{
    GPtrArray *values = vmc_invocation_values(invocation, name);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; values != NULL && i < values->len; i++)
        g_strv_builder_add(builder, values->pdata[i]);
    return g_strv_builder_end(builder);
}

/* Each asks something else; without any it is a rebalance. */
typedef struct {
    const char *option;
    VmcQuestionKind kind;
} KindOption;

static const KindOption kind_options[] = {
    {"drain", VMC_QUESTION_DRAIN},
    {"place", VMC_QUESTION_PLACE},
    {"room-for", VMC_QUESTION_MAKE_ROOM},
    {"repair", VMC_QUESTION_REPAIR},
};

static gboolean
find_kind(const VmcInvocation *invocation,
          VmcQuestionKind *ret_kind,
          GError **error)
{
    const char *asked = NULL;

    *ret_kind = VMC_QUESTION_REBALANCE;
    for (guint i = 0; i < G_N_ELEMENTS(kind_options); i++) {
        if (!vmc_invocation_has(invocation, kind_options[i].option))
            continue;
        if (asked != NULL) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                        "--%s and --%s ask two things: ask one at a time",
                        asked, kind_options[i].option);
            return FALSE;
        }
        asked = kind_options[i].option;
        *ret_kind = kind_options[i].kind;
    }
    return TRUE;
}

static gboolean
read_size(const VmcInvocation *invocation,
          VmcQuestion *question,
          GError **error)
{
    const char *memory = vmc_invocation_option(invocation, "memory");

    question->size.amount[VMC_CPU] = number_of(invocation, "vcpus") * 1000;
    if (memory != NULL &&
        !vmc_resource_parse(VMC_MEMORY, memory,
                            &question->size.amount[VMC_MEMORY], error))
        return FALSE;
    gboolean has_size =
        memory != NULL || vmc_invocation_has(invocation, "vcpus");
    if (has_size == (question->kind == VMC_QUESTION_MAKE_ROOM))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                has_size ? "--vcpus and --memory say what --room-for is for"
                         : "--room-for needs --vcpus or --memory");
    return FALSE;
}

static gboolean
check_budget(const VmcInvocation *invocation, GError **error)
{
    if (number_of(invocation, "threads") > VMC_QUESTION_MAX_THREADS) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "--threads: a search has at most %d, and more than the "
                    "machine has cores help nothing",
                    VMC_QUESTION_MAX_THREADS);
        return FALSE;
    }
    if (vmc_invocation_has(invocation, "time") &&
        number_of(invocation, "time") == 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "--time: nothing is found in no time; leave it out to "
                    "search as deep as suits the fleet");
        return FALSE;
    }
    return TRUE;
}

static VmcQuestion *
read_question(const VmcInvocation *invocation, GError **error)
{
    VmcQuestionKind kind;

    if (!find_kind(invocation, &kind, error) ||
        !check_budget(invocation, error))
        return NULL;
    g_autoptr(VmcQuestion) question = vmc_question_new(kind);
    VmcPolicy *policy = vmc_fleet_source_policy(invocation, error);
    if (policy == NULL)
        return NULL;
    vmc_policy_free(question->policy);
    question->policy = policy;
    question->now_s = g_get_real_time() / G_USEC_PER_SEC;
    if (vmc_invocation_has(invocation, "seed"))
        question->seed = number_of(invocation, "seed");
    question->steps = number_of(invocation, "steps");
    question->threads = (guint) number_of(invocation, "threads");
    question->max_moves = (guint) number_of(invocation, "max-moves");
    question->hosts = names_of(invocation, "drain");
    question->vms = names_of(
        invocation, kind == VMC_QUESTION_MAKE_ROOM ? "room-for" : "place");
    return read_size(invocation, question, error) ? g_steal_pointer(&question)
                                                  : NULL;
}

/* ---- the answer ---------------------------------------------------------- */

static const VmcDatum step_data[] = {
    {"BATCH", "batch", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"STEP", "kind", VMC_DATUM_TEXT, 0, NULL},
    {"VM", "vm", VMC_DATUM_TEXT, 0, NULL},
    {"FROM", "from", VMC_DATUM_TEXT, 0, NULL},
    {"TO", "to", VMC_DATUM_TEXT, 0, NULL},
    {"GAIN", "gain_micro", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"COST", "cost_micro", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"TERM", "term", VMC_DATUM_TEXT, VMC_COLUMN_SCRIPTS, NULL},
    {"WHY", "why", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

static void
print(const VmcOutput *output, const VmcPlan *plan)
{
    g_autoptr(JsonNode) node = vmc_plan_to_json(plan);
    g_autofree char *story = vmc_plan_story(plan);
    JsonArray *steps =
        json_object_get_array_member(json_node_get_object(node), "steps");

    if (output->format == VMC_FORMAT_JSON)
        vmc_output_json(node);
    else if (output->format == VMC_FORMAT_PLAIN)
        vmc_output_rows(output, steps, step_data);
    else
        fputs(story, stdout);
}

static gint64
now_us(gpointer data G_GNUC_UNUSED)
{
    return g_get_monotonic_time();
}

gboolean
vmc_verb_plan(VmcInvocation *invocation, GError **error)
{
    g_autoptr(VmcQuestion) question = read_question(invocation, error);
    g_autoptr(VmcFleet) fleet =
        question != NULL ? vmc_fleet_source_load(invocation, error) : NULL;
    const VmcQuestionClock clock = {
        .now_us = now_us,
        .budget_us = (gint64) number_of(invocation, "time") * G_USEC_PER_SEC};

    if (fleet == NULL)
        return FALSE;
    g_autoptr(VmcPlan) plan =
        vmc_question_answer(question, fleet, &clock, error);
    if (plan == NULL)
        return FALSE;
    print(&invocation->output, plan);
    return TRUE;
}
