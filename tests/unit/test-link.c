/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/link-bench.h"

#include <string.h>

/* ---- connections ----------------------------------------------------------
 */

/* It connects by itself, says so, and carries calls and events. */
static void
test_up(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_LIST_DOMAINS);

    vmc_ask_wait(ask);
    g_assert_true(ask->ok);
    g_assert_cmpuint(ask->reply.domains->len, ==, 2);
    vmc_link_bench_answers(bench, VMC_CALL_SUSPEND);
    run_until(bench->n_events > 0);
    g_assert_cmpuint(bench->n_down, ==, 0);
    vmc_link_bench_free(bench);
}

/* A host that refuses is tried again until it answers; "down" is said once. */
static void
test_keeps_trying(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    vmc_link_bench_add_fault(VMC_SIM_FAULT_REFUSE, "open", 3);
    VmcLinkBench *bench = vmc_link_bench_new(&tuning);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "injected fault"));
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    run_until(bench->n_up == 1);
    g_assert_cmpuint(bench->n_down, ==, 1);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    vmc_link_bench_answers(bench, VMC_CALL_READ_HOST);
    vmc_link_bench_free(bench);
}

/* Opening that blocks is given up after its time, and tried again; threads
 * that are stuck in it do not pile up. */
static void
test_connect_hangs(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.connect_timeout_ms = 20;
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "open", 0);
    VmcLinkBench *bench = vmc_link_bench_new(&tuning);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "no answer"));
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    guint ticker = vmc_link_bench_tick();
    run_until(vmc_sim_fault_count() == 4);
    for (guint i = 0; i < 40; i++)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 4);
    g_source_remove(ticker);
    vmc_sim_fault_clear();
    run_until(bench->n_up == 1);
    vmc_link_bench_free(bench);
}

/* A connection that breaks under a call is opened anew. */
static void
test_disconnect(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_add_fault(VMC_SIM_FAULT_DISCONNECT, "suspend", 1);
    vmc_link_bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    run_until(bench->n_down == 1);
    run_until(bench->n_up == 2);
    vmc_link_bench_answers(bench, VMC_CALL_SUSPEND);
    vmc_link_bench_free(bench);
}

/* The same on the connection for statistics, which nobody watches: the next
 * call opens another, and the link stays up. */
static void
test_stats_disconnect(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_answers(bench, VMC_CALL_READ_HOST);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_DISCONNECT, "read-host", 1);
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNKNOWN);
    vmc_link_bench_answers(bench, VMC_CALL_READ_HOST);
    g_assert_cmpuint(bench->n_down, ==, 0);
    vmc_link_bench_free(bench);
}

/* ---- deadlines ------------------------------------------------------------
 */

/* Past its deadline a call is unknown, and it does take effect later. */
static void
test_late_is_unknown(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.deadline_max_ms = VMC_LINK_BENCH_DEADLINE_MS;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "suspend", 1);
    vmc_link_bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(bench->n_events, ==, 0);
    vmc_sim_fault_clear();
    run_until(bench->n_events > 0);
    vmc_link_bench_free(bench);
}

/* The answer was lost, the effect was not. */
static void
test_lost_reply(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_add_fault(VMC_SIM_FAULT_LOST_REPLY, "suspend", 1);
    vmc_link_bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_READ_DOMAIN);
    vmc_ask_wait(ask);
    g_assert_true(ask->ok);
    g_assert_cmpint(ask->reply.domain->state, ==, VMC_RUN_PAUSED);
    vmc_link_bench_free(bench);
}

/* Who cancels stops waiting at once. */
static void
test_cancel(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "suspend", 1);
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    g_cancellable_cancel(ask->cancellable);
    vmc_ask_wait(ask);
    g_assert_error(ask->error, VMC_ERROR, VMC_ERROR_CANCELLED);
    vmc_link_bench_free(bench);
}

/* ---- stopping -------------------------------------------------------------
 */

/* Whoever waits is let go; stuck workers are not waited for; and no signal
 * comes any more. */
static void
test_stop(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "suspend", 0);
    g_autoptr(VmcAsk) stuck = vmc_ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    vmc_link_stop(bench->link);
    vmc_link_stop(bench->link);
    vmc_ask_wait(stuck);
    g_assert_error(stuck->error, VMC_ERROR, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 1);
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    vmc_sim_fault_clear();
    vmc_link_bench_free(bench);
}

static void
test_stop_is_silent(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "suspend", 0);
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_SUSPEND);
    run_until(vmc_sim_fault_count() == 1);
    vmc_link_stop(bench->link);
    vmc_sim_fault_clear();
    vmc_ask_wait(ask);
    vmc_link_bench_wait_idle(bench->link);
    g_assert_cmpuint(bench->n_events, ==, 0);
    g_assert_cmpuint(bench->n_down, ==, 0);
    g_assert_cmpuint(bench->n_up, ==, 1);
    vmc_link_bench_free(bench);
}

/* A link that never came up can be stopped while it connects. */
static void
test_stop_while_connecting(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "open", 0);
    VmcLinkBench *bench = vmc_link_bench_new(&tuning);
    guint ticker = vmc_link_bench_tick();
    run_until(vmc_sim_fault_count() == 1);
    g_source_remove(ticker);
    vmc_link_stop(bench->link);
    g_assert_cmpuint(bench->n_up + bench->n_down, ==, 0);
    vmc_link_bench_free(bench);
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
    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        vmc_link_stop(links[i]);
        vmc_link_bench_wait_idle(links[i]);
        g_object_unref(links[i]);
    }
    vmc_sim_world_reset();
}

/* ---- migrations -----------------------------------------------------------
 */

/* A migration has no deadline, blocks nothing, and goes by itself. */
static void
test_migration(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    vmc_sim_world_lock();
    g_assert_nonnull(vmc_sim_world_open("sim://kvm2", NULL));
    vmc_sim_world_unlock();
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    VmcCall *call = vmc_call_new(VMC_CALL_MIGRATE, bench->vm1);
    call->migration = vmc_migration_order_new("sim://kvm2");
    call->migration->bandwidth_mib_per_s = 2048;
    VmcAsk *ask = vmc_ask_new_call(bench, call);
    for (gboolean is_active = FALSE; !is_active;) {
        g_autoptr(VmcAsk) read = vmc_ask_new(bench, VMC_CALL_READ_MIGRATION);
        vmc_ask_wait(read);
        g_assert_no_error(read->error);
        is_active = read->reply.migration.is_active;
    }
    vmc_link_bench_fails(bench, VMC_CALL_START, VMC_ERROR_BUSY);
    vmc_ask_wait(ask);
    g_assert_no_error(ask->error);
    vmc_ask_free(ask);
    vmc_link_bench_fails(bench, VMC_CALL_READ_DOMAIN, VMC_ERROR_NOT_FOUND);
    vmc_link_bench_free(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link/up", test_up);
    g_test_add_func("/link/keeps-trying", test_keeps_trying);
    g_test_add_func("/link/connect-hangs", test_connect_hangs);
    g_test_add_func("/link/disconnect", test_disconnect);
    g_test_add_func("/link/stats-disconnect", test_stats_disconnect);
    g_test_add_func("/link/late-is-unknown", test_late_is_unknown);
    g_test_add_func("/link/lost-reply", test_lost_reply);
    g_test_add_func("/link/cancel", test_cancel);
    g_test_add_func("/link/stop", test_stop);
    g_test_add_func("/link/stop-is-silent", test_stop_is_silent);
    g_test_add_func("/link/stop-while-connecting", test_stop_while_connecting);
    g_test_add_func("/link/many", test_many);
    g_test_add_func("/link/migration", test_migration);
    return g_test_run();
}
