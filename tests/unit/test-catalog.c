/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/catalog.h"

#include <glib.h>

/* The values of these lists are boxed numbers; counting them shows leaks of
 * references that a sanitizer would not. */
static int
compare_numbers(gconstpointer a, gconstpointer b)
{
    const int x = *(const int *) a, y = *(const int *) b;

    return x < y ? -1 : x > y;
}

static gpointer
ref_number(gpointer number)
{
    return g_rc_box_acquire(number);
}

static const VmcCatalogType number_type = {compare_numbers, ref_number,
                                           g_rc_box_release};

static VmcCatalog *
add(VmcCatalog *catalog, int number)
{
    int *boxed = g_rc_box_new(int);
    *boxed = number;
    VmcCatalog *changed = vmc_catalog_with(catalog, boxed);

    g_rc_box_release(boxed);
    vmc_catalog_unref(catalog);
    return changed;
}

static VmcCatalog *
drop(VmcCatalog *catalog, int number)
{
    VmcCatalog *changed = vmc_catalog_without(catalog, &number);

    vmc_catalog_unref(catalog);
    return changed;
}

static void
assert_same_as(const VmcCatalog *catalog, const gboolean *is_in, int n)
{
    guint index = 0;

    for (int i = 0; i < n; i++) {
        const int *found = vmc_catalog_find(catalog, &i, compare_numbers);
        g_assert_cmpuint(vmc_catalog_lower_bound(catalog, &i, compare_numbers),
                         ==, index);
        g_assert_true((found != NULL) == is_in[i]);
        if (!is_in[i])
            continue;
        g_assert_cmpint(*found, ==, i);
        g_assert_cmpint(*(int *) vmc_catalog_at(catalog, index), ==, i);
        index++;
    }
    g_assert_cmpuint(vmc_catalog_size(catalog), ==, index);
}

/* Whatever is put in and taken out, in whatever order, over many chunks: the
 * list is what a plain set would be. */
static void
test_like_a_set(void)
{
    enum { N = 1500 };
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autofree gboolean *is_in = g_new0(gboolean, N);
    g_autoptr(VmcCatalog) catalog = vmc_catalog_new(&number_type);

    for (int round = 0; round < 12000; round++) {
        int number = g_rand_int_range(rand, 0, N);
        /* grow first, then shrink to nothing */
        gboolean put = g_rand_int_range(rand, 0, 12000) > round;
        catalog = put ? add(catalog, number) : drop(catalog, number);
        is_in[number] = put;
        if (round % 1000 == 0)
            assert_same_as(catalog, is_in, N);
    }
    for (int i = 0; i < N; i++)
        catalog = drop(catalog, i);
    g_assert_cmpuint(vmc_catalog_size(catalog), ==, 0);
}

/* A list never changes: what was read from it stays so when others are made
 * from it. */
static void
test_old_list_stays(void)
{
    g_autoptr(VmcCatalog) catalog = vmc_catalog_new(&number_type);

    for (int i = 0; i < 300; i++)
        catalog = add(catalog, 2 * i);
    g_autoptr(VmcCatalog) old = vmc_catalog_ref(catalog);
    for (int i = 0; i < 300; i++) {
        catalog = add(catalog, 2 * i + 1);
        catalog = drop(catalog, 2 * i);
    }
    g_assert_cmpuint(vmc_catalog_size(old), ==, 300);
    for (guint i = 0; i < 300; i++)
        g_assert_cmpint(*(int *) vmc_catalog_at(old, i), ==, 2 * (int) i);
}

/* An equal value takes the place of the old one, and does not join it. */
static void
test_equal_replaces(void)
{
    g_autoptr(VmcCatalog) catalog = vmc_catalog_new(&number_type);
    int *first = g_rc_box_new(int), *second = g_rc_box_new(int);

    *first = *second = 5;
    catalog = add(catalog, 4);
    g_autoptr(VmcCatalog) with_first = vmc_catalog_with(catalog, first);
    g_autoptr(VmcCatalog) with_second = vmc_catalog_with(with_first, second);
    g_assert_cmpuint(vmc_catalog_size(with_second), ==, 2);
    g_assert_true(vmc_catalog_at(with_second, 1) == second);
    g_rc_box_release(first);
    g_rc_box_release(second);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/like-a-set", test_like_a_set);
    g_test_add_func("/catalog/old-list-stays", test_old_list_stays);
    g_test_add_func("/catalog/equal-replaces", test_equal_replaces);
    return g_test_run();
}
