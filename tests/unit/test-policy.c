/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/policy-json.h"

#include "core/error.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)

/* Every shipped policy can be had by its name and comes back from its JSON. */
static void
test_shipped(void)
{
    for (const char *const *name = vmc_policy_names(); *name != NULL; name++) {
        g_autoptr(VmcPolicy) policy = vmc_policy_new(*name);
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(policy->name, ==, *name);
        g_autoptr(JsonNode) first = vmc_policy_to_json(policy);
        g_autoptr(VmcPolicy) back = vmc_policy_from_json(first, &error);
        g_assert_no_error(error);
        g_autoptr(JsonNode) second = vmc_policy_to_json(back);
        g_assert_true(json_node_equal(first, second));
    }
    g_assert_null(vmc_policy_new("chaos"));
}

/* A file says only what it changes; the rest is that of the policy it is like.
 */
static void
test_like(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcPolicy) pack = vmc_policy_new("pack");
    g_autoptr(VmcPolicy) mine =
        vmc_policy_parse("{\"name\": \"mine\", \"like\": \"pack\", "
                         "\"weight_milli\": {\"hosts\": 5}}",
                         -1, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(mine->name, ==, "mine");
    g_assert_cmpuint(mine->weight_milli[VMC_TERM_HOSTS], ==, 5);
    g_assert_cmpuint(mine->weight_milli[VMC_TERM_LOAD], ==,
                     pack->weight_milli[VMC_TERM_LOAD]);
    g_assert_null(mine->spare_level);
}

static void
assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_policy_parse(text, -1, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_cmpstr(error->message, ==, message);
}

/* What is misspelt or makes no sense is said with its path. */
static void
test_refused(void)
{
    assert_refused("{\"like\": \"chaos\"}",
                   "like: there is no policy 'chaos'; those that ship are "
                   "'balance', 'pack'");
    assert_refused("{\"weight_milli\": {\"laod\": 1}}",
                   "weight_milli.laod: there is no such member");
    assert_refused("{\"horizon_s\": 0}",
                   "horizon_s: expected a whole number from 1 to 1000000000, "
                   "found 0");
    assert_refused("{\"weight_milli\": {\"broken\": 0}}",
                   "weight_milli.broken: there is no such member");
    assert_refused("[]", "expected an object, found an array");
}

/* A guest that writes half as fast as the link sends costs twice; one that
 * writes faster is throttled, and costs no more than four times. */
static void
test_move_bytes(void)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new("balance");

    policy->bandwidth_bytes_per_s = 1000;
    g_assert_cmpuint(vmc_policy_move_bytes(policy, GIB, 0), ==, GIB);
    g_assert_cmpuint(vmc_policy_move_bytes(policy, GIB, 500), ==, 2 * GIB);
    g_assert_cmpuint(vmc_policy_move_bytes(policy, GIB, 1500), ==, 4 * GIB);
    g_assert_cmpuint(vmc_policy_move_bytes(policy, GIB, G_MAXUINT64), ==,
                     4 * GIB);
    g_assert_cmpuint(vmc_policy_move_bytes(policy, G_MAXUINT64, 0), ==,
                     G_MAXUINT64);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/shipped", test_shipped);
    g_test_add_func("/policy/like", test_like);
    g_test_add_func("/policy/refused", test_refused);
    g_test_add_func("/policy/move-bytes", test_move_bytes);
    return g_test_run();
}
