/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/attempt.h"

/* Rebuild: some VMs of a few hosts are taken out, and put back one by one where
 * each costs least, the largest first most of the time. */

#define MAX_HOSTS 3
#define MAX_VMS_OF_HOST 4
#define N_HOSTS_TO_TRY 128

/* Takes up to @n VMs off @host. */
static void
take_off(VmcAttempt *attempt, guint host, guint n)
{
    VmcWalker *walker = attempt->walker;
    const VmcState *state = walker->state;

    for (guint i = 0; i < n && state->lists.count[host] > 0; i++) {
        guint pick =
            vmc_random_below(&walker->random, state->lists.count[host]);
        guint vm = vmc_host_lists_at(&state->lists, host)[pick];
        if (state->model->is_movable[vm])
            vmc_attempt_move(attempt, vm, VMC_NOWHERE);
    }
}

static void
sort_by_size(const VmcModel *model, VmcMove *moves, guint n)
{
    for (guint i = 1; i < n; i++)
        for (guint j = i;
             j > 0 && model->size[moves[j].vm] > model->size[moves[j - 1].vm];
             j--) {
            VmcMove move = moves[j];
            moves[j] = moves[j - 1];
            moves[j - 1] = move;
        }
}

static gboolean
put_back(VmcAttempt *attempt)
{
    guint n = attempt->n;

    if (vmc_random_below(&attempt->walker->random, 4) > 0)
        sort_by_size(attempt->walker->state->model, attempt->move, n);
    for (guint i = 0; i < n; i++)
        if (!vmc_attempt_insert(attempt, attempt->move[i].vm, N_HOSTS_TO_TRY))
            return FALSE;
    return TRUE;
}

static gboolean
step(VmcWalker *walker)
{
    VmcRandom *random = &walker->random;
    guint n_hosts = 1 + vmc_random_below(random, MAX_HOSTS);
    VmcAttempt attempt;

    if (!vmc_attempt_begin(&attempt, walker))
        return FALSE;
    walker->n_tried++;
    for (guint i = 0; i < n_hosts; i++)
        take_off(&attempt,
                 vmc_random_below(random, walker->state->model->n_hosts),
                 1 + vmc_random_below(random, MAX_VMS_OF_HOST));
    if (put_back(&attempt))
        return vmc_attempt_end(&attempt);
    vmc_attempt_undo(&attempt);
    return FALSE;
}

const VmcNeighbourhood vmc_neighbourhood_rebuild = {
    .name = "rebuild",
    .step = step,
};
