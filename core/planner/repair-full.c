/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include <stdlib.h>

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
    if (n > 0)
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

static gint
compare_sized(gconstpointer a, gconstpointer b)
{
    const Sized *one = a;
    const Sized *two = b;

    if (one->size != two->size)
        return one->size < two->size ? -1 : 1;
    return one->vm < two->vm ? -1 : one->vm > two->vm;
}

/* What is too much without @vm, as parts of a host. */
static double
excess_without(const VmcRepair *repair, guint host, guint vm)
{
    const VmcState *state = repair->state;
    double sum = 0;

    for (guint c = 0; c < state->model->n_columns; c++) {
        const gint64 freed = vmc_model_charge(state->model, vm, host, c);
        sum += repair->size_weight[c] *
               (double) MAX(0, excess(state, host, c, freed));
    }
    return sum;
}

/* How many have to leave once @vm has: none, one, or as many as ever. */
static guint
fewest_without(const VmcState *state, guint host, guint vm, guint n)
{
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);

    if (covers(state, host, &vm, 1))
        return 0;
    for (guint i = 0; n == 2 && i < state->lists.count[host]; i++) {
        const guint both[] = {vm, vms[i]};
        if (vms[i] != vm && state->model->is_movable[vms[i]] &&
            covers(state, host, both, 2))
            return 1;
    }
    return n;
}

/* Of those that bring it nearest when there is no telling who is best. */
static void
keep_nearest(const VmcRepair *repair, guint host, GArray *sized)
{
    for (guint i = 0; i < sized->len; i++) {
        Sized *one = &g_array_index(sized, Sized, i);
        one->size = excess_without(repair, host, one->vm);
    }
}

static GArray *
sized_leavers(const VmcRepair *repair, guint host)
{
    const VmcState *state = repair->state;
    const VmcHostLists *lists = &state->lists;
    const guint n = fewest(state, host);
    GArray *better = g_array_new(FALSE, FALSE, sizeof(Sized));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Sized));

    for (guint i = 0; i < lists->count[host]; i++) {
        const guint vm = vmc_host_lists_at(lists, host)[i];
        const Sized one = {vm, vmc_repair_size(repair, vm)};
        if (!vmc_repair_is_movable(repair, vm))
            continue;
        g_array_append_val(all, one);
        if (fewest_without(state, host, vm, n) < n)
            g_array_append_val(better, one);
    }
    if (better->len == 0) {
        keep_nearest(repair, host, all);
        g_array_append_vals(better, all->data, all->len);
    }
    g_array_sort(better, compare_sized);
    return better;
}

GArray *
vmc_repair_leavers(const VmcRepair *repair, guint host)
{
    g_autoptr(GArray) sized = sized_leavers(repair, host);
    GArray *vms = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < sized->len; i++)
        g_array_append_val(vms, g_array_index(sized, Sized, i).vm);
    return vms;
}

/* ---- leaving ------------------------------------------------------------- */

static gboolean
one_leaves(VmcRepair *repair, guint host, VmcRepairWay settle)
{
    g_autoptr(GArray) leavers = vmc_repair_leavers(repair, host);

    for (guint i = 0; i < leavers->len; i++) {
        const guint vm = g_array_index(leavers, guint, i);
        vmc_repair_take_out(repair, vm);
        if (settle(repair, vm))
            return TRUE;
        vmc_repair_put_back(repair, vm, host);
    }
    return FALSE;
}

gboolean
vmc_repair_relieve(VmcRepair *repair, guint host, VmcRepairWay settle)
{
    while (vmc_repair_is_full(repair->state, host))
        if (!one_leaves(repair, host, settle))
            return FALSE;
    return TRUE;
}

double
vmc_repair_hardness(const VmcRepair *repair, guint host)
{
    g_autoptr(GArray) sized = sized_leavers(repair, host);

    return sized->len > 0 ? g_array_index(sized, Sized, 0).size : 0;
}
