/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/random.h"
#include "core/planner/state.h"

/**
 * VmcWalker:
 * @state: where it is
 * @random: what it draws from
 * @movable: the VMs it may move
 * @n_movable: how many they are
 * @limit: what a change may add to the score at most; below 0 it has to pay
 * @pull: what being away from its start host costs a VM beside the score, for
 *   each unit of @away_weight
 * @away_weight: of each VM, see vmc_walker_heat()
 * @n_tried: changes looked at
 * @n_taken: changes taken
 * @best_score: the best score it has seen
 * @best: the placement with that score
 * @is_best_stale: whether the state is better than @best, which is written only
 *   when the walker turns away from it
 *
 * One thread's walk through placements. Neighbourhoods propose changes to it;
 * what is not above the limit is taken.
 */
typedef struct {
    VmcState *state;
    VmcRandom random;
    guint32 *movable;
    guint n_movable;
    double limit;
    double pull;
    double *away_weight;
    guint64 n_tried;
    guint64 n_taken;
    double best_score;
    gint32 *best;
    gboolean is_best_stale;
} VmcWalker;

/**
 * vmc_walker_new:
 * @model: (transfer none): a sealed model, which must outlive the walker
 * @host_of: (nullable): where to start; %NULL for the start of @model
 * @seed: of its random numbers
 *
 * Returns: (transfer full): a walker
 */
VmcWalker *vmc_walker_new(const VmcModel *model,
                          const gint32 *host_of,
                          guint64 seed);

void vmc_walker_free(VmcWalker *walker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcWalker, vmc_walker_free)

/**
 * vmc_walker_keep_best:
 * @walker: a walker
 *
 * Makes sure that @walker->best is the best placement seen so far. To be called
 * before a change that makes the score worse, and before reading it.
 */
void vmc_walker_keep_best(VmcWalker *walker);

/**
 * vmc_walker_go_to:
 * @walker: a walker
 * @host_of: a placement
 *
 * Leaves everything and goes on from there.
 */
void vmc_walker_go_to(VmcWalker *walker, const gint32 *host_of);

/**
 * vmc_walker_take:
 * @walker: a walker
 * @change: one that fits
 * @delta: what it adds to the score
 */
void vmc_walker_take(VmcWalker *walker, const VmcChange *change, double delta);

/**
 * vmc_walker_settle:
 * @walker: a walker
 *
 * Looks whether the state has become the best. For those that change the state
 * without vmc_walker_take().
 */
void vmc_walker_settle(VmcWalker *walker);

/**
 * vmc_walker_heat:
 * @walker: a walker
 * @temperature: of what it does from now on
 *
 * Sets the pull home. In annealing a VM has one home and many other hosts, so
 * heat alone drives nearly all VMs away from home, where those that hold room
 * on two hosts jam everything. Of a VM that holds much, more moves are worth
 * being sure of. The pull makes home as likely as all other hosts together, and
 * fades as it cools; without held columns there is none.
 */
void vmc_walker_heat(VmcWalker *walker, double temperature);

/** Returns: what the pull home makes of a move, beside the score */
static inline double
vmc_walker_pull(const VmcWalker *walker, guint vm, gint32 from, gint32 to)
{
    gint32 start = walker->state->model->start[vm];

    if (from == start)
        return walker->pull * walker->away_weight[vm];
    return to == start ? -walker->pull * walker->away_weight[vm] : 0;
}

/* ---- neighbourhoods ------------------------------------------------------ */

/**
 * VmcNeighbourhood:
 * @name: for reports
 * @step: looks at one change, or a few that belong together; takes it when it
 *   adds no more than the walker's limit. Returns: whether one was taken
 */
typedef struct {
    const char *name;
    gboolean (*step)(VmcWalker *walker);
} VmcNeighbourhood;

extern const VmcNeighbourhood vmc_neighbourhood_shift;
extern const VmcNeighbourhood vmc_neighbourhood_swap;
extern const VmcNeighbourhood vmc_neighbourhood_eject;
extern const VmcNeighbourhood vmc_neighbourhood_rebuild;
extern const VmcNeighbourhood vmc_neighbourhood_company;
