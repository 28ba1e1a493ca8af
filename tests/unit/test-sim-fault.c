/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-fault.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/conformance-bench.h"
#include "tests/unit/sim-xml.h"

#include <glib/gstdio.h>

/* That faults strike where and when they are asked to, and no one else. */

static char *
make_xml(const VmcConformance *suite, const char *uuid, const char *name)
{
    return sim_xml_new(uuid, name);
}

static char *faults_path;

static const VmcConformance *
the_suite(void)
{
    static VmcConformance suite;
    static char *uri;

    if (uri == NULL)
        uri = g_strdup_printf("sim://kvm1?guest_ms=2&boot_ms=2&faults=%s",
                              faults_path);
    suite = (VmcConformance){.prefix = "/sim",
                             .driver = &vmc_sim_driver,
                             .uri = uri,
                             .make_xml = make_xml,
                             .guest_timeout_ms = 20000};
    return &suite;
}

static Bench *
begin(void)
{
    Bench *bench = bench_new(the_suite());

    bench_define(bench);
    return bench;
}

static void
end(Bench *bench)
{
    g_remove(faults_path);
    vmc_sim_fault_clear();
    bench_free(bench);
    vmc_sim_world_reset();
}

static void
add(VmcSimFaultKind kind, VmcSimStep step, const char *call)
{
    VmcSimFault fault = {.kind = kind, .step = step, .call = call, .times = 1};

    vmc_sim_fault_add(&fault);
}

/* ---- kinds ----------------------------------------------------------------
 */

/* A refusal does nothing, and says what it was told to. */
static void
test_refuse(void)
{
    VmcSimFault fault = {.kind = VMC_SIM_FAULT_REFUSE,
                         .call = "start",
                         .code = VMC_ERROR_NO_SPACE,
                         .message = "the disk is full",
                         .times = 1};
    Bench *bench = begin();

    vmc_sim_fault_add(&fault);
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_NO_SPACE);
    bench_assert_state(bench, VMC_RUN_SHUT_OFF);
    bench_do(bench, VMC_CALL_START);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
    end(bench);
}

/* A part is done, and the error says that it is one. */
static void
test_partial(void)
{
    Bench *bench = begin();
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_VCPUS, bench->uuid);

    bench_do(bench, VMC_CALL_START);
    call->count = 4;
    call->flags = VMC_CALL_LIVE;
    add(VMC_SIM_FAULT_PARTIAL, VMC_SIM_STEP_BEFORE, "set-vcpus");
    bench_must_fail(bench, call, VMC_ERROR_PARTIAL);
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);
    g_assert_cmpuint(facts->shape.vcpus_plugged, ==, 2);
    end(bench);
}

/* All is done, and the answer is lost. */
static void
test_lost_reply(void)
{
    Bench *bench = begin();

    add(VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_BEFORE, "start");
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_UNKNOWN);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    end(bench);
}

/* The connection breaks before or after the act: one cannot tell. */
static void
test_disconnect(void)
{
    Bench *bench = begin();
    VmcConnection *whole =
        vmc_sim_driver.open(bench->suite->uri, NULL, NULL, NULL);
    VmcConnection *broken = bench->connection;

    add(VMC_SIM_FAULT_DISCONNECT, VMC_SIM_STEP_AFTER, "start");
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_UNKNOWN);
    g_assert_false(vmc_sim_driver.is_alive(broken));
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_UNREACHABLE);
    bench->connection = whole;
    bench_assert_state(bench, VMC_RUN_RUNNING);
    vmc_sim_driver.close(broken);
    end(bench);
}

static gpointer
start_in_thread(gpointer data)
{
    Bench *bench = data;

    bench_do(bench, VMC_CALL_START);
    return NULL;
}

/* A call that hangs does what it does when it is let go. */
static void
test_hang(void)
{
    Bench *bench = begin();

    add(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_BEFORE, "start");
    GThread *thread = g_thread_new("start", start_in_thread, bench);
    while (vmc_sim_fault_count() == 0)
        g_thread_yield();
    bench_assert_state(bench, VMC_RUN_SHUT_OFF);
    vmc_sim_fault_clear();
    g_thread_join(thread);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    end(bench);
}

/* The process dies as by kill -9: nothing after it runs. */
static void
test_crash(void)
{
    if (g_test_subprocess()) {
        Bench *bench = begin();
        add(VMC_SIM_FAULT_CRASH, VMC_SIM_STEP_BEFORE, "start");
        bench_do(bench, VMC_CALL_START);
        g_printerr("it lives\n");
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr_unmatched("*it lives*");
}

/* ---- aim ------------------------------------------------------------------
 */

/* The second and the third of the calls that match, on this host, for this
 * VM. */
static void
test_aim(void)
{
    Bench *bench = begin();
    VmcSimFault fault = {.kind = VMC_SIM_FAULT_REFUSE,
                         .host = "kvm1",
                         .call = "suspend",
                         .vm = bench->name,
                         .nth = 2,
                         .times = 2};
    VmcSimFault elsewhere = {.kind = VMC_SIM_FAULT_REFUSE, .host = "kvm2"};
    VmcSimFault other_vm = {.kind = VMC_SIM_FAULT_REFUSE, .vm = "other"};

    vmc_sim_fault_add(&fault);
    vmc_sim_fault_add(&elsewhere);
    vmc_sim_fault_add(&other_vm);
    bench_do(bench, VMC_CALL_START);
    bench_do(bench, VMC_CALL_SUSPEND);
    bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_FAILED);
    bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_FAILED);
    bench_do(bench, VMC_CALL_SUSPEND);
    end(bench);
}

/* A host that cannot be opened. */
static void
test_open(void)
{
    g_autoptr(GError) error = NULL;

    add(VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_BEFORE, "open");
    g_assert_null(vmc_sim_driver.open("sim://kvm1", NULL, NULL, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE);
    vmc_sim_world_reset();
}

/* ---- the file -------------------------------------------------------------
 */

static void
write_faults(const char *text)
{
    g_assert_true(g_file_set_contents(faults_path, text, -1, NULL));
}

/* What the file says holds from the next call on, and as long as it says so.
 */
static void
test_file(void)
{
    Bench *bench = begin();

    write_faults("{\"faults\": [{\"kind\": \"refuse\", \"call\": \"start\","
                 " \"code\": \"busy\", \"host\": \"kvm1\"}]}");
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_BUSY);
    bench_fails(bench, VMC_CALL_START, VMC_ERROR_BUSY);
    write_faults("{}");
    bench_do(bench, VMC_CALL_START);
    end(bench);
}

/* To take the file away lets go of a call that hangs. */
static void
test_file_lets_go(void)
{
    Bench *bench = begin();

    write_faults("{\"faults\": [{\"kind\": \"hang\", \"call\": \"start\"}]}");
    GThread *thread = g_thread_new("start", start_in_thread, bench);
    while (vmc_sim_fault_count() == 0)
        g_thread_yield();
    g_remove(faults_path);
    g_thread_join(thread);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    end(bench);
}

/* It also says how guests behave: those there are, and those that come. */
static void
test_file_guests(void)
{
    Bench *bench = begin();
    g_autofree char *text =
        g_strdup_printf("{\"guests\": [{\"vm\": \"%s\", \"agent\": \"no\","
                        " \"used_memory\": \"200MiB\"}]}",
                        bench->name);

    write_faults(text);
    bench_do(bench, VMC_CALL_UNDEFINE);
    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    bench_await_event(bench, VMC_EVENT_AGENT);
    g_autoptr(VmcDomainFacts) facts = bench_read_guest(bench);
    g_assert_false(facts->shape.agent_answers);
    g_assert_cmpuint(facts->shape.guest_total_bytes -
                         facts->shape.guest_usable_bytes,
                     ==, G_GUINT64_CONSTANT(200) << 20);
    end(bench);
}

/* A mistake in it is said at every call, with its place: a test must not go on
 * as if there were no faults. */
static void
test_file_mistakes(void)
{
    static const char *const mistakes[] = {
        "{",
        "[]",
        "{\"faults\": {}}",
        "{\"faults\": [3]}",
        "{\"faults\": [{}]}",
        "{\"faults\": [{\"kind\": \"mishap\"}]}",
        "{\"faults\": [{\"kind\": 3}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"call\": \"dance\"}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"step\": \"never\"}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"ms\": -1}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"ms\": \"1\"}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"host\": 1}]}",
        "{\"faults\": [{\"kind\": \"refuse\", \"code\": \"bad luck\"}]}",
        "{\"faults\": [{\"kind\": \"hang\", \"colour\": \"red\"}]}",
        "{\"guests\": [{\"vm\": \"x\", \"mood\": \"good\"}]}",
        "{\"guests\": [{\"vm\": \"x\", \"agent\": \"perhaps\"}]}",
    };
    Bench *bench = begin();
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_START, bench->uuid);

    for (gsize i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_test_message("%s", mistakes[i]);
        write_faults(mistakes[i]);
        bench_must_fail(bench, call, VMC_ERROR_INVALID);
        bench_must_fail(bench, call, VMC_ERROR_INVALID);
    }
    end(bench);
}

/* Names go both ways. */
static void
test_names(void)
{
    for (guint i = 0; i < VMC_SIM_N_FAULTS; i++)
        g_assert_nonnull(vmc_sim_fault_kind_to_name(i));
    for (guint i = 0; i < VMC_SIM_N_STEPS; i++)
        g_assert_nonnull(vmc_sim_step_to_name(i));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_dir_make_tmp("vmctl-sim-XXXXXX", NULL);
    faults_path = g_build_filename(folder, "faults.json", NULL);
    g_test_add_func("/sim-fault/refuse", test_refuse);
    g_test_add_func("/sim-fault/partial", test_partial);
    g_test_add_func("/sim-fault/lost-reply", test_lost_reply);
    g_test_add_func("/sim-fault/disconnect", test_disconnect);
    g_test_add_func("/sim-fault/hang", test_hang);
    g_test_add_func("/sim-fault/crash", test_crash);
    g_test_add_func("/sim-fault/aim", test_aim);
    g_test_add_func("/sim-fault/open", test_open);
    g_test_add_func("/sim-fault/file", test_file);
    g_test_add_func("/sim-fault/file-lets-go", test_file_lets_go);
    g_test_add_func("/sim-fault/file-guests", test_file_guests);
    g_test_add_func("/sim-fault/file-mistakes", test_file_mistakes);
    g_test_add_func("/sim-fault/names", test_names);
    int status = g_test_run();
    g_rmdir(folder);
    g_free(faults_path);
    return status;
}
