/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/daemon-fixture.h"
#include "tests/unit/sim-xml.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

/* Defines a domain that vmctl does not manage, and starts it. */
static void
find(VmcDaemonFixture *fixture, const char *uuid, const char *name)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, uuid);

    call->xml = sim_xml_new(uuid, name);
    vmc_daemon_fixture_perform(fixture, "h1", call);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, uuid);
}

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    find(fixture, UUID_1, "web1");
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
}

static VmcJobRecord *
adopt(VmcDaemonFixture *fixture, const char *uuid, const char *intent)
{
    guint64 id = vmc_daemon_fixture_submit(fixture, "adopt", uuid, intent);

    return vmc_daemon_fixture_finish(fixture, id);
}

static void
assert_managed(VmcDaemonFixture *fixture, gboolean is_managed)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_true(facts->is_managed == is_managed);
    g_assert_true(vm->is_managed == is_managed);
    g_assert_true((vmc_fleet_find_vm(stored, UUID_1) != NULL) == is_managed);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
}

/* The guest goes on; host, fleet and store know that it is ours now. */
static void
test_adopt(VmcDaemonFixture *fixture, gconstpointer data)
{
    assert_managed(fixture, FALSE);
    g_autoptr(VmcJobRecord) record =
        adopt(fixture, UUID_1, "{\"service_class\":\"silver\"}");
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_managed(fixture, TRUE);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpstr(vm->service_class, ==, "silver");
    g_assert_cmpuint(vm->factors.of[VMC_CPU].value_milli, ==, 500);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 1000);
    g_assert_cmpuint(vm->size_max.amount[VMC_CPU], ==, 4000);

    g_autoptr(VmcJobRecord) again = adopt(fixture, UUID_1, NULL);
    g_assert_cmpint(again->state, ==, VMC_JOB_DONE);
    g_autoptr(VmcVm) same = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpstr(same->service_class, ==, "silver");
}

/* Limits are what was asked for, where the definition can give it: the
 * simulated guest has 1 of 4 vCPUs and 512 MiB of 4 GiB. */
static void
test_limits(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const bad[] = {
        "{\"vcpus_max\":64}", "{\"memory_max_bytes\":1099511627776}",
        "{\"memory_max_bytes\":1048576}", "{\"vcpus_max\":\"2\"}"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(VmcJobRecord) refused = adopt(fixture, UUID_1, bad[i]);
        g_assert_cmpint(refused->state, ==, VMC_JOB_FAILED);
        g_test_message("%s", refused->error_message);
        assert_managed(fixture, FALSE);
    }
    g_autoptr(VmcJobRecord) record = adopt(
        fixture, UUID_1, "{\"vcpus_max\":2,\"memory_max_bytes\":1610612736}");
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);
    g_assert_cmpuint(facts->metadata->size_max.amount[VMC_CPU], ==, 2000);
    g_assert_cmpuint(facts->metadata->size_max.amount[VMC_MEMORY], ==,
                     1610612736);
}

static void
test_bad_class(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        adopt(fixture, UUID_1, "{\"service_class\":\"tin\"}");

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_INVALID);
    assert_managed(fixture, FALSE);
}

/* Two VMs of one name would not be told apart. */
static void
test_name_taken(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_host(fixture, "h2");
    vmc_daemon_fixture_add_vm(fixture, UUID_2, "web1", "h2");
    g_autoptr(VmcJobRecord) record = adopt(fixture, UUID_1, NULL);

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_EXISTS);
    g_assert_nonnull(strstr(record->error_message, "'h2'"));
    assert_managed(fixture, FALSE);
}

static void
test_bad_name(VmcDaemonFixture *fixture, gconstpointer data)
{
    find(fixture, UUID_2, "my vm");
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_2, VMC_VM_RUNNING);
    g_autoptr(VmcJobRecord) record = adopt(fixture, UUID_2, NULL);

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_INVALID);
    g_assert_nonnull(strstr(record->error_message, "virsh domrename"));
}

/* One that would vanish with its process. */
static void
test_transient(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, UUID_1);
    g_autoptr(VmcJobRecord) record = adopt(fixture, UUID_1, NULL);

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    g_assert_nonnull(strstr(record->error_message, "transient"));
}

static void
test_faults(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault refuse = {VMC_SIM_FAULT_REFUSE, .call = "set-metadata"};
    VmcSimFault lost = {VMC_SIM_FAULT_LOST_REPLY, .call = "set-metadata",
                        .times = 1};

    vmc_sim_fault_add(&refuse);
    g_autoptr(VmcJobRecord) refused = adopt(fixture, UUID_1, NULL);
    vmc_sim_fault_clear();
    g_assert_cmpint(refused->state, ==, VMC_JOB_FAILED);
    assert_managed(fixture, FALSE);

    vmc_sim_fault_add(&lost);
    g_autoptr(VmcJobRecord) record = adopt(fixture, UUID_1, NULL);
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_managed(fixture, TRUE);
}

#define ADD(name, func)                                                        \
    g_test_add("/adopt-job/" name, VmcDaemonFixture, NULL, set_up, func,       \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("adopt", test_adopt);
    ADD("limits", test_limits);
    ADD("bad-class", test_bad_class);
    ADD("name-taken", test_name_taken);
    ADD("bad-name", test_bad_name);
    ADD("transient", test_transient);
    ADD("faults", test_faults);
    return g_test_run();
}
