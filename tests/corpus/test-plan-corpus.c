/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/corpus/corpus.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "core/planner/plan-json.h"
#include "core/planner/question-json.h"
#include "core/planner/story.h"

#include <string.h>

/*
 * tests/corpus/plan/CASE/:
 *
 *   title         one line: what the case protects
 *   fleet.json    docs/fleet-format.md
 *   request.json  the question: docs/plan-format.md
 *   plan.json     the plan, or {"error": …}
 *   story         the plan as people read it
 */

static const char *const files[] = {"plan.json", "story", NULL};

static char *
print(JsonNode *node)
{
    g_autofree char *text = json_to_string(node, TRUE);

    return g_strconcat(text, "\n", NULL);
}

static GStrv
give_error(const GError *error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    GStrv texts = g_new0(char *, G_N_ELEMENTS(files));
    g_autofree char *text = g_strdup_printf(
        "%s: %s", vmc_error_to_slug(vmc_error_of(error)), error->message);

    json_node_take_object(node, object);
    json_object_set_string_member(object, "error", text);
    texts[0] = print(node);
    texts[1] = g_strconcat(text, "\n", NULL);
    return texts;
}

/* A case without a title protects nothing. */
static void
check_title(const char *folder)
{
    g_autofree char *title = corpus_read(folder, "title");

    g_assert_nonnull(title);
    g_assert_cmpuint(strlen(g_strstrip(title)), >, 10);
    g_assert_null(strchr(title, '\n'));
}

static VmcPlan *
answer(const char *folder, GError **error)
{
    g_autofree char *fleet_text = corpus_read(folder, "fleet.json");
    g_autofree char *question_text = corpus_read(folder, "request.json");
    g_autoptr(VmcFleet) fleet = vmc_fleet_parse(fleet_text, -1, error);

    if (fleet == NULL)
        return NULL;
    g_autoptr(VmcQuestion) question =
        vmc_question_parse(question_text, -1, error);
    return question != NULL ? vmc_question_answer(question, fleet, NULL, error)
                            : NULL;
}

static GStrv
run_plan_case(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcPlan) plan = NULL;
    GStrv texts = NULL;

    check_title(folder);
    plan = answer(folder, &error);
    if (plan == NULL)
        return give_error(error);
    g_autoptr(JsonNode) node = vmc_plan_to_json(plan);
    texts = g_new0(char *, G_N_ELEMENTS(files));
    texts[0] = print(node);
    texts[1] = vmc_plan_story(plan);
    return texts;
}

int
main(int argc, char **argv)
{
    return corpus_main_files(argc, argv, "plan", files, run_plan_case);
}
