/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/daemon-fixture.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
}

static VmcJobRecord *
rename_to(VmcDaemonFixture *fixture, const char *intent)
{
    guint64 id = vmc_daemon_fixture_submit(fixture, "rename", UUID_1, intent);

    return vmc_daemon_fixture_finish(fixture, id);
}

/* On its host, in the fleet, and in the store. */
static void
assert_name(VmcDaemonFixture *fixture, const char *name)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_cmpstr(facts->name, ==, name);
    g_assert_cmpstr(vm->name, ==, name);
    g_assert_cmpstr(vmc_fleet_find_vm(stored, UUID_1)->name, ==, name);
}

static void
assert_refused(VmcDaemonFixture *fixture,
               const char *intent,
               VmcError code,
               const char *word)
{
    g_autoptr(VmcJobRecord) record = rename_to(fixture, intent);

    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_test_message("%s", record->error_message);
    g_assert_cmpint(record->error_code, ==, code);
    g_assert_nonnull(strstr(record->error_message, word));
    assert_name(fixture, "web1");
}

static void
test_rename(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record = rename_to(fixture, "{\"name\":\"web2\"}");

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_name(fixture, "web2");
    g_autoptr(VmcJobRecord) again = rename_to(fixture, "{\"name\":\"web2\"}");
    g_assert_cmpint(again->state, ==, VMC_JOB_DONE);
}

/* What runs keeps its name, and so does what asks for nonsense. */
static void
test_refused(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_define(fixture, "h1", UUID_2, "web2");
    assert_refused(fixture, "{\"name\":\"web2\"}", VMC_ERROR_EXISTS, "'web2'");
    assert_refused(fixture, "{\"name\":\"a b\"}", VMC_ERROR_INVALID, "'a b'");
    assert_refused(fixture, "{}", VMC_ERROR_INVALID, "no new name");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    assert_refused(fixture, "{\"name\":\"web3\"}", VMC_ERROR_REFUSED,
                   "stop it first");
}

static void
test_absent(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, UUID_1);
    g_autoptr(VmcJobRecord) record = rename_to(fixture, "{\"name\":\"web2\"}");

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_NOT_FOUND);
}

/* The host refuses, or its answer is lost: the fleet shows what is. */
static void
test_faults(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault refuse = {VMC_SIM_FAULT_REFUSE, .call = "rename",
                          .code = VMC_ERROR_REFUSED};
    VmcSimFault lost = {VMC_SIM_FAULT_LOST_REPLY, .call = "rename", .times = 1};

    vmc_sim_fault_add(&refuse);
    assert_refused(fixture, "{\"name\":\"web2\"}", VMC_ERROR_REFUSED, "rename");
    vmc_sim_fault_clear();
    vmc_sim_fault_add(&lost);
    g_autoptr(VmcJobRecord) record = rename_to(fixture, "{\"name\":\"web2\"}");
    vmc_sim_fault_clear();
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_name(fixture, "web2");
}

#define ADD(name, func)                                                        \
    g_test_add("/rename-job/" name, VmcDaemonFixture, NULL, set_up, func,      \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("rename", test_rename);
    ADD("refused", test_refused);
    ADD("absent", test_absent);
    ADD("faults", test_faults);
    return g_test_run();
}
