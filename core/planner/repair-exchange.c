/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

/*
 * A VM that finds no hole takes the place of one that has moved there. That one
 * finds another hole; or goes back to its host, and another of that host leaves
 * in its stead; or takes a place likewise. No VM is asked twice, and what does
 * not lead to an end is undone.
 */

/* How many take each other's places in a row. */
#define MAX_DEPTH 5

static gboolean take_place(VmcRepair *repair, guint vm, guint depth);

/* @vm is out, and settles if it can without asking others. */
static gboolean
settle_or_ask(VmcRepair *repair, guint vm, guint depth)
{
    return depth == 0 ? vmc_repair_settle_in_hole(repair, vm)
                      : take_place(repair, vm, depth);
}

/* Another VM of @host, which is too full, leaves it in the stead of @vm. */
static gboolean
another_leaves(VmcRepair *repair, guint vm, guint host, guint depth)
{
    g_autoptr(GArray) leavers = vmc_repair_leavers(repair, host);

    for (guint i = 0; i < leavers->len; i++) {
        const guint other = g_array_index(leavers, guint, i);
        if (other == vm || repair->seen[other] == repair->round)
            continue;
        if (depth > 0)
            repair->seen[other] = repair->round;
        vmc_repair_take_out(repair, other);
        if (settle_or_ask(repair, other, depth))
            return TRUE;
        vmc_repair_put_back(repair, other, host);
    }
    return FALSE;
}

/* @vm has been called back from where it went, and is out. */
static gboolean
go_elsewhere(VmcRepair *repair, guint vm, guint depth)
{
    const VmcModel *model = repair->state->model;
    const gint32 start = model->start[vm];

    if (vmc_repair_settle_in_hole(repair, vm))
        return TRUE;
    if (start != VMC_NOWHERE && vmc_model_may_sit(model, vm, (guint) start)) {
        vmc_repair_put_back(repair, vm, (guint) start);
        if (!vmc_repair_is_full(repair->state, (guint) start) ||
            another_leaves(repair, vm, (guint) start, 0) ||
            (depth > 0 && another_leaves(repair, vm, (guint) start, depth - 1)))
            return TRUE;
        vmc_repair_take_out(repair, vm);
    }
    return depth > 0 && take_place(repair, vm, depth - 1);
}

/* @seeker's VM takes the place of @other on @host. */
static gboolean
replace(VmcRepair *repair,
        const VmcSeeker *seeker,
        guint host,
        guint other,
        guint depth)
{
    const gint32 start = repair->state->model->start[seeker->vm];

    repair->seen[other] = repair->round;
    vmc_repair_call_back(repair, other);
    if (vmc_seeker_takes(seeker, host)) {
        vmc_repair_put(repair, seeker->vm, host);
        vmc_repair_let_go(repair, seeker->vm, start);
        if (go_elsewhere(repair, other, depth))
            return TRUE;
        vmc_repair_call_back(repair, seeker->vm);
    }
    vmc_repair_put(repair, other, host);
    vmc_repair_let_go(repair, other, repair->state->model->start[other]);
    return FALSE;
}

/* A VM on @host that has moved there and leaves room enough; −1: none. */
static gint32
find_arrival(const VmcSeeker *seeker, guint host)
{
    const VmcRepair *repair = seeker->repair;
    const VmcState *state = repair->state;
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);

    if (repair->n_arrivals[host] == 0)
        return -1;
    for (guint i = 0; i < state->lists.count[host]; i++)
        if (state->model->start[vms[i]] != (gint32) host &&
            repair->seen[vms[i]] != repair->round &&
            vmc_seeker_would_fit(seeker, host, vms[i]))
            return (gint32) vms[i];
    return -1;
}

static gboolean
take_place(VmcRepair *repair, guint vm, guint depth)
{
    const VmcSeeker seeker =
        vmc_seeker_for(repair, vm, repair->state->model->start[vm]);
    g_autoptr(GArray) hosts = vmc_seeker_hosts(&seeker);

    for (guint i = 0; i < hosts->len; i++) {
        const guint host = g_array_index(hosts, guint32, i);
        gint32 other;
        if ((gint32) host == seeker.except)
            continue;
        while (repair->effort-- > 0 &&
               (other = find_arrival(&seeker, host)) >= 0)
            if (replace(repair, &seeker, host, (guint) other, depth))
                return TRUE;
    }
    return FALSE;
}

/* Whether @vm takes at least as much as @other, of every hard column. */
static gboolean
is_as_large(const VmcRepair *repair, guint vm, guint other)
{
    const VmcModel *model = repair->state->model;

    for (guint c = 0; c < model->n_columns; c++)
        if (repair->size_weight[c] > 0 &&
            model->need[(gsize) vm * model->stride + c] <
                model->need[(gsize) other * model->stride + c])
            return FALSE;
    return TRUE;
}

/* Where a smaller one has just found no place, a larger one need not try. */
static VmcRepairFailure *
failure_of(const VmcSeeker *seeker)
{
    const VmcRepair *repair = seeker->repair;

    return &repair->failures[seeker->hosts != NULL
                                 ? seeker->hosts[0]
                                 : repair->state->model->n_hosts];
}

gboolean
vmc_repair_settle_by_exchange(VmcRepair *repair, guint vm)
{
    const VmcSeeker seeker =
        vmc_seeker_for(repair, vm, repair->state->model->start[vm]);
    VmcRepairFailure *failure = failure_of(&seeker);

    if (failure->n_settled == repair->n_settled + 1 &&
        is_as_large(repair, vm, failure->vm))
        return FALSE;
    repair->round++;
    repair->seen[vm] = repair->round;
    if (take_place(repair, vm, MAX_DEPTH)) {
        repair->n_settled++;
        return TRUE;
    }
    *failure = (VmcRepairFailure){vm, repair->n_settled + 1};
    return FALSE;
}
