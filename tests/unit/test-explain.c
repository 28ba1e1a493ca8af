/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/explain.h"

#include <glib.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)

/* One host of 8 CPUs and 32 GiB, 2 GiB of it reserved, with one silver VM of 4
 * vCPUs and 8 GiB. */
static VmcFleet *
make_fleet(void)
{
    g_autoptr(VmcHost) host = vmc_host_new("kvm1", "sim://kvm1");
    g_autoptr(VmcVm) vm =
        vmc_vm_new("11111111-1111-1111-1111-111111111111", "web1");
    g_autoptr(VmcFleet) empty = vmc_fleet_new();

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(8000, 32 * GIB, 0, 0);
    host->reserved = VMC_RESOURCES(0, 2 * GIB, 0, 0);
    host->ceiling_milli = VMC_RESOURCES(8000, 0, 0, 0);
    vm->host = g_strdup("kvm1");
    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->size = VMC_RESOURCES(4000, 8 * GIB, 0, 0);
    vm->vcpus = (VmcTriple){4, 4, 3};
    vm->memory_bytes = (VmcTriple){8 * GIB, 8 * GIB, 8 * GIB - 123456789};
    g_assert_true(vmc_factors_of_class("silver", &vm->factors));
    g_autoptr(VmcFleet) fleet = vmc_fleet_with_host(empty, host);
    return vmc_fleet_with_vm(fleet, vm);
}

static void
assert_row(const VmcExplanation *explanation, guint index, const char *expected)
{
    g_autofree char *row =
        g_strjoinv("|", (GStrv) explanation->rows->pdata[index]);

    g_assert_cmpstr(row, ==, expected);
    g_assert_cmpuint(g_strv_length(explanation->rows->pdata[index]), ==,
                     g_strv_length(explanation->columns));
}

/* Every number of the model stands in the table, with where V came from. */
static void
test_vm(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcExplanation) explanation = vmc_explain_vm(
        fleet, vmc_fleet_find_vm(fleet, "web1"), VMC_EXPLAIN_ROUNDED);

    assert_row(explanation, VMC_CPU, "cpu|4|0.5|class|2|-|6");
    assert_row(explanation, VMC_MEMORY, "memory|8GiB|1|class|8GiB|-|22GiB");
    g_autofree char *notes = g_strjoinv("\n", explanation->notes);
    g_assert_true(g_pattern_match_simple("*running on 'kvm1'*4 requested, 4 "
                                         "plugged, 3 usable*",
                                         notes));
    /* what is measured is shown rounded, and not as ten digits of bytes */
    g_assert_true(g_pattern_match_simple("*7.89GiB usable*", notes));
}

static void
test_host(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcExplanation) explanation = vmc_explain_host(
        fleet, vmc_fleet_find_host(fleet, "kvm1"), VMC_EXPLAIN_ROUNDED);

    assert_row(explanation, VMC_CPU, "cpu|8|0|8|2|6|4|64");
    assert_row(explanation, VMC_MEMORY,
               "memory|32GiB|2GiB|30GiB|8GiB|22GiB|8GiB|-");
    g_autofree char *notes = g_strjoinv("\n", explanation->notes);
    g_assert_true(
        g_pattern_match_simple("it is up*VM 'web1'*claims 2 CPU*", notes));
}

/* A program gets numbers, not words. */
static void
test_exact(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcExplanation) vm = vmc_explain_vm(
        fleet, vmc_fleet_find_vm(fleet, "web1"), VMC_EXPLAIN_EXACT);
    g_autoptr(VmcExplanation) host = vmc_explain_host(
        fleet, vmc_fleet_find_host(fleet, "kvm1"), VMC_EXPLAIN_EXACT);

    assert_row(vm, VMC_CPU, "cpu|4000|0.5|class|2000||6000");
    assert_row(vm, VMC_MEMORY,
               "memory|8589934592|1|class|8589934592||23622320128");
    assert_row(host, VMC_CPU, "cpu|8000|0|8000|2000|6000|4000|64000");
}

/* The scalar adds shares of the fleet: 2 of 8 CPUs and 8 of 30 GiB. */
static void
test_weight(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();

    g_assert_cmpuint(
        vmc_explain_weight_milli(fleet, VMC_RESOURCES(2000, 8 * GIB, 0, 0)), ==,
        250 + 266);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/explain/vm", test_vm);
    g_test_add_func("/explain/host", test_host);
    g_test_add_func("/explain/exact", test_exact);
    g_test_add_func("/explain/weight", test_weight);
    return g_test_run();
}
