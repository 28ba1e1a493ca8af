/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/few-moves.h"

#include "core/planner/kinds.h"
#include "core/planner/term.h"
#include "tests/unit/planner-fixture.h"

#include <math.h>

/* A search that moves few VMs: never more than it may, never worse with more of
 * them, and the best one when it may move one. */

#define N_MODELS 150
#define N_MODELS_WITH_RULES 40
#define MOST_MOVES 7

static guint
count_moves(const VmcModel *model, const gint32 *host_of)
{
    guint n = 0;

    for (guint v = 0; v < model->n_vms; v++)
        n += host_of[v] != model->start[v];
    return n;
}

static gint32 *
answer(const VmcModel *model, guint max_moves)
{
    return vmc_few_moves(model,
                         &(VmcFewMoves){.max_moves = max_moves, .seed = 3});
}

static double
score_of(const VmcModel *model, const gint32 *host_of)
{
    return vmc_terms_recompute(model, host_of, NULL);
}

/* What a sum of so large doubles may be off by. */
static double
slack(double score)
{
    return 1e-6 + fabs(score) * 1e-12;
}

static void
check_limits(const VmcModel *model)
{
    gint64 breaches = fixture_breaches(model, model->start);
    double before = score_of(model, model->start);

    for (guint n = 0; n <= MOST_MOVES; n++) {
        g_autofree gint32 *host_of = answer(model, n);
        double score = score_of(model, host_of);
        g_assert_cmpuint(count_moves(model, host_of), <=, n);
        g_assert_cmpfloat(score, <=, before + slack(before));
        g_assert_cmpint(fixture_breaches(model, host_of), <=, breaches);
        before = score;
    }
}

/* With rules of all kinds and every term; and the same comes twice. */
static void
test_limits(void)
{
    for (guint32 seed = 0; seed < N_MODELS_WITH_RULES; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = fixture_model(random, 0);
        g_test_message("seed %u", seed);
        check_limits(model);
        g_autofree gint32 *one = answer(model, MOST_MOVES);
        g_autofree gint32 *twin = answer(model, MOST_MOVES);
        g_assert_cmpmem(one, model->n_vms * sizeof *one, twin,
                        model->n_vms * sizeof *twin);
    }
}

/* Hosts as full as chance has it, whose use should be even. */
static VmcModel *
uneven_model(GRand *random)
{
    guint n_hosts = (guint) g_rand_int_range(random, 2, 9);
    guint n_vms = (guint) g_rand_int_range(random, 1, 40);
    VmcModel *model = fixture_plain_model(n_hosts, n_vms);
    g_autofree gint64 *used = g_new0(gint64, n_hosts);

    vmc_model_set_column(
        model, 0,
        &(VmcColumn){.flags = VMC_COLUMN_HARD, .spread_weight = 1000});
    for (guint v = 0; v < n_vms; v++) {
        gint64 need = g_rand_int_range(random, 1, 20);
        guint host = 0;
        for (guint i = 0; i < 100; i++) {
            host = (guint) g_rand_int_range(random, 0, (gint32) n_hosts);
            if (used[host] + need <= 100)
                break;
        }
        need = MIN(need, 100 - used[host]);
        used[host] += need;
        fixture_put(model, v, (gint32) host, need);
    }
    g_assert_true(vmc_model_seal(model, NULL));
    return model;
}

static double
best_of_one_move(const VmcModel *model)
{
    g_autoptr(VmcState) state = vmc_state_new(model);
    double best = 0;

    for (guint v = 0; v < model->n_vms; v++)
        for (guint h = 0; h < model->n_hosts; h++)
            if (vmc_state_fits(state, v, h))
                best = MIN(best, vmc_state_delta(state, v, (gint32) h));
    return state->score + best;
}

/* By trying all of them. */
static void
test_one(void)
{
    for (guint32 seed = 0; seed < N_MODELS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        g_autoptr(VmcModel) model = uneven_model(random);
        g_autofree gint32 *host_of = answer(model, 1);
        g_test_message("seed %u", seed);
        g_assert_cmpfloat_with_epsilon(score_of(model, host_of),
                                       best_of_one_move(model), 1e-6);
    }
}

static gboolean
is_late(gpointer data)
{
    return ++*(guint *) data >= 2;
}

/* It may be stopped after each move. */
static void
test_late(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autoptr(VmcModel) model = uneven_model(random);
    guint n_asked = 0;
    g_autofree gint32 *host_of = vmc_few_moves(
        model,
        &(VmcFewMoves){
            .max_moves = 10, .seed = 1, .is_late = is_late, .data = &n_asked});

    g_assert_cmpuint(n_asked, ==, 2);
    g_assert_cmpuint(count_moves(model, host_of), ==, 2);
}

/* VMs of one size are of one kind, however many sizes there are. */
static void
test_kinds(gconstpointer n_sizes)
{
    guint n_vms = 3 * GPOINTER_TO_UINT(n_sizes);
    g_autoptr(VmcModel) model = fixture_plain_model(1, n_vms);

    for (guint v = 0; v < n_vms; v++)
        fixture_put(model, v, 0, 1 + v % GPOINTER_TO_UINT(n_sizes));
    g_assert_true(vmc_model_seal(model, NULL));
    g_autoptr(VmcKinds) kinds = vmc_kinds_new(model);
    g_assert_cmpuint(kinds->n, <=,
                     MIN(GPOINTER_TO_UINT(n_sizes), VMC_MAX_KINDS));
    for (guint v = 0; v < n_vms; v++) {
        guint kind = kinds->of[v];
        guint at = kinds->members.start[kind] + kinds->place[v];
        g_assert_cmpuint(kind, ==, kinds->of[v % GPOINTER_TO_UINT(n_sizes)]);
        g_assert_cmpuint(at, <, kinds->members.start[kind + 1]);
        g_assert_cmpuint(kinds->members.item[at], ==, v);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/few-moves/limits", test_limits);
    g_test_add_func("/few-moves/one", test_one);
    g_test_add_func("/few-moves/late", test_late);
    g_test_add_data_func("/few-moves/kinds/few", GUINT_TO_POINTER(5),
                         test_kinds);
    g_test_add_data_func("/few-moves/kinds/some", GUINT_TO_POINTER(100),
                         test_kinds);
    g_test_add_data_func("/few-moves/kinds/many", GUINT_TO_POINTER(5000),
                         test_kinds);
    return g_test_run();
}
