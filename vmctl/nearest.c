/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/nearest.h"

#include <string.h>

#define MAX_LETTERS 64

/* Rows of the table of distances between beginnings of two words: the one
 * being filled and the two before it. */
typedef struct {
    guint before_last[MAX_LETTERS + 1];
    guint last[MAX_LETTERS + 1];
    guint now[MAX_LETTERS + 1];
} Rows;

static void
fill_row(Rows *rows, const char *a, const char *b, gsize i)
{
    rows->now[0] = (guint) i;
    for (gsize j = 1; j <= strlen(b); j++) {
        guint change = rows->last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
        guint leave_out = rows->last[j] + 1;
        guint add = rows->now[j - 1] + 1;

        rows->now[j] = MIN(change, MIN(leave_out, add));
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            rows->now[j] = MIN(rows->now[j], rows->before_last[j - 2] + 1);
    }
}

/* Optimal string alignment distance, of words up to MAX_LETTERS. */
static guint
distance(const char *a, const char *b)
{
    Rows rows = {0};

    if (strlen(a) > MAX_LETTERS || strlen(b) > MAX_LETTERS)
        return G_MAXUINT;
    for (gsize j = 0; j <= strlen(b); j++)
        rows.last[j] = (guint) j;
    for (gsize i = 1; i <= strlen(a); i++) {
        fill_row(&rows, a, b, i);
        memcpy(rows.before_last, rows.last, sizeof(rows.last));
        memcpy(rows.last, rows.now, sizeof(rows.now));
    }
    return rows.last[strlen(b)];
}

const char *
vmc_nearest(const char *word, GPtrArray *words)
{
    const char *nearest = NULL;
    guint least = (guint) MIN(MAX(strlen(word) / 3, 1), MAX_LETTERS) + 1;

    for (guint i = 0; i < words->len; i++) {
        const char *candidate = g_ptr_array_index(words, i);
        guint steps = distance(word, candidate);

        if (steps < least) {
            least = steps;
            nearest = candidate;
        }
    }
    return nearest;
}
