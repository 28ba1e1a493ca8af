/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-migration.h"

#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/conformance-bench.h"
#include "tests/unit/sim-xml.h"

/* The ends a migration can have, as recovery will meet them: which copies
 * there are, in which states, and what the caller was told. */

static char *
make_xml(const VmcConformance *suite, const char *uuid, const char *name)
{
    return sim_xml_new(uuid, name);
}

static const VmcConformance suite = {
    .prefix = "/sim",
    .driver = &vmc_sim_driver,
    .uri = "sim://kvm1?guest_ms=2&boot_ms=2",
    .other_uri = "sim://kvm2?guest_ms=2&boot_ms=2",
    .migration_uri = "sim://kvm2",
    .make_xml = make_xml,
    .guest_timeout_ms = 20000,
};

static Bench *
begin(void)
{
    Bench *bench = bench_new(&suite);

    bench_boot(bench);
    return bench;
}

static void
end(Bench *bench)
{
    vmc_sim_fault_clear();
    bench_free(bench);
    vmc_sim_world_reset();
}

static VmcCall *
migrate_call(Bench *bench)
{
    VmcCall *call = vmc_call_new(VMC_CALL_MIGRATE, bench->uuid);

    call->migration = vmc_migration_order_new(suite.migration_uri);
    return call;
}

static void
add(VmcSimFaultKind kind, VmcSimStep step, guint ms)
{
    VmcSimFault fault = {.kind = kind,
                         .step = step,
                         .host = "kvm1",
                         .call = "migrate",
                         .times = 1,
                         .ms = ms};

    vmc_sim_fault_add(&fault);
}

static void
assert_absent(Bench *bench)
{
    bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
}

typedef struct {
    VmcSimFaultKind kind;
    VmcSimStep step;
    VmcError code;
    VmcRunState source;
    VmcRunState destination;
    guint n_running;
} Ending;

/* Each row is one way a migration fails, and what is left of it. */
static void
test_endings(void)
{
    static const Ending endings[] = {
        {VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_BEFORE, VMC_ERROR_FAILED,
         VMC_RUN_RUNNING, VMC_RUN_ABSENT, 1},
        {VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_PERFORM, VMC_ERROR_FAILED,
         VMC_RUN_RUNNING, VMC_RUN_ABSENT, 1},
        {VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_FINISH, VMC_ERROR_FAILED,
         VMC_RUN_RUNNING, VMC_RUN_ABSENT, 1},
        {VMC_SIM_FAULT_PARTIAL, VMC_SIM_STEP_FINISH, VMC_ERROR_PARTIAL,
         VMC_RUN_RUNNING, VMC_RUN_SHUT_OFF, 1},
        {VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_FINISH, VMC_ERROR_UNKNOWN,
         VMC_RUN_RUNNING, VMC_RUN_PAUSED, 1},
        {VMC_SIM_FAULT_SPLIT_BRAIN, VMC_SIM_STEP_FINISH, VMC_ERROR_UNKNOWN,
         VMC_RUN_RUNNING, VMC_RUN_RUNNING, 2},
        {VMC_SIM_FAULT_LOST_REPLY, VMC_SIM_STEP_AFTER, VMC_ERROR_UNKNOWN,
         VMC_RUN_ABSENT, VMC_RUN_PAUSED, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        const Ending *ending = &endings[i];
        Bench *bench = begin();
        g_autoptr(VmcCall) call = migrate_call(bench);
        g_test_message("%s at %s", vmc_sim_fault_kind_to_name(ending->kind),
                       vmc_sim_step_to_name(ending->step));
        add(ending->kind, ending->step, 0);
        bench_must_fail(bench, call, ending->code);
        if (ending->source == VMC_RUN_ABSENT)
            assert_absent(bench);
        else
            bench_assert_state(bench, ending->source);
        bench_swap(bench);
        if (ending->destination == VMC_RUN_ABSENT)
            assert_absent(bench);
        else
            bench_assert_state(bench, ending->destination);
        g_assert_cmpuint(vmc_sim_world_count_running(bench->uuid), ==,
                         ending->n_running);
        bench_swap(bench);
        end(bench);
    }
}

static gpointer
migrate_in_thread(gpointer data)
{
    Bench *bench = data;
    g_autoptr(VmcCall) call = migrate_call(bench);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    GError *error = NULL;

    suite.driver->perform(bench->connection, call, &reply, &error);
    return error;
}

/* A destination that is frozen at the end of a migration: the source stands
 * still, neither runs, until it is known. */
static void
test_frozen_destination(void)
{
    Bench *bench = begin();

    add(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_FINISH, 0);
    GThread *thread = g_thread_new("migrate", migrate_in_thread, bench);
    bench_await_state(bench, VMC_RUN_PAUSED_MIGRATION);
    bench_swap(bench);
    bench_assert_state(bench, VMC_RUN_PAUSED_INCOMING);
    g_assert_cmpuint(vmc_sim_world_count_running(bench->uuid), ==, 0);
    bench_fails(bench, VMC_CALL_RESUME, VMC_ERROR_BUSY);
    vmc_sim_fault_clear();
    g_assert_null(g_thread_join(thread));
    bench_assert_state(bench, VMC_RUN_PAUSED);
    bench_swap(bench);
    assert_absent(bench);
    end(bench);
}

/* Peer to peer: when who asked for it is cut off, it goes on. */
static void
test_cut_off(void)
{
    Bench *bench = begin();
    g_autoptr(VmcCall) call = migrate_call(bench);
    VmcConnection *broken = bench->connection;

    add(VMC_SIM_FAULT_DISCONNECT, VMC_SIM_STEP_PERFORM, 0);
    bench_must_fail(bench, call, VMC_ERROR_UNKNOWN);
    bench->connection = suite.driver->open(suite.uri, NULL, NULL, NULL);
    suite.driver->close(broken);
    bench_await_absent(bench);
    bench_swap(bench);
    bench_assert_state(bench, VMC_RUN_PAUSED);
    bench_swap(bench);
    end(bench);
}

/* A guest that writes faster than memory is copied: only an abort ends it. */
static void
test_never_converges(void)
{
    Bench *bench = begin();

    g_assert_true(vmc_sim_guest_set(bench->name, "dirty_rate", "100GiB", NULL));
    GThread *thread = g_thread_new("migrate", migrate_in_thread, bench);
    bench_await_migration(bench);
    bench_fails(bench, VMC_CALL_SHUTDOWN, VMC_ERROR_BUSY);
    bench_do(bench, VMC_CALL_ABORT_MIGRATION);
    g_autoptr(GError) error = g_thread_join(thread);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_CANCELLED);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    bench_swap(bench);
    assert_absent(bench);
    bench_swap(bench);
    end(bench);
}

/* To destroy either side ends it; the other is what it was. */
static void
test_destroyed_meanwhile(void)
{
    for (guint side = 0; side < 2; side++) {
        Bench *bench = begin();
        add(VMC_SIM_FAULT_HANG, VMC_SIM_STEP_PERFORM, 0);
        GThread *thread = g_thread_new("migrate", migrate_in_thread, bench);
        bench_await_migration(bench);
        if (side == 1)
            bench_swap(bench);
        bench_do(bench, VMC_CALL_DESTROY);
        if (side == 1)
            bench_swap(bench);
        g_autoptr(GError) error = g_thread_join(thread);
        g_assert_error(error, VMC_ERROR, VMC_ERROR_FAILED);
        bench_assert_state(bench,
                           side == 1 ? VMC_RUN_RUNNING : VMC_RUN_SHUT_OFF);
        bench_swap(bench);
        assert_absent(bench);
        bench_swap(bench);
        end(bench);
    }
}

/* A paused VM stays so. */
static void
test_paused(void)
{
    Bench *bench = begin();
    g_autoptr(VmcCall) call = migrate_call(bench);

    bench_do(bench, VMC_CALL_SUSPEND);
    add(VMC_SIM_FAULT_REFUSE, VMC_SIM_STEP_FINISH, 0);
    bench_must_fail(bench, call, VMC_ERROR_FAILED);
    bench_assert_state(bench, VMC_RUN_PAUSED);
    bench_must(bench, call, NULL);
    bench_swap(bench);
    bench_assert_state(bench, VMC_RUN_PAUSED);
    bench_swap(bench);
    end(bench);
}

/* Hosts that cannot take it refuse before anything happens. */
static void
test_incompatible(void)
{
    static const char *const uris[] = {
        "sim://odd?networks=lan",
        "sim://odd?cpu_models=EPYC",
        "sim://odd?machines=pc",
        "sim://odd?domain_type=qemu",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(uris); i++) {
        Bench *bench = begin();
        g_autoptr(VmcCall) call = migrate_call(bench);
        VmcConnection *odd = suite.driver->open(uris[i], NULL, NULL, NULL);
        g_free(call->migration->destination_uri);
        call->migration->destination_uri = g_strdup("sim://odd");
        bench_must_fail(bench, call, VMC_ERROR_FAILED);
        bench_assert_state(bench, VMC_RUN_RUNNING);
        suite.driver->close(odd);
        end(bench);
    }
}

/* A destination that the source cannot reach, or that is itself. */
static void
test_bad_destination(void)
{
    VmcSimFault fault = {
        .kind = VMC_SIM_FAULT_REFUSE, .host = "kvm2", .call = "open"};
    Bench *bench = begin();
    g_autoptr(VmcCall) call = migrate_call(bench);

    vmc_sim_fault_add(&fault);
    bench_must_fail(bench, call, VMC_ERROR_FAILED);
    vmc_sim_fault_clear();
    g_free(call->migration->destination_uri);
    call->migration->destination_uri = g_strdup("sim://kvm1");
    bench_must_fail(bench, call, VMC_ERROR_REFUSED);
    bench_assert_state(bench, VMC_RUN_RUNNING);
    end(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sim-migration/endings", test_endings);
    g_test_add_func("/sim-migration/frozen-destination",
                    test_frozen_destination);
    g_test_add_func("/sim-migration/cut-off", test_cut_off);
    g_test_add_func("/sim-migration/never-converges", test_never_converges);
    g_test_add_func("/sim-migration/destroyed-meanwhile",
                    test_destroyed_meanwhile);
    g_test_add_func("/sim-migration/paused", test_paused);
    g_test_add_func("/sim-migration/incompatible", test_incompatible);
    g_test_add_func("/sim-migration/bad-destination", test_bad_destination);
    return g_test_run();
}
