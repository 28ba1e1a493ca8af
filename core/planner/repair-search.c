/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rebalance.h"
#include "core/planner/repair.h"

#include <math.h>

#define STEPS_PER_VM 64
#define MIN_STEPS 65536
#define MAX_STEPS 1048576

/* In a larger fleet a search seldom finds fewer moves than the repair did. */
#define MAX_VMS_FOR_FEWER 2000

/* Less of a breach than this is rounding. */
#define NOTHING 1e-6

static guint
count_moves(const VmcState *state)
{
    guint n = 0;

    for (guint v = 0; v < state->model->n_vms; v++)
        n += state->host_of[v] != state->model->start[v];
    return n;
}

gboolean
vmc_repair_wants_search(const VmcModel *model, const VmcRepairReport *report)
{
    g_return_val_if_fail(model != NULL && report != NULL, FALSE);
    return report->n_left > 0 || (report->n_moves > report->n_bound &&
                                  model->n_vms <= MAX_VMS_FOR_FEWER);
}

void
vmc_repair_by_search(VmcState *state, const VmcModel *bare, guint64 seed)
{
    g_return_if_fail(state != NULL && bare != NULL);
    const VmcSearchOptions options = {
        .seed = seed,
        .max_steps =
            CLAMP((guint64) bare->n_vms * STEPS_PER_VM, MIN_STEPS, MAX_STEPS),
        .goal = -INFINITY};
    g_autoptr(VmcState) mended = vmc_state_new(bare);

    vmc_state_assign(mended, state->host_of);
    double before = mended->score;
    double breach = bare->weight[VMC_TERM_BROKEN] * NOTHING;
    guint n_moves = count_moves(mended);
    g_autoptr(VmcSearchResult) found =
        vmc_search_run(bare, state->host_of, &options);
    vmc_state_assign(mended, found->host_of);
    vmc_rebalance_take_back(mended);
    if (mended->score < before - breach ||
        (mended->score < before + breach && count_moves(mended) < n_moves))
        vmc_state_assign(state, mended->host_of);
}
