/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/demand-window.h"

#include <glib.h>

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define SECOND_US ((gint64) G_USEC_PER_SEC)
#define SECOND_NS (G_GUINT64_CONSTANT(1000000000))

static VmcVm *
make_vm(void)
{
    VmcVm *vm = vmc_vm_new("11111111-1111-1111-1111-111111111111", "web");

    vm->size = VMC_RESOURCES(4000, 512 * MIB, 0, 0);
    vm->factors = vmc_factors_default();
    return vm;
}

/* A reading at second @at, @busy tenths of a CPU since the one before. */
static void
add(VmcDemandWindow *window, VmcDomainUsage *usage, gint64 at, guint busy)
{
    usage->cpu_ns += busy * SECOND_NS / 10;
    vmc_demand_window_add(window, "h1", usage, at * SECOND_US);
}

static VmcResources
demand_of(VmcDemandWindow *window, VmcVm *vm)
{
    vmc_demand_window_measure(window, vm);
    g_assert_cmpint(vm->demand_age_s, ==, 0);
    return vm->demand;
}

/* Two readings make a rate; one, and one on another host, make none. */
static void
test_rates(void)
{
    g_autoptr(VmcVm) vm = make_vm();
    g_autoptr(VmcDemandWindow) window = vmc_demand_window_new();
    VmcDomainUsage usage = {.cpu_ns = 77, .disk_allocated_bytes = 9 * MIB};

    vmc_demand_window_add(window, "h1", &usage, 10 * SECOND_US);
    g_assert_cmpint(vmc_demand_window_sampled_us(window), ==, 0);
    usage.cpu_ns += 3 * SECOND_NS;
    usage.network_bytes = 250000;
    usage.guest_used_bytes = 100 * MIB;
    usage.resident_bytes = 300 * MIB;
    vmc_demand_window_add(window, "h1", &usage, 12 * SECOND_US);
    g_assert_cmpint(vmc_demand_window_sampled_us(window), ==, 12 * SECOND_US);
    VmcResources demand = demand_of(window, vm);
    g_assert_cmpuint(demand.amount[VMC_CPU], ==, 1500);
    g_assert_cmpuint(demand.amount[VMC_MEMORY], ==, 100 * MIB);
    g_assert_cmpuint(demand.amount[VMC_DISK], ==, 9 * MIB);
    g_assert_cmpuint(demand.amount[VMC_NETWORK], ==, 1000000);
    vmc_demand_window_add(window, "h2", &usage, 13 * SECOND_US);
    g_assert_cmpint(vmc_demand_window_sampled_us(window), ==, 12 * SECOND_US);
}

/* A domain that was started anew counts from 0: that is no negative load. */
static void
test_fallen_counters(void)
{
    g_autoptr(VmcDemandWindow) window = vmc_demand_window_new();
    VmcDomainUsage usage = {.cpu_ns = 5 * SECOND_NS};

    vmc_demand_window_add(window, "h1", &usage, SECOND_US);
    usage.cpu_ns = SECOND_NS;
    vmc_demand_window_add(window, "h1", &usage, 2 * SECOND_US);
    g_assert_cmpint(vmc_demand_window_sampled_us(window), ==, 0);
}

/* One outlier is none; what happens twice counts; what is long ago is over. */
static void
test_percentile(void)
{
    g_autoptr(VmcVm) vm = make_vm();
    g_autoptr(VmcDemandWindow) window = vmc_demand_window_new();
    VmcDomainUsage usage = {0};
    gint64 at = 1;

    add(window, &usage, at++, 0);
    for (guint i = 0; i < 15; i++)
        add(window, &usage, at++, 2);
    add(window, &usage, at++, 30);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_CPU], ==, 200);
    add(window, &usage, at++, 20);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_CPU], ==, 2000);
    for (guint i = 0; i < 16; i++)
        add(window, &usage, at++, 1);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_CPU], ==, 100);
}

/* Memory that nobody says anything of is all of it; what it holds on the host
 * is no more than it has; what the guest said once holds until it is asked
 * again. */
static void
test_memory(void)
{
    g_autoptr(VmcVm) vm = make_vm();
    g_autoptr(VmcDemandWindow) window = vmc_demand_window_new();
    VmcDomainUsage usage = {0};

    add(window, &usage, 1, 0);
    add(window, &usage, 2, 1);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_MEMORY], ==, 512 * MIB);
    usage.resident_bytes = 200 * MIB;
    add(window, &usage, 3, 1);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_MEMORY], ==, 200 * MIB);
    usage.resident_bytes = 600 * MIB;
    add(window, &usage, 4, 1);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_MEMORY], ==, 512 * MIB);
    usage.guest_used_bytes = 90 * MIB;
    add(window, &usage, 5, 1);
    usage.guest_used_bytes = usage.resident_bytes = 0;
    add(window, &usage, 6, 1);
    g_assert_cmpuint(demand_of(window, vm).amount[VMC_MEMORY], ==, 90 * MIB);
    g_assert_cmpuint(vm->resident_bytes, ==, 600 * MIB);
    g_assert_cmpuint(vmc_vm_claim(vm).amount[VMC_MEMORY], ==, 512 * MIB);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/demand-window/rates", test_rates);
    g_test_add_func("/demand-window/fallen-counters", test_fallen_counters);
    g_test_add_func("/demand-window/percentile", test_percentile);
    g_test_add_func("/demand-window/memory", test_memory);
    return g_test_run();
}
