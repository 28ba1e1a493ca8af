/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"
#include "core/planner/plan-json.h"
#include "core/planner/question.h"
#include "core/planner/story.h"
#include "tests/fuzz/fuzz.h"

#include "core/error.h"
#include "core/json-text.h"

/* Fleet JSON: whatever a file holds, there is a fleet that comes back the same
 * from its own JSON, and that can be planned for; or one line that says where
 * the fault is. */

const char *const vmc_fuzz_seeds = "corpus/fleet";

static void
check_fleet(const VmcFleet *fleet)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) first = vmc_fleet_to_json(fleet);
    g_autofree char *text = vmc_json_print(first);
    g_autoptr(VmcFleet) again = vmc_fleet_parse(text, -1, &error);

    g_assert_no_error(error);
    g_autoptr(JsonNode) second = vmc_fleet_to_json(again);
    g_assert_true(json_node_equal(first, second));
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, vmc_fleet_n_vms(again));
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, vmc_fleet_n_hosts(again));
}

/* Small enough that asking takes no time. */
#define MAX_VMS 64

/* Any fleet has an answer: a plan whose own JSON is right, or that its numbers
 * are too large to plan with. */
static void
check_plan(const VmcFleet *fleet, VmcQuestionKind kind)
{
    g_autoptr(VmcQuestion) question = vmc_question_new(kind);
    g_autoptr(GError) error = NULL;

    question->steps = 4096;
    g_autoptr(VmcPlan) plan =
        vmc_question_answer(question, fleet, NULL, &error);
    if (plan == NULL) {
        g_assert_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE);
        return;
    }
    g_autoptr(JsonNode) node = vmc_plan_to_json(plan);
    g_autoptr(VmcPlan) again = vmc_plan_from_json(node, &error);
    g_assert_no_error(error);
    g_autofree char *story = vmc_plan_story(again);
    g_assert_cmpstr(story, !=, "");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet =
        vmc_fleet_parse((const char *) data, (gssize) size, &error);

    if (fleet != NULL) {
        check_fleet(fleet);
        if (vmc_fleet_n_vms(fleet) <= MAX_VMS) {
            check_plan(fleet, VMC_QUESTION_REPAIR);
            check_plan(fleet, VMC_QUESTION_REBALANCE);
        }
        return 0;
    }
    vmc_fuzz_check_refusal(error);
    return 0;
}
