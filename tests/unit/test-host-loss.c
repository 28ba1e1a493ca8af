/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/create-bench.h"
#include "tests/unit/sim-fixture.h"

/*
 * A libvirtd that goes away in the middle of anything: the connection to a host
 * breaks at each call of each kind of job, before the call has an effect or
 * after. The job is done, or has failed and nothing has changed; of a reboot it
 * may not know. Nothing is half done, and asked for once more it is done.
 */

#define HOST "cores=16&memory=64GiB&shared_pools=yes"
#define SOURCE HOST "&vms=1&vm_memory=1GiB&vm_vcpus=2"
#define MAX_CALLS 60

typedef enum {
    CAN_BE_UNKNOWN = 1 << 0,
    HAS_DISKS = 1 << 1,
    IS_FOUND = 1 << 2, /* not managed before */
} CourseFlags;

typedef struct {
    const char *name;
    const char *kind;
    const char *intent;
    VmcRunState before; /* on h1 */
    VmcRunState after;
    const char *where; /* after */
    guint flags;
} Course;

static const Course courses[] = {
    {"start", "start", NULL, VMC_RUN_SHUT_OFF, VMC_RUN_RUNNING, "h1"},
    {"stop", "stop", NULL, VMC_RUN_RUNNING, VMC_RUN_SHUT_OFF, "h1"},
    {"stop-force", "stop", "{\"force\":true}", VMC_RUN_RUNNING,
     VMC_RUN_SHUT_OFF, "h1"},
    {"reboot", "reboot", NULL, VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1",
     CAN_BE_UNKNOWN},
    {"reboot-force", "reboot", "{\"force\":true}", VMC_RUN_RUNNING,
     VMC_RUN_RUNNING, "h1", CAN_BE_UNKNOWN},
    {"pause", "pause", NULL, VMC_RUN_RUNNING, VMC_RUN_PAUSED, "h1"},
    {"resume", "resume", NULL, VMC_RUN_PAUSED, VMC_RUN_RUNNING, "h1"},
    {"resize", "resize", "{\"vcpus\":4,\"memory_bytes\":2147483648}",
     VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1"},
    {"shrink", "resize", "{\"vcpus\":1}", VMC_RUN_RUNNING, VMC_RUN_RUNNING,
     "h1"},
    {"migrate", "migrate", "{\"from\":\"h1\",\"to\":\"h2\"}", VMC_RUN_RUNNING,
     VMC_RUN_RUNNING, "h2"},
    {"adopt", "adopt", NULL, VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1", IS_FOUND},
    {"create", "create", NULL, VMC_RUN_ABSENT, VMC_RUN_RUNNING, "h1",
     HAS_DISKS},
    {"delete", "delete", "{\"force\":true}", VMC_RUN_RUNNING, VMC_RUN_ABSENT,
     "h1", HAS_DISKS},
};

typedef struct {
    VmcDaemonFixture daemon;
    const Course *course;
    char *uuid;
} Fixture;

/* ---- a daemon and a VM --------------------------------------------------- */

/* As the monitor would have found it. */
static void
disown(Fixture *fixture, const char *uuid)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&fixture->daemon, uuid);
    g_autoptr(VmcVm) found = vmc_vm_copy(vm);

    found->is_managed = FALSE;
    g_assert_true(vmc_store_remove_vm(fixture->daemon.store, uuid, NULL));
    vmc_live_fleet_put_vm(fixture->daemon.live_fleet, found);
}

static char *
put_vm(Fixture *fixture)
{
    VmcDaemonFixture *daemon = &fixture->daemon;

    if ((fixture->course->flags & HAS_DISKS) == 0) {
        char *uuid = vmc_sim_fixture_adopt(daemon, "h1");
        if ((fixture->course->flags & IS_FOUND) != 0)
            disown(fixture, uuid);
        return uuid;
    }
    if (fixture->course->before != VMC_RUN_ABSENT) {
        g_autoptr(VmcCreateOrder) order = create_bench_order(daemon, TRUE);
        create_bench_put(daemon, order);
    }
    return g_strdup(CREATE_BENCH_UUID);
}

static void
set_up(Fixture *fixture)
{
    VmcDaemonFixture *daemon = &fixture->daemon;

    vmc_sim_fixture_set_up(daemon, /* has_monitor= */ FALSE);
    daemon->settings->shutdown_timeout_s = 2;
    vmc_daemon_fixture_add_sim_host(daemon, "h1",
                                    (fixture->course->flags & IS_FOUND) != 0
                                        ? SOURCE
                                        : SOURCE "&vms_managed=yes");
    vmc_daemon_fixture_add_sim_host(daemon, "h2", HOST);
    fixture->uuid = put_vm(fixture);
    if (fixture->course->before == VMC_RUN_SHUT_OFF)
        vmc_daemon_fixture_call(daemon, "h1", VMC_CALL_DESTROY, fixture->uuid);
    if (fixture->course->before == VMC_RUN_PAUSED)
        vmc_daemon_fixture_call(daemon, "h1", VMC_CALL_SUSPEND, fixture->uuid);
}

static void
tear_down(Fixture *fixture)
{
    vmc_daemon_fixture_tear_down(&fixture->daemon, NULL);
    g_free(fixture->uuid);
}

static VmcJobRecord *
carry_out(Fixture *fixture)
{
    const Course *course = fixture->course;
    guint64 id = g_str_equal(course->kind, "create")
                     ? create_bench_submit(&fixture->daemon, TRUE)
                     : vmc_daemon_fixture_submit(&fixture->daemon, course->kind,
                                                 fixture->uuid, course->intent);

    return vmc_daemon_fixture_finish(&fixture->daemon, id);
}

/* ---- what there is afterwards -------------------------------------------- */

static void
assert_on(Fixture *fixture, const char *host, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(&fixture->daemon, host, fixture->uuid);

    g_assert_cmpstr(vmc_run_state_to_name(facts->state), ==,
                    vmc_run_state_to_name(state));
}

/* In this state there and nowhere else, and the fleet says the same. */
static void
assert_only_on(Fixture *fixture, const char *host, VmcRunState state)
{
    const char *other = g_str_equal(host, "h1") ? "h2" : "h1";
    g_autoptr(VmcVm) vm =
        vmc_daemon_fixture_vm(&fixture->daemon, fixture->uuid);
    const gboolean has_disks = (fixture->course->flags & HAS_DISKS) != 0;

    assert_on(fixture, host, state);
    assert_on(fixture, other, VMC_RUN_ABSENT);
    g_assert_cmpuint(vmc_sim_world_count_running(fixture->uuid), ==,
                     state == VMC_RUN_RUNNING ? 1 : 0);
    if (has_disks)
        g_assert_cmpuint(create_bench_count_volumes("h1"), ==,
                         state == VMC_RUN_ABSENT ? 0 : CREATE_BENCH_DISKS);
    if (state == VMC_RUN_ABSENT) {
        g_assert_null(vm);
        return;
    }
    g_assert_cmpstr(vm->host, ==, host);
    g_assert_null(vm->destination);
}

static void
assert_resized(Fixture *fixture)
{
    g_autoptr(VmcVm) vm =
        vmc_daemon_fixture_vm(&fixture->daemon, fixture->uuid);
    g_autoptr(VmcDomainFacts) facts =
        vmc_sim_fixture_look(&fixture->daemon, "h1", fixture->uuid);
    const guint n_vcpus = g_str_equal(fixture->course->name, "shrink") ? 1 : 4;

    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, n_vcpus);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, n_vcpus);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, n_vcpus * 1000);
}

static void
assert_adopted(Fixture *fixture)
{
    g_autoptr(VmcFleet) stored =
        vmc_store_load_fleet(fixture->daemon.store, NULL);
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(&fixture->daemon, "h1", fixture->uuid);

    g_assert_nonnull(vmc_fleet_find_vm(stored, fixture->uuid));
    g_assert_true(facts->is_managed);
}

static void
assert_done(Fixture *fixture, const VmcJobRecord *record)
{
    const Course *course = fixture->course;

    g_assert_cmpstr(vmc_job_state_to_name(record->state), ==, "done");
    assert_only_on(fixture, course->where, course->after);
    if (g_str_equal(course->kind, "resize"))
        assert_resized(fixture);
    if ((course->flags & IS_FOUND) != 0)
        assert_adopted(fixture);
}

static void
assert_end(Fixture *fixture, const VmcJobRecord *record)
{
    const Course *course = fixture->course;

    if (record->state == VMC_JOB_DONE) {
        assert_done(fixture, record);
    } else if ((course->flags & CAN_BE_UNKNOWN) != 0 &&
               record->state == VMC_JOB_UNKNOWN) {
        assert_only_on(fixture, "h1", course->before);
    } else {
        g_assert_cmpstr(vmc_job_state_to_name(record->state), ==, "failed");
        assert_only_on(fixture, "h1", course->before);
    }
}

/* ---- the loss ------------------------------------------------------------ */

static void
report(const Course *course,
       guint nth,
       VmcSimStep step,
       const VmcJobRecord *record)
{
    const char *why = record->error_message;

    g_test_message("%s, lost %s call %u: %s%s%s", course->name,
                   vmc_sim_step_to_name(step), nth,
                   vmc_job_state_to_name(record->state),
                   why != NULL ? ": " : "", why != NULL ? why : "");
}

/* FALSE when the job does not make so many calls. */
static gboolean
lose(const Course *course, guint nth, VmcSimStep step)
{
    const VmcSimFault loss = {.kind = VMC_SIM_FAULT_DISCONNECT,
                              .step = step,
                              .host = "h1",
                              .nth = nth,
                              .times = 1};
    Fixture fixture = {.course = course};

    set_up(&fixture);
    vmc_sim_fault_add(&loss);
    g_autoptr(VmcJobRecord) record = carry_out(&fixture);
    const gboolean has_struck = vmc_sim_fault_count() > 0;
    vmc_sim_fault_clear();
    report(course, nth, step, record);
    vmc_daemon_fixture_wait_for_host(&fixture.daemon, "h1");
    assert_end(&fixture, record);
    if (record->state != VMC_JOB_DONE) {
        g_autoptr(VmcJobRecord) again = carry_out(&fixture);
        assert_done(&fixture, again);
    }
    tear_down(&fixture);
    return has_struck;
}

static void
test_course(gconstpointer data)
{
    guint nth = 1;

    while (lose(data, nth, VMC_SIM_STEP_BEFORE) &&
           lose(data, nth, VMC_SIM_STEP_AFTER))
        g_assert_cmpuint(++nth, <, MAX_CALLS);
    g_assert_cmpuint(nth, >, 3); /* it was in the middle of something */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(courses); i++) {
        g_autofree char *path =
            g_strdup_printf("/host-loss/%s", courses[i].name);
        g_test_add_data_func(path, &courses[i], test_course);
    }
    return g_test_run();
}
