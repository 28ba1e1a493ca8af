/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/recovery.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/daemon-fixture.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", "shared_pools=yes");
    vmc_daemon_fixture_add_sim_host(fixture, "h2", "shared_pools=yes");
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
}

/* As a migration leaves it whose end could not be learned. */
static void
leave_between(VmcDaemonFixture *fixture)
{
    g_autoptr(VmcVm) known = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);

    vm->destination = g_strdup("h2");
    vm->state = VMC_VM_UNKNOWN;
    /* the other way round than jobs do: without an open job, the monitor stores
     * what the fleet has */
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
    g_assert_true(vmc_store_put_vm(fixture->store, vm, NULL));
}

static gboolean
is_at_rest(gpointer data)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(data, UUID_1);

    return vm->destination == NULL && vm->state == VMC_VM_RUNNING &&
           vmc_job_queue_find_open(((VmcDaemonFixture *) data)->queue,
                                   UUID_1) == 0;
}

static void
assert_settled(VmcDaemonFixture *fixture)
{
    vmc_fixture_wait_until(is_at_rest, fixture);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(GPtrArray) jobs = vmc_job_queue_list(fixture->queue);
    const VmcJobRecord *record = g_ptr_array_index(jobs, 0);

    g_assert_cmpstr(vm->host, ==, "h1");
    g_assert_cmpuint(vmc_sim_world_count_running(UUID_1), ==, 1);
    g_assert_cmpuint(jobs->len, ==, 1);
    g_assert_cmpstr(record->kind, ==, "migrate");
    g_assert_cmpstr(record->requested_by, ==, "recovery");
}

/* Nobody has to ask: as soon as both hosts answer, where it is is settled. */
static void
test_settles(VmcDaemonFixture *fixture, gconstpointer data)
{
    leave_between(fixture);
    g_autoptr(VmcRecovery) recovery =
        vmc_recovery_new(fixture->live_fleet, fixture->queue);
    assert_settled(fixture);
}

/* That it was left between two hosts outlives the vmctld that left it. */
static void
test_settles_after_restart(VmcDaemonFixture *fixture, gconstpointer data)
{
    leave_between(fixture);
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    g_autoptr(VmcRecovery) recovery =
        vmc_recovery_new(fixture->live_fleet, fixture->queue);
    assert_settled(fixture);
}

/* With one host silent nothing is done: either may have it. */
static void
test_waits_for_both(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(fixture->live_fleet, "h2");

    vmc_link_stop(link);
    leave_between(fixture);
    g_autoptr(VmcRecovery) recovery =
        vmc_recovery_new(fixture->live_fleet, fixture->queue);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    vmc_live_fleet_put_host(fixture->live_fleet,
                            vmc_fleet_find_host(fleet, "h1"));
    g_assert_cmpuint(vmc_job_queue_find_open(fixture->queue, UUID_1), ==, 0);
    g_autoptr(GPtrArray) jobs = vmc_job_queue_list(fixture->queue);
    g_assert_cmpuint(jobs->len, ==, 0);
}

#define ADD(name, func)                                                        \
    g_test_add("/recovery/" name, VmcDaemonFixture, NULL, set_up, func,        \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("settles", test_settles);
    ADD("settles-after-restart", test_settles_after_restart);
    ADD("waits-for-both", test_waits_for_both);
    return g_test_run();
}
