/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/plan-json.h"
#include "core/planner/story.h"

#include "core/error.h"
#include "core/json-text.h"

#include <glib.h>

#define GIB (G_GINT64_CONSTANT(1) << 30)
#define SECOND ((gint64) G_USEC_PER_SEC)

/* Two moves one after the other, one of them out of the way. */
static VmcPlan *
make_plan(void)
{
    VmcPlan *plan = vmc_plan_new();
    VmcPlanStep *step;

    plan->question = g_strdup("rebalance");
    plan->score_before_micro = 12400000;
    plan->score_after_micro = 3100000;
    plan->cost_micro = 250000;
    plan->makespan_us = 93 * SECOND;
    plan->bound_us = 90 * SECOND;
    step = vmc_plan_add_step(plan, VMC_PLAN_MOVE, "db1", "kvm2", "kvm3");
    step->end_us = 31 * SECOND;
    step->is_bypass = TRUE;
    step->gain_micro = -500000;
    step->cost_micro = 100000;
    step = vmc_plan_add_step(plan, VMC_PLAN_MOVE, "web1", "kvm1", "kvm2");
    step->batch = 2;
    step->start_us = 31 * SECOND;
    step->end_us = 93 * SECOND;
    step->gain_micro = 9800000;
    step->cost_micro = 150000;
    step->term = g_strdup("load");
    step->why = g_strdup("kvm1 uses 95 % of its CPU");
    step->otherwise = g_strdup("kvm1 stays above its safe load");
    vmc_plan_add_term(plan, "load", 10000000, 200000);
    return plan;
}

static void
add_host(VmcPlan *plan)
{
    VmcPlanHost *host = vmc_plan_add_host(plan, "kvm1");

    host->n_vms_before = 9;
    host->n_vms_after = 8;
    VmcPlanUse *use = vmc_plan_host_add_use(host, "memory claim", "bytes");
    use->capacity = 64 * GIB;
    use->before = 56 * GIB;
    use->after = 48 * GIB;
    use = vmc_plan_host_add_use(host, "cpu demand", "millicores");
    use->capacity = 16000;
    use->before = 15200;
    use->after = 11000;
    use = vmc_plan_host_add_use(host, "slots", NULL);
    use->capacity = G_MAXINT64;
    use->before = 3;
    use->after = 2;
}

/* ---- JSON ---------------------------------------------------------------- */

static char *
print_plan(const VmcPlan *plan)
{
    g_autoptr(JsonNode) node = vmc_plan_to_json(plan);

    return vmc_json_print(node);
}

/* What is written comes back the same, to the last bit. */
static void
test_round_trip(void)
{
    g_autoptr(VmcPlan) plan = make_plan();
    g_autoptr(GError) error = NULL;

    add_host(plan);
    vmc_plan_add_refusal(plan, "big", "no host has room");
    ((VmcPlanStep *) plan->steps->pdata[1])->joint = 7;
    ((VmcPlanStep *) plan->steps->pdata[1])->gain_micro = G_MAXINT64 - 1;
    g_autofree char *text = print_plan(plan);
    g_autoptr(VmcPlan) again = vmc_plan_parse(text, -1, &error);
    g_assert_no_error(error);
    g_autofree char *second = print_plan(again);
    g_assert_cmpstr(text, ==, second);
    const VmcPlanStep *step = again->steps->pdata[1];
    g_assert_cmpuint(step->joint, ==, 7);
    g_assert_cmpint(step->gain_micro, ==, G_MAXINT64 - 1);
    g_assert_cmpstr(step->why, ==, "kvm1 uses 95 % of its CPU");
    g_assert_true(((VmcPlanStep *) again->steps->pdata[0])->is_bypass);
}

static void
test_empty_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcPlan) plan =
        vmc_plan_parse("{\"format\": 1, \"steps\": []}", -1, &error);

    g_assert_no_error(error);
    g_autofree char *text = print_plan(plan);
    g_autoptr(VmcPlan) again = vmc_plan_parse(text, -1, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again->steps->len, ==, 0);
    g_assert_cmpuint(vmc_plan_n_batches(again), ==, 0);
}

static void
test_bad(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"{\"steps\": []}", "format: is missing, but required"},
        {"{\"format\": 2, \"steps\": []}",
         "format: this vmctl reads version 1, found 2"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"move\", \"vm\": \"a\","
         "\"from\": \"x\", \"batch\": 1, \"start_us\": 0, \"end_us\": 1}]}",
         "steps[0].to: a move needs it"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"start\", \"vm\": \"a\","
         "\"from\": \"x\", \"to\": \"y\", \"batch\": 1, \"start_us\": 0,"
         "\"end_us\": 1}]}",
         "steps[0].from: a start does not have it"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"move\", \"vm\": \"a\","
         "\"from\": \"x\", \"to\": \"x\", \"batch\": 1, \"start_us\": 0,"
         "\"end_us\": 1}]}",
         "steps[0].to: is the host that it moves from"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"stop\", \"vm\": \"a\","
         "\"from\": \"x\", \"batch\": 2, \"start_us\": 0, \"end_us\": 1}]}",
         "steps[0].batch: 2 follows batch 0"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"stop\", \"vm\": \"a\","
         "\"from\": \"x\", \"batch\": 1, \"start_us\": 2, \"end_us\": 1}]}",
         "steps[0].end_us: is before start_us"},
        {"{\"format\": 1, \"steps\": [{\"kind\": \"stop\", \"vm\": \"\","
         "\"from\": \"x\", \"batch\": 1, \"start_us\": 0, \"end_us\": 1}]}",
         "steps[0].vm: expected a string of 1 to"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(vmc_plan_parse(cases[i].text, -1, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
        if (!g_str_has_prefix(error->message, cases[i].message))
            g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void
test_kind_names(void)
{
    for (guint i = 0; i < VMC_N_PLAN_STEP_KINDS; i++) {
        VmcPlanStepKind kind;
        g_assert_true(vmc_plan_step_kind_from_name(
            vmc_plan_step_kind_to_name((VmcPlanStepKind) i), &kind));
        g_assert_cmpuint(kind, ==, i);
    }
    VmcPlanStepKind kind;
    g_assert_false(vmc_plan_step_kind_from_name("dance", &kind));
}

/* ---- stories ------------------------------------------------------------- */

static void
assert_story(const VmcPlan *plan, const char *expected)
{
    g_autofree char *story = vmc_plan_story(plan);

    g_assert_cmpstr(story, ==, expected);
}

static void
test_story(void)
{
    g_autoptr(VmcPlan) plan = make_plan();

    add_host(plan);
    assert_story(
        plan,
        "rebalance: 2 moves in 2 batches, about 1 min 33 s (1 min 30 s at "
        "least)\n"
        "score 12.4 -> 3.1, the moves cost 0.25\n"
        "  load         10 -> 0.2\n"
        "\n"
        "batch 1\n"
        "   1. move db1 from kvm2 to kvm3, takes 31 s, out of the way\n"
        "      gains -0.5, costs 0.1\n"
        "\n"
        "batch 2\n"
        "   2. move web1 from kvm1 to kvm2, after 31 s, takes 1 min 2 s\n"
        "      gains 9.8 (load), costs 0.15\n"
        "      why:  kvm1 uses 95 % of its CPU\n"
        "      else: kvm1 stays above its safe load\n"
        "\n"
        "hosts, before -> after\n"
        "  kvm1         VMs                               9 -> 8\n"
        "               memory claim           56GiB (88 %) -> 48GiB (75 %)   "
        "    of 64GiB\n"
        "               cpu demand              15.2 (95 %) -> 11 (69 %)      "
        "    of 16\n"
        "               slots                             3 -> 2              "
        "    of no limit\n");
}

static void
test_story_of_nothing(void)
{
    g_autoptr(VmcPlan) plan = vmc_plan_new();

    assert_story(plan, "plan: nothing to do\n");
    plan->question = g_strdup("place big");
    vmc_plan_add_refusal(plan, "big", "no host has 1TiB of memory");
    assert_story(plan, "place big: nothing can be done\n"
                       "\n"
                       "not done\n"
                       "  big: no host has 1TiB of memory\n");
}

/* All kinds of steps, counted and said in words. */
static void
test_story_of_kinds(void)
{
    g_autoptr(VmcPlan) plan = vmc_plan_new();

    vmc_plan_add_step(plan, VMC_PLAN_START, "a", NULL, "x")->end_us =
        SECOND / 2;
    vmc_plan_add_step(plan, VMC_PLAN_STOP, "b", "y", NULL)->joint = 1;
    vmc_plan_add_step(plan, VMC_PLAN_RESIZE, "c", "y", NULL);
    vmc_plan_add_step(plan, VMC_PLAN_RESIZE, "d", "y", NULL);
    plan->makespan_us = plan->bound_us = 4000 * SECOND;
    assert_story(plan,
                 "plan: 1 start, 1 stop and 2 resizes in 1 batch, about 1 h 6 "
                 "min\n"
                 "score 0 -> 0, the moves cost 0\n"
                 "\n"
                 "batch 1\n"
                 "   1. start a on x, takes 0.5 s\n"
                 "      gains 0, costs 0\n"
                 "   2. stop b on y, takes 0 s, together with its group (1)\n"
                 "      gains 0, costs 0\n"
                 "   3. resize c on y, takes 0 s\n"
                 "      gains 0, costs 0\n"
                 "   4. resize d on y, takes 0 s\n"
                 "      gains 0, costs 0\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/round-trip", test_round_trip);
    g_test_add_func("/plan/empty-round-trip", test_empty_round_trip);
    g_test_add_func("/plan/bad", test_bad);
    g_test_add_func("/plan/kind-names", test_kind_names);
    g_test_add_func("/plan/story", test_story);
    g_test_add_func("/plan/story-of-nothing", test_story_of_nothing);
    g_test_add_func("/plan/story-of-kinds", test_story_of_kinds);
    return g_test_run();
}
