/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/term.h"
#include "core/planner/tournament.h"

#include <math.h>

/* Spare: room to lose any one domain (N+1). Room and VMs are counted in slots:
 * a host has as many free ones as fit its free amounts, a VM takes as many as
 * cover its needs. Losing domain d needs slots for its VMs on the others:
 *
 *   missing = max over d: taken(d) − (free of all − free(d)), not below 0
 *
 * so kept are free slots in all, and taken + free of each domain in a
 * tournament. Slots ignore rules and are a little pessimistic, and they make
 * the loss of every domain a question answered at once. */

typedef struct {
    double free;          /* of all hosts that take VMs */
    double *free_of;      /* of each host */
    VmcTournament *needs; /* taken + free of each domain */
} Spare;

/* How many slots fit what is free of one column. */
static gint64
fitting(const VmcModel *model, guint host, guint column, gint64 use)
{
    gint64 capacity = model->capacity[(gsize) host * model->stride + column];

    if (model->slot[column] <= 0 || capacity == VMC_UNLIMITED)
        return G_MAXINT32;
    return MAX(0, capacity - use) / model->slot[column];
}

static gboolean
takes(const VmcModel *model, guint host)
{
    return (model->host_flags[host] & VMC_MODEL_HOST_TAKES) != 0;
}

/* How many slots fit the free amounts of @host at @use. */
static gint64
free_slots(const VmcModel *model, guint host, const gint64 *use)
{
    gint64 slots = takes(model, host) ? G_MAXINT32 : 0;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 fit = fitting(model, host, c, use[c]);
        slots = MIN(slots, fit);
    }
    return slots;
}

static guint32
domain_of(const VmcModel *model, guint host)
{
    return vmc_model_domain(model, (guint) model->spare_level, host);
}

static gboolean
is_used(const VmcModel *model)
{
    return model->spare_level >= 0 && model->n_hosts > 0;
}

static gpointer
data_new(const VmcModel *model)
{
    Spare *data;

    if (!is_used(model))
        return NULL;
    data = g_new0(Spare, 1);
    data->free_of = g_new0(double, model->n_hosts);
    data->needs = vmc_tournament_new(model->n_domains[model->spare_level]);
    return data;
}

static void
data_free(gpointer pointer)
{
    Spare *data = pointer;

    vmc_tournament_free(data->needs);
    g_free(data->free_of);
    g_free(data);
}

static double
missing(double free, double largest_need)
{
    return MAX(0, largest_need - free);
}

/* Fills the free slots of each host, adds to the need of each domain; returns
 * the free slots of all. */
static double
fill(const VmcModel *model,
     const gint32 *host_of,
     const gint64 *use,
     double *free_of,
     double *need)
{
    double free = 0;

    for (guint h = 0; h < model->n_hosts; h++) {
        free_of[h] =
            (double) free_slots(model, h, use + (gsize) h * model->stride);
        need[domain_of(model, h)] += free_of[h];
        free += free_of[h];
    }
    for (guint v = 0; v < model->n_vms; v++)
        if (host_of[v] != VMC_NOWHERE)
            need[domain_of(model, (guint) host_of[v])] += model->slots_of[v];
    return free;
}

static void
reset(VmcState *state, gpointer pointer)
{
    const VmcModel *model = state->model;
    guint n_domains = model->n_domains[model->spare_level];
    g_autofree double *need = g_new0(double, MAX(n_domains, 1));
    Spare *data = pointer;

    data->free = fill(model, state->host_of, state->use, data->free_of, need);
    for (guint d = 0; d < n_domains; d++)
        vmc_tournament_set(data->needs, d, need[d]);
}

/* What a change adds: to the free slots of all, and to the need of each domain
 * it touches. */
typedef struct {
    double free;
    guint n_domains;
    guint32 domain[2];
    double need[2];
    guint n_hosts;
    guint host[2];
    double free_of[2]; /* of each host that is changed, after it */
} Effect;

static gint64
free_slots_after(const VmcState *state, guint host, const VmcChange *change)
{
    const VmcModel *model = state->model;
    gint64 slots = takes(model, host) ? G_MAXINT32 : 0;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 fit =
            fitting(model, host, c, vmc_term_use_after(state, change, host, c));
        slots = MIN(slots, fit);
    }
    return slots;
}

static Effect
effect_of(const VmcState *state, const Spare *data, const VmcChange *change)
{
    const VmcModel *model = state->model;
    Effect effect = {0};

    effect.n_hosts = vmc_change_hosts(change, effect.host);
    for (guint i = 0; i < effect.n_hosts; i++) {
        guint h = effect.host[i];
        effect.free_of[i] = (double) free_slots_after(state, h, change);
        double freed = effect.free_of[i] - data->free_of[h];
        effect.domain[i] = domain_of(model, h);
        effect.free += freed;
        effect.need[i] = freed;
        for (guint j = 0; j < change->n; j++) {
            const VmcMove *move = &change->move[j];
            double slots = model->slots_of[move->vm];
            effect.need[i] += move->to == (gint32) h ? slots : -slots;
        }
    }
    effect.n_domains = effect.n_hosts;
    if (effect.n_hosts == 2 && effect.domain[0] == effect.domain[1]) {
        effect.need[0] += effect.need[1];
        effect.n_domains = 1;
    }
    return effect;
}

static void
apply(VmcState *state, gpointer pointer, const VmcChange *change)
{
    Spare *data = pointer;
    Effect effect = effect_of(state, data, change);

    data->free += effect.free;
    for (guint i = 0; i < effect.n_hosts; i++)
        data->free_of[effect.host[i]] = effect.free_of[i];
    for (guint i = 0; i < effect.n_domains; i++) {
        guint32 d = effect.domain[i];
        vmc_tournament_set(data->needs, d,
                           vmc_tournament_get(data->needs, d) + effect.need[i]);
    }
}

/* Whether nothing can be missing after a change, at the worst: what comes to a
 * host takes all that is free there. What leaves one frees as much for its
 * domain as for all. */
static gboolean
is_ample(const VmcModel *model, const Spare *data, const VmcChange *change)
{
    double free = data->free;
    double need = vmc_tournament_max(data->needs);

    for (guint i = 0; i < change->n; i++) {
        const VmcMove *move = &change->move[i];
        need += model->slots_of[move->vm];
        if (move->to != VMC_NOWHERE)
            free -= data->free_of[move->to];
    }
    return need <= free;
}

static double
delta(const VmcState *state, gconstpointer pointer, const VmcChange *change)
{
    const Spare *data = pointer;

    if (is_ample(state->model, data, change))
        return 0;
    Effect effect = effect_of(state, data, change);
    double before = missing(data->free, vmc_tournament_max(data->needs));
    double largest;
    if (effect.n_domains == 0)
        return 0;
    largest = vmc_tournament_max_without(data->needs, effect.domain[0],
                                         effect.domain[effect.n_domains - 1]);
    for (guint i = 0; i < effect.n_domains; i++) {
        double need =
            vmc_tournament_get(data->needs, effect.domain[i]) + effect.need[i];
        largest = MAX(largest, need);
    }
    return state->model->weight[VMC_TERM_SPARE] *
           (missing(data->free + effect.free, largest) - before);
}

static double
recompute(const VmcScene *scene)
{
    const VmcModel *model = scene->model;
    double largest = 0;

    if (!is_used(model))
        return 0;
    guint n_domains = model->n_domains[model->spare_level];
    g_autofree double *need = g_new0(double, MAX(n_domains, 1));
    g_autofree double *free_of = g_new(double, model->n_hosts);
    double free = fill(model, scene->host_of, scene->use, free_of, need);
    for (guint d = 0; d < n_domains; d++)
        largest = MAX(largest, need[d]);
    return model->weight[VMC_TERM_SPARE] * missing(free, largest);
}

const VmcTerm vmc_term_spare = {
    .name = "spare",
    .unit = "slots missing to lose a domain",
    .data_new = data_new,
    .data_free = data_free,
    .reset = reset,
    .delta = delta,
    .apply = apply,
    .recompute = recompute,
};
