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

/* One VM, or the first of several that only go together. */
typedef struct {
    guint32 vm;
    double size; /* the largest share of a mean host that it takes */
} Item;

typedef struct {
    VmcState *state;
    guint typical;         /* a VM that stands for all */
    VmcTournament *liking; /* (nullable) −delta of the typical VM by host */
    guint8 *is_wanted;     /* [vm] whether it is to be placed */
    GArray *party;         /* guint32: those that go together right now */
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
        taken[n] = vmc_tournament_first(liking);
        value[n] = vmc_tournament_max(liking);
        vmc_tournament_set(liking, taken[n], -INFINITY);
        consider(placer->state, vm, taken[n], &best);
        n++;
    }
    for (guint i = 0; i < n; i++)
        vmc_tournament_set(liking, taken[i], value[i]);
    return best;
}

/* ---- VMs that only go together ------------------------------------------- */

static gboolean
is_in_party(const Placer *placer, guint vm)
{
    for (guint i = 0; i < placer->party->len; i++)
        if (g_array_index(placer->party, guint32, i) == vm)
            return TRUE;
    return FALSE;
}

static void
invite_group(Placer *placer, guint group)
{
    const VmcRows *groups = &placer->state->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++) {
        guint32 vm = groups->item[i];
        if (placer->is_wanted[vm] && !is_in_party(placer, vm))
            g_array_append_val(placer->party, vm);
    }
}

/* All that are to be placed and must be together with @vm, or with one that
 * must be. */
static void
gather_party(Placer *placer, guint32 vm)
{
    const VmcModel *model = placer->state->model;

    g_array_set_size(placer->party, 0);
    g_array_append_val(placer->party, vm);
    for (guint k = 0; k < placer->party->len; k++) {
        guint32 member = g_array_index(placer->party, guint32, k);
        for (guint32 i = model->rules_of.start[member];
             i < model->rules_of.start[member + 1]; i++) {
            const VmcRule *rule = &model->rules[model->rules_of.item[i] / 2];
            if (rule->is_hard && rule->kind == VMC_RULE_TOGETHER)
                invite_group(placer, rule->members);
        }
    }
}

static void
put_party(Placer *placer, const gint32 *hosts)
{
    for (guint i = 0; i < placer->party->len; i++)
        vmc_state_move(placer->state, g_array_index(placer->party, guint32, i),
                       hosts[i]);
}

/* The first goes to @host, the others where they can then. Returns whether all
 * found a host; they are there then. */
static gboolean
try_party(Placer *placer, guint host, gint32 *ret_hosts)
{
    VmcState *state = placer->state;

    for (guint i = 0; i < placer->party->len; i++) {
        guint32 vm = g_array_index(placer->party, guint32, i);
        Choice choice = {-1, INFINITY};
        if (i == 0)
            consider(state, vm, host, &choice);
        else
            choice = best_of_all(state, vm);
        if (choice.host < 0)
            return FALSE;
        ret_hosts[i] = choice.host;
        vmc_state_move(state, vm, choice.host);
    }
    return TRUE;
}

/* Tries every host for the first: so many VMs that must be together are rare.
 */
static gboolean
place_party(Placer *placer)
{
    VmcState *state = placer->state;
    guint n = placer->party->len;
    g_autofree gint32 *before = g_new(gint32, n);
    g_autofree gint32 *hosts = g_new(gint32, n);
    g_autofree gint32 *best = g_new(gint32, n);
    double best_score = INFINITY;

    for (guint i = 0; i < n; i++) {
        before[i] = state->host_of[g_array_index(placer->party, guint32, i)];
        hosts[i] = VMC_NOWHERE;
    }
    put_party(placer, hosts);
    for (guint h = 0; h < state->model->n_hosts; h++) {
        if (try_party(placer, h, hosts) && state->score < best_score) {
            best_score = state->score;
            memcpy(best, hosts, n * sizeof *best);
        }
        for (guint i = 0; i < n; i++)
            hosts[i] = VMC_NOWHERE;
        put_party(placer, hosts);
    }
    put_party(placer, best_score < INFINITY ? best : before);
    return best_score < INFINITY;
}

/* Those of a party are placed with its first. */
static gboolean
place_with_party(Placer *placer, guint vm)
{
    if (!placer->is_wanted[vm])
        return TRUE;
    gather_party(placer, vm);
    if (placer->party->len == 1)
        return FALSE;
    gboolean is_placed = place_party(placer);
    for (guint i = 0; i < placer->party->len; i++)
        placer->is_wanted[g_array_index(placer->party, guint32, i)] =
            !is_placed;
    return is_placed;
}

/* ---- all of them --------------------------------------------------------- */

static gboolean
place_one(Placer *placer, guint vm)
{
    Choice best = {-1, INFINITY};

    if (place_with_party(placer, vm))
        return TRUE;
    if (placer->party->len > 1)
        return FALSE;
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

static void
placer_init(Placer *placer, VmcState *state, GArray *items)
{
    const VmcModel *model = state->model;

    *placer = (Placer){.state = state,
                       .is_wanted = g_new0(guint8, MAX(model->n_vms, 1)),
                       .party = g_array_new(FALSE, FALSE, sizeof(guint32))};
    for (guint i = 0; i < items->len; i++)
        placer->is_wanted[g_array_index(items, Item, i).vm] = TRUE;
    if (model->n_hosts < MANY_HOSTS || items->len < 2)
        return;
    placer->typical = g_array_index(items, Item, items->len / 2).vm;
    placer->liking = vmc_tournament_new(model->n_hosts);
    for (guint h = 0; h < model->n_hosts; h++)
        if (vmc_model_may_sit(model, placer->typical, h))
            like(placer, h);
}

static void
placer_clear(Placer *placer)
{
    vmc_tournament_free(placer->liking);
    g_array_unref(placer->party);
    g_free(placer->is_wanted);
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
    placer_clear(&placer);
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
