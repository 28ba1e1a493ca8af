/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-state.h"

#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/conformance-bench.h"
#include "tests/unit/sim-xml.h"

#include <glib/gstdio.h>

#include <string.h>

/* That simulated VMs outlive the process, as real ones outlive vmctld. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define UUID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static char *state_path;
static VmcConformance suite;

static char *
make_xml(const VmcConformance *unused, const char *uuid, const char *name)
{
    return sim_xml_new(uuid, name);
}

/* Named always the same, since another process looks for it. */
static Bench *
begin(void)
{
    Bench *bench = bench_new(&suite);

    g_free(bench->uuid);
    bench->uuid = g_strdup(UUID);
    return bench;
}

static void
restart(Bench **bench)
{
    suite.driver->close((*bench)->connection);
    suite.driver->close((*bench)->other);
    g_free((*bench)->uuid);
    g_free((*bench)->name);
    g_free(*bench);
    vmc_sim_world_reset();
    *bench = begin();
}

static void
end(Bench *bench)
{
    bench_free(bench);
    vmc_sim_world_reset();
    g_remove(state_path);
}

static gboolean
has_current(const VmcVmShape *shape, gpointer data)
{
    return shape->virtio_mem_current_bytes == *(guint64 *) data;
}

static void
set_metadata(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_METADATA, bench->uuid);

    call->metadata = vmc_vm_new(bench->uuid, bench->name);
    call->metadata->template_name = g_strdup("web");
    bench_must(bench, call, NULL);
}

/* All that was said of a VM is said again after a restart. */
static void
test_round_trip(void)
{
    Bench *bench = begin();
    guint64 size_bytes = 256 * MIB;
    g_autoptr(VmcCall) disk = vmc_call_new(VMC_CALL_CREATE_DISK, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    disk->pool = g_strdup("default");
    disk->volume = g_strdup("root.qcow2");
    disk->bytes = MIB;
    bench_must(bench, disk, &reply);
    bench_boot(bench);
    set_metadata(bench);
    bench_set_vcpus(bench, 3, VMC_CALL_LIVE);
    bench_set_vcpus(bench, 2, VMC_CALL_CONFIG);
    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    bench_await_guest(bench, has_current, &size_bytes);
    bench_do(bench, VMC_CALL_SUSPEND);
    g_autoptr(VmcDomainFacts) before = bench_read(bench);
    restart(&bench);
    g_autoptr(VmcDomainFacts) after = bench_read(bench);
    g_assert_cmpstr(after->name, ==, before->name);
    g_assert_cmpint(after->state, ==, VMC_RUN_PAUSED);
    g_assert_true(after->is_managed);
    g_assert_cmpstr(after->metadata->template_name, ==, "web");
    g_assert_cmpuint(after->shape.vcpus_plugged, ==, 3);
    g_assert_cmpuint(after->shape.vcpus_config, ==, 2);
    g_assert_cmpuint(after->shape.virtio_mem_current_bytes, ==, size_bytes);
    g_assert_cmpstr(after->machine, ==, before->machine);
    g_assert_cmpstr(after->networks[0], ==, before->networks[0]);
    g_assert_true(vmc_resources_equal(after->size, before->size));
    end(bench);
}

/* What a guest was about to do it does after the restart. */
static void
test_goes_on(void)
{
    Bench *bench = begin();
    guint64 size_bytes = 256 * MIB;

    bench_boot(bench);
    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    restart(&bench);
    bench_await_guest(bench, has_current, &size_bytes);
    bench_do(bench, VMC_CALL_SHUTDOWN);
    restart(&bench);
    bench_await_state(bench, VMC_RUN_SHUT_OFF);
    restart(&bench);
    bench_assert_state(bench, VMC_RUN_SHUT_OFF);
    bench_do(bench, VMC_CALL_UNDEFINE);
    restart(&bench);
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
    end(bench);
}

/* The VMs a host comes with come once: those that were deleted stay away. */
static void
test_populated_once(void)
{
    g_autofree char *uri =
        g_strdup_printf("sim://full?vms=3&state=%s", state_path);
    g_autofree char *uuid = vmc_sim_uuid_of("full-vm1");
    static const VmcCallKind kinds[] = {VMC_CALL_DESTROY, VMC_CALL_UNDEFINE};

    VmcConnection *connection = vmc_sim_driver.open(uri, NULL, NULL, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(VmcCall) call = vmc_call_new(kinds[i], uuid);
        g_auto(VmcReply) unused = VMC_REPLY_INIT;
        g_assert_true(vmc_sim_driver.perform(connection, call, &unused, NULL));
    }
    vmc_sim_driver.close(connection);
    vmc_sim_world_reset();
    connection = vmc_sim_driver.open(uri, NULL, NULL, NULL);
    g_autoptr(VmcCall) list = vmc_call_new(VMC_CALL_LIST_DOMAINS, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_assert_true(vmc_sim_driver.perform(connection, list, &reply, NULL));
    g_assert_cmpuint(reply.domains->len, ==, 2);
    vmc_sim_driver.close(connection);
    vmc_sim_world_reset();
    g_remove(state_path);
}

static void
crash_in_migration(VmcSimStep step)
{
    VmcSimFault fault = {
        .kind = VMC_SIM_FAULT_CRASH, .step = step, .call = "migrate"};
    Bench *bench = begin();
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_MIGRATE, bench->uuid);

    bench_boot(bench);
    vmc_sim_fault_add(&fault);
    call->migration = vmc_migration_order_new(suite.migration_uri);
    bench_must(bench, call, NULL);
}

/* The process is killed in the middle of a migration, which goes on, as peer
 * to peer does: one copy, on the destination, paused. */
static void
test_killed_in_migration(gconstpointer step)
{
    if (g_test_subprocess()) {
        crash_in_migration(GPOINTER_TO_UINT(step));
        return;
    }
    g_setenv("VMC_TEST_SIM_STATE", state_path, TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    Bench *bench = begin();
    bench_await_absent(bench);
    bench_swap(bench);
    bench_assert_state(bench, VMC_RUN_PAUSED);
    g_assert_cmpuint(vmc_sim_world_count_running(UUID), ==, 0);
    bench_swap(bench);
    end(bench);
}

/* A file that is none is not written over. */
static void
test_damaged(void)
{
    static const char *const contents[] = {"", "[]", "{\"version\": 9}",
                                           "{\"version\": 1, \"hosts\": {"};
    g_autofree char *uri = g_strdup_printf("sim://kvm1?state=%s", state_path);

    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;
        g_assert_true(g_file_set_contents(state_path, contents[i], -1, NULL));
        g_assert_null(vmc_sim_driver.open(uri, NULL, NULL, &error));
        g_assert_nonnull(strstr(error->message, state_path));
        g_assert_true(g_file_get_contents(state_path, &after, NULL, NULL));
        g_assert_cmpstr(after, ==, contents[i]);
    }
    vmc_sim_world_reset();
    g_remove(state_path);
}

static void
init_suite(void)
{
    static char *uris[2];

    for (guint i = 0; i < 2; i++)
        uris[i] = g_strdup_printf("sim://kvm%u?guest_ms=2&boot_ms=2&state=%s",
                                  i + 1, state_path);
    suite = (VmcConformance){.prefix = "/sim",
                             .driver = &vmc_sim_driver,
                             .uri = uris[0],
                             .other_uri = uris[1],
                             .migration_uri = "sim://kvm2",
                             .make_xml = make_xml,
                             .guest_timeout_ms = 20000};
}

/* What could not be saved is refused; also what a test has left behind when its
 * folder is gone. */
static void
test_no_folder(void)
{
    g_autofree char *uri =
        g_strdup_printf("sim://kvm1?state=%s.d/world.json", state_path);
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_sim_driver.open(uri, NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "there is no folder"));
    vmc_sim_world_reset();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_dir_make_tmp("vmctl-sim-XXXXXX", NULL);
    state_path = g_strdup(g_getenv("VMC_TEST_SIM_STATE"));
    if (state_path == NULL)
        state_path = g_build_filename(folder, "state.json", NULL);
    init_suite();
    g_test_add_func("/sim-state/round-trip", test_round_trip);
    g_test_add_func("/sim-state/goes-on", test_goes_on);
    g_test_add_func("/sim-state/populated-once", test_populated_once);
    g_test_add_data_func("/sim-state/killed-in-perform",
                         GUINT_TO_POINTER(VMC_SIM_STEP_PERFORM),
                         test_killed_in_migration);
    g_test_add_data_func("/sim-state/killed-in-finish",
                         GUINT_TO_POINTER(VMC_SIM_STEP_FINISH),
                         test_killed_in_migration);
    g_test_add_func("/sim-state/damaged", test_damaged);
    g_test_add_func("/sim-state/no-folder", test_no_folder);
    int status = g_test_run();
    g_rmdir(folder);
    return status;
}
