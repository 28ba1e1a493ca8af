/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/place.h"

#include "core/planner/tournament.h"

#include <math.h>
#include <string.h>

/* From so many hosts on, hosts are kept in the order a typical VM likes them,
 * and so many of the best are looked at. */
#define MANY_HOSTS 128
#define N_LOOKED_AT 24

/* Orders in which those that found no host come first. */
#define MAX_TRIES 4

typedef struct {
    guint32 vm;
    double size; /* the largest share of a mean host that it takes */
} Item;

typedef struct {
    VmcState *state;
    guint typical;         /* a VM that stands for all */
    VmcTournament *liking; /* (nullable) −delta of the typical VM by host */
} Placer;

/* ---- largest first ------------------------------------------------------- */

static double *
new_mean_capacities(const VmcModel *model)
{
    double *mean = g_new0(double, MAX(model->n_columns, 1));

    for (guint c = 0; c < model->n_columns; c++) {
        guint n = 0;
        for (guint h = 0; h < model->n_hosts; h++) {
            gint64 capacity = model->capacity[(gsize) h * model->stride + c];
            if (capacity == VMC_UNLIMITED)
                continue;
            mean[c] += (double) capacity;
            n++;
        }
        mean[c] = mean[c] > 0 ? mean[c] / n : INFINITY;
    }
    return mean;
}

static double
size_of(const VmcModel *model, const double *mean, guint vm)
{
    double size = 0;

    for (guint c = 0; c < model->n_columns; c++)
        if ((model->column[c].flags & VMC_COLUMN_HARD) != 0)
            size =
                MAX(size, (double) model->need[(gsize) vm * model->stride + c] /
                              mean[c]);
    return size;
}

static int
compare_items(gconstpointer a, gconstpointer b)
{
    const Item *one = a;
    const Item *two = b;

    if (one->size != two->size)
        return one->size > two->size ? -1 : 1;
    return one->vm < two->vm ? -1 : one->vm > two->vm;
}

static GArray *
largest_first(const VmcModel *model, const guint32 *vms, guint n_vms)
{
    g_autofree double *mean = new_mean_capacities(model);
    GArray *items = g_array_sized_new(FALSE, FALSE, sizeof(Item), n_vms);

    for (guint i = 0; i < n_vms; i++) {
        const Item item = {vms[i], size_of(model, mean, vms[i])};
        g_array_append_val(items, item);
    }
    g_array_sort(items, compare_items);
    return items;
}

/* ---- the best host ------------------------------------------------------- */

typedef struct {
    gint32 host;
    double delta;
} Choice;

static void
consider(const VmcState *state, guint vm, guint host, Choice *best)
{
    if (state->host_of[vm] == (gint32) host || !vmc_state_fits(state, vm, host))
        return;
    double delta = vmc_state_delta(state, vm, (gint32) host);
    if (best->host < 0 || delta < best->delta ||
        (delta == best->delta && (gint32) host < best->host))
        *best = (Choice){(gint32) host, delta};
}

static Choice
best_of_all(const VmcState *state, guint vm)
{
    Choice best = {-1, INFINITY};

    for (guint h = 0; h < state->model->n_hosts; h++)
        consider(state, vm, h, &best);
    return best;
}

gint32
vmc_place_best_host(const VmcState *state, guint vm, double *ret_delta)
{
    Choice best = best_of_all(state, vm);

    if (ret_delta != NULL)
        *ret_delta = best.delta;
    return best.host;
}

static void
like(Placer *placer, guint host)
{
    double delta =
        vmc_state_delta(placer->state, placer->typical, (gint32) host);

    vmc_tournament_set(placer->liking, host, -delta);
}

static Choice
best_of_liked(Placer *placer, guint vm)
{
    VmcTournament *liking = placer->liking;
    guint taken[N_LOOKED_AT];
    double value[N_LOOKED_AT];
    guint n = 0;
    Choice best = {-1, INFINITY};

    while (n < N_LOOKED_AT && vmc_tournament_max(liking) > -INFINITY) {
        guint at = 1;
        while (at < liking->base)
            at = 2 * at + (liking->node[2 * at] < liking->node[at]);
        taken[n] = at - liking->base;
        value[n] = liking->node[at];
        vmc_tournament_set(liking, taken[n], -INFINITY);
        consider(placer->state, vm, taken[n], &best);
        n++;
    }
    for (guint i = 0; i < n; i++)
        vmc_tournament_set(liking, taken[i], value[i]);
    return best;
}

static gboolean
place_one(Placer *placer, guint vm)
{
    Choice best = {-1, INFINITY};

    if (placer->liking != NULL)
        best = best_of_liked(placer, vm);
    if (best.host < 0)
        best = best_of_all(placer->state, vm);
    if (best.host < 0)
        return FALSE;
    vmc_state_move(placer->state, vm, best.host);
    if (placer->liking != NULL)
        like(placer, (guint) best.host);
    return TRUE;
}

/* ---- all of them --------------------------------------------------------- */

static void
placer_init(Placer *placer, VmcState *state, GArray *items)
{
    const VmcModel *model = state->model;

    *placer = (Placer){.state = state};
    if (model->n_hosts < MANY_HOSTS || items->len < 2)
        return;
    placer->typical = g_array_index(items, Item, items->len / 2).vm;
    placer->liking = vmc_tournament_new(model->n_hosts);
    for (guint h = 0; h < model->n_hosts; h++)
        if (vmc_model_may_sit(model, placer->typical, h))
            like(placer, h);
}

/* Moves those that found no host to the front, in their order. Returns how many
 * did find one. */
static guint
place_in_order(VmcState *state, GArray *items)
{
    g_autoptr(GArray) failed = g_array_new(FALSE, FALSE, sizeof(Item));
    g_autoptr(GArray) placed = g_array_new(FALSE, FALSE, sizeof(Item));
    guint n_placed = 0;
    Placer placer;

    placer_init(&placer, state, items);
    for (guint i = 0; i < items->len; i++) {
        const Item item = g_array_index(items, Item, i);
        gboolean is_placed = place_one(&placer, item.vm);
        g_array_append_val(is_placed ? placed : failed, item);
        n_placed += is_placed;
    }
    vmc_tournament_free(placer.liking);
    g_array_set_size(items, 0);
    g_array_append_vals(items, failed->data, failed->len);
    g_array_append_vals(items, placed->data, placed->len);
    return n_placed;
}

guint
vmc_place(VmcState *state, const guint32 *vms, guint n_vms)
{
    g_return_val_if_fail(state != NULL, 0);
    const VmcModel *model = state->model;
    g_autoptr(GArray) items = largest_first(model, vms, n_vms);
    gsize size = MAX(model->n_vms, 1) * sizeof(gint32);
    g_autofree gint32 *start = g_memdup2(state->host_of, size);
    g_autofree gint32 *best = NULL;
    guint most = 0;

    for (guint i = 0; i < MAX_TRIES; i++) {
        guint n_placed = place_in_order(state, items);
        if (best != NULL && n_placed <= most)
            break;
        most = n_placed;
        g_free(best);
        best = g_memdup2(state->host_of, size);
        if (most == n_vms)
            return most;
        vmc_state_assign(state, start);
    }
    if (best != NULL)
        vmc_state_assign(state, best);
    return most;
}
