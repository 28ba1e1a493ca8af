/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/problem.h"

#include "core/json-text.h"

#include <glib.h>

/* The form of RFC 9457, with type and status from the one table of codes. */
static void
test_form(void)
{
    g_autoptr(GError) error = g_error_new_literal(
        VMC_ERROR, VMC_ERROR_NOT_FOUND, "there is no host 'a'");
    const VmcProblem problem = vmc_problem_of(error, "/v1/hosts/a");
    g_autoptr(JsonNode) node = vmc_problem_to_json(&problem);
    g_autofree char *text = vmc_json_print(node);

    g_assert_cmpstr(text, ==,
                    "{\"type\":\"urn:vmctl:problem:not-found\","
                    "\"title\":\"Not found\",\"status\":404,"
                    "\"detail\":\"there is no host 'a'\","
                    "\"instance\":\"/v1/hosts/a\"}");
}

/* What a library says need not be UTF-8; the answer is JSON all the same. */
static void
test_detail_is_made_valid(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(VMC_ERROR, VMC_ERROR_FAILED, "bad \xff byte");
    const VmcProblem problem = vmc_problem_of(error, NULL);
    g_autoptr(JsonNode) node = vmc_problem_to_json(&problem);
    g_autofree char *text = vmc_json_print(node);
    g_autoptr(GError) parse_error = NULL;
    g_autoptr(JsonNode) again = vmc_json_parse(text, -1, 10000, &parse_error);

    g_assert_no_error(parse_error);
    g_assert_false(
        json_object_has_member(json_node_get_object(again), "instance"));
}

/* An error of another library gets the nearest code of ours. */
static void
test_foreign_error(void)
{
    g_autoptr(GError) error = g_error_new_literal(
        G_IO_ERROR, G_IO_ERROR_NO_SPACE, "No space left on device");
    const VmcProblem problem = vmc_problem_of(error, NULL);

    g_assert_cmpint(problem.code, ==, VMC_ERROR_NO_SPACE);
    g_assert_cmpuint(problem.status, ==, 507);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/problem/form", test_form);
    g_test_add_func("/problem/detail-is-made-valid", test_detail_is_made_valid);
    g_test_add_func("/problem/foreign-error", test_foreign_error);
    return g_test_run();
}
