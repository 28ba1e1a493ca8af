/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/call.h"

#include "daemon/hypervisor/driver.h"
#include "daemon/hypervisor/facts.h"

#include <fcntl.h>
#include <unistd.h>

/* Names are unique and go both ways: faults files and logs use them. */
static void
test_names(void)
{
    for (guint i = 0; i < VMC_N_CALLS; i++) {
        const char *name = vmc_call_kind_to_name(i);
        VmcCallKind kind = VMC_N_CALLS;
        g_assert_nonnull(name);
        g_assert_true(vmc_call_kind_from_name(name, &kind));
        g_assert_cmpint(kind, ==, i);
    }
    VmcCallKind kind = VMC_CALL_RESET;
    g_assert_false(vmc_call_kind_from_name("dance", &kind));
    g_assert_cmpint(kind, ==, VMC_CALL_RESET);
}

/* Only a migration goes without a deadline, and in a lane of its own; what
 * changes a domain never waits behind statistics. */
static void
test_lanes_and_deadlines(void)
{
    for (guint i = 0; i < VMC_N_CALLS; i++) {
        gboolean is_migration = i == VMC_CALL_MIGRATE;
        g_assert_cmpint(vmc_call_kind_deadline_ms(i) == 0, ==, is_migration);
        g_assert_cmpint(vmc_call_kind_lane(i) == VMC_LANE_MIGRATION, ==,
                        is_migration);
    }
    g_assert_cmpint(vmc_call_kind_lane(VMC_CALL_DESTROY), ==, VMC_LANE_CONTROL);
    g_assert_cmpint(vmc_call_kind_lane(VMC_CALL_ABORT_MIGRATION), ==,
                    VMC_LANE_CONTROL);
    g_assert_cmpint(vmc_call_kind_lane(VMC_CALL_LIST_DOMAINS), ==,
                    VMC_LANE_STATS);
    /* libvirt waits 30 s for the lock of a domain before it says so. */
    g_assert_cmpuint(vmc_call_kind_deadline_ms(VMC_CALL_SUSPEND), >, 30000);
}

static VmcCall *
new_full_call(void)
{
    VmcCall *call = vmc_call_new(VMC_CALL_MIGRATE, "uuid");

    call->flags = VMC_CALL_LIVE | VMC_CALL_CONFIG;
    call->name = g_strdup("web2");
    call->xml = g_strdup("<domain/>");
    call->alias = g_strdup("dimm0");
    call->domain_type = g_strdup("qemu");
    call->pool = g_strdup("default");
    call->volume = g_strdup("root.qcow2");
    call->image = g_strdup("debian.qcow2");
    call->data = g_bytes_new_static("abc", 3);
    call->count = 3;
    call->bytes = 4096;
    call->metadata = vmc_vm_new("uuid", "web1");
    call->migration = vmc_migration_order_new("qemu+tcp://kvm2/system");
    call->migration->bandwidth_mib_per_s = 100;
    call->migration->copy_disks = TRUE;
    call->migration->pools_shared = TRUE;
    return call;
}

/* A copy has all of it, and outlives its original: a worker that is late still
 * reads it. */
static void
test_copy(void)
{
    VmcCall *call = new_full_call();
    g_autoptr(VmcCall) copy = vmc_call_copy(call);

    vmc_call_free(call);
    g_assert_cmpint(copy->kind, ==, VMC_CALL_MIGRATE);
    g_assert_cmpstr(copy->uuid, ==, "uuid");
    g_assert_cmpuint(copy->flags, ==, VMC_CALL_LIVE | VMC_CALL_CONFIG);
    g_assert_cmpstr(copy->xml, ==, "<domain/>");
    g_assert_cmpstr(copy->name, ==, "web2");
    g_assert_cmpstr(copy->alias, ==, "dimm0");
    g_assert_cmpstr(copy->domain_type, ==, "qemu");
    g_assert_cmpstr(copy->pool, ==, "default");
    g_assert_cmpstr(copy->volume, ==, "root.qcow2");
    g_assert_cmpstr(copy->image, ==, "debian.qcow2");
    g_assert_cmpuint(g_bytes_get_size(copy->data), ==, 3);
    g_assert_cmpuint(copy->count, ==, 3);
    g_assert_cmpuint(copy->bytes, ==, 4096);
    g_assert_cmpstr(copy->metadata->name, ==, "web1");
    g_assert_cmpstr(copy->migration->destination_uri, ==,
                    "qemu+tcp://kvm2/system");
    g_assert_cmpuint(copy->migration->bandwidth_mib_per_s, ==, 100);
    g_assert_true(copy->migration->copy_disks);
    g_assert_true(copy->migration->pools_shared);
}

/* A reply that nobody takes closes its descriptor. */
static void
test_reply_clear(void)
{
    VmcReply reply = VMC_REPLY_INIT;
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    reply.fd = fds[0];
    reply.path = g_strdup("/x");
    reply.host = vmc_host_new("kvm1", "sim://kvm1");
    reply.domain = vmc_domain_facts_new("uuid", "web1");
    vmc_reply_clear(&reply);
    g_assert_cmpint(fcntl(fds[0], F_GETFD), ==, -1);
    g_assert_cmpint(reply.fd, ==, -1);
    g_assert_null(reply.path);
    g_assert_null(reply.host);
    vmc_reply_clear(&reply);
    close(fds[1]);
}

/* Run states have names, and say whether there is a process. */
static void
test_run_states(void)
{
    for (guint i = 0; i < VMC_N_RUN_STATES; i++) {
        VmcRunState state = VMC_N_RUN_STATES;
        g_assert_true(
            vmc_run_state_from_name(vmc_run_state_to_name(i), &state));
        g_assert_cmpint(state, ==, i);
    }
    g_assert_true(vmc_run_state_is_active(VMC_RUN_PAUSED_MIGRATION));
    g_assert_true(vmc_run_state_is_active(VMC_RUN_PAUSED_INCOMING));
    g_assert_false(vmc_run_state_is_active(VMC_RUN_SHUT_OFF));
    g_assert_false(vmc_run_state_is_active(VMC_RUN_CRASHED));
    g_assert_false(vmc_run_state_is_active(VMC_RUN_ABSENT));
}

/* The scheme decides. */
static void
test_drivers(void)
{
    g_assert_true(vmc_driver_for_uri("sim://kvm1") == &vmc_sim_driver);
    g_assert_cmpstr(vmc_driver_for_uri("qemu+ssh://root@kvm1/system")->name, ==,
                    "libvirt");
    g_assert_cmpstr(vmc_driver_for_uri("simulated")->name, ==, "libvirt");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/call/names", test_names);
    g_test_add_func("/call/lanes-and-deadlines", test_lanes_and_deadlines);
    g_test_add_func("/call/copy", test_copy);
    g_test_add_func("/call/reply-clear", test_reply_clear);
    g_test_add_func("/call/run-states", test_run_states);
    g_test_add_func("/call/drivers", test_drivers);
    return g_test_run();
}
