/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/conflict.h"

#include <string.h>

/* ---- the smallest set ---------------------------------------------------- */

static int
compare_masks(const void *a, const void *b)
{
    const guint64 one = *(const guint64 *) a;
    const guint64 two = *(const guint64 *) b;
    const int bits = __builtin_popcountll(one) - __builtin_popcountll(two);

    return bits != 0 ? bits : one < two ? -1 : one > two;
}

/* The different masks, those with the fewest bits first: a host that few
 * constraints forbid leaves the least choice. */
static guint64 *
distinct_masks(const guint64 *forbids, guint n_hosts, guint *ret_n)
{
    guint64 *masks = g_memdup2(forbids, n_hosts * sizeof *masks);
    guint n = 0;

    qsort(masks, n_hosts, sizeof *masks, compare_masks);
    for (guint i = 0; i < n_hosts; i++)
        if (n == 0 || masks[i] != masks[n - 1])
            masks[n++] = masks[i];
    *ret_n = n;
    return masks;
}

/* Adds at most @n_left constraints to @set so that each mask has one. */
static gboolean
extend(const guint64 *masks, guint n, guint n_left, guint64 *set)
{
    guint i = 0;

    while (i < n && (masks[i] & *set) != 0)
        i++;
    if (i == n)
        return TRUE;
    if (n_left == 0)
        return FALSE;
    for (guint64 choice = masks[i]; choice != 0; choice &= choice - 1) {
        guint64 wider = *set | (choice & -choice);
        if (!extend(masks, n, n_left - 1, &wider))
            continue;
        *set = wider;
        return TRUE;
    }
    return FALSE;
}

gboolean
vmc_conflict_find(const guint64 *forbids,
                  guint n_hosts,
                  VmcConflict *ret_conflict)
{
    VmcConflict found = {.n_hosts = n_hosts};
    guint n_masks;

    g_return_val_if_fail(n_hosts == 0 || forbids != NULL, FALSE);
    g_return_val_if_fail(ret_conflict != NULL, FALSE);
    if (n_hosts == 0)
        return FALSE;
    g_autofree guint64 *masks = distinct_masks(forbids, n_hosts, &n_masks);
    if (masks[0] == 0)
        return FALSE;
    while (!extend(masks, n_masks, found.n, &found.set))
        found.n++;
    for (guint host = 0; host < n_hosts; host++)
        for (guint i = 0; i < VMC_CONFLICT_MAX; i++)
            found.n_forbidden[i] += (guint) (forbids[host] >> i & 1);
    *ret_conflict = found;
    return TRUE;
}

/* ---- in words ------------------------------------------------------------ */

char *
vmc_conflict_describe(const VmcConflict *conflict, const char *const *names)
{
    g_return_val_if_fail(conflict != NULL && names != NULL, NULL);
    GString *text = g_string_new(NULL);
    guint n_said = 0;

    for (guint i = 0; i < VMC_CONFLICT_MAX; i++) {
        if ((conflict->set >> i & 1) == 0)
            continue;
        if (n_said > 0)
            g_string_append(text, n_said + 1 == conflict->n ? " and " : ", ");
        if (conflict->n_forbidden[i] == conflict->n_hosts)
            g_string_append(text, names[i]);
        else
            g_string_append_printf(text, "%s (%u of %u hosts)", names[i],
                                   conflict->n_forbidden[i], conflict->n_hosts);
        n_said++;
    }
    g_string_append(text, conflict->n == 1 ? " leaves none" : " leave none");
    return g_string_free(text, FALSE);
}
