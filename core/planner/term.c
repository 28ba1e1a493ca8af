/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"

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
    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (terms[i]->add_hinges != NULL && model->weight[i] > 0)
            terms[i]->add_hinges(model);
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
