/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair.h"

#include "tests/unit/planner-fixture.h"

#define N_MODELS 1500

static VmcState *
seal(VmcModel *model)
{
    g_autoptr(GError) error = NULL;

    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    return vmc_state_new(model);
}

/* ---- cases --------------------------------------------------------------- */

/* What is sound already is left alone. */
static void
test_sound(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 2);
    VmcRepairReport report;

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 1, 90);
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 0);
    g_assert_cmpuint(report.n_bound, ==, 0);
}

/* A full host loses one VM, the smallest that is enough. */
static void
test_smallest_that_is_enough(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 4);
    VmcRepairReport report;

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 0, 30);
    fixture_put(model, 2, 0, 20);
    fixture_put(model, 3, 1, 50);
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 1);
    g_assert_cmpuint(report.n_bound, ==, 1);
    g_assert_cmpint(state->host_of[2], ==, 1);
}

/* When no hole is large enough, a smaller VM makes way. */
static void
test_makes_way(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 6);
    VmcRepairReport report;

    fixture_put(model, 0, 0, 80);
    fixture_put(model, 1, 0, 40);
    fixture_put(model, 2, 1, 50);
    fixture_put(model, 3, 1, 15);
    fixture_put(model, 4, 2, 60);
    fixture_put(model, 5, 2, 25);
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 2);
    g_assert_cmpuint(report.n_bound, ==, 1);
}

/* A host that must be emptied is, and what was nowhere starts. */
static void
test_empties_and_starts(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 3);
    VmcRepairReport report;

    fixture_put(model, 0, 0, 60);
    fixture_put(model, 1, 0, 30);
    fixture_put(model, 2, VMC_NOWHERE, 50);
    vmc_model_set_host_flags(model, 0, VMC_MODEL_HOST_GIVES);
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 2);
    g_assert_cmpuint(report.n_starts, ==, 1);
    g_assert_cmpuint(report.n_bound, ==, 2);
}

/* What cannot be repaired stays where it was. */
static void
test_stays_when_nothing_helps(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 4);
    VmcRepairReport report;

    fixture_put(model, 0, 0, 70);
    fixture_put(model, 1, 0, 70);
    fixture_put(model, 2, 1, 90);
    fixture_put(model, 3, VMC_NOWHERE, 20);
    g_autoptr(VmcState) state = seal(model);
    g_assert_false(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 0);
    g_assert_cmpuint(report.n_left, ==, 2);
    g_assert_cmpint(state->host_of[3], ==, VMC_NOWHERE);
}

/* Of two VMs that must be apart, one leaves. */
static void
test_apart(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(2, 2);
    const guint32 both[] = {0, 1};
    VmcRepairReport report;

    fixture_put(model, 0, 0, 10);
    fixture_put(model, 1, 0, 20);
    const guint group = vmc_model_add_group(model, both, 2);
    vmc_model_add_rule(model, &(VmcRule){.kind = VMC_RULE_APART,
                                         .is_hard = TRUE,
                                         .members = group,
                                         .leaders = -1});
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 1);
    g_assert_cmpint(state->host_of[0], ==, 1);
}

/* What has to move goes where it is liked best, not into the tightest hole. */
static void
test_preferred_host(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(3, 4);
    VmcRepairReport report;

    vmc_model_set_column(
        model, 0, &(VmcColumn){.flags = VMC_COLUMN_HARD, .load_weight = 1});
    for (guint host = 0; host < 3; host++)
        vmc_model_set_host(model, host, 0, 100, 50, 0);
    fixture_put(model, 0, 0, 80);
    fixture_put(model, 1, 0, 30);
    fixture_put(model, 2, 1, 60);
    fixture_put(model, 3, 2, 10);
    g_autoptr(VmcState) state = seal(model);
    g_assert_true(vmc_repair(state, &report));
    g_assert_cmpuint(report.n_moves, ==, 1);
    g_assert_cmpint(state->host_of[1], ==, 2);
}

/* ---- random models ------------------------------------------------------- */

static void
check_report(const VmcState *state, const VmcRepairReport *report)
{
    guint n_moves = 0;

    for (guint vm = 0; vm < state->model->n_vms; vm++)
        n_moves += state->model->start[vm] != VMC_NOWHERE &&
                   state->host_of[vm] != state->model->start[vm];
    g_assert_cmpuint(report->n_moves, ==, n_moves);
}

/* Whatever the fleet, nothing hard gets worse; sound means that nothing is
 * broken; and no sound placement moves fewer than the bound. */
static void
test_random(void)
{
    guint n_sound = 0;

    for (guint seed = 0; seed < N_MODELS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = fixture_model(random, 0);
        g_autoptr(VmcState) state = vmc_state_new(model);
        VmcRepairReport report;
        const gint64 before = fixture_breaches(model, model->start);
        const gboolean is_sound = vmc_repair(state, &report);
        const gint64 after = fixture_breaches(model, state->host_of);

        if (after > before)
            g_test_message("seed %u", seed);
        g_assert_cmpint(after, <=, before);
        check_report(state, &report);
        if (is_sound) {
            g_assert_cmpint(after, ==, 0);
            g_assert_cmpuint(report.n_moves, >=, report.n_bound);
        }
        n_sound += is_sound;
    }
    g_test_message("%u of %u repaired", n_sound, N_MODELS);
    g_assert_cmpuint(n_sound, >, N_MODELS / 10);
}

/* Running it on its own result changes nothing. */
static void
test_again(void)
{
    for (guint seed = 0; seed < 100; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = fixture_model(random, 0);
        g_autoptr(VmcState) state = vmc_state_new(model);
        if (!vmc_repair(state, NULL))
            continue;
        g_autofree gint32 *once =
            g_memdup2(state->host_of, model->n_vms * sizeof *state->host_of);
        g_assert_true(vmc_repair(state, NULL));
        g_assert_cmpmem(once, model->n_vms * sizeof *once, state->host_of,
                        model->n_vms * sizeof *once);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/repair/sound", test_sound);
    g_test_add_func("/repair/smallest-that-is-enough",
                    test_smallest_that_is_enough);
    g_test_add_func("/repair/makes-way", test_makes_way);
    g_test_add_func("/repair/empties-and-starts", test_empties_and_starts);
    g_test_add_func("/repair/stays-when-nothing-helps",
                    test_stays_when_nothing_helps);
    g_test_add_func("/repair/apart", test_apart);
    g_test_add_func("/repair/preferred-host", test_preferred_host);
    g_test_add_func("/repair/random", test_random);
    g_test_add_func("/repair/again", test_again);
    return g_test_run();
}
