/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include <string.h>

/* Pairs that are tried before the host is left as it is. */
#define MAX_SETS 32

/* The most VMs that leave a host in one set; more leave in several. */
#define MAX_LEAVING 64

/* ---- what is too much ---------------------------------------------------- */

/* A held column stays as it is when VMs leave. */
static gboolean
counts(const VmcModel *model, guint column)
{
    return (model->column[column].flags &
            (VMC_COLUMN_HARD | VMC_COLUMN_HELD)) == VMC_COLUMN_HARD;
}

gboolean
vmc_repair_is_full(const VmcState *state, guint host)
{
    const VmcModel *model = state->model;

    for (guint c = 0; c < model->n_columns; c++)
        if (counts(model, c) &&
            state->room[(gsize) host * model->stride + c] < 0)
            return TRUE;
    return FALSE;
}

/* What is still too much in @column when @freed has gone. */
static gint64
excess(const VmcState *state, guint host, guint column, gint64 freed)
{
    const gsize cell = (gsize) host * state->model->stride + column;

    return counts(state->model, column) ? -state->room[cell] - freed : 0;
}

/* Whether @host has not too much without the VMs of @set. */
static gboolean
covers(const VmcState *state, guint host, const guint *set, guint n)
{
    for (guint c = 0; c < state->model->n_columns; c++) {
        gint64 freed = 0;
        for (guint i = 0; i < n; i++)
            freed += vmc_model_charge(state->model, set[i], host, c);
        if (excess(state, host, c, freed) > 0)
            return FALSE;
    }
    return TRUE;
}

/* ---- the fewest that have to leave --------------------------------------- */

static gint
compare_amounts(gconstpointer a, gconstpointer b)
{
    const gint64 one = *(const gint64 *) a;
    const gint64 two = *(const gint64 *) b;

    return one > two ? -1 : one < two;
}

/* How many of the largest VMs cover what is too much of one column. */
static guint
fewest_of_column(const VmcState *state, guint host, guint column)
{
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    const guint n = state->lists.count[host];
    gint64 left = excess(state, host, column, 0);
    guint n_leaving = 0;

    if (left <= 0)
        return 0;
    g_autofree gint64 *amounts = g_new(gint64, n);
    for (guint i = 0; i < n; i++)
        amounts[i] = state->model->is_movable[vms[i]]
                         ? vmc_model_charge(state->model, vms[i], host, column)
                         : 0;
    qsort(amounts, n, sizeof *amounts, compare_amounts);
    while (n_leaving < n && left > 0)
        left -= amounts[n_leaving++];
    return n_leaving;
}

/* At least so many have to leave; at most MAX_LEAVING. */
static guint
fewest(const VmcState *state, guint host)
{
    guint n = 0;

    for (guint c = 0; c < state->model->n_columns; c++)
        n = MAX(n, fewest_of_column(state, host, c));
    return MIN(n, MAX_LEAVING);
}

guint
vmc_repair_bound(const VmcState *state)
{
    const VmcModel *model = state->model;
    guint bound = 0;

    for (guint host = 0; host < model->n_hosts; host++) {
        guint n_stranded = 0;
        for (guint i = 0; i < state->lists.count[host]; i++) {
            const guint vm = vmc_host_lists_at(&state->lists, host)[i];
            n_stranded += !vmc_model_may_sit(model, vm, host);
        }
        bound += vmc_repair_is_full(state, host)
                     ? MAX(n_stranded, fewest(state, host))
                     : n_stranded;
    }
    return bound;
}

/* ---- which of them ------------------------------------------------------- */

typedef struct {
    guint vm;
    double size;
} Sized;

/* @n VMs that may leave; the smaller the largest of them, the easier. */
typedef struct {
    guint n;
    guint vms[2];
    double size;
} Set;

static gint
compare_sized(gconstpointer a, gconstpointer b)
{
    const Sized *one = a;
    const Sized *two = b;

    if (one->size != two->size)
        return one->size < two->size ? -1 : 1;
    return one->vm < two->vm ? -1 : one->vm > two->vm;
}

static gint
compare_sets(gconstpointer a, gconstpointer b)
{
    const Set *one = a;
    const Set *two = b;

    if (one->size != two->size)
        return one->size < two->size ? -1 : 1;
    return memcmp(one->vms, two->vms, sizeof one->vms);
}

/* The VMs that may leave, the smallest first. */
static GArray *
movable_on(const VmcRepair *repair, guint host)
{
    const VmcHostLists *lists = &repair->state->lists;
    GArray *sized = g_array_new(FALSE, FALSE, sizeof(Sized));

    for (guint i = 0; i < lists->count[host]; i++) {
        const guint vm = vmc_host_lists_at(lists, host)[i];
        const Sized entry = {vm, vmc_repair_size(repair, vm)};
        if (vmc_repair_is_movable(repair, vm))
            g_array_append_val(sized, entry);
    }
    g_array_sort(sized, compare_sized);
    return sized;
}

static void
add_set_if_enough(GArray *sets,
                  const VmcRepair *repair,
                  guint host,
                  const Sized *one,
                  const Sized *two)
{
    Set set = {1, {one->vm, 0}, one->size};

    if (two != NULL) {
        set.n = 2;
        set.vms[1] = two->vm;
        set.size =
            MAX(one->size, two->size) + 0.001 * MIN(one->size, two->size);
    }
    if (covers(repair->state, host, set.vms, set.n))
        g_array_append_val(sets, set);
}

/* The sets of one VM that are enough, or if there is none, those of two. */
static GArray *
small_sets(const VmcRepair *repair, guint host, const GArray *sized)
{
    GArray *sets = g_array_new(FALSE, FALSE, sizeof(Set));

    for (guint i = 0; i < sized->len; i++)
        add_set_if_enough(sets, repair, host, &g_array_index(sized, Sized, i),
                          NULL);
    for (guint i = 0; sets->len == 0 && i < sized->len; i++)
        for (guint k = 0; k < i; k++)
            add_set_if_enough(sets, repair, host,
                              &g_array_index(sized, Sized, i),
                              &g_array_index(sized, Sized, k));
    g_array_sort(sets, compare_sets);
    return sets;
}

/* ---- leaving ------------------------------------------------------------- */

/* Without a host for all of them, none leaves. */
static gboolean
settle_set(VmcRepair *repair, guint host, const guint *vms, guint n)
{
    guint n_settled = 0;

    for (guint i = 0; i < n; i++)
        vmc_repair_take_out(repair, vms[i]);
    while (n_settled < n && vmc_repair_settle(repair, vms[n_settled]))
        n_settled++;
    if (n_settled == n)
        return TRUE;
    /* those that have a host keep it: they make the host less full */
    for (guint i = n_settled; i < n; i++)
        vmc_repair_put_back(repair, vms[i], host);
    return FALSE;
}

/* The VM that brings the host nearest to its capacity. */
static gint32
best_leaver(const VmcRepair *repair, guint host, const GArray *sized)
{
    const VmcState *state = repair->state;
    gint32 best = -1;
    double least = G_MAXDOUBLE;

    for (guint i = 0; i < sized->len; i++) {
        const guint vm = g_array_index(sized, Sized, i).vm;
        double left = 0;
        if (state->host_of[vm] != (gint32) host)
            continue;
        for (guint c = 0; c < state->model->n_columns; c++) {
            const gint64 freed = vmc_model_charge(state->model, vm, host, c);
            left += repair->size_weight[c] *
                    (double) MAX(0, excess(state, host, c, freed));
        }
        if (left >= least)
            continue;
        least = left;
        best = (gint32) vm;
    }
    return best;
}

static gboolean
relieve_by_small_set(VmcRepair *repair, guint host, const GArray *sized)
{
    g_autoptr(GArray) sets = small_sets(repair, host, sized);

    for (guint i = 0; i < MIN(sets->len, MAX_SETS); i++) {
        const Set *set = &g_array_index(sets, Set, i);
        if (settle_set(repair, host, set->vms, set->n))
            return TRUE;
        /* one of two may have gone */
        if (set->n > 1 && repair->state->host_of[set->vms[0]] != (gint32) host)
            return !vmc_repair_is_full(repair->state, host);
    }
    return FALSE;
}

gboolean
vmc_repair_relieve(VmcRepair *repair, guint host)
{
    while (vmc_repair_is_full(repair->state, host)) {
        g_autoptr(GArray) sized = movable_on(repair, host);
        if (fewest(repair->state, host) <= 2 &&
            relieve_by_small_set(repair, host, sized))
            continue;
        if (!vmc_repair_is_full(repair->state, host))
            break;
        const gint32 vm = best_leaver(repair, host, sized);
        if (vm < 0)
            return FALSE;
        const guint leaver = (guint) vm;
        if (!settle_set(repair, host, &leaver, 1))
            return FALSE;
    }
    return TRUE;
}
