/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/question.h"
#include "tests/unit/plan-checker.h"
#include "tests/unit/random-fleet.h"

#include <math.h>
#include <string.h>

/* Properties of every kind of plan on random fleets, a new one a seed. */

#define N_FLEETS 600
#define STEPS 4096

static guint n_short, n_again;

static VmcPlan *
ask(const VmcFleet *fleet, const VmcQuestion *question)
{
    g_autoptr(GError) error = NULL;
    VmcPlan *plan = vmc_question_answer(question, fleet, NULL, &error);

    g_assert_no_error(error);
    return plan;
}

static VmcQuestion *
question_new(VmcQuestionKind kind, const char *policy)
{
    VmcQuestion *question = vmc_question_new(kind);

    vmc_policy_free(question->policy);
    question->policy = vmc_policy_new(policy);
    question->steps = STEPS;
    return question;
}

static GStrv
strv_of(const char *word)
{
    const char *const words[] = {word, NULL};

    return g_strdupv((GStrv) words);
}

/* VMs that block each other on the way make a plan stop short of where it would
 * be; another then goes on from there. */
static gboolean
stops_short(const VmcPlan *plan)
{
    for (guint i = 0; i < plan->refusals->len; i++) {
        const VmcPlanRefusal *refusal = plan->refusals->pdata[i];
        if (strstr(refusal->why, "it waits for") != NULL)
            return TRUE;
    }
    return FALSE;
}

/* What a plan says the score is after it is what another says of it before. */
static void
assert_score(gint64 told_micro, gint64 counted_micro)
{
    double slack = 10 + fabs((double) counted_micro) * 1e-6;

    g_assert_cmpfloat(fabs((double) told_micro - (double) counted_micro), <=,
                      slack);
}

static void
check_rebalance(const VmcFleet *fleet, const char *policy)
{
    g_autoptr(VmcQuestion) question =
        question_new(VMC_QUESTION_REBALANCE, policy);
    g_autoptr(VmcPlan) plan = ask(fleet, question);
    g_autoptr(VmcFleet) after = NULL;

    plan_checker_run(fleet, plan, &after);
    g_autoptr(VmcPlan) second = ask(after, question);
    assert_score(plan->score_after_micro, second->score_before_micro);
    g_assert_cmpint(plan->score_after_micro + plan->cost_micro, <=,
                    plan->score_before_micro + 10);
    n_short += stops_short(plan);
    if (!stops_short(plan))
        n_again += second->steps->len > 0;
}

static void
test_rebalance(gconstpointer policy)
{
    n_short = n_again = 0;
    for (guint32 seed = 0; seed < N_FLEETS; seed++) {
        g_autoptr(VmcFleet) fleet = random_fleet(seed);
        g_test_message("seed %u", seed);
        check_rebalance(fleet, policy);
    }
    /* such fleets are few, and so are those where room that is held until the
     * first plan is over lets a second one do more */
    g_assert_cmpuint(n_short, <, N_FLEETS / 10);
    g_assert_cmpuint(n_again, <, N_FLEETS / 100);
}

/* The plan breaks nothing, and a second one finds nothing that it left. */
static void
check_mend(const VmcFleet *fleet, const VmcQuestion *question)
{
    g_autoptr(VmcPlan) plan = ask(fleet, question);
    g_autoptr(VmcFleet) after = NULL;

    plan_checker_run(fleet, plan, &after);
    g_autoptr(VmcQuestion) repair =
        question_new(VMC_QUESTION_REPAIR, "balance");
    g_autoptr(VmcPlan) second = ask(after, repair);
    assert_score(plan->score_after_micro, second->score_before_micro);
}

static void
test_repair(void)
{
    g_autoptr(VmcQuestion) question =
        question_new(VMC_QUESTION_REPAIR, "balance");

    for (guint32 seed = 0; seed < N_FLEETS; seed++) {
        g_autoptr(VmcFleet) fleet = random_fleet(seed);
        g_test_message("seed %u", seed);
        check_mend(fleet, question);
    }
}

static VmcFleet *
draining(const VmcFleet *fleet, const char *name)
{
    g_autoptr(VmcHost) host = vmc_host_copy(vmc_fleet_find_host(fleet, name));

    host->state = VMC_HOST_DRAINING;
    return vmc_fleet_with_host(fleet, host);
}

static void
test_drain(void)
{
    for (guint32 seed = 0; seed < N_FLEETS; seed++) {
        g_autoptr(VmcFleet) fleet = random_fleet(seed);
        if (vmc_fleet_n_hosts(fleet) == 0)
            continue;
        g_autoptr(VmcQuestion) question =
            question_new(VMC_QUESTION_DRAIN, "balance");
        question->hosts = strv_of(vmc_fleet_host_at(fleet, 0)->name);
        g_autoptr(VmcFleet) as_asked = draining(fleet, question->hosts[0]);
        g_test_message("seed %u", seed);
        g_autoptr(VmcPlan) plan = ask(fleet, question);
        g_autoptr(VmcFleet) after = NULL;
        plan_checker_run(as_asked, plan, &after);
    }
}

static void
test_place(void)
{
    for (guint32 seed = 0; seed < N_FLEETS; seed++) {
        g_autoptr(VmcFleet) fleet = random_fleet(seed);
        g_autoptr(VmcQuestion) question =
            question_new(VMC_QUESTION_PLACE, seed % 2 ? "balance" : "pack");
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
            const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
            if (vm->host == NULL && vm->destination == NULL)
                g_strv_builder_add(names, vm->name);
        }
        question->vms = g_strv_builder_end(names);
        g_test_message("seed %u", seed);
        g_autoptr(VmcPlan) plan = ask(fleet, question);
        g_autoptr(VmcFleet) after = NULL;
        plan_checker_run(fleet, plan, &after);
        for (guint i = 0; i < plan->steps->len; i++)
            g_assert_cmpint(((VmcPlanStep *) plan->steps->pdata[i])->kind, ==,
                            VMC_PLAN_START);
    }
}

/* Moves only for a resize that comes, and it comes last. Takes it off @plan. */
static gboolean
take_resize(VmcPlan *plan)
{
    const guint n = plan->steps->len;

    for (guint i = 0; i < n; i++)
        g_assert_cmpint(((VmcPlanStep *) plan->steps->pdata[i])->kind ==
                            VMC_PLAN_RESIZE,
                        ==, i + 1 == n);
    if (n > 0)
        g_ptr_array_set_size(plan->steps, (gint) n - 1);
    return n > 0;
}

static void
check_has_room(const VmcFleet *fleet, const char *name)
{
    const VmcVm *vm = vmc_fleet_find_vm(fleet, name);
    const VmcHost *host = vmc_fleet_find_host(fleet, vm->host);
    const VmcResources capacity = vmc_host_capacity(host);
    const VmcResources claim = vmc_fleet_host_use(fleet, vm->host).claim;

    for (guint r = 0; r < VMC_N_RESOURCES; r++)
        if (vmc_host_knows(host, (VmcResource) r) &&
            vmc_vm_claim(vm).amount[r] > 0)
            g_assert_cmpuint(claim.amount[r], <=, capacity.amount[r]);
}

static void
test_make_room(void)
{
    for (guint32 seed = 0; seed < N_FLEETS; seed++) {
        g_autoptr(VmcFleet) fleet = random_fleet(seed);
        g_autoptr(VmcQuestion) question =
            question_new(VMC_QUESTION_MAKE_ROOM, "balance");
        const VmcVm *vm =
            vmc_fleet_n_vms(fleet) > 0 ? vmc_fleet_vm_at(fleet, 0) : NULL;
        if (vm == NULL || vm->host == NULL || !vm->is_managed)
            continue;
        g_autoptr(VmcVm) grown = vmc_vm_copy(vm);
        grown->size.amount[VMC_MEMORY] *= 3;
        question->vms = strv_of(vm->name);
        question->size = grown->size;
        g_autoptr(VmcFleet) as_asked = vmc_fleet_with_vm(fleet, grown);
        g_test_message("seed %u", seed);
        g_autoptr(VmcPlan) plan = ask(fleet, question);
        g_autoptr(VmcFleet) after = NULL;
        gboolean is_had = take_resize(plan);
        plan_checker_run(as_asked, plan, &after);
        if (is_had)
            check_has_room(after, vm->name);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/plan-properties/balance", "balance", test_rebalance);
    g_test_add_data_func("/plan-properties/pack", "pack", test_rebalance);
    g_test_add_func("/plan-properties/repair", test_repair);
    g_test_add_func("/plan-properties/drain", test_drain);
    g_test_add_func("/plan-properties/place", test_place);
    g_test_add_func("/plan-properties/make-room", test_make_room);
    return g_test_run();
}
