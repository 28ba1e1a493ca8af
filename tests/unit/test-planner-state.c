/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"
#include "core/planner/state.h"
#include "core/planner/term.h"
#include "core/planner/tournament.h"
#include "tests/unit/planner-fixture.h"

#include <math.h>
#include <string.h>

#define N_MODELS 150
#define N_STEPS 60

static void
assert_near(double a, double b, double scale)
{
    if (fabs(a - b) > 1e-9 * MAX(1, scale))
        g_error("%.17g and %.17g differ", a, b);
}

static guint
pick(GRand *random, guint n)
{
    return (guint) g_rand_int_range(random, 0, (gint32) n);
}

/* Everything that a state keeps is what it would be from nothing. */
static void
assert_sound_books(const VmcState *state)
{
    const VmcModel *model = state->model;
    double score = vmc_terms_recompute(model, state->host_of, NULL);
    gint64 hard = 0;

    assert_near(state->score, score, score);
    for (guint r = 0; r < model->n_rules; r++) {
        gint64 violation = vmc_rule_violation(model, r, state->host_of);
        g_assert_cmpint(violation, ==,
                        fixture_rule_breaches(model, state->host_of, r));
        hard += model->rules[r].is_hard ? violation : 0;
    }
    g_assert_cmpint(state->hard_violation, ==, hard);
    g_assert_cmpint(vmc_state_is_sound(state), ==,
                    fixture_breaches(model, state->host_of) == 0);
}

static void
assert_lists(const VmcState *state)
{
    guint n_listed = 0, n_nowhere = 0;

    for (guint h = 0; h < state->model->n_hosts; h++) {
        const guint32 *vms = vmc_host_lists_at(&state->lists, h);
        for (guint i = 0; i < state->lists.count[h]; i++, n_listed++)
            g_assert_cmpint(state->host_of[vms[i]], ==, h);
    }
    for (guint v = 0; v < state->model->n_vms; v++)
        n_nowhere += state->host_of[v] == VMC_NOWHERE;
    g_assert_cmpuint(n_listed + n_nowhere, ==, state->model->n_vms);
    g_assert_cmpint(state->n_nowhere, ==, n_nowhere);
}

/* Each term is told apart: what each adds is what it is more from nothing. */
static void
assert_terms(const VmcState *state, guint vm, gint32 host)
{
    const VmcModel *model = state->model;
    double before[VMC_N_TERMS], after[VMC_N_TERMS], delta[VMC_N_TERMS];
    g_autofree gint32 *changed =
        g_memdup2(state->host_of, model->n_vms * sizeof *changed);

    changed[vm] = host;
    vmc_terms_recompute(model, state->host_of, before);
    vmc_terms_recompute(model, changed, after);
    vmc_terms_delta(state, vm, host, delta);
    for (guint i = 0; i < VMC_N_TERMS; i++)
        assert_near(delta[i], after[i] - before[i], before[i]);
}

/* One VM tried on one host: what fits and what it costs are as the slow way
 * says. Most of those that fit are done. */
static void
try_move(VmcState *state, GRand *random)
{
    const VmcModel *model = state->model;
    guint vm = pick(random, model->n_vms);
    guint host = pick(random, model->n_hosts);
    g_autofree gint32 *changed =
        g_memdup2(state->host_of, model->n_vms * sizeof *changed);
    double before = vmc_terms_recompute(model, state->host_of, NULL);

    if (state->host_of[vm] == (gint32) host)
        return;
    changed[vm] = (gint32) host;
    gboolean fits = fixture_fits(model, state->host_of, changed);
    g_assert_cmpint(vmc_state_fits(state, vm, host), ==, fits);
    double delta = vmc_state_delta(state, vm, (gint32) host);
    if (!fits)
        return;
    double after = vmc_terms_recompute(model, changed, NULL);
    assert_near(delta, after - before, before);
    assert_terms(state, vm, (gint32) host);
    assert_near(vmc_state_move(state, vm, (gint32) host), delta, before);
}

static void
try_swap(VmcState *state, GRand *random)
{
    const VmcModel *model = state->model;
    guint first = pick(random, model->n_vms);
    guint second = pick(random, model->n_vms);
    gint32 a = state->host_of[first], b = state->host_of[second];
    g_autofree gint32 *changed =
        g_memdup2(state->host_of, model->n_vms * sizeof *changed);
    double before = vmc_terms_recompute(model, state->host_of, NULL);

    if (a == b || a == VMC_NOWHERE || b == VMC_NOWHERE)
        return;
    changed[first] = b;
    changed[second] = a;
    gboolean fits = fixture_fits(model, state->host_of, changed);
    g_assert_cmpint(vmc_state_swap_fits(state, first, second), ==, fits);
    if (!fits)
        return;
    double delta = vmc_state_swap_delta(state, first, second);
    double after = vmc_terms_recompute(model, changed, NULL);
    assert_near(delta, after - before, before);
    vmc_state_move(state, first, b);
    vmc_state_move(state, second, a);
}

static void
take_out(VmcState *state, GRand *random)
{
    guint vm = pick(random, state->model->n_vms);
    double before = state->score;
    double delta = vmc_state_delta(state, vm, VMC_NOWHERE);

    vmc_state_move(state, vm, VMC_NOWHERE);
    assert_near(state->score - before, delta, before);
}

static void
walk(guint32 seed, guint flags)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(VmcModel) model = fixture_model(random, flags);
    g_autoptr(VmcState) state = vmc_state_new(model);

    assert_sound_books(state);
    for (guint i = 0; i < N_STEPS; i++) {
        try_move(state, random);
        try_swap(state, random);
        if (pick(random, 8) == 0)
            take_out(state, random);
    }
    assert_sound_books(state);
    assert_lists(state);
}

/* Over random moves, what fits is what a slow check of the whole placement
 * says, and the score kept is the score computed from nothing. */
static void
test_random_walk(void)
{
    for (guint32 seed = 0; seed < N_MODELS; seed++) {
        walk(seed, 0);
        walk(seed, FIXTURE_UNPLACED);
        walk(seed, FIXTURE_WHOLE);
    }
}

/* A state can be set to any placement, and back, without loss. */
static void
test_assign(void)
{
    for (guint32 seed = 0; seed < N_MODELS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model =
            fixture_model(random, FIXTURE_WHOLE | FIXTURE_UNPLACED);
        g_autoptr(VmcState) state = vmc_state_new(model);
        double start = state->score;
        for (guint i = 0; i < N_STEPS; i++)
            try_move(state, random);
        g_autofree gint32 *kept =
            g_memdup2(state->host_of, model->n_vms * sizeof *kept);
        double score = state->score;
        vmc_state_assign(state, model->start);
        g_assert_cmpfloat(state->score, ==, start);
        vmc_state_assign(state, kept);
        g_assert_cmpfloat(state->score, ==, score);
        g_assert_cmpmem(kept, model->n_vms * sizeof *kept, state->host_of,
                        model->n_vms * sizeof *kept);
    }
}

/* A VM that takes nothing of a column may go to a host that is too full of it,
 * and one that comes home needs no second time what was held for it. */
static void
test_held(void)
{
    g_autoptr(VmcModel) model = vmc_model_new(2, 2, 2);
    g_autoptr(GError) error = NULL;

    vmc_model_set_column(
        model, 0, &(VmcColumn){.flags = VMC_COLUMN_HARD | VMC_COLUMN_HELD});
    vmc_model_set_column(model, 1, &(VmcColumn){.flags = VMC_COLUMN_HARD});
    for (guint h = 0; h < 2; h++) {
        vmc_model_set_host(model, h, 0, 10, VMC_UNLIMITED, 0);
        vmc_model_set_host(model, h, 1, 10, VMC_UNLIMITED, h == 1 ? 20 : 0);
    }
    vmc_model_set_need(model, 0, 0, 8);
    vmc_model_set_need(model, 1, 0, 5);
    vmc_model_set_start(model, 0, 0);
    vmc_model_set_start(model, 1, 1);
    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    g_autoptr(VmcState) state = vmc_state_new(model);

    g_assert_false(vmc_state_fits(state, 0, 1));
    vmc_state_move(state, 1, VMC_NOWHERE);
    g_assert_false(vmc_state_fits(state, 0, 1));
    vmc_state_move(state, 0, VMC_NOWHERE);
    g_assert_false(vmc_state_fits(state, 1, 0));
    g_assert_true(vmc_state_fits(state, 0, 0));
    g_assert_true(vmc_state_fits(state, 1, 1));
}

/* The largest of the others is right whichever two are left out. */
static void
test_tournament(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint n = 1; n < 20; n++) {
        VmcTournament *tournament = vmc_tournament_new(n);
        for (guint i = 0; i < n; i++)
            vmc_tournament_set(tournament, i, pick(random, 10));
        for (guint i = 0; i < n; i++)
            for (guint j = 0; j < n; j++) {
                double largest = -INFINITY;
                for (guint k = 0; k < n; k++)
                    if (k != i && k != j)
                        largest =
                            MAX(largest, vmc_tournament_get(tournament, k));
                g_assert_cmpfloat(vmc_tournament_max_without(tournament, i, j),
                                  ==, largest);
            }
        vmc_tournament_free(tournament);
    }
}

/* Names and kinds agree both ways: policies and fleets are written in them. */
static void
test_names(void)
{
    VmcRuleKind rule;
    VmcTermKind term;

    for (guint i = 0; i < VMC_N_RULES; i++) {
        g_assert_true(vmc_rule_kind_from_name(
            vmc_rule_kind_to_name((VmcRuleKind) i), &rule));
        g_assert_cmpint(rule, ==, i);
    }
    for (guint i = 0; i < VMC_N_TERMS; i++) {
        g_assert_true(
            vmc_term_from_name(vmc_term((VmcTermKind) i)->name, &term));
        g_assert_cmpint(term, ==, i);
    }
    g_assert_false(vmc_rule_kind_from_name("besides", &rule));
    g_assert_false(vmc_term_from_name("besides", &term));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planner/state/random-walk", test_random_walk);
    g_test_add_func("/planner/state/assign", test_assign);
    g_test_add_func("/planner/state/held", test_held);
    g_test_add_func("/planner/state/tournament", test_tournament);
    g_test_add_func("/planner/state/names", test_names);
    return g_test_run();
}
