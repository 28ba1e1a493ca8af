/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/factor.h"

#include <glib.h>

#include "core/error.h"

static void
test_parse_good(void)
{
    VmcFactor factor;

    g_assert_true(vmc_factor_parse("0.5", VMC_FACTOR_FROM_VM, &factor, NULL));
    g_assert_cmpuint(factor.value_milli, ==, 500);
    g_assert_false(factor.is_auto);
    g_assert_cmpint(factor.source, ==, VMC_FACTOR_FROM_VM);

    g_assert_true(vmc_factor_parse("auto:0.1..2", VMC_FACTOR_FROM_TEMPLATE,
                                   &factor, NULL));
    g_assert_true(factor.is_auto);
    /* nothing measured yet: promise nothing twice */
    g_assert_cmpuint(factor.value_milli, ==, 2000);
    g_autofree char *text = vmc_factor_format(&factor);
    g_assert_cmpstr(text, ==, "auto:0.1..2");
}

static void
test_parse_bad(void)
{
    static const char *const cases[] = {
        "",          "0",      "0.009",   "4.001",       "x",
        "automatic", "auto:1", "auto:..", "auto:1..0.5", "auto:0..1"};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        VmcFactor factor;

        g_test_message("%s", cases[i]);
        g_assert_false(
            vmc_factor_parse(cases[i], VMC_FACTOR_FROM_VM, &factor, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    }
}

/* claim = size × V, and memory never below what is resident of it; what the
 * hypervisor holds beyond is not the VM's. */
static void
test_claim(void)
{
    VmcFactors factors;
    VmcResources size = VMC_RESOURCES(4000, 1000, 10, 100);

    g_assert_true(vmc_factors_of_class("silver", &factors));
    g_assert_false(vmc_factors_of_class("tin", &factors));
    factors.of[VMC_MEMORY] = vmc_factor_fixed(500, VMC_FACTOR_FROM_VM);

    VmcResources claim = vmc_factors_claim(&factors, size, 0);
    g_assert_true(
        vmc_resources_equal(claim, VMC_RESOURCES(2000, 500, 10, 100)));
    claim = vmc_factors_claim(&factors, size, 800);
    g_assert_cmpuint(claim.amount[VMC_MEMORY], ==, 800);
    claim = vmc_factors_claim(&factors, size, 1200);
    g_assert_cmpuint(claim.amount[VMC_MEMORY], ==, 1000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/factor/parse-good", test_parse_good);
    g_test_add_func("/factor/parse-bad", test_parse_bad);
    g_test_add_func("/factor/claim", test_claim);
    return g_test_run();
}
