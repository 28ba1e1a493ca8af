/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * An immutable sorted list of counted values. A list with one value more or
 * less is made from an old one and shares nearly all of it, so that a snapshot
 * per change is cheap with ten thousand values too. Any thread may read any
 * list.
 */

typedef struct _VmcCatalog VmcCatalog;

/**
 * VmcCatalogType:
 * @compare: the order of two values; those that compare 0 are the same entry
 * @ref: takes a reference to a value
 * @unref: drops one
 *
 * What the values of a list are. One constant a kind of list.
 */
typedef struct {
    GCompareFunc compare;
    gpointer (*ref)(gpointer value);
    GDestroyNotify unref;
} VmcCatalogType;

/**
 * VmcCatalogKeyFunc:
 * @key: what is looked for
 * @value: a value of the list
 *
 * Compares as the list is sorted, but may look at fewer members than it does.
 *
 * Returns: less than, equal to or more than 0, as @key is to @value
 */
typedef int (*VmcCatalogKeyFunc)(gconstpointer key, gconstpointer value);

/**
 * vmc_catalog_new:
 * @type: (transfer none): what the values are; must outlive the list
 *
 * Returns: (transfer full): an empty list
 */
VmcCatalog *vmc_catalog_new(const VmcCatalogType *type);
VmcCatalog *vmc_catalog_ref(VmcCatalog *catalog);
void vmc_catalog_unref(VmcCatalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcCatalog, vmc_catalog_unref)

/**
 * vmc_catalog_size:
 * @catalog: a list
 *
 * Returns: how many values it has
 */
guint vmc_catalog_size(const VmcCatalog *catalog);

/**
 * vmc_catalog_at:
 * @catalog: a list
 * @index: less than its size
 *
 * Returns: (transfer none): the value at @index, in O(log n)
 */
gpointer vmc_catalog_at(const VmcCatalog *catalog, guint index);

/**
 * vmc_catalog_lower_bound:
 * @catalog: a list
 * @key: what is looked for
 * @compare: compares @key with a value
 *
 * Returns: the index of the first value that is not before @key, or the size
 * of the list, in O(log n)
 */
guint vmc_catalog_lower_bound(const VmcCatalog *catalog,
                              gconstpointer key,
                              VmcCatalogKeyFunc compare);

/**
 * vmc_catalog_find:
 * @catalog: a list
 * @key: what is looked for
 * @compare: compares @key with a value
 *
 * Returns: (transfer none) (nullable): the first value that equals @key
 */
gpointer vmc_catalog_find(const VmcCatalog *catalog,
                          gconstpointer key,
                          VmcCatalogKeyFunc compare);

/**
 * vmc_catalog_with:
 * @catalog: a list
 * @value: (transfer none): added, or put in the place of its equal
 *
 * Returns: (transfer full): the new list
 */
VmcCatalog *vmc_catalog_with(const VmcCatalog *catalog, gpointer value);

/**
 * vmc_catalog_without:
 * @catalog: a list
 * @value: what to leave out; need only compare equal, and need not be there
 *
 * Returns: (transfer full): the new list
 */
VmcCatalog *vmc_catalog_without(const VmcCatalog *catalog, gconstpointer value);
