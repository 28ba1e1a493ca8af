/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/course-bench.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/create-bench.h"
#include "tests/unit/sim-fixture.h"

#define HOST "cores=16&memory=64GiB&shared_pools=yes"
#define SOURCE HOST "&vms=1&vm_memory=1GiB&vm_vcpus=2"

#define NEW_NAME "web2"

static const VmcCourse courses[] = {
    {"start", "start", NULL, VMC_RUN_SHUT_OFF, VMC_RUN_RUNNING, "h1"},
    {"stop", "stop", NULL, VMC_RUN_RUNNING, VMC_RUN_SHUT_OFF, "h1"},
    {"stop-force", "stop", "{\"force\":true}", VMC_RUN_RUNNING,
     VMC_RUN_SHUT_OFF, "h1"},
    {"reboot", "reboot", NULL, VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1"},
    {"reboot-force", "reboot", "{\"force\":true}", VMC_RUN_RUNNING,
     VMC_RUN_RUNNING, "h1"},
    {"pause", "pause", NULL, VMC_RUN_RUNNING, VMC_RUN_PAUSED, "h1"},
    {"resume", "resume", NULL, VMC_RUN_PAUSED, VMC_RUN_RUNNING, "h1"},
    {"resize", "resize", "{\"vcpus\":4,\"memory_bytes\":2147483648}",
     VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1"},
    {"shrink", "resize", "{\"vcpus\":1}", VMC_RUN_RUNNING, VMC_RUN_RUNNING,
     "h1"},
    {"rename", "rename", "{\"name\":\"" NEW_NAME "\"}", VMC_RUN_SHUT_OFF,
     VMC_RUN_SHUT_OFF, "h1"},
    {"migrate", "migrate", "{\"from\":\"h1\",\"to\":\"h2\"}", VMC_RUN_RUNNING,
     VMC_RUN_RUNNING, "h2"},
    {"adopt", "adopt", NULL, VMC_RUN_RUNNING, VMC_RUN_RUNNING, "h1",
     VMC_COURSE_IS_FOUND},
    {"create", "create", NULL, VMC_RUN_ABSENT, VMC_RUN_RUNNING, "h1",
     VMC_COURSE_HAS_DISKS},
    {"delete", "delete", "{\"force\":true}", VMC_RUN_RUNNING, VMC_RUN_ABSENT,
     "h1", VMC_COURSE_HAS_DISKS},
};

/* ---- a daemon and a VM --------------------------------------------------- */

/* As the monitor would have found it. */
static void
disown(VmcCourseBench *bench, const char *uuid)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, uuid);
    g_autoptr(VmcVm) found = vmc_vm_copy(vm);

    found->is_managed = FALSE;
    g_assert_true(vmc_store_remove_vm(bench->daemon.store, uuid, NULL));
    vmc_live_fleet_put_vm(bench->daemon.live_fleet, found);
}

static char *
put_vm(VmcCourseBench *bench)
{
    VmcDaemonFixture *daemon = &bench->daemon;

    if ((bench->course->flags & VMC_COURSE_HAS_DISKS) == 0) {
        char *uuid = vmc_sim_fixture_adopt(daemon, "h1");
        if ((bench->course->flags & VMC_COURSE_IS_FOUND) != 0)
            disown(bench, uuid);
        return uuid;
    }
    if (bench->course->before != VMC_RUN_ABSENT) {
        g_autoptr(VmcCreateOrder) order = create_bench_order(daemon, TRUE);
        create_bench_put(daemon, order);
    }
    return g_strdup(CREATE_BENCH_UUID);
}

/* (transfer full): the URI of a host, which keeps its state in @state if that
 * is not NULL. */
static char *
host_parameters(const VmcCourse *course, const char *host, const char *state)
{
    const gboolean is_source = g_str_equal(host, "h1");
    const gboolean is_found = (course->flags & VMC_COURSE_IS_FOUND) != 0;

    return g_strdup_printf("%s%s%s%s", is_source ? SOURCE : HOST,
                           is_source && !is_found ? "&vms_managed=yes" : "",
                           state != NULL ? "&state=" : "",
                           state != NULL ? state : "");
}

static void
add_host(VmcCourseBench *bench, const char *host, const char *state)
{
    g_autofree char *parameters = host_parameters(bench->course, host, state);

    vmc_daemon_fixture_add_sim_host(&bench->daemon, host, parameters);
}

static gboolean
guest_answers(gpointer data)
{
    VmcCourseBench *bench = data;
    g_autoptr(VmcDomainFacts) facts =
        vmc_sim_fixture_look(&bench->daemon, "h1", bench->uuid);

    return facts->shape.agent_answers || !facts->has_agent_channel;
}

static void
put_into_state(VmcCourseBench *bench, VmcRunState state)
{
    VmcDaemonFixture *daemon = &bench->daemon;

    if (state == VMC_RUN_SHUT_OFF)
        vmc_daemon_fixture_call(daemon, "h1", VMC_CALL_DESTROY, bench->uuid);
    if (state == VMC_RUN_PAUSED)
        vmc_daemon_fixture_call(daemon, "h1", VMC_CALL_SUSPEND, bench->uuid);
    if (state == VMC_RUN_RUNNING)
        vmc_fixture_wait_until(guest_answers, bench);
}

static void
prepare(VmcCourseBench *bench,
        const VmcCourse *course,
        const char *dir,
        gboolean has_monitor)
{
    bench->course = course;
    vmc_sim_fixture_init(&bench->daemon, has_monitor, dir);
    bench->daemon.settings->shutdown_timeout_s = 2;
}

static void
begin(VmcCourseBench *bench, const char *state)
{
    vmc_daemon_fixture_begin(&bench->daemon);
    add_host(bench, "h1", state);
    add_host(bench, "h2", state);
    bench->uuid = put_vm(bench);
    put_into_state(bench, bench->course->before);
}

void
vmc_course_bench_begin(VmcCourseBench *bench, const VmcCourse *course)
{
    g_autofree char *dir = g_dir_make_tmp("vmctl-course-XXXXXX", NULL);

    prepare(bench, course, dir, /* has_monitor= */ FALSE);
    begin(bench, NULL);
}

static char *
state_path(const char *dir)
{
    return g_build_filename(dir, "world.json", NULL);
}

void
vmc_course_bench_begin_in(VmcCourseBench *bench,
                          const VmcCourse *course,
                          const char *dir)
{
    g_autofree char *state = state_path(dir);

    prepare(bench, course, dir, /* has_monitor= */ FALSE);
    begin(bench, state);
}

static void
remember_host(VmcCourseBench *bench, const char *host, const char *state)
{
    g_autofree char *parameters = host_parameters(bench->course, host, state);

    g_hash_table_insert(bench->daemon.uris, g_strdup(host),
                        g_strdup_printf("sim://%s?%s", host, parameters));
}

void
vmc_course_bench_resume(VmcCourseBench *bench,
                        const VmcCourse *course,
                        const char *dir)
{
    g_autofree char *state = state_path(dir);

    prepare(bench, course, dir, /* has_monitor= */ TRUE);
    remember_host(bench, "h1", state);
    remember_host(bench, "h2", state);
    bench->uuid = (course->flags & VMC_COURSE_HAS_DISKS) != 0
                      ? g_strdup(CREATE_BENCH_UUID)
                      : vmc_sim_uuid_of("h1-vm1");
    vmc_daemon_fixture_begin(&bench->daemon);
}

void
vmc_course_bench_end(VmcCourseBench *bench)
{
    vmc_daemon_fixture_tear_down(&bench->daemon, NULL);
    g_free(bench->uuid);
}

guint64
vmc_course_bench_submit(VmcCourseBench *bench)
{
    const VmcCourse *course = bench->course;

    if (g_str_equal(course->kind, "create"))
        return create_bench_submit(&bench->daemon, TRUE);
    return vmc_daemon_fixture_submit(&bench->daemon, course->kind, bench->uuid,
                                     course->intent);
}

VmcJobRecord *
vmc_course_bench_carry_out(VmcCourseBench *bench)
{
    return vmc_daemon_fixture_finish(&bench->daemon,
                                     vmc_course_bench_submit(bench));
}

/* ---- what there is afterwards -------------------------------------------- */

static void
assert_on(VmcCourseBench *bench, const char *host, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(&bench->daemon, host, bench->uuid);

    g_assert_cmpstr(vmc_run_state_to_name(facts->state), ==,
                    vmc_run_state_to_name(state));
}

/* In this state there and nowhere else, and the fleet says the same. */
static void
assert_only_on(VmcCourseBench *bench, const char *host, VmcRunState state)
{
    const char *other = g_str_equal(host, "h1") ? "h2" : "h1";
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    const gboolean has_disks =
        (bench->course->flags & VMC_COURSE_HAS_DISKS) != 0;

    assert_on(bench, host, state);
    assert_on(bench, other, VMC_RUN_ABSENT);
    g_assert_cmpuint(vmc_sim_world_count_running(bench->uuid), ==,
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
assert_resized(VmcCourseBench *bench)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    g_autoptr(VmcDomainFacts) facts =
        vmc_sim_fixture_look(&bench->daemon, "h1", bench->uuid);
    const guint n_vcpus = g_str_equal(bench->course->name, "shrink") ? 1 : 4;

    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, n_vcpus);
    g_assert_cmpuint(facts->shape.vcpus_config, ==, n_vcpus);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, n_vcpus * 1000);
}

static void
assert_renamed(VmcCourseBench *bench)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(&bench->daemon, "h1", bench->uuid);

    g_assert_cmpstr(vm->name, ==, NEW_NAME);
    g_assert_cmpstr(facts->name, ==, NEW_NAME);
}

static void
assert_adopted(VmcCourseBench *bench)
{
    g_autoptr(VmcFleet) stored =
        vmc_store_load_fleet(bench->daemon.store, NULL);
    g_autoptr(VmcDomainFacts) facts =
        vmc_daemon_fixture_look(&bench->daemon, "h1", bench->uuid);

    g_assert_nonnull(vmc_fleet_find_vm(stored, bench->uuid));
    g_assert_true(facts->is_managed);
}

void
vmc_course_bench_assert_done(VmcCourseBench *bench, const VmcJobRecord *record)
{
    const VmcCourse *course = bench->course;

    g_assert_cmpstr(vmc_job_state_to_name(record->state), ==, "done");
    assert_only_on(bench, course->where, course->after);
    if (g_str_equal(course->kind, "resize"))
        assert_resized(bench);
    if (g_str_equal(course->kind, "rename"))
        assert_renamed(bench);
    if ((course->flags & VMC_COURSE_IS_FOUND) != 0)
        assert_adopted(bench);
}

void
vmc_course_bench_assert_failed(VmcCourseBench *bench,
                               const VmcJobRecord *record)
{
    g_assert_cmpstr(vmc_job_state_to_name(record->state), ==, "failed");
    assert_only_on(bench, "h1", bench->course->before);
}

const VmcCourse *
vmc_course_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(courses); i++)
        if (g_str_equal(courses[i].name, name))
            return &courses[i];
    g_assert_not_reached();
}

void
vmc_course_bench_add_tests(const char *prefix, GTestDataFunc test)
{
    for (gsize i = 0; i < G_N_ELEMENTS(courses); i++) {
        g_autofree char *path = g_strconcat(prefix, "/", courses[i].name, NULL);
        g_test_add_data_func(path, &courses[i], test);
    }
}
