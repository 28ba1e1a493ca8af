/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/placement-rule-json.h"

#include "core/error.h"
#include "core/fleet.h"

/* Every kind has a name that leads back to it, so that files can be read. */
static void
test_kind_names(void)
{
    VmcPlacementRuleKind kind;

    for (guint i = 0; i < VMC_N_PLACEMENT_RULE_KINDS; i++) {
        const char *name =
            vmc_placement_rule_kind_to_name((VmcPlacementRuleKind) i);
        g_assert_true(vmc_placement_rule_kind_from_name(name, &kind));
        g_assert_cmpuint(kind, ==, i);
    }
    g_assert_false(vmc_placement_rule_kind_from_name("affinity", &kind));
}

/* "rack" is no prefix of "racks=1", and a bare label has no domain. */
static void
test_label_domain(void)
{
    const char *const labels[] = {"racks=1", "rack",  "rack=r1",
                                  "rack=r2", "room=", NULL};

    g_assert_cmpstr(vmc_label_domain(labels, "rack"), ==, "r1");
    g_assert_cmpstr(vmc_label_domain(labels, "room"), ==, "");
    g_assert_null(vmc_label_domain(labels, "row"));
    g_assert_null(vmc_label_domain(NULL, "rack"));
}

/* A single rule or group has the same form, and errors without the list. */
static void
test_json_alone(void)
{
    g_autoptr(VmcPlacementRule) rule =
        vmc_placement_rule_new("r", VMC_PLACEMENT_RULE_SPREAD);
    g_autoptr(VmcGroup) group = vmc_group_new("g");
    g_autoptr(GError) error = NULL;

    g_autoptr(JsonNode) of_group = vmc_group_to_json(group);
    g_autoptr(VmcGroup) group_back = vmc_group_from_json(of_group, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(group_back->name, ==, "g");
    rule->group = g_strdup("g");
    g_autoptr(JsonNode) of_rule = vmc_placement_rule_to_json(rule);
    g_assert_null(vmc_placement_rule_from_json(of_rule, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_true(g_str_has_prefix(error->message, "n_domains: "));
}

/* Snapshots: a fleet keeps the rules it was made with. */
static void
test_in_fleet(void)
{
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    g_autoptr(VmcPlacementRule) b =
        vmc_placement_rule_new("b", VMC_PLACEMENT_RULE_APART);
    g_autoptr(VmcPlacementRule) a =
        vmc_placement_rule_new("a", VMC_PLACEMENT_RULE_APART);
    g_autoptr(VmcGroup) group = vmc_group_new("g");
    g_autoptr(VmcFleet) one = vmc_fleet_with_rule(empty, b);
    g_autoptr(VmcFleet) two = vmc_fleet_with_rule(one, a);
    g_autoptr(VmcFleet) grouped = vmc_fleet_with_group(two, group);
    g_autoptr(VmcFleet) less = vmc_fleet_without_rule(grouped, "b");
    g_autoptr(VmcFleet) none = vmc_fleet_without_group(less, "g");

    g_assert_cmpuint(vmc_fleet_n_rules(empty), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_rules(two), ==, 2);
    g_assert_true(vmc_fleet_rule_at(two, 0) == a);
    g_assert_true(vmc_fleet_find_rule(grouped, "b") == b);
    g_assert_null(vmc_fleet_find_rule(less, "b"));
    g_assert_true(vmc_fleet_find_group(less, "g") == group);
    g_assert_true(vmc_fleet_group_at(less, 0) == group);
    g_assert_cmpuint(vmc_fleet_n_groups(none), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/placement-rule/kind-names", test_kind_names);
    g_test_add_func("/placement-rule/label-domain", test_label_domain);
    g_test_add_func("/placement-rule/json-alone", test_json_alone);
    g_test_add_func("/placement-rule/in-fleet", test_in_fleet);
    return g_test_run();
}
