/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/attempt.h"

#include "core/planner/rule.h"
#include "core/planner/trial.h"

#include <math.h>

/* VMs may have to leave their hosts: fewer of them afterwards is what counts.
 * Where a rule is broken, it could only be told rule by rule that none gets
 * worse. */
static gboolean
is_whole(const VmcState *state)
{
    return state->n_nowhere == 0 && state->hard_violation == 0;
}

gboolean
vmc_attempt_begin(VmcAttempt *attempt, VmcWalker *walker)
{
    attempt->walker = walker;
    attempt->n = 0;
    attempt->delta = 0;
    attempt->pull = 0;
    attempt->n_stranded = walker->state->n_stranded;
    return is_whole(walker->state);
}

gboolean
vmc_attempt_move(VmcAttempt *attempt, guint vm, gint32 host)
{
    VmcState *state = attempt->walker->state;

    if (attempt->n == VMC_MAX_ATTEMPT)
        return FALSE;
    attempt->move[attempt->n++] = (VmcMove){vm, state->host_of[vm], host};
    attempt->pull +=
        vmc_walker_pull(attempt->walker, vm, state->host_of[vm], host);
    attempt->delta += vmc_state_relocate(state, vm, host);
    return TRUE;
}

/* What a VM that is nowhere costs on @host; INFINITY when that is not below
 * @best, or it does not fit. */
static double
insertion_cost(const VmcState *state, guint vm, guint host, double best)
{
    double delta;

    if (!vmc_model_may_sit(state->model, vm, host))
        return INFINITY;
    delta = vmc_trial_host_cost_with(state, host, vm) - state->host_cost[host] +
            vmc_model_seat_cost(state->model, vm, host);
    if (delta >= best || !vmc_state_has_room(state, vm, host))
        return INFINITY;
    VmcChange change = vmc_change_shift(state, vm, (gint32) host);
    return vmc_rules_allow(state, &change) ? delta : INFINITY;
}

typedef struct {
    gint32 host;
    double cost;
} Seat;

static void
consider(VmcWalker *walker, guint vm, guint host, Seat *best)
{
    double pull = vmc_walker_pull(walker, vm, VMC_NOWHERE, (gint32) host);
    double cost =
        pull + insertion_cost(walker->state, vm, host, best->cost - pull);

    walker->n_tried++;
    if (cost < best->cost)
        *best = (Seat){(gint32) host, cost};
}

gboolean
vmc_attempt_insert(VmcAttempt *attempt, guint vm, guint sample)
{
    VmcWalker *walker = attempt->walker;
    guint n_hosts = walker->state->model->n_hosts;
    Seat best = {VMC_NOWHERE, INFINITY};

    for (guint i = 0; i < MIN(sample, n_hosts); i++)
        consider(walker, vm,
                 sample < n_hosts ? vmc_random_below(&walker->random, n_hosts)
                                  : i,
                 &best);
    return best.host != VMC_NOWHERE && vmc_attempt_move(attempt, vm, best.host);
}

gboolean
vmc_attempt_insert_in(VmcAttempt *attempt,
                      guint vm,
                      guint level,
                      guint32 domain)
{
    const VmcModel *model = attempt->walker->state->model;
    Seat best = {VMC_NOWHERE, INFINITY};

    if (level == 0)
        consider(attempt->walker, vm, domain, &best);
    for (guint h = 0; level > 0 && h < model->n_hosts; h++)
        if (model->domain[level][h] == domain)
            consider(attempt->walker, vm, h, &best);
    return best.host != VMC_NOWHERE && vmc_attempt_move(attempt, vm, best.host);
}

/* ---- those in the way ---------------------------------------------------- */

/* How much is missing for @vm on @host, each column by the VM's need. */
static double
shortage(const VmcState *state, guint host, guint vm)
{
    const gint64 *room = vmc_room_row(state, host);
    const gint64 *need = vmc_need_row(state->model, vm);
    double sum = 0;

    for (guint c = 0; c < state->model->n_columns; c++)
        if (need[c] > room[c])
            sum += (double) (need[c] - room[c]) / (double) need[c];
    return sum;
}

/* What the shortage is when @other leaves as well. */
static double
shortage_without(const VmcState *state, guint host, guint vm, guint other)
{
    const gint64 *room = vmc_room_row(state, host);
    const gint64 *need = vmc_need_row(state->model, vm);
    const gint64 *freed = vmc_need_row(state->model, other);
    double sum = 0;

    for (guint c = 0; c < state->model->n_columns; c++)
        if (need[c] > room[c] + freed[c])
            sum += (double) (need[c] - room[c] - freed[c]) / (double) need[c];
    return sum;
}

static gboolean
has_moved(const VmcAttempt *attempt, guint vm)
{
    for (guint i = 0; i < attempt->n; i++)
        if (attempt->move[i].vm == vm)
            return TRUE;
    return FALSE;
}

/* The VM on @host whose leaving helps @vm most to fit. */
static gint64
pick_for_room(const VmcAttempt *attempt, guint host, guint vm)
{
    VmcWalker *walker = attempt->walker;
    const VmcState *state = walker->state;
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    double least = shortage(state, host, vm);
    gint64 pick = VMC_NOWHERE;

    for (guint32 i = 0; i < state->lists.count[host]; i++) {
        double value = shortage_without(state, host, vm, vms[i]);
        value += 1e-3 * vmc_random_unit(&walker->random);
        if (!state->model->is_movable[vms[i]] || value >= least ||
            has_moved(attempt, vms[i]))
            continue;
        least = value;
        pick = vms[i];
    }
    return pick;
}

gboolean
vmc_attempt_make_room(VmcAttempt *attempt, guint vm, guint host, guint most)
{
    while (!vmc_state_has_room(attempt->walker->state, vm, host)) {
        gint64 pick = pick_for_room(attempt, host, vm);
        if (pick == VMC_NOWHERE || attempt->n >= most ||
            !vmc_attempt_move(attempt, (guint) pick, VMC_NOWHERE))
            return FALSE;
    }
    return TRUE;
}

gboolean
vmc_attempt_put_back(VmcAttempt *attempt, guint sample)
{
    const gint32 *host_of = attempt->walker->state->host_of;
    guint n = attempt->n;

    for (guint i = 0; i < n; i++)
        if (host_of[attempt->move[i].vm] == VMC_NOWHERE &&
            !vmc_attempt_insert(attempt, attempt->move[i].vm, sample))
            return FALSE;
    return TRUE;
}

/* ---- the end ------------------------------------------------------------- */

void
vmc_attempt_undo(VmcAttempt *attempt)
{
    VmcState *state = attempt->walker->state;
    double score = state->score - attempt->delta;

    while (attempt->n > 0) {
        const VmcMove *move = &attempt->move[--attempt->n];
        vmc_state_relocate(state, move->vm, move->from);
    }
    attempt->delta = 0;
    state->score = score;
}

/* The state has left the best placement by these moves: without them it is
 * that. */
static void
keep_best_before(VmcAttempt *attempt)
{
    VmcWalker *walker = attempt->walker;

    if (!walker->is_best_stale)
        return;
    vmc_walker_keep_best(walker);
    for (guint i = attempt->n; i > 0; i--)
        walker->best[attempt->move[i - 1].vm] = attempt->move[i - 1].from;
}

/* What it makes of VMs that have to leave their hosts. */
static double
breaches_delta(const VmcAttempt *attempt)
{
    const VmcState *state = attempt->walker->state;

    return state->model->weight[VMC_TERM_BROKEN] *
           ((double) state->n_stranded - (double) attempt->n_stranded);
}

gboolean
vmc_attempt_end(VmcAttempt *attempt)
{
    VmcWalker *walker = attempt->walker;
    double breaches = breaches_delta(attempt);

    if (!is_whole(walker->state) || breaches > 0 ||
        attempt->delta + breaches + attempt->pull > walker->limit) {
        vmc_attempt_undo(attempt);
        return FALSE;
    }
    attempt->delta += breaches;
    walker->state->score += breaches;
    if (attempt->delta > 0)
        keep_best_before(attempt);
    walker->n_taken++;
    vmc_walker_settle(walker);
    return TRUE;
}
