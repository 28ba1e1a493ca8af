/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/place.h"
#include "core/planner/placer.h"
#include "core/planner/shortlist.h"
#include "tests/unit/planner-fixture.h"

#include <math.h>

#define N_THINGS 300
#define N_CHANGES 3000
#define N_HOSTS 200
#define HOSTS_OF_RACK 10

/* ---- the shortlist ------------------------------------------------------- */

/* How many things come before @i: a larger value, or the same and a lower
 * index. */
static guint
rank_of(const double *values, guint n, guint32 i)
{
    guint rank = 0;

    for (guint k = 0; k < n; k++)
        rank += values[k] > values[i] || (values[k] == values[i] && k < i);
    return rank;
}

static void
assert_best(VmcShortlist *shortlist, const double *values, guint n)
{
    guint n_best, n_to_be_had = 0;
    const guint32 *best = vmc_shortlist_best(shortlist, 24, &n_best);

    for (guint i = 0; i < n; i++)
        n_to_be_had += values[i] > -INFINITY;
    g_assert_cmpuint(n_best, ==, MIN(n_to_be_had, 24));
    for (guint i = 0; i < n_best; i++)
        g_assert_cmpuint(rank_of(values, n, best[i]), ==, i);
}

/* Whatever changes, the best are told in their order, as a sort would. Few
 * values make many equals. */
static void
test_shortlist(void)
{
    for (guint32 seed = 0; seed < 6; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        const guint n = seed % 2 == 0 ? N_THINGS : 10;
        g_autoptr(VmcShortlist) shortlist = vmc_shortlist_new(n);
        double values[N_THINGS];
        for (guint i = 0; i < n; i++)
            values[i] = -INFINITY;
        for (guint i = 0; i < N_CHANGES; i++) {
            guint32 which = (guint32) g_rand_int_range(random, 0, (gint32) n);
            gint32 value = g_rand_int_range(random, -5, 40);
            values[which] = value < 0 ? -INFINITY : value;
            vmc_shortlist_set(shortlist, which, values[which]);
            if (i % 7 == 0)
                assert_best(shortlist, values, n);
        }
    }
}

/* ---- many hosts ---------------------------------------------------------- */

static guint
add_racks(VmcModel *model)
{
    guint32 rack[N_HOSTS];

    for (guint h = 0; h < N_HOSTS; h++)
        rack[h] = h / HOSTS_OF_RACK;
    return vmc_model_add_level(model, rack, N_HOSTS / HOSTS_OF_RACK);
}

static guint
add_group(VmcModel *model, guint32 first, guint n)
{
    g_autofree guint32 *vms = g_new(guint32, n);

    for (guint32 i = 0; i < n; i++)
        vms[i] = first + i;
    return vmc_model_add_group(model, vms, n);
}

static VmcState *
sealed_state(VmcModel *model)
{
    g_autoptr(GError) error = NULL;

    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    return vmc_state_new(model);
}

static void
assert_all_placed(VmcState *state, guint n)
{
    g_autofree guint32 *vms = g_new(guint32, n);

    for (guint32 i = 0; i < n; i++)
        vms[i] = i;
    g_assert_cmpuint(vmc_place(state, vms, n), ==, n);
    g_assert_true(vmc_state_is_sound(state));
}

/* Every host is nearly full but those of one rack: those that must be together
 * find it, of many hosts. */
static void
test_together(void)
{
    const guint n = HOSTS_OF_RACK;
    g_autoptr(VmcModel) model =
        fixture_plain_model(N_HOSTS, n + N_HOSTS - HOSTS_OF_RACK);
    VmcRule rule = {.kind = VMC_RULE_TOGETHER, .is_hard = TRUE};
    guint filler = n;

    for (guint i = 0; i < n; i++)
        fixture_put(model, i, VMC_NOWHERE, 60);
    for (guint h = 0; h < N_HOSTS; h++)
        if (h / HOSTS_OF_RACK != 13)
            fixture_put(model, filler++, (gint32) h, h % 3 == 0 ? 30 : 90);
    rule.level = add_racks(model);
    rule.members = add_group(model, 0, n);
    vmc_model_add_rule(model, &rule);
    g_autoptr(VmcState) state = sealed_state(model);
    assert_all_placed(state, n);
    for (guint i = 0; i < n; i++)
        g_assert_cmpint(state->host_of[i] / HOSTS_OF_RACK, ==, 13);
}

/* Those that others must be near to come first, though they are smaller. Two
 * groups that must be near each other find no beginning, and an end. */
static void
test_near(void)
{
    g_autoptr(VmcModel) model = fixture_plain_model(N_HOSTS, 30);
    VmcRule rule = {.kind = VMC_RULE_NEAR, .is_hard = TRUE};
    guint32 rest[24];

    for (guint32 i = 0; i < 24; i++)
        rest[i] = 6 + i;
    for (guint i = 0; i < 30; i++)
        fixture_put(model, i, VMC_NOWHERE, i < 2 ? 10 : 80);
    rule.level = add_racks(model);
    rule.leaders = (gint32) add_group(model, 0, 2);
    rule.members = add_group(model, 2, 4);
    vmc_model_add_rule(model, &rule);
    rule.leaders = (gint32) add_group(model, 6, 12);
    rule.members = add_group(model, 18, 12);
    vmc_model_add_rule(model, &rule);
    rule.leaders = (gint32) add_group(model, 18, 12);
    rule.members = add_group(model, 6, 12);
    vmc_model_add_rule(model, &rule);
    g_autoptr(VmcState) state = sealed_state(model);
    const guint32 first[] = {0, 1, 2, 3, 4, 5};
    g_assert_cmpuint(vmc_place(state, first, 6), ==, 6);
    g_assert_cmpuint(vmc_place(state, rest, 24), ==, 0);
}

/* The placer knows of what it put: hosts fill evenly, though only a few are
 * looked at for each VM. */
static void
test_order(void)
{
    const guint n = 3 * N_HOSTS;
    g_autoptr(VmcModel) model = fixture_plain_model(N_HOSTS, n);
    const VmcColumn column = {.flags = VMC_COLUMN_HARD, .spread_weight = 1};

    vmc_model_set_column(model, 0, &column);
    vmc_model_set_weight(model, VMC_TERM_BROKEN, 1); /* leaves all digits */
    vmc_model_set_weight(model, VMC_TERM_HOSTS, 0);
    for (guint i = 0; i < n; i++)
        fixture_put(model, i, VMC_NOWHERE, 30);
    g_autoptr(VmcState) state = sealed_state(model);
    g_autoptr(VmcPlacer) placer = vmc_placer_new(state);
    vmc_placer_expect(placer, 0);
    for (guint i = 0; i < n; i++) {
        VmcPlacerChoice choice = vmc_placer_choose(placer, i);
        g_assert_cmpint(choice.host, >=, 0);
        g_assert_cmpuint(state->lists.count[choice.host], ==, i / N_HOSTS);
        vmc_placer_put(placer, i, &choice);
    }
    g_assert_true(vmc_state_is_sound(state));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/place/shortlist", test_shortlist);
    g_test_add_func("/place/together", test_together);
    g_test_add_func("/place/near", test_near);
    g_test_add_func("/place/order", test_order);
    return g_test_run();
}
