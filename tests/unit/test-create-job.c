/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/create-bench.h"

#define UUID CREATE_BENCH_UUID

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
}

static VmcJobRecord *
create(VmcDaemonFixture *fixture)
{
    return vmc_daemon_fixture_finish(fixture,
                                     create_bench_submit(fixture, TRUE));
}

/* Not on the host, not in its pool, not in the fleet, not in the store. */
static void
assert_nothing_left(VmcDaemonFixture *fixture)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_cmpint(facts->state, ==, VMC_RUN_ABSENT);
    g_assert_cmpuint(create_bench_count_volumes("h1"), ==, 0);
    g_assert_null(vm);
    g_assert_cmpuint(vmc_fleet_n_vms(stored), ==, 0);
}

static void
assert_whole(VmcDaemonFixture *fixture, VmcVmState state)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID);

    vmc_daemon_fixture_wait_for_vm(fixture, UUID, state);
    g_assert_cmpint(facts->state, ==,
                    state == VMC_VM_RUNNING ? VMC_RUN_RUNNING
                                            : VMC_RUN_SHUT_OFF);
    g_assert_cmpuint(create_bench_count_volumes("h1"), ==, CREATE_BENCH_DISKS);
}

/* ---- as it should be ------------------------------------------------------
 */

static void
test_create(VmcDaemonFixture *fixture, gconstpointer data)
{
    guint64 id = create_bench_submit(fixture, TRUE);
    g_autoptr(VmcVm) at_once = vmc_daemon_fixture_vm(fixture, UUID);

    g_assert_cmpint(at_once->state, ==, VMC_VM_CREATING);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_whole(fixture, VMC_VM_RUNNING);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);
    g_assert_cmpint(vmc_fleet_find_vm(stored, UUID)->state, ==, VMC_VM_RUNNING);
}

static void
test_without_start(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        vmc_daemon_fixture_finish(fixture, create_bench_submit(fixture, FALSE));

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_whole(fixture, VMC_VM_SHUT_OFF);
}

/* ---- faults ---------------------------------------------------------------
 */

/* Whichever call is refused, nothing is left. */
static void
test_refused(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const VmcSimFault faults[] = {
        {VMC_SIM_FAULT_REFUSE, .call = "create-disk"},
        {VMC_SIM_FAULT_REFUSE, .call = "create-disk", .nth = 2},
        {VMC_SIM_FAULT_REFUSE, .call = "define"},
        {VMC_SIM_FAULT_REFUSE, .call = "start"},
        {VMC_SIM_FAULT_PARTIAL, .call = "start"},
        {VMC_SIM_FAULT_REFUSE, .call = "create-disk", .nth = 2,
         .code = VMC_ERROR_NO_SPACE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_test_message("%s %s", vmc_sim_fault_kind_to_name(faults[i].kind),
                       faults[i].call);
        vmc_sim_fault_add(&faults[i]);
        g_autoptr(VmcJobRecord) record = create(fixture);
        g_assert_cmpuint(vmc_sim_fault_count(), >, 0);
        vmc_sim_fault_clear();
        g_assert_cmpint(record->state, !=, VMC_JOB_DONE);
        g_assert_cmpint(record->state, !=, VMC_JOB_UNKNOWN);
        g_assert_true(vmc_fixture_trail_has(record, "nothing of VM 'web1'"));
        assert_nothing_left(fixture);
    }
}

/* An answer that is lost is asked for again. */
static void
test_lost_replies(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const calls[] = {"create-disk", "define", "start"};

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        VmcSimFault lost = {VMC_SIM_FAULT_LOST_REPLY, .call = calls[i],
                            .times = 1};
        vmc_sim_fault_add(&lost);
        g_autoptr(VmcJobRecord) record = create(fixture);
        g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
        vmc_sim_fault_clear();
        g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
        assert_whole(fixture, VMC_VM_RUNNING);
        guint64 id = vmc_daemon_fixture_submit(fixture, "delete", UUID,
                                               "{\"force\":true}");
        g_autoptr(VmcJobRecord) gone = vmc_daemon_fixture_finish(fixture, id);
        g_assert_cmpint(gone->state, ==, VMC_JOB_DONE);
        assert_nothing_left(fixture);
    }
}

/* What cannot be undone is said, and stays to be seen and deleted. */
static void
test_undo_fails(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault no_start = {VMC_SIM_FAULT_REFUSE, .call = "start"};
    VmcSimFault no_delete = {VMC_SIM_FAULT_REFUSE, .call = "delete-volume"};

    vmc_sim_fault_add(&no_start);
    vmc_sim_fault_add(&no_delete);
    g_autoptr(VmcJobRecord) record = create(fixture);
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_test_message("%s", record->error_message);
    g_assert_nonnull(strstr(record->error_message, "'h1'"));
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID);
    g_assert_nonnull(vm);
}

/* A host that cannot be reached was left alone: nothing to be undone. */
static void
test_unreachable(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(fixture->live_fleet, "h1");

    vmc_link_stop(link);
    g_autoptr(VmcJobRecord) record = create(fixture);
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_UNREACHABLE);
    assert_nothing_left(fixture);
}

/* ---- cancel ---------------------------------------------------------------
 */

static gboolean
fault_struck(gpointer data)
{
    return vmc_sim_fault_count() > 0;
}

/* In the middle of a disk: the disk is waited for, and taken away again. */
static void
test_cancelled(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault slow = {VMC_SIM_FAULT_HANG, .call = "create-disk", .times = 1};

    vmc_sim_fault_add(&slow);
    guint64 id = create_bench_submit(fixture, TRUE);
    vmc_fixture_wait_until(fault_struck, NULL);
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    vmc_sim_fault_clear();
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
    assert_nothing_left(fixture);
}

#define ADD(name, func)                                                        \
    g_test_add("/create-job/" name, VmcDaemonFixture, NULL, set_up, func,      \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("create", test_create);
    ADD("without-start", test_without_start);
    ADD("refused", test_refused);
    ADD("lost-replies", test_lost_replies);
    ADD("undo-fails", test_undo_fails);
    ADD("unreachable", test_unreachable);
    ADD("cancelled", test_cancelled);
    return g_test_run();
}
