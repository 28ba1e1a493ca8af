/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/capacity.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static void
add_host(VmcFleet **fleet, const char *name, guint n_cpus, guint n_gib)
{
    g_autoptr(VmcHost) host = vmc_host_new(name, "test:///default");
    const char *const labels[] = {name, NULL};

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(1000 * n_cpus, GIB * n_gib, 0, 0);
    g_strfreev(host->labels);
    host->labels = g_strdupv((GStrv) labels);
    VmcFleet *changed = vmc_fleet_with_host(*fleet, host);
    vmc_fleet_unref(*fleet);
    *fleet = changed;
}

static VmcVm *
example_new(guint n_cpus, guint n_gib)
{
    VmcVm *vm = vmc_vm_new("11111111-2222-4333-8444-555555555501", "example");

    vm->is_managed = TRUE;
    vm->template_name = g_strdup("web");
    vm->size = VMC_RESOURCES(1000 * n_cpus, GIB * n_gib, 0, 0);
    return vm;
}

static GPtrArray *
count(const VmcFleet *fleet,
      const char *policy_name,
      const VmcVm *example,
      guint n_tiers)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new(policy_name);
    g_autoptr(GError) error = NULL;
    GPtrArray *tiers = vmc_capacity(fleet, policy, example, n_tiers, &error);

    g_assert_no_error(error);
    return tiers;
}

static const VmcCapacityTier *
tier_at(GPtrArray *tiers, guint i)
{
    g_assert_cmpuint(i, <, tiers->len);
    return tiers->pdata[i];
}

/* So many as every host has room for, and no more; what ends it is said. */
static void
test_plain(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(2, 8);

    add_host(&fleet, "a", 8, 36);
    add_host(&fleet, "b", 4, 36);
    g_autoptr(GPtrArray) tiers = count(fleet, "pack", example, 1);
    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 6);
    g_assert_cmpuint(tier_at(tiers, 0)->n_spare, ==, 6);
    g_assert_cmpstr(tier_at(tiers, 0)->ends, ==, "cpu");
}

/* With room for the loss of a host there are fewer, and the loss is survived:
 * three hosts of four VMs each hold eight. */
static void
test_spare(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(2, 4);

    add_host(&fleet, "a", 8, 64);
    add_host(&fleet, "b", 8, 64);
    add_host(&fleet, "c", 8, 64);
    g_autoptr(GPtrArray) tiers = count(fleet, "balance", example, 1);
    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 12);
    g_assert_cmpuint(tier_at(tiers, 0)->n_spare, ==, 8);
}

/* A smaller one goes into what is left. */
static void
test_tiers(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(1, 8);

    add_host(&fleet, "a", 8, 20);
    g_autoptr(GPtrArray) tiers = count(fleet, "pack", example, 3);
    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 2);
    g_assert_cmpstr(tier_at(tiers, 0)->ends, ==, "memory");
    g_assert_cmpuint(tier_at(tiers, 1)->n, ==, 1);
    g_assert_cmpuint(tier_at(tiers, 1)->size.amount[VMC_MEMORY], ==, 4 * GIB);
}

/* Rules about the template count, and end it. */
static void
test_rule(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(1, 1);
    g_autoptr(VmcPlacementRule) rule =
        vmc_placement_rule_new("web-apart", VMC_PLACEMENT_RULE_APART);
    const char *const templates[] = {"web", NULL};

    add_host(&fleet, "a", 8, 64);
    add_host(&fleet, "b", 8, 64);
    rule->must = TRUE;
    g_strfreev(rule->templates);
    rule->templates = g_strdupv((GStrv) templates);
    g_autoptr(VmcFleet) ruled = vmc_fleet_with_rule(fleet, rule);
    g_autoptr(GPtrArray) tiers = count(ruled, "pack", example, 3);
    g_assert_cmpuint(tiers->len, ==, 1);
    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 2);
    g_assert_cmpstr(tier_at(tiers, 0)->ends, ==,
                    "2 of 2 hosts: rule 'web-apart' keeps it apart from a "
                    "VM there");
}

/* Nothing fits into nothing. */
static void
test_empty(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(1, 1);
    g_autoptr(GPtrArray) tiers = count(fleet, "balance", example, 3);

    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 0);
    g_assert_cmpstr(tier_at(tiers, 0)->ends, ==, "the fleet has no hosts");
}

/* A host that takes nothing adds nothing. */
static void
test_draining(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    g_autoptr(VmcVm) example = example_new(1, 1);

    add_host(&fleet, "a", 2, 64);
    add_host(&fleet, "b", 2, 64);
    g_autoptr(VmcHost) host = vmc_host_copy(vmc_fleet_find_host(fleet, "b"));
    host->state = VMC_HOST_DRAINING;
    g_autoptr(VmcFleet) drained = vmc_fleet_with_host(fleet, host);
    g_autoptr(GPtrArray) tiers = count(drained, "pack", example, 1);
    g_assert_cmpuint(tier_at(tiers, 0)->n, ==, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capacity/plain", test_plain);
    g_test_add_func("/capacity/spare", test_spare);
    g_test_add_func("/capacity/tiers", test_tiers);
    g_test_add_func("/capacity/rule", test_rule);
    g_test_add_func("/capacity/empty", test_empty);
    g_test_add_func("/capacity/draining", test_draining);
    return g_test_run();
}
