/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

/* ---- taking out, putting in ---------------------------------------------- */

static void
add_charge(const VmcModel *model, gint64 *cells, guint vm, guint host, int sign)
{
    gint64 *row = cells + (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++)
        row[c] += sign * vmc_model_charge(model, vm, host, c);
}

void
vmc_repair_take_out(VmcRepair *repair, guint vm)
{
    const guint host = (guint) repair->state->host_of[vm];

    vmc_state_move(repair->state, vm, VMC_NOWHERE);
    add_charge(repair->state->model, repair->pending, vm, host, 1);
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_put_back(VmcRepair *repair, guint vm, guint host)
{
    add_charge(repair->state->model, repair->pending, vm, host, -1);
    vmc_state_move(repair->state, vm, (gint32) host);
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_put(VmcRepair *repair, guint vm, guint host)
{
    vmc_state_move(repair->state, vm, (gint32) host);
    repair->n_arrivals[host]++;
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_let_go(VmcRepair *repair, guint vm, gint32 host)
{
    const VmcModel *model = repair->state->model;

    if (host == VMC_NOWHERE)
        return;
    add_charge(model, repair->pending, vm, (guint) host, -1);
    if (model->start[vm] == host)
        add_charge(model, repair->freed, vm, (guint) host, 1);
    else
        repair->n_arrivals[host]--;
}

void
vmc_repair_lift(VmcRepair *repair, guint vm)
{
    const guint host = (guint) repair->state->host_of[vm];

    vmc_state_move(repair->state, vm, VMC_NOWHERE);
    repair->n_arrivals[host]--;
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_call_back(VmcRepair *repair, guint vm)
{
    const VmcModel *model = repair->state->model;
    const gint32 start = model->start[vm];

    vmc_repair_lift(repair, vm);
    if (start == VMC_NOWHERE)
        return;
    add_charge(model, repair->freed, vm, (guint) start, -1);
    add_charge(model, repair->pending, vm, (guint) start, 1);
}

gboolean
vmc_repair_is_movable(const VmcRepair *repair, guint vm)
{
    return repair->state->model->is_movable[vm] && !repair->stays[vm];
}

double
vmc_repair_size(const VmcRepair *repair, guint vm)
{
    const VmcModel *model = repair->state->model;
    double size = 0;

    for (guint c = 0; c < model->n_columns; c++)
        size =
            MAX(size, repair->size_weight[c] *
                          (double) model->need[(gsize) vm * model->stride + c]);
    return size;
}

/* ---- others make way ----------------------------------------------------- */

/* The smallest VM of @host that makes enough room, rather one that has moved
 * anyhow; −1 when none does. */
static gint32
find_other(const VmcSeeker *seeker, guint host)
{
    const VmcRepair *repair = seeker->repair;
    const VmcState *state = repair->state;
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    const double limit = vmc_repair_size(repair, seeker->vm);
    gint32 best = -1;
    double best_size = limit;

    for (guint i = 0; i < state->lists.count[host]; i++) {
        double size = vmc_repair_size(repair, vms[i]);
        if (!vmc_repair_is_movable(repair, vms[i]) || size >= limit ||
            !vmc_seeker_would_fit(seeker, host, vms[i]))
            continue;
        if (state->model->start[vms[i]] != (gint32) host)
            size -= 1e6;
        if (size >= best_size)
            continue;
        best = (gint32) vms[i];
        best_size = size;
    }
    return best;
}

/* The VM goes to @host, and @other, which is there, elsewhere. */
static gboolean
push_out(VmcRepair *repair, const VmcSeeker *seeker, guint host, guint other)
{
    vmc_repair_take_out(repair, other);
    const VmcSeeker others = vmc_seeker_for(repair, other, (gint32) host);
    const gint32 elsewhere =
        vmc_seeker_takes(seeker, host) ? vmc_seeker_find(&others) : VMC_NOWHERE;
    if (elsewhere == VMC_NOWHERE) {
        vmc_repair_put_back(repair, other, host);
        return FALSE;
    }
    vmc_repair_put(repair, other, (guint) elsewhere);
    if (!vmc_seeker_takes(seeker, host)) {
        vmc_repair_lift(repair, other);
        vmc_repair_put_back(repair, other, host);
        return FALSE;
    }
    vmc_repair_let_go(repair, other, (gint32) host);
    vmc_repair_put(repair, seeker->vm, host);
    return TRUE;
}

static gboolean
make_way(VmcRepair *repair, const VmcSeeker *seeker)
{
    g_autoptr(GArray) hosts = vmc_seeker_hosts(seeker);

    for (guint i = 0; i < hosts->len && repair->effort > 0; i++) {
        const guint host = g_array_index(hosts, guint32, i);
        repair->effort--;
        if ((gint32) host == seeker->except ||
            !vmc_model_may_sit(repair->state->model, seeker->vm, host))
            continue;
        const gint32 other = find_other(seeker, host);
        if (other >= 0 && push_out(repair, seeker, host, (guint) other))
            return TRUE;
    }
    return FALSE;
}

/* ---- the ways to find a host --------------------------------------------- */

gboolean
vmc_repair_settle_in_hole(VmcRepair *repair, guint vm)
{
    const gint32 start = repair->state->model->start[vm];
    const VmcSeeker seeker = vmc_seeker_for(repair, vm, start);
    const gint32 host = vmc_seeker_find(&seeker);

    if (host == VMC_NOWHERE)
        return FALSE;
    vmc_repair_put(repair, vm, (guint) host);
    vmc_repair_let_go(repair, vm, start);
    return TRUE;
}

gboolean
vmc_repair_settle_by_making_way(VmcRepair *repair, guint vm)
{
    const gint32 start = repair->state->model->start[vm];
    const VmcSeeker seeker = vmc_seeker_for(repair, vm, start);

    if (!make_way(repair, &seeker))
        return FALSE;
    vmc_repair_let_go(repair, vm, start);
    return TRUE;
}
