/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rebalance.h"

#include "core/planner/fleet-model.h"
#include "core/planner/state.h"
#include "core/planner/term.h"
#include "tests/unit/random-fleet.h"

/* Properties of rebalance on random fleets, a new one a seed. */

#define N_FLEETS 500
#define FEW_STEPS 4096
#define MORE_STEPS 16384

static guint n_again; /* second runs that found something */

static VmcFleetModel *
model_of(const VmcFleet *fleet, const char *policy_name)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new(policy_name);
    g_autoptr(GError) error = NULL;
    VmcFleetModel *fm =
        vmc_fleet_model_new(fleet, policy, &(VmcFleetModelOptions){0}, &error);

    g_assert_no_error(error);
    return fm;
}

/* (transfer full): the fleet with its VMs there */
static VmcFleet *
moved_fleet(const VmcFleetModel *fm, const gint32 *host_of)
{
    VmcFleet *fleet = vmc_fleet_ref(fm->fleet);

    for (guint v = 0; v < fm->vms->len; v++) {
        if (host_of[v] == fm->model->start[v] || host_of[v] < 0)
            continue;
        g_autoptr(VmcVm) vm = vmc_vm_copy(vmc_fleet_model_vm(fm, v));
        g_free(vm->host);
        vm->host = g_strdup(vmc_fleet_model_host(fm, (guint) host_of[v])->name);
        g_clear_pointer(&vm->destination, g_free);
        VmcFleet *changed = vmc_fleet_with_vm(fleet, vm);
        vmc_fleet_unref(fleet);
        fleet = changed;
    }
    return fleet;
}

/* The model of a fleet whose VMs went elsewhere. */
typedef struct {
    const VmcFleetModel *from;
    VmcFleetModel *there;
} Elsewhere;

static const VmcModel *
model_at(const gint32 *host_of, gpointer data)
{
    Elsewhere *elsewhere = data;
    g_autoptr(VmcFleet) fleet = moved_fleet(elsewhere->from, host_of);

    vmc_fleet_model_free(elsewhere->there);
    elsewhere->there = model_of(fleet, elsewhere->from->policy->name);
    return elsewhere->there->model;
}

static gint32 *
answer(const VmcFleetModel *fm, guint64 n_steps, guint max_moves)
{
    Elsewhere elsewhere = {.from = fm};
    const VmcRebalanceRequest request = {
        .search = {.seed = 7, .max_steps = n_steps, .goal = -1e300},
        .max_moves = max_moves,
        .model_at = model_at,
        .data = &elsewhere};
    gint32 *host_of = vmc_rebalance(fm->model, &request);

    vmc_fleet_model_free(elsewhere.there);
    return host_of;
}

static guint
count_moves(const VmcModel *model, const gint32 *host_of)
{
    guint n = 0;

    for (guint v = 0; v < model->n_vms; v++)
        n += host_of[v] != model->start[v];
    return n;
}

static double
score_of(const VmcModel *model, const gint32 *host_of)
{
    return vmc_terms_recompute(model, host_of, NULL);
}

/* Compiled without making a fleet, it is what the fleet would be compiled to.
 */
static void
assert_same_model(const VmcModel *a, const VmcModel *b)
{
    const gsize n_cells = (gsize) a->n_hosts * a->stride;
    const gsize n_hinges = (gsize) a->n_hosts * a->hinge_stride;

    g_assert_cmpuint(a->n_sets, ==, b->n_sets);
    g_assert_cmpuint(a->n_hinges, ==, b->n_hinges);
    g_assert_cmpmem(a->start, a->n_vms * sizeof *a->start, b->start,
                    b->n_vms * sizeof *b->start);
    g_assert_cmpmem(a->host_set, a->n_vms * sizeof *a->host_set, b->host_set,
                    b->n_vms * sizeof *b->host_set);
    g_assert_cmpmem(a->is_movable, a->n_vms, b->is_movable, b->n_vms);
    g_assert_cmpmem(a->base, n_cells * sizeof *a->base, b->base,
                    n_cells * sizeof *b->base);
    g_assert_cmpmem(a->hinge_offset, n_hinges * sizeof(double), b->hinge_offset,
                    n_hinges * sizeof(double));
    g_assert_cmpmem(a->sets, a->n_sets * a->set_words * sizeof(guint64),
                    b->sets, b->n_sets * b->set_words * sizeof(guint64));
    g_assert_cmpfloat(vmc_terms_recompute(a, a->start, NULL), ==,
                      vmc_terms_recompute(b, b->start, NULL));
}

static void
check_second_run(const VmcFleetModel *fm,
                 const gint32 *host_of,
                 const char *policy)
{
    g_autoptr(VmcFleet) fleet = moved_fleet(fm, host_of);
    g_autoptr(VmcFleetModel) again = model_of(fleet, policy);
    g_autoptr(VmcModel) moved = vmc_fleet_model_moved(fm, host_of);
    g_autofree gint32 *second = answer(again, FEW_STEPS, 0);

    assert_same_model(moved, again->model);
    n_again += count_moves(again->model, second) > 0;
}

static void
check_budgets(const VmcFleetModel *fm, const gint32 *host_of)
{
    const VmcModel *model = fm->model;
    g_autofree gint32 *wider = answer(fm, MORE_STEPS, 0);
    g_autofree gint32 *few = answer(fm, FEW_STEPS, 2);
    g_autofree gint32 *more = answer(fm, FEW_STEPS, 3);

    g_assert_cmpfloat(score_of(model, wider), <=,
                      score_of(model, host_of) + 1e-5);
    g_assert_cmpuint(count_moves(model, few), <=, 2);
    g_assert_cmpuint(count_moves(model, more), <=, 3);
    g_assert_cmpfloat(score_of(model, more), <=, score_of(model, few) + 1e-5);
    g_assert_cmpfloat(score_of(model, few), <=,
                      score_of(model, model->start) + 1e-5);
}

/* Nothing gets worse, the same question gives the same answer, the result
 * itself is left alone, more steps and more moves are never worse, few moves
 * are few. */
static void
test_fleet(guint32 seed, const char *policy)
{
    g_autoptr(VmcFleet) fleet = random_fleet(seed);
    g_autoptr(VmcFleetModel) fm = model_of(fleet, policy);
    const VmcModel *model = fm->model;
    g_autofree gint32 *host_of = answer(fm, FEW_STEPS, 0);
    g_autofree gint32 *twin = answer(fm, FEW_STEPS, 0);
    g_autoptr(VmcState) state = vmc_state_new(model);
    gboolean was_sound = vmc_state_is_sound(state);

    g_test_message("seed %u, policy %s", seed, policy);
    g_assert_cmpmem(host_of, model->n_vms * sizeof *host_of, twin,
                    model->n_vms * sizeof *twin);
    g_assert_cmpfloat(score_of(model, host_of), <=,
                      score_of(model, model->start) + 1e-5);
    vmc_state_assign(state, host_of);
    g_assert_true(!was_sound || vmc_state_is_sound(state));
    check_second_run(fm, host_of, policy);
    check_budgets(fm, host_of);
}

static void
test_random(gconstpointer policy)
{
    n_again = 0;
    for (guint32 seed = 0; seed < N_FLEETS; seed++)
        test_fleet(seed, policy);
    /* only where room that is held until a first plan is over lets a second one
     * do more */
    g_assert_cmpuint(n_again, <, N_FLEETS / 50);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/rebalance/random/balance", "balance", test_random);
    g_test_add_data_func("/rebalance/random/pack", "pack", test_random);
    return g_test_run();
}
