/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/plan-json.h"
#include "core/planner/story.h"
#include "tests/fuzz/fuzz.h"

#include "core/json-text.h"

/* Plan JSON: whatever a file holds, there is a plan that comes back the same
 * from its own JSON and has a story, or one line that says where the fault
 * is. */

const char *const vmc_fuzz_seeds = "corpus/plan-format";

static void
check_plan(const VmcPlan *plan)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) first = vmc_plan_to_json(plan);
    g_autofree char *text = vmc_json_print(first);
    g_autoptr(VmcPlan) again = vmc_plan_parse(text, -1, &error);

    g_assert_no_error(error);
    g_autoptr(JsonNode) second = vmc_plan_to_json(again);
    g_assert_true(json_node_equal(first, second));
    g_autofree char *story = vmc_plan_story(plan);
    g_assert_true(g_utf8_validate(story, -1, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcPlan) plan =
        vmc_plan_parse((const char *) data, (gssize) size, &error);

    if (plan != NULL) {
        check_plan(plan);
        return 0;
    }
    vmc_fuzz_check_refusal(error);
    return 0;
}
