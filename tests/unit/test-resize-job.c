/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/resize-bench.h"
#include "tests/unit/sim-fixture.h"

/* Resize on simulated hosts: what the guest has at the end, what is stored,
 * what the fleet shows, and what is said; also when calls hang, fail, are done
 * in part, or their answers are lost. */

/* ---- the plain ways ----------------------------------------------------- */

/* Both up, seen in the guest, stored, in the fleet and in the metadata. */
static void
test_grow(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":6,\"memory_bytes\":2147483648}");

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 6, 6, 6);
    resize_bench_assert_memory(bench, 2048, 2048);
    g_assert_cmpint(resize_bench_result_number(record, "vcpus", "usable"), ==,
                    6);
    g_assert_cmpint(
        resize_bench_result_number(record, "memory_bytes", "requested"), ==,
        2147483648);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(facts->metadata->size.amount[VMC_CPU], ==, 6000);
    g_assert_cmpuint(facts->metadata->size.amount[VMC_MEMORY], ==, 2147483648);
}

static void
test_shrink(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up =
        resize_bench_resize(bench, "{\"vcpus\":6,\"memory_bytes\":3221225472}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);

    g_autoptr(VmcJobRecord) down =
        resize_bench_resize(bench, "{\"vcpus\":1,\"memory_bytes\":1073741824}");
    vmc_fixture_assert_ended(down, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 1, 1, 1);
    resize_bench_assert_memory(bench, 1024, 1024);
}

/* Emulated VMs: through the agent only. An unplug would crash QEMU at the next
 * plug, which the simulated one does as well. */
static void
test_emulated(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up = resize_bench_resize(bench, "{\"vcpus\":4}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);
    g_autoptr(VmcJobRecord) down = resize_bench_resize(bench, "{\"vcpus\":1}");
    vmc_fixture_assert_ended(down, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 4, 1, 1);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    g_assert_nonnull(strstr(vm->pending, "offline in the guest: 3 of 4"));

    g_autoptr(VmcJobRecord) again = resize_bench_resize(bench, "{\"vcpus\":6}");
    vmc_fixture_assert_ended(again, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 6, 6, 6);
}

/* ---- guests that need help ---------------------------------------------- */

static void
test_guest_does_not_online_vcpus(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":5}");

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 5, 5, 5);
    g_assert_true(vmc_fixture_trail_has(record, "bring vCPUs online"));
}

static void
test_guest_does_not_online_memory(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_memory(bench, 2048, 2048);
    g_assert_true(vmc_fixture_trail_has(record, "of memory online"));
}

/* No virtio-mem driver: the request is taken back, a DIMM takes its place. */
static void
test_guest_without_virtio_mem(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 0);
    g_assert_cmpuint(facts->shape.dimms->len, ==, 1);
    g_assert_cmpuint(vmc_vm_shape_memory_plugged(&facts->shape), ==,
                     2147483648);
}

/* vCPUs that the guest does not let go are taken offline instead. */
static void
test_guest_keeps_vcpus(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":1}");

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 2, 1, 1);
}

/* Without an agent it is plugged, but nobody knows: not done. */
static void
test_guest_without_agent(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":4}");

    vmc_fixture_assert_ended(record, VMC_JOB_PARTIAL);
    resize_bench_assert_vcpus(bench, 4, 0, 4);
    g_assert_nonnull(strstr(record->error_message, "agent does not answer"));
}

/* ---- gates -------------------------------------------------------------- */

static void
assert_refused(ResizeBench *bench,
               const VmcJobRecord *record,
               VmcError code,
               const char *word)
{
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, code);
    g_assert_nonnull(strstr(record->error_message, word));
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 0);
}

/* What the guest uses is never taken; nothing is half-done. */
static void
test_gate_of_use(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up =
        resize_bench_resize(bench, "{\"memory_bytes\":3221225472}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);
    resize_bench_set_guest(bench, "used_memory", "2GiB");

    g_autoptr(VmcJobRecord) down =
        resize_bench_resize(bench, "{\"memory_bytes\":1073741824}");
    assert_refused(bench, down, VMC_ERROR_REFUSED, "is possible now");
    resize_bench_assert_memory(bench, 3072, 3072);
}

static void
test_gate_of_maximum(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) vcpus = resize_bench_resize(bench, "{\"vcpus\":9}");
    assert_refused(bench, vcpus, VMC_ERROR_REFUSED, "is 8");
    g_autoptr(VmcJobRecord) memory =
        resize_bench_resize(bench, "{\"memory_bytes\":8589934592}");
    assert_refused(bench, memory, VMC_ERROR_REFUSED, "is 4GiB");
    resize_bench_assert_vcpus(bench, 2, 2, 2);
    resize_bench_assert_memory(bench, 1024, 1024);
}

static void
test_gate_of_pause(ResizeBench *bench, gconstpointer data)
{
    vmc_daemon_fixture_call(&bench->daemon, "h1", VMC_CALL_SUSPEND,
                            bench->uuid);
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":4}");
    assert_refused(bench, record, VMC_ERROR_REFUSED, "resume it first");
}

/* A migration that somebody else began: libvirt would block for 30 s. */
static gpointer
migrate_away(gpointer data)
{
    ResizeBench *bench = data;
    g_autoptr(VmcLink) link =
        vmc_live_fleet_link(bench->daemon.live_fleet, "h1");
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_MIGRATE, bench->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->migration = vmc_migration_order_new("sim://h2");
    (void) vmc_link_call(link, call, &reply, NULL, NULL);
    return NULL;
}

static void
test_gate_of_migration(ResizeBench *bench, gconstpointer data)
{
    const VmcSimFault hang = {.kind = VMC_SIM_FAULT_HANG,
                              .step = VMC_SIM_STEP_PERFORM,
                              .call = "migrate"};

    vmc_daemon_fixture_add_sim_host(&bench->daemon, "h2", "cores=8");
    vmc_sim_fault_add(&hang);
    GThread *thread = g_thread_new("migrate", migrate_away, bench);
    vmc_sim_fixture_await_fault();
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":4}");
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_BUSY);
    vmc_sim_fault_clear();
    g_thread_join(thread);
}

/* ---- faults ------------------------------------------------------------- */

static void
add_fault(VmcSimFaultKind kind, VmcSimStep step, const char *call)
{
    const VmcSimFault fault = {
        .kind = kind, .step = step, .call = call, .times = 1};

    vmc_sim_fault_add(&fault);
}

/* The answer is lost, the effect is there: it is looked for, not repeated. */
static void
test_lost_reply(ResizeBench *bench, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, "set-vcpus");
    add_fault(VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, "set-virtio-mem");
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":4,\"memory_bytes\":2147483648}");

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 4, 4, 4);
    resize_bench_assert_memory(bench, 2048, 2048);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 2);
}

/* A DIMM whose answer is lost is there once. */
static void
test_lost_reply_of_dimm(ResizeBench *bench, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, "attach-dimm");
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);

    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    g_assert_cmpuint(facts->shape.dimms->len, ==, 1);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
}

/* libvirt stops half-way, without rollback: the three numbers tell. */
static void
test_half_done(ResizeBench *bench, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_PARTIAL, VMC_SIM_STEP_BEFORE, "set-vcpus");
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":6}");

    vmc_fixture_assert_ended(record, VMC_JOB_PARTIAL);
    g_assert_cmpint(resize_bench_result_number(record, "vcpus", "requested"),
                    ==, 6);
    g_assert_cmpint(resize_bench_result_number(record, "vcpus", "plugged"), ==,
                    4);
    g_assert_cmpint(resize_bench_result_number(record, "vcpus", "usable"), ==,
                    4);
    resize_bench_assert_vcpus(bench, 4, 4, 6);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    g_assert_nonnull(strstr(vm->pending, "from 4 to 6"));
}

/* Refused by the host: what it said stands in the error. */
static void
test_refused_by_host(ResizeBench *bench, gconstpointer data)
{
    const VmcSimFault fault = {.kind = VMC_SIM_FAULT_REFUSE,
                               .call = "set-vcpus",
                               .times = 1,
                               .message = "no vCPU for you"};

    vmc_sim_fault_add(&fault);
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":6}");
    vmc_fixture_assert_ended(record, VMC_JOB_PARTIAL);
    g_assert_nonnull(strstr(record->error_message, "no vCPU for you"));
    resize_bench_assert_vcpus(bench, 2, 2, 6);
}

/* A call past its deadline may have happened: here it does, late. */
static void
test_hanging_call(ResizeBench *bench, gconstpointer data)
{
    const VmcSimFault fault = {.kind = VMC_SIM_FAULT_HANG,
                               .call = "set-virtio-mem",
                               .times = 1,
                               .ms = 900};

    vmc_sim_fault_add(&fault);
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_memory(bench, 2048, 2048);
}

/* A host that goes silent in the middle: not known, and said so. */
static void
test_silent_host(ResizeBench *bench, gconstpointer data)
{
    const VmcSimFault fault = {.kind = VMC_SIM_FAULT_REFUSE,
                               .call = "read-guest",
                               .nth = 2,
                               .code = VMC_ERROR_UNREACHABLE};

    vmc_sim_fault_add(&fault);
    g_autoptr(VmcJobRecord) record =
        resize_bench_resize(bench, "{\"vcpus\":4}");
    vmc_fixture_assert_ended(record, VMC_JOB_UNKNOWN);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(&bench->daemon, bench->uuid);
    g_assert_cmpint(vm->state, ==, VMC_VM_UNKNOWN);
}

/* Nothing is given back, by whatever way: said, and left for a power cycle. */
static void
test_guest_gives_nothing(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) up =
        resize_bench_resize(bench, "{\"memory_bytes\":2147483648}");
    vmc_fixture_assert_ended(up, VMC_JOB_DONE);
    resize_bench_set_guest(bench, "virtio_mem", "no");
    add_fault(VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_BEFORE, "set-balloon");

    g_autoptr(VmcJobRecord) down =
        resize_bench_resize(bench, "{\"memory_bytes\":1610612736}");
    vmc_fixture_assert_ended(down, VMC_JOB_PARTIAL);
    resize_bench_assert_memory(bench, 2048, 1536);
    g_assert_nonnull(strstr(down->error_message, "not given back"));
}

/* ---- stopped in the middle ---------------------------------------------- */

static void
await_request(ResizeBench *bench)
{
    while (TRUE) {
        g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
        if (facts->shape.virtio_mem_requested_bytes > 0)
            return;
        g_main_context_iteration(NULL, FALSE);
    }
}

/* Cancelled while the guest takes its time: what it was asked for is taken
 * back, or the VM would change its size by itself later. */
static void
test_cancel(ResizeBench *bench, gconstpointer data)
{
    guint64 id = resize_bench_submit(bench, "{\"memory_bytes\":2147483648}");
    g_autoptr(GError) error = NULL;

    vmc_daemon_fixture_wait_for(&bench->daemon, id, VMC_JOB_RUNNING);
    await_request(bench);
    vmc_job_queue_cancel(bench->daemon.queue, id, &error);
    g_assert_no_error(error);
    g_autoptr(VmcJobRecord) record = resize_bench_finish(bench, id);
    vmc_fixture_assert_ended(record, VMC_JOB_CANCELLED);
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 0);
}

/* vmctld ends in the middle of a call; the next one finishes the job. */
static void
test_resumed(ResizeBench *bench, gconstpointer data)
{
    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_AFTER, data);
    guint64 id =
        resize_bench_submit(bench, "{\"vcpus\":4,\"memory_bytes\":2147483648}");

    vmc_sim_fixture_await_fault();
    vmc_sim_fixture_restart(&bench->daemon);
    g_autoptr(VmcJobRecord) record = resize_bench_finish(bench, id);
    vmc_fixture_assert_ended(record, VMC_JOB_DONE);
    resize_bench_assert_vcpus(bench, 4, 4, 4);
    resize_bench_assert_memory(bench, 2048, 2048);
}

/* Has vmctld end while it takes back what it asked a guest for. */
static guint64
cut_off_undo(ResizeBench *bench)
{
    guint64 id = resize_bench_submit(bench, "{\"memory_bytes\":2147483648}");

    await_request(bench);
    add_fault(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_BEFORE, "set-virtio-mem");
    vmc_job_queue_cancel(bench->daemon.queue, id, NULL);
    vmc_sim_fixture_await_fault();
    vmc_sim_fixture_restart(&bench->daemon);
    return id;
}

/* The next one goes on taking it back, and says why once. */
static void
test_undo_resumed(ResizeBench *bench, gconstpointer data)
{
    g_autoptr(VmcJobRecord) record =
        resize_bench_finish(bench, cut_off_undo(bench));

    vmc_fixture_assert_ended(record, VMC_JOB_CANCELLED);
    g_assert_true(g_str_has_prefix(record->error_message,
                                   "VM 'h1-vm1': it was cancelled"));
    g_autoptr(VmcDomainFacts) facts = resize_bench_look(bench);
    g_assert_cmpuint(facts->shape.virtio_mem_requested_bytes, ==, 0);
}

/* The next one cannot even look: that ends the job. */
static void
test_undo_without_a_look(ResizeBench *bench, gconstpointer data)
{
    const VmcSimFault blind = {.kind = VMC_SIM_FAULT_REFUSE,
                               .call = "read-guest",
                               .code = VMC_ERROR_DENIED};
    guint64 id = cut_off_undo(bench);

    vmc_sim_fault_add(&blind);
    g_autoptr(VmcJobRecord) record = resize_bench_finish(bench, id);
    vmc_fixture_assert_ended(record, VMC_JOB_FAILED);
    g_assert_cmpint(record->error_code, ==, VMC_ERROR_DENIED);
}

#define SLOW_GUEST "&guest_ms=60000"

typedef void (*TestFunc)(ResizeBench *bench, gconstpointer data);

static void
add(const char *path, const char *parameters, TestFunc test)
{
    g_test_add(path, ResizeBench, parameters, resize_bench_set_up, test,
               resize_bench_tear_down);
}

static void
set_up_plain(ResizeBench *bench, gconstpointer data)
{
    resize_bench_set_up_with(bench, "");
}

static void
add_resumed(const char *call)
{
    g_autofree char *path = g_strdup_printf("/resize-job/resumed/%s", call);

    g_test_add(path, ResizeBench, call, set_up_plain, test_resumed,
               resize_bench_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/resize-job/grow", NULL, test_grow);
    add("/resize-job/shrink", NULL, test_shrink);
    add("/resize-job/emulated", "&domain_type=qemu", test_emulated);
    add("/resize-job/guest-does-not-online-vcpus", "&online_cpus=no",
        test_guest_does_not_online_vcpus);
    add("/resize-job/guest-does-not-online-memory", "&online_memory=no",
        test_guest_does_not_online_memory);
    add("/resize-job/guest-without-virtio-mem", "&virtio_mem=no",
        test_guest_without_virtio_mem);
    add("/resize-job/guest-keeps-vcpus", "&unplug_cpus=no",
        test_guest_keeps_vcpus);
    add("/resize-job/guest-without-agent", "&agent=no",
        test_guest_without_agent);
    add("/resize-job/gate-of-use", NULL, test_gate_of_use);
    add("/resize-job/gate-of-maximum", NULL, test_gate_of_maximum);
    add("/resize-job/gate-of-pause", NULL, test_gate_of_pause);
    add("/resize-job/gate-of-migration", NULL, test_gate_of_migration);
    add("/resize-job/lost-reply", NULL, test_lost_reply);
    add("/resize-job/lost-reply-of-dimm", "&virtio_mem=no",
        test_lost_reply_of_dimm);
    add("/resize-job/half-done", NULL, test_half_done);
    add("/resize-job/refused-by-host", NULL, test_refused_by_host);
    add("/resize-job/hanging-call", NULL, test_hanging_call);
    add("/resize-job/silent-host", NULL, test_silent_host);
    add("/resize-job/guest-gives-nothing", NULL, test_guest_gives_nothing);
    add("/resize-job/cancel", SLOW_GUEST, test_cancel);
    add("/resize-job/undo-resumed", SLOW_GUEST, test_undo_resumed);
    add("/resize-job/undo-without-a-look", SLOW_GUEST,
        test_undo_without_a_look);
    add_resumed("set-vcpus");
    add_resumed("set-virtio-mem");
    add_resumed("set-metadata");
    return g_test_run();
}
