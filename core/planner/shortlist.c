/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/shortlist.h"

#include <math.h>
#include <string.h>

/* So many of the best are kept in order. Until fewer are left than are asked
 * for, only what changes is looked at. */
#define N_KEPT 128

/* Ordered by value, then by index. */
typedef struct {
    double value;
    guint32 i;
} Entry;

/*
 * @value: of each thing
 * @best: the best, in order
 * @floor: nothing that is not in @best comes before it, and nothing in @best
 *   after it
 * @told: what vmc_shortlist_best() gave
 */
struct _VmcShortlist {
    guint n;
    double *value;
    guint n_best;
    Entry best[N_KEPT + 1];
    Entry floor;
    guint32 told[VMC_SHORTLIST_MOST];
};

VmcShortlist *
vmc_shortlist_new(guint n)
{
    VmcShortlist *shortlist = g_new0(VmcShortlist, 1);

    shortlist->n = n;
    shortlist->value = g_new(double, MAX(n, 1));
    shortlist->floor = (Entry){INFINITY, 0};
    for (guint i = 0; i < n; i++)
        shortlist->value[i] = -INFINITY;
    return shortlist;
}

void
vmc_shortlist_free(VmcShortlist *shortlist)
{
    if (shortlist == NULL)
        return;
    g_free(shortlist->value);
    g_free(shortlist);
}

static gboolean
is_before(const Entry *one, const Entry *other)
{
    return one->value > other->value ||
           (one->value == other->value && one->i < other->i);
}

/* Where @entry is in the best, or would be. */
static guint
find_place(const VmcShortlist *shortlist, const Entry *entry)
{
    guint from = 0, to = shortlist->n_best;

    while (from < to) {
        const guint middle = (from + to) / 2;
        if (is_before(&shortlist->best[middle], entry))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void
insert(VmcShortlist *shortlist, const Entry *entry)
{
    const guint at = find_place(shortlist, entry);
    Entry *best = shortlist->best;

    memmove(best + at + 1, best + at, (shortlist->n_best - at) * sizeof *best);
    best[at] = *entry;
    shortlist->n_best++;
    if (shortlist->n_best <= N_KEPT)
        return;
    shortlist->floor = best[--shortlist->n_best];
}

static void
take_out(VmcShortlist *shortlist, const Entry *entry)
{
    const guint at = find_place(shortlist, entry);
    Entry *best = shortlist->best;

    if (at == shortlist->n_best || best[at].i != entry->i)
        return;
    shortlist->n_best--;
    memmove(best + at, best + at + 1, (shortlist->n_best - at) * sizeof *best);
}

void
vmc_shortlist_set(VmcShortlist *shortlist, guint32 i, double value)
{
    const Entry old = {shortlist->value[i], i};
    const Entry entry = {value, i};

    take_out(shortlist, &old);
    shortlist->value[i] = value;
    if (is_before(&entry, &shortlist->floor))
        insert(shortlist, &entry);
}

double
vmc_shortlist_get(const VmcShortlist *shortlist, guint32 i)
{
    return shortlist->value[i];
}

static void
choose_anew(VmcShortlist *shortlist)
{
    shortlist->n_best = 0;
    shortlist->floor = (Entry){-INFINITY, G_MAXUINT32};
    for (guint32 i = 0; i < shortlist->n; i++) {
        const Entry entry = {shortlist->value[i], i};
        if (is_before(&entry, &shortlist->floor))
            insert(shortlist, &entry);
    }
}

const guint32 *
vmc_shortlist_best(VmcShortlist *shortlist, guint most, guint *ret_n)
{
    guint n = MIN(most, VMC_SHORTLIST_MOST);

    if (shortlist->n_best < MIN(n, shortlist->n))
        choose_anew(shortlist);
    n = MIN(n, shortlist->n_best);
    while (n > 0 && shortlist->best[n - 1].value == -INFINITY)
        n--;
    for (guint i = 0; i < n; i++)
        shortlist->told[i] = shortlist->best[i].i;
    *ret_n = n;
    return shortlist->told;
}
