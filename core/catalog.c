/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/catalog.h"

#include <string.h>

/* A list is an array of chunks, a chunk an array of values. A change copies
 * the array of chunks and one chunk. No chunk is empty; one that outgrows the
 * limit is split in halves, so that 10,000 values are some hundred chunks. */
#define CHUNK_MAX 128

typedef struct {
    gatomicrefcount refs;
    const VmcCatalogType *type;
    guint n_values;
    gpointer values[];
} Chunk;

struct _VmcCatalog {
    gatomicrefcount refs;
    const VmcCatalogType *type;
    guint n_values;
    guint n_chunks;
    Chunk **chunks;
    guint *starts; /* index of the first value of each chunk */
};

/* ---- chunks ------------------------------------------------------------- */

static Chunk *
chunk_new(const VmcCatalogType *type, const gpointer *values, guint n_values)
{
    Chunk *chunk = g_malloc(sizeof *chunk + n_values * sizeof(gpointer));

    g_atomic_ref_count_init(&chunk->refs);
    chunk->type = type;
    chunk->n_values = n_values;
    for (guint i = 0; i < n_values; i++)
        chunk->values[i] = type->ref(values[i]);
    return chunk;
}

static void
chunk_unref(Chunk *chunk)
{
    if (!g_atomic_ref_count_dec(&chunk->refs))
        return;
    for (guint i = 0; i < chunk->n_values; i++)
        chunk->type->unref(chunk->values[i]);
    g_free(chunk);
}

/* ---- finding ------------------------------------------------------------ */

/* The last chunk whose first value is before the key, or the first chunk:
 * the lower bound is in it or right behind it. */
static guint
chunk_for_key(const VmcCatalog *catalog,
              gconstpointer key,
              VmcCatalogKeyFunc compare)
{
    guint low = 0, high = catalog->n_chunks;

    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (compare(key, catalog->chunks[middle]->values[0]) > 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static guint
chunk_lower_bound(const Chunk *chunk,
                  gconstpointer key,
                  VmcCatalogKeyFunc compare)
{
    guint low = 0, high = chunk->n_values;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (compare(key, chunk->values[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Which chunk holds the value at @index. */
static guint
chunk_for_index(const VmcCatalog *catalog, guint index)
{
    guint low = 0, high = catalog->n_chunks;

    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (catalog->starts[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- making a changed list ---------------------------------------------- */

/* A copy of @old in which chunk @at is replaced by @n_fresh new ones. */
static VmcCatalog *
replace_chunk(const VmcCatalog *old, guint at, Chunk **fresh, guint n_fresh)
{
    VmcCatalog *catalog = vmc_catalog_new(old->type);
    guint n_behind = old->n_chunks > at ? old->n_chunks - at - 1 : 0;

    catalog->n_chunks = at + n_fresh + n_behind;
    catalog->chunks = g_new(Chunk *, catalog->n_chunks);
    catalog->starts = g_new(guint, catalog->n_chunks);
    for (guint i = 0; i < catalog->n_chunks; i++) {
        Chunk *chunk;
        if (i >= at && i < at + n_fresh) {
            chunk = fresh[i - at];
        } else {
            chunk = old->chunks[i < at ? i : i - n_fresh + 1];
            g_atomic_ref_count_inc(&chunk->refs);
        }
        catalog->chunks[i] = chunk;
        catalog->starts[i] = catalog->n_values;
        catalog->n_values += chunk->n_values;
    }
    return catalog;
}

/* As replace_chunk(), with the values the chunk shall have. */
static VmcCatalog *
replace_values(const VmcCatalog *old,
               guint at,
               const gpointer *values,
               guint n_values)
{
    Chunk *fresh[2];
    guint n_fresh = 0;
    guint n_first = n_values > CHUNK_MAX ? n_values / 2 : n_values;

    if (n_first > 0)
        fresh[n_fresh++] = chunk_new(old->type, values, n_first);
    if (n_values > n_first)
        fresh[n_fresh++] =
            chunk_new(old->type, values + n_first, n_values - n_first);
    return replace_chunk(old, at, fresh, n_fresh);
}

/* Where a value stands or would stand: chunk, and place in it. */
static gboolean
locate(const VmcCatalog *catalog,
       gconstpointer value,
       guint *ret_chunk,
       guint *ret_place)
{
    guint index =
        vmc_catalog_lower_bound(catalog, value, catalog->type->compare);
    guint at = chunk_for_index(catalog, index);

    *ret_chunk = at;
    *ret_place = catalog->n_chunks > 0 ? index - catalog->starts[at] : 0;
    return index < catalog->n_values &&
           catalog->type->compare(value, vmc_catalog_at(catalog, index)) == 0;
}

/* ---- public ------------------------------------------------------------- */

VmcCatalog *
vmc_catalog_new(const VmcCatalogType *type)
{
    g_return_val_if_fail(type != NULL, NULL);
    VmcCatalog *catalog = g_new0(VmcCatalog, 1);
    g_atomic_ref_count_init(&catalog->refs);
    catalog->type = type;
    return catalog;
}

VmcCatalog *
vmc_catalog_ref(VmcCatalog *catalog)
{
    g_return_val_if_fail(catalog != NULL, NULL);
    g_atomic_ref_count_inc(&catalog->refs);
    return catalog;
}

void
vmc_catalog_unref(VmcCatalog *catalog)
{
    if (catalog == NULL || !g_atomic_ref_count_dec(&catalog->refs))
        return;
    for (guint i = 0; i < catalog->n_chunks; i++)
        chunk_unref(catalog->chunks[i]);
    g_free(catalog->chunks);
    g_free(catalog->starts);
    g_free(catalog);
}

guint
vmc_catalog_size(const VmcCatalog *catalog)
{
    g_return_val_if_fail(catalog != NULL, 0);
    return catalog->n_values;
}

gpointer
vmc_catalog_at(const VmcCatalog *catalog, guint index)
{
    g_return_val_if_fail(catalog != NULL && index < catalog->n_values, NULL);
    guint at = chunk_for_index(catalog, index);
    return catalog->chunks[at]->values[index - catalog->starts[at]];
}

guint
vmc_catalog_lower_bound(const VmcCatalog *catalog,
                        gconstpointer key,
                        VmcCatalogKeyFunc compare)
{
    g_return_val_if_fail(catalog != NULL && compare != NULL, 0);
    if (catalog->n_values == 0)
        return 0;
    guint at = chunk_for_key(catalog, key, compare);
    return catalog->starts[at] +
           chunk_lower_bound(catalog->chunks[at], key, compare);
}

gpointer
vmc_catalog_find(const VmcCatalog *catalog,
                 gconstpointer key,
                 VmcCatalogKeyFunc compare)
{
    guint index = vmc_catalog_lower_bound(catalog, key, compare);

    if (index >= vmc_catalog_size(catalog))
        return NULL;
    gpointer value = vmc_catalog_at(catalog, index);
    return compare(key, value) == 0 ? value : NULL;
}

VmcCatalog *
vmc_catalog_with(const VmcCatalog *catalog, gpointer value)
{
    g_return_val_if_fail(catalog != NULL && value != NULL, NULL);
    gpointer values[CHUNK_MAX + 1];
    guint at, place, n_values = 0;
    gboolean is_there = locate(catalog, value, &at, &place);

    if (catalog->n_chunks == 0)
        return replace_values(catalog, 0, &value, 1);
    const Chunk *chunk = catalog->chunks[at];
    for (guint i = 0; i < place; i++)
        values[n_values++] = chunk->values[i];
    values[n_values++] = value;
    for (guint i = is_there ? place + 1 : place; i < chunk->n_values; i++)
        values[n_values++] = chunk->values[i];
    return replace_values(catalog, at, values, n_values);
}

VmcCatalog *
vmc_catalog_without(const VmcCatalog *catalog, gconstpointer value)
{
    g_return_val_if_fail(catalog != NULL && value != NULL, NULL);
    gpointer values[CHUNK_MAX];
    guint at, place, n_values = 0;

    if (!locate(catalog, value, &at, &place))
        return vmc_catalog_ref((VmcCatalog *) catalog);
    const Chunk *chunk = catalog->chunks[at];
    for (guint i = 0; i < chunk->n_values; i++)
        if (i != place)
            values[n_values++] = chunk->values[i];
    return replace_values(catalog, at, values, n_values);
}
