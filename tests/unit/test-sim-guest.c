/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/conformance-bench.h"
#include "tests/unit/sim-xml.h"

#include <string.h>

/* How simulated guests behave when they do not do what they are asked, which
 * real ones do often enough: jobs are tested against this. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static char *
make_xml(const VmcConformance *suite, const char *uuid, const char *name)
{
    g_autofree char *kvm = sim_xml_new(uuid, name);
    g_auto(GStrv) parts = g_strsplit(kvm, "type='kvm'", 2);

    return g_strjoinv(suite->data != NULL ? "type='qemu'" : "type='kvm'",
                      parts);
}

/* A booted guest of a host with @parameters, alone in the world. */
static Bench *
boot_with(const char *parameters)
{
    static VmcConformance suite;
    static char *uri;

    g_free(uri);
    uri = g_strdup_printf("sim://kvm1?guest_ms=2&boot_ms=2&%s", parameters);
    suite = (VmcConformance){.prefix = "/sim",
                             .driver = &vmc_sim_driver,
                             .uri = uri,
                             .make_xml = make_xml,
                             .data = strstr(parameters, "qemu"),
                             .guest_timeout_ms = 20000};
    Bench *bench = bench_new(&suite);
    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    bench_await_event(bench, VMC_EVENT_AGENT);
    bench_forget_events(bench);
    return bench;
}

static void
end(Bench *bench)
{
    bench_free(bench);
    vmc_sim_world_reset();
}

static void
set_guest(Bench *bench, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;

    vmc_sim_guest_set(bench->name, key, value, &error);
    g_assert_no_error(error);
}

/* Reads the guest once it has dealt with what was asked of it: that takes it
 * less time than to forget the events. */
static VmcDomainFacts *
read_after_reaction(Bench *bench)
{
    bench_forget_events(bench);
    return bench_read_guest(bench);
}

/* ---- memory ---------------------------------------------------------------
 */

/* Plugged is not usable: without a rule that brings memory online the guest
 * has none of it, until the agent does. */
static void
test_memory_stays_offline(void)
{
    Bench *bench = boot_with("online_memory=no");
    g_autoptr(VmcDomainFacts) before = bench_read_guest(bench);
    guint64 total_bytes = before->shape.guest_total_bytes;

    bench_set_virtio_mem(bench, 256 * MIB, VMC_CALL_LIVE);
    bench_await_event(bench, VMC_EVENT_DEVICE);
    g_autoptr(VmcDomainFacts) plugged = read_after_reaction(bench);
    g_assert_cmpuint(plugged->shape.virtio_mem_current_bytes, ==, 256 * MIB);
    g_assert_cmpuint(plugged->shape.guest_total_bytes, ==, total_bytes);
    bench_do(bench, VMC_CALL_ONLINE_GUEST_MEMORY);
    g_autoptr(VmcDomainFacts) online = bench_read_guest(bench);
    g_assert_cmpuint(online->shape.guest_total_bytes, ==,
                     total_bytes + 256 * MIB);
    end(bench);
}

static gboolean
has_current(const VmcVmShape *shape, gpointer data)
{
    return shape->virtio_mem_current_bytes == *(guint64 *) data;
}

/* A guest that uses its memory gives what it can, in whole blocks, says
 * nothing, and gives the rest when it can. */
static void
test_partial_shrink(void)
{
    Bench *bench = boot_with("agent=yes");
    guint64 size_bytes = 512 * MIB;
    guint64 nothing = 0;

    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    bench_await_guest(bench, has_current, &size_bytes);
    set_guest(bench, "used_memory", "800MiB");
    bench_set_virtio_mem(bench, 0, VMC_CALL_LIVE);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    guint64 left_bytes = facts->shape.virtio_mem_current_bytes;
    g_assert_cmpuint(left_bytes, >, 0);
    g_assert_cmpuint(left_bytes, <, size_bytes);
    g_assert_cmpuint(left_bytes % (2 * MIB), ==, 0);
    g_assert_cmpuint(facts->shape.guest_usable_bytes, >, 0);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
    set_guest(bench, "used_memory", "100MiB");
    bench_await_guest(bench, has_current, &nothing);
    end(bench);
}

/* Without the driver nothing is taken, and nobody says so. */
static void
test_no_virtio_mem_driver(void)
{
    Bench *bench = boot_with("virtio_mem=no");

    bench_set_virtio_mem(bench, 256 * MIB, VMC_CALL_LIVE);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 256 * MIB);
    g_assert_cmpuint(facts->shape.virtio_mem_current_bytes, ==, 0);
    end(bench);
}

/* A reset unplugs virtio-mem, and the guest takes it anew when it boots. */
static void
test_reset_plugs_again(void)
{
    Bench *bench = boot_with("agent=yes");
    guint64 size_bytes = 256 * MIB;

    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    bench_await_guest(bench, has_current, &size_bytes);
    bench_do(bench, VMC_CALL_RESET);
    bench_await_guest(bench, has_current, &size_bytes);
    bench_do(bench, VMC_CALL_DESTROY);
    bench_do(bench, VMC_CALL_START);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 0);
    end(bench);
}

static void
attach_dimm(Bench *bench, guint64 bytes)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_ATTACH_DIMM, bench->uuid);

    call->flags = VMC_CALL_LIVE;
    call->bytes = bytes;
    bench_must(bench, call, NULL);
}

static void
detach_dimm(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DETACH_DIMM, bench->uuid);

    call->flags = VMC_CALL_LIVE;
    call->alias = g_strdup("dimm0");
    bench_must(bench, call, NULL);
}

/* A DIMM that is no multiple of the guest's memory block is taken by the
 * hypervisor and ignored by the guest. */
static void
test_odd_dimm(void)
{
    Bench *bench = boot_with("agent=yes");
    g_autoptr(VmcDomainFacts) before = bench_read_guest(bench);

    attach_dimm(bench, 100 * MIB);
    bench_await_event(bench, VMC_EVENT_DEVICE);
    g_autoptr(VmcDomainFacts) after = read_after_reaction(bench);
    g_assert_cmpuint(after->shape.balloon_bytes, ==,
                     before->shape.balloon_bytes + 100 * MIB);
    g_assert_cmpuint(after->shape.guest_total_bytes, ==,
                     before->shape.guest_total_bytes);
    end(bench);
}

/* Detach returns at once; a guest that holds on to the DIMM keeps it. */
static void
test_dimm_stays(void)
{
    Bench *bench = boot_with("unplug_dimms=no");

    attach_dimm(bench, 128 * MIB);
    g_autoptr(VmcDomainFacts) unused = read_after_reaction(bench);
    bench_forget_events(bench);
    detach_dimm(bench);
    bench_await_event(bench, VMC_EVENT_DEVICE);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.dimms->len, ==, 1);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
    end(bench);
}

/* To take a DIMM from a guest that needs it kills it: hence the gate. */
static void
test_dimm_kills(void)
{
    Bench *bench = boot_with("agent=yes");

    attach_dimm(bench, 512 * MIB);
    g_autoptr(VmcDomainFacts) unused = read_after_reaction(bench);
    set_guest(bench, "used_memory", "900MiB");
    detach_dimm(bench);
    bench_await_state(bench, VMC_RUN_CRASHED);
    end(bench);
}

/* Memory slots and room for devices end. */
static void
test_dimm_limits(void)
{
    Bench *bench = boot_with("agent=yes");
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_ATTACH_DIMM, bench->uuid);

    call->flags = VMC_CALL_LIVE;
    call->bytes = 8192 * MIB;
    bench_must_refuse(bench, call);
    for (guint i = 0; i < 7; i++)
        attach_dimm(bench, 128 * MIB);
    call->bytes = 128 * MIB;
    bench_must_refuse(bench, call);
    end(bench);
}

/* The balloon stops where the guest would starve. */
static void
test_balloon_stops(void)
{
    Bench *bench = boot_with("used_memory=300MiB");

    bench_set_balloon(bench, 64 * MIB);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpuint(facts->shape.balloon_bytes, >, 300 * MIB);
    g_assert_cmpuint(facts->shape.balloon_bytes, <, 512 * MIB);
    end(bench);
}

/* Without the driver there is neither balloon nor statistics. */
static void
test_no_balloon_driver(void)
{
    Bench *bench = boot_with("balloon=no");

    bench_set_balloon(bench, 400 * MIB);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpuint(facts->shape.balloon_bytes, ==, 512 * MIB);
    g_assert_false(facts->shape.balloon_stats);
    g_assert_cmpuint(facts->shape.guest_total_bytes, ==, 0);
    end(bench);
}

/* ---- vCPUs ----------------------------------------------------------------
 */

static VmcCall *
vcpus_call(Bench *bench, guint count)
{
    VmcCall *call = vmc_call_new(VMC_CALL_SET_VCPUS, bench->uuid);

    call->count = count;
    call->flags = VMC_CALL_LIVE;
    return call;
}

/* A guest that does not let a vCPU go: the end is unknown, the count stays. */
static void
test_vcpu_stays(void)
{
    Bench *bench = boot_with("unplug_cpus=no");
    g_autoptr(VmcCall) call = vcpus_call(bench, 1);

    bench_set_vcpus(bench, 3, VMC_CALL_LIVE);
    bench_must_fail(bench, call, VMC_ERROR_UNKNOWN);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 3);
    end(bench);
}

/* A guest that does: down to the vCPUs that are fixed, and no further. */
static void
test_vcpu_floor(void)
{
    Bench *bench = boot_with("agent=yes");
    g_autoptr(VmcCall) none = vcpus_call(bench, 0);

    bench_set_vcpus(bench, 3, VMC_CALL_LIVE);
    bench_set_vcpus(bench, 1, VMC_CALL_LIVE);
    bench_must_refuse(bench, none);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 1);
    g_assert_cmpuint(facts->shape.vcpus_online, ==, 1);
    end(bench);
}

/* Under TCG an unplug is never heard of, and the next plug kills QEMU. */
static void
test_tcg_unplug(void)
{
    Bench *bench = boot_with("domain_type=qemu");
    g_autoptr(VmcCall) shrink = vcpus_call(bench, 1);
    g_autoptr(VmcCall) grow = vcpus_call(bench, 3);

    bench_set_vcpus(bench, 2, VMC_CALL_LIVE);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_false(facts->shape.can_unplug_vcpus);
    bench_must_fail(bench, shrink, VMC_ERROR_UNKNOWN);
    bench_must_fail(bench, grow, VMC_ERROR_FAILED);
    bench_assert_state(bench, VMC_RUN_CRASHED);
    end(bench);
}

/* ---- agent and power ------------------------------------------------------
 */

/* What needs the agent says so when there is none. */
static void
test_no_agent(void)
{
    Bench *bench = boot_with("agent=no");
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SHUTDOWN, bench->uuid);
    g_autoptr(VmcDomainFacts) facts = bench_read_guest(bench);

    g_assert_false(facts->shape.agent_answers);
    g_assert_cmpuint(facts->shape.vcpus_online, ==, 0);
    bench_fails(bench, VMC_CALL_ONLINE_GUEST_MEMORY, VMC_ERROR_UNSUPPORTED);
    call->flags = VMC_CALL_BY_AGENT;
    bench_must_fail(bench, call, VMC_ERROR_UNSUPPORTED);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    end(bench);
}

/* The power button may be ignored: hence the deadline of a stop. */
static void
test_ignores_power_button(void)
{
    Bench *bench = boot_with("acpi=no");

    bench_do(bench, VMC_CALL_SHUTDOWN);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpint(facts->state, ==, VMC_RUN_RUNNING);
    end(bench);
}

/* A guest whose CPUs stand still does nothing; it catches up later. */
static void
test_paused_guest(void)
{
    Bench *bench = boot_with("agent=yes");
    guint64 size_bytes = 256 * MIB;

    bench_do(bench, VMC_CALL_SUSPEND);
    bench_set_virtio_mem(bench, size_bytes, VMC_CALL_LIVE);
    g_autoptr(VmcDomainFacts) facts = read_after_reaction(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_current_bytes, ==, 0);
    g_assert_false(facts->shape.agent_answers);
    bench_do(bench, VMC_CALL_RESUME);
    bench_await_guest(bench, has_current, &size_bytes);
    end(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-guest/memory-stays-offline",
                    test_memory_stays_offline);
    g_test_add_func("/sim-guest/partial-shrink", test_partial_shrink);
    g_test_add_func("/sim-guest/no-virtio-mem-driver",
                    test_no_virtio_mem_driver);
    g_test_add_func("/sim-guest/reset-plugs-again", test_reset_plugs_again);
    g_test_add_func("/sim-guest/odd-dimm", test_odd_dimm);
    g_test_add_func("/sim-guest/dimm-stays", test_dimm_stays);
    g_test_add_func("/sim-guest/dimm-kills", test_dimm_kills);
    g_test_add_func("/sim-guest/dimm-limits", test_dimm_limits);
    g_test_add_func("/sim-guest/balloon-stops", test_balloon_stops);
    g_test_add_func("/sim-guest/no-balloon-driver", test_no_balloon_driver);
    g_test_add_func("/sim-guest/vcpu-stays", test_vcpu_stays);
    g_test_add_func("/sim-guest/vcpu-floor", test_vcpu_floor);
    g_test_add_func("/sim-guest/tcg-unplug", test_tcg_unplug);
    g_test_add_func("/sim-guest/no-agent", test_no_agent);
    g_test_add_func("/sim-guest/ignores-power-button",
                    test_ignores_power_button);
    g_test_add_func("/sim-guest/paused-guest", test_paused_guest);
    return g_test_run();
}
