/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

#include "core/planner/model-draft.h"
#include "core/planner/trial.h"

#include <string.h>

static const VmcTerm *const terms[] = {
    [VMC_TERM_BROKEN] = &vmc_term_broken,
    [VMC_TERM_LOAD] = &vmc_term_load,
    [VMC_TERM_SHAPE] = &vmc_term_shape,
    [VMC_TERM_SPREAD] = &vmc_term_spread,
    [VMC_TERM_PEAK] = &vmc_term_peak,
    [VMC_TERM_SPARE] = &vmc_term_spare,
    [VMC_TERM_WISHES] = &vmc_term_wishes,
    [VMC_TERM_MOVES] = &vmc_term_moves,
    [VMC_TERM_DISTANCE] = &vmc_term_distance,
    [VMC_TERM_DISRUPTION] = &vmc_term_disruption,
    [VMC_TERM_HOSTS] = &vmc_term_hosts,
};

G_STATIC_ASSERT(G_N_ELEMENTS(terms) == VMC_N_TERMS);

const VmcTerm *
vmc_term(VmcTermKind kind)
{
    g_return_val_if_fail((guint) kind < VMC_N_TERMS, NULL);
    return terms[kind];
}

gboolean
vmc_term_from_name(const char *name, VmcTermKind *ret_kind)
{
    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (g_strcmp0(terms[i]->name, name) == 0) {
            *ret_kind = (VmcTermKind) i;
            return TRUE;
        }
    return FALSE;
}

void
vmc_terms_add_hinges(VmcModel *model)
{
    GArray *hinges = model->draft->hinges;

    for (guint i = 0; i < VMC_N_TERMS; i++) {
        guint first = hinges->len;
        if (terms[i]->add_hinges != NULL && model->weight[i] > 0)
            terms[i]->add_hinges(model);
        for (guint k = first; k < hinges->len; k++)
            g_array_index(hinges, VmcHinge, k).term = (VmcTermKind) i;
    }
}

static gint64 *
use_of(const VmcModel *model, const gint32 *host_of)
{
    gsize cells = (gsize) model->n_hosts * model->stride;
    gint64 *use = g_new(gint64, MAX(cells, 1));

    memcpy(use, model->base, cells * sizeof *use);
    for (guint v = 0; v < model->n_vms; v++) {
        if (host_of[v] == VMC_NOWHERE)
            continue;
        for (guint c = 0; c < model->n_columns; c++)
            use[(gsize) host_of[v] * model->stride + c] +=
                model->need[(gsize) v * model->stride + c];
    }
    return use;
}

double
vmc_terms_recompute(const VmcModel *model,
                    const gint32 *host_of,
                    double *ret_cost)
{
    g_autofree gint64 *use = use_of(model, host_of);
    const VmcScene scene = {.model = model, .host_of = host_of, .use = use};
    double score = 0;

    for (guint i = 0; i < VMC_N_TERMS; i++) {
        double cost = model->weight[i] > 0 ? terms[i]->recompute(&scene) : 0;
        if (ret_cost != NULL)
            ret_cost[i] = cost;
        score += cost;
    }
    return score;
}

/* ---- what a change adds, term by term ------------------------------------ */

/* Of what a VM's seat costs, @sign times. */
static void
add_seat(
    const VmcModel *model, guint vm, gint32 host, double sign, double *delta)
{
    const gint32 start = model->start[vm];

    if (host == VMC_NOWHERE)
        return;
    delta[VMC_TERM_WISHES] +=
        sign * vmc_model_wish_cost(model, vm, (guint) host);
    if (start == VMC_NOWHERE || start == host)
        return;
    delta[VMC_TERM_MOVES] +=
        sign * model->weight[VMC_TERM_MOVES] * model->move_cost[vm];
    if (model->n_pair_classes > 0)
        delta[VMC_TERM_DISTANCE] +=
            sign * model->weight[VMC_TERM_DISTANCE] *
            model->pair_cost[model->pair_class[start] * model->n_pair_classes +
                             model->pair_class[host]];
}

/* Of what a host costs when @vm comes (@sign 1) or goes (−1). */
static void
add_host(
    const VmcState *state, guint vm, gint32 host, double sign, double *delta)
{
    const VmcModel *model = state->model;

    if (host == VMC_NOWHERE)
        return;
    const double *hinge = vmc_hinge_row(state, (guint) host);
    const double *lift = vmc_lift_row(model, vm);
    const guint n_vms = state->lists.count[host];
    for (guint k = 0; k < model->n_hinges; k++)
        delta[model->hinges[k].term] +=
            MAX(0, hinge[k] + sign * lift[k]) - MAX(0, hinge[k]);
    delta[VMC_TERM_HOSTS] +=
        vmc_trial_occupied_cost(model, sign > 0 ? n_vms + 1 : n_vms - 1) -
        vmc_trial_occupied_cost(model, n_vms);
}

void
vmc_terms_delta(const VmcState *state, guint vm, gint32 host, double *ret_delta)
{
    const VmcChange change = vmc_change_shift(state, vm, host);
    const gint32 from = change.move[0].from;

    memset(ret_delta, 0, VMC_N_TERMS * sizeof *ret_delta);
    if (from == host)
        return;
    add_seat(state->model, vm, from, -1, ret_delta);
    add_seat(state->model, vm, host, 1, ret_delta);
    add_host(state, vm, from, -1, ret_delta);
    add_host(state, vm, host, 1, ret_delta);
    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        ret_delta[kind] +=
            terms[kind]->delta(state, state->term_data[kind], &change);
    }
}

/* ---- for terms ----------------------------------------------------------- */

gint64
vmc_term_use_after(const VmcState *state,
                   const VmcChange *change,
                   guint host,
                   guint column)
{
    const VmcModel *model = state->model;
    gint64 use = state->use[(gsize) host * model->stride + column];

    for (guint i = 0; i < change->n; i++) {
        const VmcMove *move = &change->move[i];
        gint64 need = model->need[(gsize) move->vm * model->stride + column];
        use += move->to == (gint32) host ? need : 0;
        use -= move->from == (gint32) host ? need : 0;
    }
    return use;
}

guint
vmc_change_hosts(const VmcChange *change, guint *ret_hosts)
{
    const VmcMove *move = &change->move[0];
    guint n = 0;

    if (move->from != VMC_NOWHERE)
        ret_hosts[n++] = (guint) move->from;
    if (move->to != VMC_NOWHERE)
        ret_hosts[n++] = (guint) move->to;
    return n;
}
