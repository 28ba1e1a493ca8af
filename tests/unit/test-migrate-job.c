/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/control/recovery.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "sim-fixture.h"

#include <glib/gstdio.h>

/* Migrate on simulated hosts. Whatever goes wrong and whenever: one copy runs
 * at the end, nothing is left over beside it, and the fleet knows where. */

#define HOST "cores=16&memory=64GiB"
#define SOURCE HOST "&vms=1&vms_managed=yes&vm_memory=1GiB&vm_vcpus=2"

typedef struct {
    VmcDaemonFixture daemon;
    char *faults_path; /* for faults that end before those of the process */
    char *uuid;
} Fixture;

static void
add_host(Fixture *fixture, const char *name, const char *parameters)
{
    g_autofree char *all =
        g_strdup_printf("%s&faults=%s", parameters, fixture->faults_path);

    vmc_daemon_fixture_add_sim_host(&fixture->daemon, name, all);
}

static void
begin(Fixture *fixture, gboolean has_monitor)
{
    vmc_sim_fixture_set_up(&fixture->daemon, has_monitor);
    fixture->faults_path =
        g_build_filename(fixture->daemon.dir, "faults.json", NULL);
    add_host(fixture, "h1", SOURCE);
    add_host(fixture, "h2", HOST);
    fixture->uuid = vmc_sim_fixture_adopt(&fixture->daemon, "h1");
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    begin(fixture, TRUE);
}

static void
set_up_unwatched(Fixture *fixture, gconstpointer data)
{
    begin(fixture, FALSE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_unlink(fixture->faults_path);
    g_free(fixture->faults_path);
    vmc_daemon_fixture_tear_down(&fixture->daemon, NULL);
    g_free(fixture->uuid);
}

static guint64
submit(Fixture *fixture)
{
    return vmc_daemon_fixture_submit(&fixture->daemon, "migrate", fixture->uuid,
                                     "{\"from\":\"h1\",\"to\":\"h2\"}");
}

static VmcJobRecord *
finish(Fixture *fixture, guint64 id)
{
    return vmc_daemon_fixture_finish(&fixture->daemon, id);
}

static VmcJobRecord *
migrate(Fixture *fixture)
{
    return finish(fixture, submit(fixture));
}

static VmcVm *
fleet_vm(Fixture *fixture)
{
    return vmc_daemon_fixture_vm(&fixture->daemon, fixture->uuid);
}

/* The whole of "never lost, never twice". */
static void
assert_only_on(Fixture *fixture, const char *host, VmcRunState state)
{
    const char *other = g_str_equal(host, "h1") ? "h2" : "h1";
    g_autoptr(VmcDomainFacts) here =
        vmc_sim_fixture_look(&fixture->daemon, host, fixture->uuid);
    g_autoptr(VmcDomainFacts) there =
        vmc_sim_fixture_look(&fixture->daemon, other, fixture->uuid);
    g_autoptr(VmcVm) vm = fleet_vm(fixture);
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);

    g_assert_nonnull(here);
    g_assert_null(there);
    g_assert_cmpstr(vmc_run_state_to_name(here->state), ==,
                    vmc_run_state_to_name(state));
    g_assert_cmpuint(vmc_sim_world_count_running(fixture->uuid), ==,
                     state == VMC_RUN_RUNNING ? 1 : 0);
    g_assert_cmpstr(vm->host, ==, host);
    g_assert_null(vm->destination);
    g_assert_cmpuint(vmc_fleet_host_use(fleet, host).n_vms, ==, 1);
    g_assert_cmpuint(vmc_fleet_host_use(fleet, other).n_vms, ==, 0);
}

static void
add_fault(VmcSimFaultKind kind, VmcSimStep step, const char *call)
{
    const VmcSimFault fault = {
        .kind = kind, .step = step, .call = call, .times = 1};

    vmc_sim_fault_add(&fault);
}

static void
pause_it(Fixture *fixture)
{
    vmc_daemon_fixture_call(&fixture->daemon, "h1", VMC_CALL_SUSPEND,
                            fixture->uuid);
}

/* ---- the plain ways ----------------------------------------------------- */

static void
test_moves(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcVm) before = fleet_vm(fixture);
    g_autoptr(VmcJobRecord) record = migrate(fixture);
    g_autoptr(VmcVm) after = fleet_vm(fixture);

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_RUNNING);
    g_assert_cmpstr(json_object_get_string_member(record->result, "host"), ==,
                    "h2");
    g_assert_true(json_object_has_member(record->result, "downtime_ms"));
    g_assert_cmpint(before->moved_at_s, ==, 0);
    g_assert_cmpint(after->moved_at_s, >, 0);
}

/* There and back: nothing of the first way is in the way of the second. */
static void
test_there_and_back(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcJobRecord) there = migrate(fixture);
    vmc_fixture_assert_ended(there, VMC_JOB_DONE);
    guint64 id =
        vmc_daemon_fixture_submit(&fixture->daemon, "migrate", fixture->uuid,
                                  "{\"from\":\"h2\",\"to\":\"h1\"}");
    g_autoptr(VmcJobRecord) back = finish(fixture, id);

    vmc_fixture_assert_ended(back, VMC_JOB_DONE);
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

/* A VM that was paused stays so: the handoff must not start it. */
static void
test_paused_stays_paused(Fixture *fixture, gconstpointer data)
{
    pause_it(fixture);
    g_autoptr(VmcJobRecord) record = migrate(fixture);

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_PAUSED);
}

/* While it is under way it counts on both hosts. */
static void
test_counts_on_both(Fixture *fixture, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_PERFORM, "migrate");
    guint64 id = submit(fixture);

    vmc_sim_fixture_await_fault();
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);
    g_assert_cmpuint(vmc_fleet_host_use(fleet, "h1").n_vms, ==, 1);
    g_assert_cmpuint(vmc_fleet_host_use(fleet, "h2").n_vms, ==, 1);
    vmc_sim_fault_clear();
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
}

/* ---- refused before anything is done ------------------------------------ */

/* The destination lacks the VM's machine type: seen before, not after. */
static void
test_unfit_destination(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);
    g_autoptr(VmcHost) host = vmc_host_copy(vmc_fleet_find_host(fleet, "h2"));

    host->reserved.amount[VMC_MEMORY] = host->physical.amount[VMC_MEMORY];
    vmc_live_fleet_put_host(fixture->daemon.live_fleet, host);
    g_autoptr(VmcJobRecord) record = migrate(fixture);
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_REFUSED);
    g_assert_nonnull(strstr(record->error_message, "memory"));
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

/* A second VM with its UUID runs there: nothing may be run over. */
static void
test_runs_there_already(Fixture *fixture, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_SPLIT_BRAIN, VMC_SIM_STEP_FINISH, "migrate");
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_MIGRATE, fixture->uuid);
    call->migration = vmc_migration_order_new("sim://h2");
    g_assert_false(vmc_sim_fixture_call(&fixture->daemon, "h1", call));
    g_assert_cmpuint(vmc_sim_world_count_running(fixture->uuid), ==, 2);

    g_autoptr(VmcJobRecord) record = migrate(fixture);
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_EXISTS);
    g_assert_cmpuint(vmc_sim_world_count_running(fixture->uuid), ==, 2);
}

static void
test_destination_silent(Fixture *fixture, gconstpointer data)
{
    const VmcSimFault fault = {.kind = VMC_SIM_FAULT_REFUSE,
                               .call = "read-domain",
                               .host = "h2",
                               .code = VMC_ERROR_UNREACHABLE};

    vmc_sim_fault_add(&fault);
    g_autoptr(VmcJobRecord) record = migrate(fixture);
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_UNREACHABLE);
    vmc_sim_fault_clear();
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

/* ---- what can go wrong in a migration ----------------------------------- */

typedef struct {
    const char *name;
    VmcSimFaultKind kind;
    VmcSimStep step;
    const char *call;
    VmcJobState state;
    const char *host; /* where it is at the end */
} FaultCase;

static const FaultCase fault_cases[] = {
    {"refused", VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_BEFORE, "migrate",
     VMC_JOB_FAILED, "h1"},
    {"broken-off", VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_PERFORM, "migrate",
     VMC_JOB_FAILED, "h1"},
    {"failed-at-the-end", VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_FINISH, "migrate",
     VMC_JOB_FAILED, "h1"},
    {"leaves-definition", VMC_SIM_FAULT_PARTIAL, VMC_SIM_STEP_FINISH, "migrate",
     VMC_JOB_FAILED, "h1"},
    {"destination-frozen", VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_FINISH,
     "migrate", VMC_JOB_FAILED, "h1"},
    {"lost-reply", VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, "migrate",
     VMC_JOB_DONE, "h2"},
    {"disconnected", VMC_SIM_FAULT_DISCONNECT, VMC_SIM_STEP_PERFORM, "migrate",
     VMC_JOB_DONE, "h2"},
    {"resume-refused", VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_BEFORE, "resume",
     VMC_JOB_DONE, "h2"},
    {"resume-lost", VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, "resume",
     VMC_JOB_DONE, "h2"},
    {"resume-hangs", VMC_SIM_FAULT_HANG, VMC_SIM_STEP_AFTER, "resume",
     VMC_JOB_DONE, "h2"},
};

static const FaultCase split_brain = {
    "split-brain",       VMC_SIM_FAULT_SPLIT_BRAIN,
    VMC_SIM_STEP_FINISH, "migrate",
    VMC_JOB_FAILED,      "h1"};

static void
test_fault(Fixture *fixture, gconstpointer data)
{
    const FaultCase *item = data;

    add_fault(item->kind, item->step, item->call);
    g_autoptr(VmcJobRecord) record = migrate(fixture);
    vmc_fixture_assert_ended(record, item->state);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
    vmc_sim_fault_clear();
    assert_only_on(fixture, item->host, VMC_RUN_RUNNING);
}

/* ---- stopped in the middle ---------------------------------------------- */

static void
test_cancel(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_PERFORM, "migrate");
    guint64 id = submit(fixture);
    vmc_sim_fixture_await_fault();
    vmc_job_queue_cancel(fixture->daemon.queue, id, &error);
    g_assert_no_error(error);
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_CANCELLED);
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

static void
test_takes_too_long(Fixture *fixture, gconstpointer data)
{
    fixture->daemon.settings->migration_timeout_s = 1;
    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_PERFORM, "migrate");
    g_autoptr(VmcJobRecord) record = migrate(fixture);

    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_nonnull(strstr(record->error_message, "migration_timeout_s"));
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

/* ---- a host that says nothing -------------------------------------------- */

static gboolean
is_at_rest(gpointer data)
{
    Fixture *fixture = data;
    g_autoptr(VmcVm) vm = fleet_vm(fixture);

    return vm->destination == NULL &&
           vmc_job_queue_find_open(fixture->daemon.queue, fixture->uuid) == 0;
}

static void
assert_in_transit(Fixture *fixture)
{
    g_autoptr(VmcVm) vm = fleet_vm(fixture);
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);

    g_assert_cmpstr(vm->destination, ==, "h2");
    g_assert_cmpuint(vmc_fleet_host_use(fleet, "h1").n_vms, ==, 1);
    g_assert_cmpuint(vmc_fleet_host_use(fleet, "h2").n_vms, ==, 1);
}

/* The migration breaks off, and from then on one of the hosts does not say what
 * it has. Not for ever: the job ends, and says that it does not know; the VM
 * counts on both hosts, and nothing is started or stopped until both answer. */
static void
test_silent_host(Fixture *fixture, gconstpointer data)
{
    const VmcSimFault silence = {.kind = VMC_SIM_FAULT_REFUSE,
                                 .call = "read-domain",
                                 .host = data,
                                 .nth = 2, /* the first look is before it */
                                 .code = VMC_ERROR_UNREACHABLE};

    fixture->daemon.settings->silence_timeout_s = 1;
    add_fault(VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_FINISH, "migrate");
    vmc_sim_fault_add(&silence);
    g_autoptr(VmcJobRecord) record = migrate(fixture);
    vmc_fixture_assert_ended(record, VMC_JOB_UNKNOWN);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_UNKNOWN);
    g_assert_nonnull(strstr(record->error_message,
                            "before both host 'h1' and host 'h2' answer"));
    g_assert_cmpuint(vmc_sim_world_count_running(fixture->uuid), <=, 1);
    assert_in_transit(fixture);

    vmc_sim_fault_clear();
    fixture->daemon.settings->silence_timeout_s = 60;
    g_autoptr(VmcRecovery) recovery =
        vmc_recovery_new(fixture->daemon.live_fleet, fixture->daemon.queue);
    vmc_fixture_wait_until(is_at_rest, fixture);
    assert_only_on(fixture, "h1", VMC_RUN_RUNNING);
}

/* ---- vmctld ends in the middle ------------------------------------------- */

typedef struct {
    const char *name;
    VmcSimStep step;
    const char *call;
} CrashCase;

static const CrashCase crash_cases[] = {
    {"copying", VMC_SIM_STEP_PERFORM, "migrate"},
    {"handing-over", VMC_SIM_STEP_FINISH, "migrate"},
    {"arrived", VMC_SIM_STEP_AFTER, "migrate"},
    {"resuming", VMC_SIM_STEP_BEFORE, "resume"},
    {"resumed", VMC_SIM_STEP_AFTER, "resume"},
};

/* vmctld ends in the middle, libvirt goes on; the next vmctld settles it. */
static void
test_crash(Fixture *fixture, gconstpointer data)
{
    const CrashCase *item = data;

    add_fault(VMC_SIM_FAULT_HANG, item->step, item->call);
    guint64 id = submit(fixture);
    vmc_sim_fixture_await_fault();
    vmc_sim_fixture_restart(&fixture->daemon);
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_RUNNING);
}

/* The same for a VM that was paused: the next vmctld knows that it was. */
static void
test_crash_paused(Fixture *fixture, gconstpointer data)
{
    pause_it(fixture);
    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_FINISH, "migrate");
    guint64 id = submit(fixture);
    vmc_sim_fixture_await_fault();
    vmc_sim_fixture_restart(&fixture->daemon);
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_PAUSED);
}

/* Begins a migration whose source stands still and whose destination has not
 * taken over, until the file of faults goes. */
static guint64
submit_in_flux(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    g_file_set_contents(fixture->faults_path,
                        "{\"faults\":[{\"kind\":\"hang\",\"times\":1,"
                        "\"step\":\"finish\",\"call\":\"migrate\"}]}",
                        -1, &error);
    g_assert_no_error(error);
    guint64 id = submit(fixture);
    vmc_sim_fixture_await_fault();
    return id;
}

/* As by kill -9: hosts and their faults live on. */
static void
restart(Fixture *fixture)
{
    vmc_daemon_fixture_end(&fixture->daemon);
    vmc_daemon_fixture_begin(&fixture->daemon);
}

static gboolean
has_struck_twice(gpointer data)
{
    return vmc_sim_fault_count() == 2;
}

static gboolean
is_waiting(gpointer data)
{
    Fixture *fixture = data;
    g_autoptr(VmcJobRecord) record =
        vmc_job_queue_get(fixture->daemon.queue, 1);

    return vmc_fixture_trail_has(record, "still migrating");
}

static gboolean
has_arrived(gpointer data)
{
    Fixture *fixture = data;
    g_autoptr(VmcDomainFacts) source =
        vmc_sim_fixture_look(&fixture->daemon, "h1", fixture->uuid);

    return source == NULL;
}

/* The next vmctld finds it while both copies stand still: it waits, since
 * either may become the one. */
static void
test_crash_in_flux(Fixture *fixture, gconstpointer data)
{
    guint64 id = submit_in_flux(fixture);

    restart(fixture);
    vmc_fixture_wait_until(is_waiting, fixture);
    g_unlink(fixture->faults_path);
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_RUNNING);
}

/* It ends while the next vmctld asks the source whether it is under way: what
 * was half a copy a moment ago is the VM now. */
static void
test_crash_ends_while_asked(Fixture *fixture, gconstpointer data)
{
    guint64 id = submit_in_flux(fixture);

    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_BEFORE, "read-migration");
    restart(fixture);
    vmc_fixture_wait_until(has_struck_twice, NULL);
    g_unlink(fixture->faults_path);
    vmc_fixture_wait_until(has_arrived, fixture);
    vmc_sim_fault_clear();
    g_autoptr(VmcJobRecord) record = finish(fixture, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    assert_only_on(fixture, "h2", VMC_RUN_RUNNING);
}

static void
add(const char *path,
    gconstpointer data,
    void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, data, set_up, test, tear_down);
}

static void
add_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fault_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/migrate-job/fault/%s", fault_cases[i].name);
        add(path, &fault_cases[i], test_fault);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(crash_cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/migrate-job/crash/%s", crash_cases[i].name);
        add(path, &crash_cases[i], test_crash);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/migrate-job/moves", NULL, test_moves);
    add("/migrate-job/there-and-back", NULL, test_there_and_back);
    add("/migrate-job/paused-stays-paused", NULL, test_paused_stays_paused);
    add("/migrate-job/counts-on-both", NULL, test_counts_on_both);
    add("/migrate-job/unfit-destination", NULL, test_unfit_destination);
    g_test_add("/migrate-job/runs-there-already", Fixture, NULL,
               set_up_unwatched, test_runs_there_already, tear_down);
    g_test_add("/migrate-job/fault/split-brain", Fixture, &split_brain,
               set_up_unwatched, test_fault, tear_down);
    add("/migrate-job/destination-silent", NULL, test_destination_silent);
    g_test_add("/migrate-job/silent-source", Fixture, "h1", set_up_unwatched,
               test_silent_host, tear_down);
    g_test_add("/migrate-job/silent-destination", Fixture, "h2",
               set_up_unwatched, test_silent_host, tear_down);
    add("/migrate-job/cancel", NULL, test_cancel);
    add("/migrate-job/takes-too-long", NULL, test_takes_too_long);
    add("/migrate-job/crash/paused", NULL, test_crash_paused);
    add("/migrate-job/crash/in-flux", NULL, test_crash_in_flux);
    add("/migrate-job/crash/ends-while-asked", NULL,
        test_crash_ends_while_asked);
    add_cases();
    return g_test_run();
}
