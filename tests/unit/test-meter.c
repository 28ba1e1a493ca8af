/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/meter.h"

#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/daemon-fixture.h"

/* Short, so that several rounds go by in a test. */
#define INTERVAL_MS 64

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
}

typedef struct {
    VmcDaemonFixture *fixture;
    gint64 age_s;     /* at the least */
    guint millicores; /* at the least */
} Sought;

static const VmcVm *
find_vm(const VmcFleet *fleet)
{
    return vmc_fleet_find_vm(fleet, "h1-vm1");
}

static gboolean
is_measured(gpointer data)
{
    const Sought *sought = data;
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(sought->fixture->live_fleet);
    const VmcVm *vm = find_vm(fleet);

    return vm != NULL && vm->demand_age_s >= sought->age_s &&
           vm->demand.amount[VMC_CPU] >= sought->millicores;
}

/* What a guest uses becomes its demand, and more when it uses more. */
static void
test_measures(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture, .millicores = 1};

    vmc_daemon_fixture_add_sim_host(fixture, "h1",
                                    "cores=4&vms=1&vm_vcpus=2&cpu_percent=10");
    g_autoptr(VmcMeter) meter = vmc_meter_new(fixture->live_fleet, INTERVAL_MS);
    vmc_fixture_wait_until(is_measured, &sought);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    const VmcResources demand = find_vm(fleet)->demand;
    g_assert_cmpuint(demand.amount[VMC_CPU], <, 1000);
    g_assert_cmpuint(demand.amount[VMC_MEMORY], >, 0);
    g_assert_true(vmc_sim_guest_set("h1-vm1", "cpu_percent", "100", NULL));
    sought.millicores = 1000;
    vmc_fixture_wait_until(is_measured, &sought);
}

/* A host that does not say is no host without load: what it said gets older. */
static void
test_gap(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture, .millicores = 1};
    const VmcSimFault silence = {.kind = VMC_SIM_FAULT_REFUSE,
                                 .call = "read-usage"};

    vmc_daemon_fixture_add_sim_host(fixture, "h1",
                                    "cores=4&vms=1&cpu_percent=100");
    g_autoptr(VmcMeter) meter = vmc_meter_new(fixture->live_fleet, INTERVAL_MS);
    vmc_fixture_wait_until(is_measured, &sought);
    vmc_sim_fault_add(&silence);
    sought.age_s = 1;
    vmc_fixture_wait_until(is_measured, &sought);
}

/* What was measured before a restart is of no known age. */
static void
test_restart(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture, .age_s = -1};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", "cores=4&vms=1");
    vmc_fixture_wait_until(is_measured, &sought);
    g_autoptr(VmcFleet) before = vmc_live_fleet_snapshot(fixture->live_fleet);
    g_autoptr(VmcVm) measured = vmc_vm_copy(find_vm(before));
    measured->demand_age_s = 5;
    vmc_live_fleet_put_measured(fixture->live_fleet, measured);
    g_autoptr(VmcMeter) meter = vmc_meter_new(fixture->live_fleet, 3600000);
    g_autoptr(VmcFleet) after = vmc_live_fleet_snapshot(fixture->live_fleet);
    g_assert_cmpint(find_vm(after)->demand_age_s, ==, -1);
}

#define ADD(name, func)                                                        \
    g_test_add("/meter/" name, VmcDaemonFixture, NULL, set_up, func,           \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("measures", test_measures);
    ADD("gap", test_gap);
    ADD("restart", test_restart);
    return g_test_run();
}
