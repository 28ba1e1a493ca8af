/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/conflict.h"

enum {
    MEMORY = 1 << 0,
    APART = 1 << 1,
    PINNED = 1 << 2,
    DISK = 1 << 3,
};

static const char *const names[VMC_CONFLICT_MAX] = {
    "memory capacity", "rule 'apart'", "rule 'pinned'", "disk capacity"};

static void
assert_conflict(const guint64 *forbids, guint n_hosts, const char *expected)
{
    VmcConflict conflict;

    g_assert_true(vmc_conflict_find(forbids, n_hosts, &conflict));
    g_autofree char *text = vmc_conflict_describe(&conflict, names);
    g_assert_cmpstr(text, ==, expected);
}

/* One constraint that forbids all hosts is the whole reason. */
static void
test_alone(void)
{
    assert_conflict((const guint64[]){MEMORY, MEMORY | APART, MEMORY | DISK}, 3,
                    "memory capacity leaves none");
}

/* Neither of two would do it alone; what only adds to them is left out. */
static void
test_two(void)
{
    assert_conflict(
        (const guint64[]){MEMORY | DISK, APART, MEMORY | APART, APART | DISK},
        4,
        "memory capacity (2 of 4 hosts) and rule 'apart' (3 of 4 hosts) leave "
        "none");
}

/* Taking the constraint that forbids most hosts first would need three. */
static void
test_smallest_is_not_greedy(void)
{
    assert_conflict((const guint64[]){MEMORY | DISK, MEMORY | DISK,
                                      APART | DISK, APART | DISK, MEMORY,
                                      APART},
                    6,
                    "memory capacity (3 of 6 hosts) and rule 'apart' (3 of 6 "
                    "hosts) leave none");
}

static void
test_three(void)
{
    assert_conflict((const guint64[]){MEMORY, APART, PINNED}, 3,
                    "memory capacity (1 of 3 hosts), rule 'apart' (1 of 3 "
                    "hosts) and rule 'pinned' (1 of 3 hosts) leave none");
}

/* Where a host is left, or none was there, nothing collides. */
static void
test_none(void)
{
    VmcConflict conflict;

    g_assert_false(
        vmc_conflict_find((const guint64[]){MEMORY, 0}, 2, &conflict));
    g_assert_false(vmc_conflict_find(NULL, 0, &conflict));
}

/* On random hosts: the set forbids all, no smaller one does, and without any
 * of its members some host is left. */
static void
test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint round = 0; round < 2000; round++) {
        guint64 forbids[12];
        VmcConflict conflict;
        guint smallest = G_MAXUINT;
        const guint n = (guint) g_rand_int_range(random, 1, 13);
        for (guint host = 0; host < n; host++)
            forbids[host] = (guint64) g_rand_int_range(random, 1, 256) &
                            (guint64) g_rand_int_range(random, 1, 256);
        for (guint set = 0; set < 256; set++) {
            gboolean is_enough = TRUE;
            for (guint host = 0; host < n; host++)
                is_enough &= (forbids[host] & set) != 0;
            if (is_enough)
                smallest = MIN(smallest, (guint) __builtin_popcount(set));
        }
        g_assert_cmpint(vmc_conflict_find(forbids, n, &conflict), ==,
                        smallest != G_MAXUINT);
        if (smallest == G_MAXUINT)
            continue;
        g_assert_cmpuint(conflict.n, ==, smallest);
        for (guint host = 0; host < n; host++)
            g_assert_true((forbids[host] & conflict.set) != 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conflict/alone", test_alone);
    g_test_add_func("/conflict/two", test_two);
    g_test_add_func("/conflict/smallest-is-not-greedy",
                    test_smallest_is_not_greedy);
    g_test_add_func("/conflict/three", test_three);
    g_test_add_func("/conflict/none", test_none);
    g_test_add_func("/conflict/random", test_random);
    return g_test_run();
}
