/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/search.h"
#include "core/planner/state.h"
#include "core/planner/term.h"
#include "tests/unit/planner-fixture.h"

#include <math.h>

#define N_MODELS 60

static VmcSearchResult *
run(const VmcModel *model, guint64 seed, guint n_threads, guint64 max_steps)
{
    return vmc_search_run(model, NULL,
                          &(VmcSearchOptions){.seed = seed,
                                              .n_threads = n_threads,
                                              .max_steps = max_steps,
                                              .goal = -INFINITY});
}

static void
assert_same(const VmcModel *model,
            const VmcSearchResult *a,
            const VmcSearchResult *b)
{
    g_assert_cmpfloat(a->score, ==, b->score);
    g_assert_cmpmem(a->host_of, model->n_vms * sizeof *a->host_of, b->host_of,
                    model->n_vms * sizeof *b->host_of);
}

/* What is found is never worse than the start, breaks nothing that held, and
 * has the score that is said. */
static void
test_never_worse(void)
{
    for (guint32 seed = 0; seed < N_MODELS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = fixture_model(random, 0);
        g_autoptr(VmcSearchResult) result = run(model, seed, 1, 20000);
        double score = vmc_terms_recompute(model, result->host_of, NULL);
        g_assert_cmpfloat(result->score, <=, result->start_score);
        g_assert_cmpfloat_with_epsilon(score, result->score,
                                       1e-9 * MAX(1, score));
        g_assert_cmpint(fixture_breaches(model, result->host_of), <=,
                        fixture_breaches(model, model->start));
    }
}

/* The same seed, number of threads and budget of steps give the same plan. */
static void
test_deterministic(void)
{
    for (guint n_threads = 1; n_threads <= 3; n_threads++)
        for (guint32 seed = 0; seed < 8; seed++) {
            g_autoptr(GRand) random = g_rand_new_with_seed(seed);
            g_autoptr(VmcModel) model = fixture_model(random, 0);
            g_autoptr(VmcSearchResult) a = run(model, seed, n_threads, 20000);
            g_autoptr(VmcSearchResult) b = run(model, seed, n_threads, 20000);
            assert_same(model, a, b);
        }
}

/* More steps never give a worse plan for the same seed. */
static void
test_wider_budget(void)
{
    for (guint32 seed = 0; seed < 12; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = fixture_model(random, 0);
        double score = INFINITY;
        for (guint64 steps = 500; steps < 40000; steps *= 2) {
            g_autoptr(VmcSearchResult) result = run(model, seed, 2, steps);
            g_assert_cmpfloat(result->score, <=, score);
            score = result->score;
        }
    }
}

/* Without a budget the start is what one gets, and nothing is too small. */
static void
test_no_budget(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(VmcModel) model = fixture_model(random, 0);
    g_autoptr(VmcModel) empty = vmc_model_new(0, 0, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcSearchResult) result = run(model, 1, 1, 0);

    g_assert_cmpfloat(result->score, ==, result->start_score);
    g_assert_cmpmem(result->host_of, model->n_vms * sizeof *model->start,
                    model->start, model->n_vms * sizeof *model->start);
    g_assert_true(vmc_model_seal(empty, &error));
    g_autoptr(VmcSearchResult) nothing = run(empty, 1, 2, 1000);
    g_assert_cmpfloat(nothing->score, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planner/search/never-worse", test_never_worse);
    g_test_add_func("/planner/search/deterministic", test_deterministic);
    g_test_add_func("/planner/search/wider-budget", test_wider_budget);
    g_test_add_func("/planner/search/no-budget", test_no_budget);
    return g_test_run();
}
