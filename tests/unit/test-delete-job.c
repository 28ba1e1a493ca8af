/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/create-bench.h"

#define UUID CREATE_BENCH_UUID
#define FORCE "{\"force\":true}"

static void
make(VmcDaemonFixture *fixture, gboolean starts)
{
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(
        fixture, create_bench_submit(fixture, starts));

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
}

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    make(fixture, TRUE);
}

static VmcJobRecord *
delete_vm(VmcDaemonFixture *fixture, const char *intent)
{
    guint64 id = vmc_daemon_fixture_submit(fixture, "delete", UUID, intent);

    return vmc_daemon_fixture_finish(fixture, id);
}

static void
assert_gone(VmcDaemonFixture *fixture, guint n_volumes)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_cmpint(facts->state, ==, VMC_RUN_ABSENT);
    g_assert_cmpuint(create_bench_count_volumes("h1"), ==, n_volumes);
    g_assert_null(vm);
    g_assert_cmpuint(vmc_fleet_n_vms(stored), ==, 0);
}

static void
assert_still_running(VmcDaemonFixture *fixture)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID);

    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
    g_assert_cmpuint(create_bench_count_volumes("h1"), ==, CREATE_BENCH_DISKS);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID, VMC_VM_RUNNING);
}

/* A VM at work is not deleted by mistake. */
static void
test_running(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, NULL);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    g_assert_nonnull(strstr(record->error_message, "--force"));
    assert_still_running(fixture);

    g_autoptr(VmcJobRecord) forced = delete_vm(fixture, FORCE);
    g_assert_cmpint(forced->state, ==, VMC_JOB_DONE);
    assert_gone(fixture, 0);
}

static void
test_off(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID);
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_gone(fixture, 0);
}

/* A VM whose domain somebody removed can still be got rid of. */
static void
test_lost(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, UUID);
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_gone(fixture, CREATE_BENCH_DISKS); /* nobody knows its disks now */
}

/* Disks that vmctl did not make are not vmctl's to delete. */
static void
test_foreign_disks(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char other[] = "00000000-0000-4000-8000-000000000002";

    /* web2 was adopted, and shares the disks of web1 */
    create_bench_define_sharing(fixture, other, "web2");
    guint64 id = vmc_daemon_fixture_submit(fixture, "delete", other, NULL);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_still_running(fixture);
}

/* Refused before anything went: all is as it was. */
static void
test_refused(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault refuse = {VMC_SIM_FAULT_REFUSE, .call = "destroy"};

    vmc_sim_fault_add(&refuse);
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, FORCE);
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    assert_still_running(fixture);
}

/* Off, but still defined: shown as that, and deleted the next time. */
static void
test_half_refused(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault refuse = {VMC_SIM_FAULT_REFUSE, .call = "undefine"};

    vmc_sim_fault_add(&refuse);
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, FORCE);
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID);
    g_assert_cmpint(vm->state, ==, VMC_VM_SHUT_OFF);
    g_autoptr(VmcJobRecord) again = delete_vm(fixture, NULL);
    g_assert_cmpint(again->state, ==, VMC_JOB_DONE);
    assert_gone(fixture, 0);
}

/* The VM is gone, a volume is not: both are said. */
static void
test_volume_left(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault refuse = {VMC_SIM_FAULT_REFUSE, .call = "delete-volume",
                          .times = 1};

    vmc_sim_fault_add(&refuse);
    g_autoptr(VmcJobRecord) record = delete_vm(fixture, FORCE);
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_PARTIAL);
    g_test_message("%s", record->error_message);
    g_assert_nonnull(strstr(record->error_message, "disk0.qcow2"));
    assert_gone(fixture, 1);
}

static void
test_lost_replies(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const calls[] = {"destroy", "undefine", "delete-volume"};

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        VmcSimFault lost = {VMC_SIM_FAULT_LOST_REPLY, .call = calls[i],
                            .times = 1};
        vmc_sim_fault_add(&lost);
        g_autoptr(VmcJobRecord) record = delete_vm(fixture, FORCE);
        g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
        vmc_sim_fault_clear();
        g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
        assert_gone(fixture, 0);
        make(fixture, TRUE);
    }
}

static gboolean
fault_struck(gpointer data)
{
    return vmc_sim_fault_count() > 0;
}

/* Once it has begun there is no way back: a cancel comes too late. */
static void
test_cancelled_late(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault slow = {VMC_SIM_FAULT_HANG, .call = "destroy", .times = 1};

    vmc_sim_fault_add(&slow);
    guint64 id = vmc_daemon_fixture_submit(fixture, "delete", UUID, FORCE);
    vmc_fixture_wait_until(fault_struck, NULL);
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    vmc_sim_fault_clear();
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_gone(fixture, 0);
}

/* A VM between two hosts is left alone: half of it would stay behind. */
static void
test_in_transit(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const kinds[] = {"delete", "start", "stop", "resume"};
    g_autoptr(VmcVm) known = vmc_daemon_fixture_vm(fixture, UUID);
    g_autoptr(VmcVm) moving = vmc_vm_copy(known);

    vmc_daemon_fixture_add_host(fixture, "h2");
    moving->destination = g_strdup("h2");
    vmc_live_fleet_put_vm(fixture->live_fleet, moving);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        guint64 id = vmc_daemon_fixture_submit(fixture, kinds[i], UUID, FORCE);
        g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
        g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
        g_assert_nonnull(strstr(record->error_message, "between host 'h1'"));
    }
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
}

#define ADD(name, func)                                                        \
    g_test_add("/delete-job/" name, VmcDaemonFixture, NULL, set_up, func,      \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("running", test_running);
    ADD("off", test_off);
    ADD("lost", test_lost);
    ADD("foreign-disks", test_foreign_disks);
    ADD("refused", test_refused);
    ADD("half-refused", test_half_refused);
    ADD("volume-left", test_volume_left);
    ADD("lost-replies", test_lost_replies);
    ADD("cancelled-late", test_cancelled_late);
    ADD("in-transit", test_in_transit);
    return g_test_run();
}
