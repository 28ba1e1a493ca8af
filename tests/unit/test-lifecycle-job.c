/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "tests/unit/daemon-fixture.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
}

/* Brings the domain into a state, past the daemon. */
static void
put_into(VmcDaemonFixture *fixture, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) now =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);

    if (now->state != VMC_RUN_ABSENT)
        vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID_1);
    if (state == VMC_RUN_ABSENT)
        vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, UUID_1);
    if (state == VMC_RUN_RUNNING || state == VMC_RUN_PAUSED)
        vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    if (state == VMC_RUN_PAUSED)
        vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_SUSPEND, UUID_1);
}

static void
assert_run_state(VmcDaemonFixture *fixture, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);

    g_assert_cmpint(facts->state, ==, state);
}

static VmcJobRecord *
run_job(VmcDaemonFixture *fixture, const char *kind)
{
    guint64 id = vmc_daemon_fixture_submit(fixture, kind, UUID_1, NULL);

    return vmc_daemon_fixture_finish(fixture, id);
}

/* ---- from every state -----------------------------------------------------
 */

typedef struct {
    const char *kind;
    VmcRunState before;
    VmcJobState end;
    VmcError code;
    VmcRunState after;
    const char *advice;
} Case;

static const Case cases[] = {
    {"start", VMC_RUN_SHUT_OFF, VMC_JOB_DONE, 0, VMC_RUN_RUNNING, NULL},
    {"start", VMC_RUN_RUNNING, VMC_JOB_DONE, 0, VMC_RUN_RUNNING, NULL},
    {"start", VMC_RUN_PAUSED, VMC_JOB_FAILED, VMC_ERROR_REFUSED, VMC_RUN_PAUSED,
     "vmctl resume"},
    {"pause", VMC_RUN_RUNNING, VMC_JOB_DONE, 0, VMC_RUN_PAUSED, NULL},
    {"pause", VMC_RUN_PAUSED, VMC_JOB_DONE, 0, VMC_RUN_PAUSED, NULL},
    {"pause", VMC_RUN_SHUT_OFF, VMC_JOB_FAILED, VMC_ERROR_REFUSED,
     VMC_RUN_SHUT_OFF, "nothing to pause"},
    {"resume", VMC_RUN_PAUSED, VMC_JOB_DONE, 0, VMC_RUN_RUNNING, NULL},
    {"resume", VMC_RUN_RUNNING, VMC_JOB_DONE, 0, VMC_RUN_RUNNING, NULL},
    {"resume", VMC_RUN_SHUT_OFF, VMC_JOB_FAILED, VMC_ERROR_REFUSED,
     VMC_RUN_SHUT_OFF, "vmctl start"},
    {"start", VMC_RUN_ABSENT, VMC_JOB_FAILED, VMC_ERROR_NOT_FOUND,
     VMC_RUN_ABSENT, "delete it"},
};

static void
assert_end(const VmcJobRecord *record, const Case *expected)
{
    g_assert_cmpint(record->state, ==, expected->end);
    if (expected->end == VMC_JOB_DONE)
        return;
    g_assert_cmpint(record->error_code, ==, expected->code);
    g_test_message("%s", record->error_message);
    g_assert_nonnull(strstr(record->error_message, expected->advice));
}

static void
test_every_state(VmcDaemonFixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s from %s", cases[i].kind,
                       vmc_run_state_to_name(cases[i].before));
        put_into(fixture, cases[i].before);
        g_autoptr(VmcJobRecord) record = run_job(fixture, cases[i].kind);
        assert_end(record, &cases[i]);
        assert_run_state(fixture, cases[i].after);
    }
}

/* What a client reads after the job has ended is what the job did. */
static void
test_published_before_end(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record = run_job(fixture, "start");
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_cmpint(vm->state, ==, VMC_VM_RUNNING);
    g_assert_cmpint(vmc_fleet_find_vm(stored, UUID_1)->state, ==,
                    VMC_VM_RUNNING);
}

/* vmctld never touches what it does not manage. */
static void
test_found_is_refused(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const kinds[] = {"start",  "pause",  "resume", "stop",
                                        "reboot", "delete", "rename", NULL};

    vmc_daemon_fixture_add_sim_host(fixture, "h2", "vms=1");
    g_autoptr(VmcVm) found = NULL;
    while (found == NULL) {
        g_main_context_iteration(NULL, TRUE);
        found = vmc_daemon_fixture_vm(fixture, "h2-vm1");
    }
    for (guint i = 0; kinds[i] != NULL; i++) {
        guint64 id =
            vmc_daemon_fixture_submit(fixture, kinds[i], found->uuid, NULL);
        g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
        g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
        g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
        g_assert_nonnull(strstr(record->error_message, "vmctl adopt"));
    }
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h2", found->uuid);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
}

/* ---- faults ---------------------------------------------------------------
 */

typedef struct {
    VmcSimFault fault;
    VmcJobState end;
    VmcRunState after;
    VmcVmState shown;
} FaultCase;

/* Whatever the host does, the job ends, says how, and shows what there is. */
static const FaultCase fault_cases[] = {
    /* the answer is lost: it looks again, and finds it done */
    {{VMC_SIM_FAULT_LOST_REPLY, .call = "start", .times = 1},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING,
     VMC_VM_RUNNING},
    {{VMC_SIM_FAULT_REFUSE, .call = "start"},
     VMC_JOB_FAILED,
     VMC_RUN_SHUT_OFF,
     VMC_VM_SHUT_OFF},
    {{VMC_SIM_FAULT_REFUSE, .call = "start", .times = 1,
      .code = VMC_ERROR_BUSY},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING,
     VMC_VM_RUNNING},
    /* half of it */
    {{VMC_SIM_FAULT_PARTIAL, .call = "start"},
     VMC_JOB_PARTIAL,
     VMC_RUN_PAUSED,
     VMC_VM_PAUSED},
    /* the host goes away in the middle, for a moment */
    {{VMC_SIM_FAULT_DISCONNECT, .call = "start", .times = 1},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING,
     VMC_VM_RUNNING},
    /* it does not answer in time, but once; last, since
     * what it does late it may do after all others */
    {{VMC_SIM_FAULT_HANG, .call = "start", .times = 1, .ms = 1500},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING,
     VMC_VM_RUNNING},
};

static void
test_faults(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->deadline_max_ms = 500;
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(fault_cases); i++) {
        const FaultCase *one = &fault_cases[i];
        vmc_daemon_fixture_wait_for_host(fixture, "h1");
        put_into(fixture, VMC_RUN_SHUT_OFF);
        g_test_message("fault %s", vmc_sim_fault_kind_to_name(one->fault.kind));
        vmc_sim_fault_add(&one->fault);
        g_autoptr(VmcJobRecord) record = run_job(fixture, "start");
        g_assert_cmpuint(vmc_sim_fault_count(), >, 0);
        vmc_sim_fault_clear();
        g_assert_cmpint(record->state, ==, one->end);
        assert_run_state(fixture, one->after);
        vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, one->shown);
    }
}

/* A host that never says: the job says what to look at, and the VM is unknown
 * until its host is heard again. */
static void
test_no_answer(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault hang = {.kind = VMC_SIM_FAULT_HANG, .call = "start"};

    fixture->deadline_max_ms = 300;
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    vmc_daemon_fixture_wait_for_host(fixture, "h1");
    vmc_sim_fault_add(&hang);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "start");
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_UNKNOWN);
    g_test_message("%s", record->error_message);
    g_assert_nonnull(strstr(record->error_message, "'h1'"));
    vmc_sim_fault_clear();
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
}

/* A host that cannot be reached: nothing happened, and that is said. */
static void
test_unreachable(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(fixture->live_fleet, "h1");

    vmc_link_stop(link);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "start");
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_UNREACHABLE);
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* ---- crashes --------------------------------------------------------------
 */

static gboolean
is_waited_for(gpointer data)
{
    g_autoptr(VmcJobRecord) record =
        vmc_job_queue_get(((VmcDaemonFixture *) data)->queue, 1);

    return vmc_fixture_trail_has(record, "is being started");
}

static gboolean
is_starting(gpointer data)
{
    return vmc_sim_fault_count() == 1;
}

/* Its host is still at it when the next vmctld looks: neither off, nor running,
 * nor paused by anybody. */
static void
test_crash_while_starting(VmcDaemonFixture *fixture, gconstpointer data)
{
    const VmcSimFault slow = {.kind = VMC_SIM_FAULT_HANG,
                              .step = VMC_SIM_STEP_PERFORM,
                              .call = "start"};

    fixture->deadline_max_ms = 1000; /* so long the first daemon takes to end */
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    vmc_daemon_fixture_wait_for_host(fixture, "h1");
    vmc_sim_fault_add(&slow);
    guint64 id = vmc_daemon_fixture_submit(fixture, "start", UUID_1, NULL);
    vmc_fixture_wait_until(is_starting, NULL);
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    vmc_fixture_wait_until(is_waited_for, fixture);
    vmc_sim_fault_clear();
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    assert_run_state(fixture, VMC_RUN_RUNNING);
}

#define ADD(name, func)                                                        \
    g_test_add("/lifecycle-job/" name, VmcDaemonFixture, NULL, set_up, func,   \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("every-state", test_every_state);
    ADD("published-before-end", test_published_before_end);
    ADD("found-is-refused", test_found_is_refused);
    ADD("faults", test_faults);
    ADD("no-answer", test_no_answer);
    ADD("unreachable", test_unreachable);
    ADD("crash-while-starting", test_crash_while_starting);
    return g_test_run();
}
