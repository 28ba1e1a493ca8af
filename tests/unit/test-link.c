/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"

#include <string.h>

#define HOST "kvm1"
#define URI "sim://kvm1?vms=2&guest_ms=1&boot_ms=1"
#define VM1 "kvm1-vm1"
#define DEADLINE_MS 400 /* where a test waits for one to pass */

/* ---- bench ----------------------------------------------------------------
 */

typedef struct {
    VmcLink *link;
    guint n_up;
    guint n_down;
    guint n_events;
    char *reason;
    char *vm1; /* UUID */
} Bench;

static void
on_up(VmcLink *link, Bench *bench)
{
    g_assert_true(vmc_link_is_up(link));
    bench->n_up++;
}

static void
on_down(VmcLink *link, const char *reason, Bench *bench)
{
    g_assert_false(vmc_link_is_up(link));
    g_assert_nonnull(reason);
    bench->n_down++;
    g_free(bench->reason);
    bench->reason = g_strdup(reason);
}

static void
on_event(VmcLink *link,
         guint kind,
         const char *uuid,
         const char *detail,
         Bench *bench)
{
    g_assert_cmpuint(kind, !=, VMC_EVENT_DISCONNECTED);
    bench->n_events++;
}

/* Pauses that are seconds in earnest are milliseconds here. */
static VmcLinkTuning
quick_tuning(void)
{
    VmcLinkTuning tuning = vmc_link_tuning_default();

    tuning.liveness_ms = 20;
    tuning.backoff_min_ms = 10;
    tuning.backoff_max_ms = 40;
    tuning.breaker_open_ms = 20;
    tuning.n_workers = 2;
    tuning.n_queued_max = 4;
    return tuning;
}

static Bench *
bench_new(const VmcLinkTuning *tuning)
{
    Bench *bench = g_new0(Bench, 1);

    bench->link = vmc_link_new(HOST, URI);
    bench->vm1 = vmc_sim_uuid_of(VM1);
    vmc_link_set_tuning(bench->link, tuning);
    g_signal_connect(bench->link, "up", G_CALLBACK(on_up), bench);
    g_signal_connect(bench->link, "down", G_CALLBACK(on_down), bench);
    g_signal_connect(bench->link, "event", G_CALLBACK(on_event), bench);
    vmc_link_start(bench->link);
    return bench;
}

/* Each test waits for what it expects; a test that hangs is ended by the
 * runner. */
#define run_until(condition)                                                   \
    while (!(condition))                                                       \
    g_main_context_iteration(NULL, TRUE)

static Bench *
bench_up(const VmcLinkTuning *tuning)
{
    Bench *bench = bench_new(tuning);

    run_until(bench->n_up == 1);
    return bench;
}

static gboolean
is_idle(gpointer link)
{
    return G_OBJECT(link)->ref_count == 1;
}

static gboolean
wake_up(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

/* Lets go of calls that hang, and waits until no thread is left that uses the
 * link. */
static void
bench_free(Bench *bench)
{
    guint ticker = g_timeout_add(5, wake_up, NULL);

    vmc_link_stop(bench->link);
    vmc_sim_fault_clear();
    run_until(is_idle(bench->link));
    g_source_remove(ticker);
    g_object_unref(bench->link);
    vmc_sim_world_reset();
    g_free(bench->reason);
    g_free(bench->vm1);
    g_free(bench);
}

typedef struct {
    VmcLink *link;
    VmcCall *call;
    GCancellable *cancellable;
    VmcReply reply;
    GError *error;
    gboolean ok;
    gint is_over; /* atomic */
    GThread *thread;
} Ask;

static gpointer
ask_in_thread(gpointer data)
{
    Ask *ask = data;

    ask->ok = vmc_link_call(ask->link, ask->call, &ask->reply, ask->cancellable,
                            &ask->error);
    g_atomic_int_set(&ask->is_over, TRUE);
    g_main_context_wakeup(NULL);
    return NULL;
}

static Ask *
ask_new(Bench *bench, VmcCallKind kind)
{
    Ask *ask = g_new0(Ask, 1);

    ask->link = bench->link;
    ask->call = vmc_call_new(kind, bench->vm1);
    ask->cancellable = g_cancellable_new();
    ask->reply = VMC_REPLY_INIT;
    ask->thread = g_thread_new("ask", ask_in_thread, ask);
    return ask;
}

static void
ask_wait(Ask *ask)
{
    run_until(g_atomic_int_get(&ask->is_over));
    g_clear_pointer(&ask->thread, g_thread_join);
}

static void
ask_free(Ask *ask)
{
    ask_wait(ask);
    vmc_call_free(ask->call);
    vmc_reply_clear(&ask->reply);
    g_clear_error(&ask->error);
    g_object_unref(ask->cancellable);
    g_free(ask);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ask, ask_free)

static void
assert_answers(Bench *bench, VmcCallKind kind)
{
    g_autoptr(Ask) ask = ask_new(bench, kind);

    ask_wait(ask);
    g_assert_no_error(ask->error);
    g_assert_true(ask->ok);
}

/* code: 0 when it is to succeed */
static void
assert_fails(Bench *bench, VmcCallKind kind, VmcError code)
{
    g_autoptr(Ask) ask = ask_new(bench, kind);

    ask_wait(ask);
    g_assert_false(ask->ok);
    g_assert_error(ask->error, VMC_ERROR, (int) code);
    g_assert_nonnull(strstr(ask->error->message, HOST));
}

static void
add_fault(VmcSimFaultKind kind, const char *call, guint times)
{
    VmcSimFault fault = {
        .kind = kind, .host = HOST, .call = call, .times = times};

    vmc_sim_fault_add(&fault);
}

/* ---- connections ----------------------------------------------------------
 */

/* It connects by itself, says so, and carries calls and events. */
static void
test_up(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Bench *bench = bench_up(&tuning);
    g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_LIST_DOMAINS);

    ask_wait(ask);
    g_assert_true(ask->ok);
    g_assert_cmpuint(ask->reply.domains->len, ==, 2);
    assert_answers(bench, VMC_CALL_SUSPEND);
    run_until(bench->n_events > 0);
    g_assert_cmpuint(bench->n_down, ==, 0);
    bench_free(bench);
}

/* A host that refuses is tried again until it answers; "down" is said once. */
static void
test_keeps_trying(void)
{
    VmcLinkTuning tuning = quick_tuning();

    add_fault(VMC_SIM_FAULT_REFUSE, "open", 3);
    Bench *bench = bench_new(&tuning);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "injected fault"));
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    run_until(bench->n_up == 1);
    g_assert_cmpuint(bench->n_down, ==, 1);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    assert_answers(bench, VMC_CALL_READ_HOST);
    bench_free(bench);
}

/* Opening that blocks is given up after its time, and tried again; threads
 * that are stuck in it do not pile up. */
static void
test_connect_hangs(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.connect_timeout_ms = 20;
    add_fault(VMC_SIM_FAULT_HANG, "open", 0);
    Bench *bench = bench_new(&tuning);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "no answer"));
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    guint ticker = g_timeout_add(5, wake_up, NULL);
    run_until(vmc_sim_fault_count() == 4);
    for (guint i = 0; i < 40; i++)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 4);
    g_source_remove(ticker);
    vmc_sim_fault_clear();
    run_until(bench->n_up == 1);
    bench_free(bench);
}

/* A connection that breaks under a call is opened anew. */
static void
test_disconnect(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Bench *bench = bench_up(&tuning);

    add_fault(VMC_SIM_FAULT_DISCONNECT, "suspend", 1);
    assert_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    run_until(bench->n_down == 1);
    run_until(bench->n_up == 2);
    assert_answers(bench, VMC_CALL_SUSPEND);
    bench_free(bench);
}

/* The same on the connection for statistics, which nobody watches: the next
 * call opens another, and the link stays up. */
static void
test_stats_disconnect(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Bench *bench = bench_up(&tuning);

    assert_answers(bench, VMC_CALL_READ_HOST);
    add_fault(VMC_SIM_FAULT_DISCONNECT, "read-host", 1);
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNKNOWN);
    assert_answers(bench, VMC_CALL_READ_HOST);
    g_assert_cmpuint(bench->n_down, ==, 0);
    bench_free(bench);
}

/* ---- deadlines ------------------------------------------------------------
 */

/* Past its deadline a call is unknown, and it does take effect later. */
static void
test_late_is_unknown(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.deadline_max_ms = DEADLINE_MS;
    Bench *bench = bench_up(&tuning);

    add_fault(VMC_SIM_FAULT_HANG, "suspend", 1);
    assert_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(bench->n_events, ==, 0);
    vmc_sim_fault_clear();
    run_until(bench->n_events > 0);
    bench_free(bench);
}

/* The answer was lost, the effect was not. */
static void
test_lost_reply(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Bench *bench = bench_up(&tuning);

    add_fault(VMC_SIM_FAULT_LOST_REPLY, "suspend", 1);
    assert_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_READ_DOMAIN);
    ask_wait(ask);
    g_assert_true(ask->ok);
    g_assert_cmpint(ask->reply.domain->state, ==, VMC_RUN_PAUSED);
    bench_free(bench);
}

/* Who cancels stops waiting at once. */
static void
test_cancel(void)
{
    VmcLinkTuning tuning = quick_tuning();

    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "suspend", 1);
    g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    g_cancellable_cancel(ask->cancellable);
    ask_wait(ask);
    g_assert_error(ask->error, VMC_ERROR, VMC_ERROR_CANCELLED);
    bench_free(bench);
}

/* Stuck statistics do not hold up control, and other calls of their own lane
 * still find a worker. */
static void
test_lanes_apart(void)
{
    VmcLinkTuning tuning = quick_tuning();

    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    g_autoptr(Ask) first = ask_new(bench, VMC_CALL_READ_GUEST);
    g_autoptr(Ask) second = ask_new(bench, VMC_CALL_READ_GUEST);
    run_until(vmc_sim_fault_count() == 2);
    assert_answers(bench, VMC_CALL_SUSPEND);
    g_autoptr(Ask) waiting = ask_new(bench, VMC_CALL_READ_HOST);
    g_cancellable_cancel(first->cancellable);
    ask_wait(first);
    ask_wait(waiting);
    g_assert_true(waiting->ok);
    g_cancellable_cancel(second->cancellable);
    bench_free(bench);
}

/* What never left did not happen, and says so: it is not unknown. */
static void
test_no_worker(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.deadline_max_ms = DEADLINE_MS;
    tuning.n_workers = 1;
    tuning.breaker_threshold = 100;
    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    for (guint i = 0; i < 2; i++)
        assert_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    bench_free(bench);
}

/* The queue is bounded. */
static void
test_queue_full(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Ask *asks[3];

    tuning.n_workers = 1;
    tuning.n_queued_max = 2;
    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    asks[0] = ask_new(bench, VMC_CALL_READ_GUEST);
    run_until(vmc_sim_fault_count() == 1);
    for (guint i = 1; i < 3; i++)
        asks[i] = ask_new(bench, VMC_CALL_READ_GUEST);
    g_autoptr(GError) error = NULL;
    while (error == NULL ||
           !g_error_matches(error, VMC_ERROR, VMC_ERROR_BUSY)) {
        g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_READ_HOST);
        g_cancellable_cancel(ask->cancellable);
        ask_wait(ask);
        g_clear_error(&error);
        error = g_steal_pointer(&ask->error);
    }
    vmc_sim_fault_clear();
    for (guint i = 0; i < 3; i++)
        ask_free(asks[i]);
    bench_free(bench);
}

/* ---- breakers -------------------------------------------------------------
 */

/* Calls that get no answer open the breaker of their lane: the next ones fail
 * at once, without a trace at the host; one that may try closes it. */
static void
test_stats_breaker(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.deadline_max_ms = DEADLINE_MS;
    tuning.breaker_open_ms = 300;
    tuning.n_workers = 4;
    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    for (guint i = 0; i < 3; i++)
        assert_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    assert_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNREACHABLE);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    assert_answers(bench, VMC_CALL_SUSPEND);
    g_assert_true(vmc_link_is_up(bench->link));
    vmc_sim_fault_clear();
    for (gboolean ok = FALSE; !ok;) {
        g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_READ_GUEST);
        ask_wait(ask);
        ok = ask->ok;
    }
    assert_answers(bench, VMC_CALL_READ_GUEST);
    bench_free(bench);
}

/* A host that was connected anew is asked at once, though a lane's breaker was
 * open: the resync must not fail for what was before. */
static void
test_forgiven(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.deadline_max_ms = DEADLINE_MS;
    tuning.breaker_threshold = 1;
    tuning.breaker_open_ms = G_MAXINT;
    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    assert_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    add_fault(VMC_SIM_FAULT_DISCONNECT, "suspend", 1);
    assert_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    run_until(bench->n_up == 2);
    assert_answers(bench, VMC_CALL_READ_HOST);
    bench_free(bench);
}

/* When control gets no answer the link goes down, and comes up again over a
 * new connection, though the old one is stuck for ever. */
static void
test_control_breaker(void)
{
    VmcLinkTuning tuning = quick_tuning();

    tuning.deadline_max_ms = DEADLINE_MS;
    Bench *bench = bench_up(&tuning);

    add_fault(VMC_SIM_FAULT_HANG, "resume", 3);
    for (guint i = 0; i < 3; i++)
        assert_fails(bench, VMC_CALL_RESUME, VMC_ERROR_UNKNOWN);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "does not answer"));
    run_until(bench->n_up == 2);
    assert_answers(bench, VMC_CALL_SUSPEND);
    bench_free(bench);
}

/* ---- stopping -------------------------------------------------------------
 */

/* Whoever waits is let go; stuck workers are not waited for; and no signal
 * comes any more. */
static void
test_stop(void)
{
    VmcLinkTuning tuning = quick_tuning();

    Bench *bench = bench_up(&tuning);
    add_fault(VMC_SIM_FAULT_HANG, "suspend", 0);
    g_autoptr(Ask) stuck = ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    vmc_link_stop(bench->link);
    vmc_link_stop(bench->link);
    ask_wait(stuck);
    g_assert_error(stuck->error, VMC_ERROR, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
    assert_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    vmc_sim_fault_clear();
    bench_free(bench);
}

static void
test_stop_is_silent(void)
{
    VmcLinkTuning tuning = quick_tuning();
    Bench *bench = bench_up(&tuning);

    add_fault(VMC_SIM_FAULT_HANG, "suspend", 0);
    g_autoptr(Ask) ask = ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    vmc_link_stop(bench->link);
    vmc_sim_fault_clear();
    ask_wait(ask);
    guint ticker = g_timeout_add(5, wake_up, NULL);
    run_until(is_idle(bench->link));
    g_source_remove(ticker);
    g_assert_cmpuint(bench->n_events, ==, 0);
    g_assert_cmpuint(bench->n_down, ==, 0);
    g_assert_cmpuint(bench->n_up, ==, 1);
    bench_free(bench);
}

/* A link that never came up can be stopped while it connects. */
static void
test_stop_while_connecting(void)
{
    VmcLinkTuning tuning = quick_tuning();

    add_fault(VMC_SIM_FAULT_HANG, "open", 0);
    Bench *bench = bench_new(&tuning);
    guint ticker = g_timeout_add(5, wake_up, NULL);
    run_until(vmc_sim_fault_count() == 1);
    g_source_remove(ticker);
    vmc_link_stop(bench->link);
    g_assert_cmpuint(bench->n_up + bench->n_down, ==, 0);
    bench_free(bench);
}

/* Many hosts connect, a few at a time, and all of them do. */
static void
test_many(void)
{
    VmcLink *links[100];
    guint n_up = 0;

    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *name = g_strdup_printf("many%u", i);
        g_autofree char *uri = g_strdup_printf("sim://%s?open_ms=1", name);
        links[i] = vmc_link_new(name, uri);
        vmc_link_start(links[i]);
    }
    while (n_up < G_N_ELEMENTS(links)) {
        g_main_context_iteration(NULL, TRUE);
        n_up = 0;
        for (guint i = 0; i < G_N_ELEMENTS(links); i++)
            n_up += vmc_link_is_up(links[i]) ? 1 : 0;
    }
    guint ticker = g_timeout_add(5, wake_up, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        vmc_link_stop(links[i]);
        run_until(is_idle(links[i]));
        g_object_unref(links[i]);
    }
    vmc_sim_world_reset();
    g_source_remove(ticker);
}

/* ---- migrations -----------------------------------------------------------
 */

/* A migration has no deadline, blocks nothing, and goes by itself. */
static void
test_migration(void)
{
    VmcLinkTuning tuning = quick_tuning();

    vmc_sim_world_lock();
    g_assert_nonnull(vmc_sim_world_open("sim://kvm2", NULL));
    vmc_sim_world_unlock();
    Bench *bench = bench_up(&tuning);
    Ask *ask = g_new0(Ask, 1);
    ask->link = bench->link;
    ask->call = vmc_call_new(VMC_CALL_MIGRATE, bench->vm1);
    ask->call->migration = vmc_migration_order_new("sim://kvm2");
    ask->call->migration->bandwidth_mib_per_s = 2048;
    ask->cancellable = g_cancellable_new();
    ask->reply = VMC_REPLY_INIT;
    ask->thread = g_thread_new("migrate", ask_in_thread, ask);
    for (gboolean is_active = FALSE; !is_active;) {
        g_autoptr(Ask) read = ask_new(bench, VMC_CALL_READ_MIGRATION);
        ask_wait(read);
        g_assert_no_error(read->error);
        is_active = read->reply.migration.is_active;
    }
    assert_fails(bench, VMC_CALL_START, VMC_ERROR_BUSY);
    ask_wait(ask);
    g_assert_no_error(ask->error);
    ask_free(ask);
    assert_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
    bench_free(bench);
}

/* ---- the program ----------------------------------------------------------
 */

static void
add_test(const char *path, void (*func)(void))
{
    g_test_add_func(path, func);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_test("/link/up", test_up);
    add_test("/link/keeps-trying", test_keeps_trying);
    add_test("/link/connect-hangs", test_connect_hangs);
    add_test("/link/disconnect", test_disconnect);
    add_test("/link/stats-disconnect", test_stats_disconnect);
    add_test("/link/late-is-unknown", test_late_is_unknown);
    add_test("/link/lost-reply", test_lost_reply);
    add_test("/link/cancel", test_cancel);
    add_test("/link/lanes-apart", test_lanes_apart);
    add_test("/link/no-worker", test_no_worker);
    add_test("/link/queue-full", test_queue_full);
    add_test("/link/stats-breaker", test_stats_breaker);
    add_test("/link/forgiven", test_forgiven);
    add_test("/link/control-breaker", test_control_breaker);
    add_test("/link/stop", test_stop);
    add_test("/link/stop-is-silent", test_stop_is_silent);
    add_test("/link/stop-while-connecting", test_stop_while_connecting);
    add_test("/link/many", test_many);
    add_test("/link/migration", test_migration);
    return g_test_run();
}
