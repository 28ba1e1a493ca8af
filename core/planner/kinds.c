/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/kinds.h"

#include <string.h>

/* Leading bits of a need that are looked at: all, then fewer, until there are
 * not too many kinds. */
static const guint bits_to_try[] = {64, 4, 2, 1};

/* ---- rows as keys -------------------------------------------------------- */

typedef struct {
    guint n;
    gint64 amount[];
} Key;

static guint
key_hash(gconstpointer pointer)
{
    const Key *key = pointer;
    guint64 hash = 0;

    for (guint i = 0; i < key->n; i++)
        hash = (hash ^ (guint64) key->amount[i]) *
               G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    return (guint) (hash >> 32);
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const Key *one = a, *two = b;

    return memcmp(one->amount, two->amount, one->n * sizeof *one->amount) == 0;
}

static gint64
leading(gint64 amount, guint bits)
{
    guint length = g_bit_storage((gulong) amount);

    return length <= bits
               ? amount
               : amount & ~((G_GINT64_CONSTANT(1) << (length - bits)) - 1);
}

static void
key_fill(Key *key, const VmcModel *model, guint vm, guint bits)
{
    for (guint c = 0; c < model->n_columns; c++)
        key->amount[c] =
            leading(model->need[(gsize) vm * model->stride + c], bits);
}

/* ---- sorting ------------------------------------------------------------- */

/* Returns FALSE when there are too many; those that are one too many are of
 * the last kind then. */
static gboolean
sort_by(VmcKinds *kinds, const VmcModel *model, guint bits)
{
    gsize size = sizeof(Key) + model->n_columns * sizeof(gint64);
    g_autofree Key *key = g_malloc0(size);
    g_autoptr(GHashTable) found =
        g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
    gboolean is_enough = TRUE;

    key->n = model->n_columns;
    kinds->n = 0;
    for (guint v = 0; v < model->n_vms; v++) {
        key_fill(key, model, v, bits);
        guint kind = GPOINTER_TO_UINT(g_hash_table_lookup(found, key));
        if (kind == 0 && kinds->n == VMC_MAX_KINDS) {
            is_enough = FALSE;
            kind = kinds->n;
        } else if (kind == 0) {
            kind = ++kinds->n;
            g_hash_table_insert(found, g_memdup2(key, size),
                                GUINT_TO_POINTER(kind));
        }
        kinds->of[v] = kind - 1;
    }
    return is_enough;
}

static void
list_members(VmcKinds *kinds, guint n_vms)
{
    guint32 *start = g_new0(guint32, kinds->n + 1);

    for (guint v = 0; v < n_vms; v++)
        kinds->place[v] = start[kinds->of[v] + 1]++;
    for (guint k = 0; k < kinds->n; k++)
        start[k + 1] += start[k];
    for (guint v = 0; v < n_vms; v++)
        kinds->members.item[start[kinds->of[v]] + kinds->place[v]] = v;
    kinds->members.start = start;
}

VmcKinds *
vmc_kinds_new(const VmcModel *model)
{
    g_return_val_if_fail(model != NULL, NULL);
    VmcKinds *kinds = g_new0(VmcKinds, 1);
    guint n = MAX(model->n_vms, 1);

    kinds->of = g_new0(guint32, n);
    kinds->place = g_new0(guint32, n);
    kinds->members.item = g_new0(guint32, n);
    for (guint i = 0; i < G_N_ELEMENTS(bits_to_try); i++)
        if (sort_by(kinds, model, bits_to_try[i]))
            break;
    list_members(kinds, model->n_vms);
    return kinds;
}

void
vmc_kinds_free(VmcKinds *kinds)
{
    if (kinds == NULL)
        return;
    g_free(kinds->of);
    g_free(kinds->place);
    g_free(kinds->members.start);
    g_free(kinds->members.item);
    g_free(kinds);
}
