/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resources.h"

#include <glib.h>

static void
test_names_round_trip(void)
{
    for (guint i = 0; i < VMC_N_RESOURCES; i++) {
        VmcResource back = VMC_N_RESOURCES;

        g_assert_true(vmc_resource_from_name(
            vmc_resource_to_name((VmcResource) i), &back));
        g_assert_cmpint(back, ==, i);
    }
    VmcResource untouched = VMC_DISK;
    g_assert_false(vmc_resource_from_name("gpu", &untouched));
    g_assert_cmpint(untouched, ==, VMC_DISK);
}

/* A sum that overflows must look too large, never small. */
static void
test_sums_saturate(void)
{
    VmcResources huge = VMC_RESOURCES(G_MAXUINT64, 5, 0, 0);
    VmcResources one = VMC_RESOURCES(1, 7, 0, 0);
    VmcResources sum = vmc_resources_add(huge, one);
    VmcResources rest = vmc_resources_subtract(one, huge);

    g_assert_cmpuint(sum.amount[VMC_CPU], ==, G_MAXUINT64);
    g_assert_cmpuint(sum.amount[VMC_MEMORY], ==, 12);
    g_assert_cmpuint(rest.amount[VMC_CPU], ==, 0);
    g_assert_cmpuint(rest.amount[VMC_MEMORY], ==, 2);
}

static void
test_fit_names_what_is_short(void)
{
    VmcResource missing = VMC_N_RESOURCES;

    g_assert_true(vmc_resources_fit(VMC_RESOURCES(1, 2, 3, 4),
                                    VMC_RESOURCES(1, 2, 3, 4), &missing));
    g_assert_cmpint(missing, ==, VMC_N_RESOURCES);
    g_assert_false(vmc_resources_fit(VMC_RESOURCES(1, 2, 4, 5),
                                     VMC_RESOURCES(1, 2, 3, 4), &missing));
    g_assert_cmpint(missing, ==, VMC_DISK);
}

/* Claims round up, also where the product needs more than 64 bits. */
static void
test_scale_rounds_up(void)
{
    g_assert_cmpuint(vmc_resource_scale_milli(1, 1), ==, 1);
    g_assert_cmpuint(vmc_resource_scale_milli(1001, 500), ==, 501);
    g_assert_cmpuint(vmc_resource_scale_milli(4000, 250), ==, 1000);
    g_assert_cmpuint(vmc_resource_scale_milli(G_MAXUINT64, 1000), ==,
                     G_MAXUINT64);
    g_assert_cmpuint(vmc_resource_scale_milli(G_MAXUINT64, 4000), ==,
                     G_MAXUINT64);
    g_assert_cmpuint(vmc_resource_scale_milli(G_MAXUINT64 - 615, 500), ==,
                     (G_MAXUINT64 - 615) / 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/resources/names", test_names_round_trip);
    g_test_add_func("/resources/saturate", test_sums_saturate);
    g_test_add_func("/resources/fit", test_fit_names_what_is_short);
    g_test_add_func("/resources/scale", test_scale_rounds_up);
    return g_test_run();
}
