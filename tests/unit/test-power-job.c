/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/daemon-fixture.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
}

/* How the guest of web1 behaves. */
static void
set_guest(const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;

    vmc_sim_guest_set("web1", key, value, &error);
    g_assert_no_error(error);
}

static gboolean
guest_answers(gpointer data)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(data, UUID_1);

    return vm->vcpus.usable > 0;
}

static VmcJobRecord *
run_job(VmcDaemonFixture *fixture, const char *kind, const char *intent)
{
    guint64 id = vmc_daemon_fixture_submit(fixture, kind, UUID_1, intent);

    return vmc_daemon_fixture_finish(fixture, id);
}

static void
assert_run_state(VmcDaemonFixture *fixture, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(fixture, "h1", UUID_1);

    g_assert_cmpint(facts->state, ==, state);
}

static void
assert_shown(VmcDaemonFixture *fixture, VmcVmState state)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);

    g_assert_cmpint(vm->state, ==, state);
}

/* ---- stop -----------------------------------------------------------------
 */

static void
test_stop_by_agent(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_fixture_wait_until(guest_answers, fixture);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "stop", NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_false(vmc_fixture_trail_has(record, "pull the plug"));
    g_assert_false(vmc_fixture_trail_has(record, "does not help"));
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
    assert_shown(fixture, VMC_VM_SHUT_OFF);

    /* twice does no harm */
    g_autoptr(VmcJobRecord) again = run_job(fixture, "stop", NULL);
    g_assert_cmpint(again->state, ==, VMC_JOB_DONE);
    g_assert_true(vmc_fixture_trail_has(again, "is off already"));
}

/* Without agent it is the power button. */
static void
test_stop_by_button(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_fixture_wait_until(guest_answers, fixture); /* it has booted */
    set_guest("agent", "no");
    g_autoptr(VmcJobRecord) record = run_job(fixture, "stop", NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_true(vmc_fixture_trail_has(record, "does not help"));
    g_assert_false(vmc_fixture_trail_has(record, "pull the plug"));
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* A guest that does not listen loses its plug when its time is over, and keeps
 * it when that was forbidden. */
static void
test_stop_deaf(VmcDaemonFixture *fixture, gconstpointer data)
{
    set_guest("agent", "no");
    set_guest("acpi", "no");
    g_autoptr(VmcJobRecord) polite =
        run_job(fixture, "stop", "{\"timeout_s\":1,\"force\":false}");
    g_assert_cmpint(polite->state, ==, VMC_JOB_FAILED);
    g_assert_nonnull(strstr(polite->error_message, "did not stop in 1 s"));
    assert_run_state(fixture, VMC_RUN_RUNNING);

    g_autoptr(VmcJobRecord) record =
        run_job(fixture, "stop", "{\"timeout_s\":1}");
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_true(vmc_fixture_trail_has(record, "did not stop in 1 s"));
    g_assert_true(vmc_fixture_trail_has(record, "pull the plug"));
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
    assert_shown(fixture, VMC_VM_SHUT_OFF);
}

static void
test_stop_forced(VmcDaemonFixture *fixture, gconstpointer data)
{
    set_guest("agent", "no");
    set_guest("acpi", "no");
    g_autoptr(VmcJobRecord) record =
        run_job(fixture, "stop", "{\"force\":true}");

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_false(vmc_fixture_trail_has(record, "ask the guest"));
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* A guest that stands still cannot shut itself down. */
static void
test_stop_paused(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_SUSPEND, UUID_1);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "stop", NULL);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    g_assert_nonnull(strstr(record->error_message, "resume it first"));
    assert_run_state(fixture, VMC_RUN_PAUSED);

    g_autoptr(VmcJobRecord) forced =
        run_job(fixture, "stop", "{\"force\":true}");
    g_assert_cmpint(forced->state, ==, VMC_JOB_DONE);
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* A guest that boots does not hear the button: it is pressed again. */
static void
test_stop_booting(VmcDaemonFixture *fixture, gconstpointer data)
{
    set_guest("agent", "no");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID_1);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "stop", NULL);

    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_false(vmc_fixture_trail_has(record, "pull the plug"));
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* A cancel while the guest takes its time ends the wait, and no plug is
 * pulled. */
static void
test_stop_cancelled(VmcDaemonFixture *fixture, gconstpointer data)
{
    set_guest("agent", "no");
    set_guest("acpi", "no");
    guint64 id = vmc_daemon_fixture_submit(fixture, "stop", UUID_1,
                                           "{\"timeout_s\":50}");
    g_autoptr(VmcJobRecord) now = NULL;

    while (now == NULL || now->step == NULL) {
        g_main_context_iteration(NULL, TRUE);
        g_clear_pointer(&now, vmc_job_record_free);
        now = vmc_job_queue_get(fixture->queue, id);
    }
    g_assert_true(vmc_job_queue_cancel(fixture->queue, id, NULL));
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_CANCELLED);
    assert_run_state(fixture, VMC_RUN_RUNNING);
}

static void
test_bad_intent(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        run_job(fixture, "stop", "{\"timeout_s\":\"soon\"}");

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_INVALID);
    assert_run_state(fixture, VMC_RUN_RUNNING);
}

/* ---- reboot ---------------------------------------------------------------
 */

static void
test_reboot(VmcDaemonFixture *fixture, gconstpointer data)
{
    static const char *const agents[] = {"yes", "no"};

    vmc_fixture_wait_until(guest_answers, fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(agents); i++) {
        set_guest("agent", agents[i]);
        g_autoptr(VmcJobRecord) record = run_job(fixture, "reboot", NULL);
        g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
        g_assert_true(vmc_fixture_trail_has(record, "the machine was reset"));
        assert_run_state(fixture, VMC_RUN_RUNNING);
    }
}

/* Asked for is not done: the job says that nothing was seen. */
static void
test_reboot_deaf(VmcDaemonFixture *fixture, gconstpointer data)
{
    set_guest("agent", "no");
    set_guest("acpi", "no");
    g_autoptr(VmcJobRecord) record =
        run_job(fixture, "reboot", "{\"timeout_s\":1}");
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_assert_nonnull(strstr(record->error_message, "--force"));

    g_autoptr(VmcJobRecord) forced =
        run_job(fixture, "reboot", "{\"force\":true}");
    g_assert_cmpint(forced->state, ==, VMC_JOB_DONE);
}

/* It answers and stays up: then it is known that it did not. */
static void
test_reboot_ignored(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_fixture_wait_until(guest_answers, fixture);
    set_guest("acpi", "no");
    g_autoptr(VmcJobRecord) record =
        run_job(fixture, "reboot", "{\"timeout_s\":1}");
    g_assert_cmpint(record->state, ==, VMC_JOB_FAILED);
    g_assert_nonnull(strstr(record->error_message, "did not do so"));
}

static gboolean
is_asked(gpointer data)
{
    return vmc_sim_fault_count() == 1;
}

/* vmctld is killed while it asks, and the guest is one that cannot say whether
 * it has booted anew: it is not asked twice. */
static void
test_reboot_cut_off(VmcDaemonFixture *fixture, gconstpointer data)
{
    const VmcSimFault slow = {.kind = VMC_SIM_FAULT_HANG, .call = "reboot"};

    set_guest("agent", "no");
    fixture->deadline_max_ms = 1000; /* so long the first daemon takes to end */
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    vmc_daemon_fixture_wait_for_host(fixture, "h1");
    vmc_sim_fault_add(&slow);
    guint64 id = vmc_daemon_fixture_submit(fixture, "reboot", UUID_1, NULL);
    vmc_fixture_wait_until(is_asked, NULL);
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    g_autoptr(VmcJobRecord) record = vmc_daemon_fixture_finish(fixture, id);
    g_assert_cmpint(record->state, ==, VMC_JOB_UNKNOWN);
    g_assert_nonnull(strstr(record->error_message, "uptime"));
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
}

static void
test_reboot_off(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID_1);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "reboot", NULL);

    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    assert_run_state(fixture, VMC_RUN_SHUT_OFF);
}

/* ---- faults ---------------------------------------------------------------
 */

typedef struct {
    const char *kind;
    const char *intent;
    VmcSimFault fault;
    VmcJobState end;
    VmcRunState after;
} FaultCase;

static const FaultCase fault_cases[] = {
    /* the answer is lost: what the guest does tells */
    {"stop",
     NULL,
     {VMC_SIM_FAULT_LOST_REPLY, .call = "shutdown"},
     VMC_JOB_DONE,
     VMC_RUN_SHUT_OFF},
    {"stop",
     "{\"force\":true}",
     {VMC_SIM_FAULT_LOST_REPLY, .call = "destroy", .times = 1},
     VMC_JOB_DONE,
     VMC_RUN_SHUT_OFF},
    {"stop",
     "{\"force\":true}",
     {VMC_SIM_FAULT_REFUSE, .call = "destroy"},
     VMC_JOB_FAILED,
     VMC_RUN_RUNNING},
    {"stop",
     NULL,
     {VMC_SIM_FAULT_REFUSE, .call = "shutdown"},
     VMC_JOB_FAILED,
     VMC_RUN_RUNNING},
    /* the host does not say how it is, for a while */
    {"stop",
     NULL,
     {VMC_SIM_FAULT_REFUSE, .call = "read-domain", .nth = 2, .times = 2},
     VMC_JOB_DONE,
     VMC_RUN_SHUT_OFF},
    {"reboot",
     NULL,
     {VMC_SIM_FAULT_LOST_REPLY, .call = "reboot"},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING},
    {"reboot",
     "{\"force\":true}",
     {VMC_SIM_FAULT_LOST_REPLY, .call = "reset"},
     VMC_JOB_DONE,
     VMC_RUN_RUNNING},
    {"reboot",
     NULL,
     {VMC_SIM_FAULT_REFUSE, .call = "reboot"},
     VMC_JOB_FAILED,
     VMC_RUN_RUNNING},
};

static void
test_faults(VmcDaemonFixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fault_cases); i++) {
        const FaultCase *one = &fault_cases[i];
        g_test_message("%s, %s %s", one->kind,
                       vmc_sim_fault_kind_to_name(one->fault.kind),
                       one->fault.call);
        vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
        vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
        vmc_fixture_wait_until(guest_answers, fixture);
        vmc_sim_fault_add(&one->fault);
        g_autoptr(VmcJobRecord) record =
            run_job(fixture, one->kind, one->intent);
        g_assert_cmpuint(vmc_sim_fault_count(), >, 0);
        vmc_sim_fault_clear();
        g_assert_cmpint(record->state, ==, one->end);
        assert_run_state(fixture, one->after);
    }
}

/* A reboot that is asked for twice is one too many. */
static void
test_reboot_once(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault lost = {VMC_SIM_FAULT_LOST_REPLY, .call = "reboot"};

    vmc_fixture_wait_until(guest_answers, fixture);
    vmc_sim_fault_add(&lost);
    g_autoptr(VmcJobRecord) record = run_job(fixture, "reboot", NULL);
    g_assert_cmpint(record->state, ==, VMC_JOB_DONE);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
}

#define ADD(name, func)                                                        \
    g_test_add("/power-job/" name, VmcDaemonFixture, NULL, set_up, func,       \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("stop-by-agent", test_stop_by_agent);
    ADD("stop-by-button", test_stop_by_button);
    ADD("stop-deaf", test_stop_deaf);
    ADD("stop-forced", test_stop_forced);
    ADD("stop-paused", test_stop_paused);
    ADD("stop-booting", test_stop_booting);
    ADD("stop-cancelled", test_stop_cancelled);
    ADD("bad-intent", test_bad_intent);
    ADD("reboot", test_reboot);
    ADD("reboot-deaf", test_reboot_deaf);
    ADD("reboot-ignored", test_reboot_ignored);
    ADD("reboot-cut-off", test_reboot_cut_off);
    ADD("reboot-off", test_reboot_off);
    ADD("faults", test_faults);
    ADD("reboot-once", test_reboot_once);
    return g_test_run();
}
