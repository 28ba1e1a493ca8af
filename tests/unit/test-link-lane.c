/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "tests/unit/link-bench.h"

#include <string.h>

/* ---- lanes ----------------------------------------------------------------
 */

/* Stuck statistics do not hold up control, and other calls of their own lane
 * still find a worker. */
static void
test_lanes_apart(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    g_autoptr(VmcAsk) first = vmc_ask_new(bench, VMC_CALL_READ_GUEST);
    g_autoptr(VmcAsk) second = vmc_ask_new(bench, VMC_CALL_READ_GUEST);
    run_until(vmc_sim_fault_count() == 2);
    vmc_link_bench_answers(bench, VMC_CALL_SUSPEND);
    g_autoptr(VmcAsk) waiting = vmc_ask_new(bench, VMC_CALL_READ_HOST);
    g_cancellable_cancel(first->cancellable);
    vmc_ask_wait(first);
    vmc_ask_wait(waiting);
    g_assert_true(waiting->ok);
    g_cancellable_cancel(second->cancellable);
    vmc_link_bench_free(bench);
}

/* What never left did not happen, and says so: it is not unknown. */
static void
test_no_worker(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.deadline_max_ms = VMC_LINK_BENCH_DEADLINE_MS;
    tuning.n_workers = 1;
    tuning.breaker_threshold = 100;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    for (guint i = 0; i < 2; i++)
        vmc_link_bench_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    vmc_link_bench_free(bench);
}

/* The queue is bounded. */
static void
test_queue_full(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();
    VmcAsk *asks[3];

    tuning.n_workers = 1;
    tuning.n_queued_max = 2;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    asks[0] = vmc_ask_new(bench, VMC_CALL_READ_GUEST);
    run_until(vmc_sim_fault_count() == 1);
    for (guint i = 1; i < 3; i++)
        asks[i] = vmc_ask_new(bench, VMC_CALL_READ_GUEST);
    g_autoptr(GError) error = NULL;
    while (error == NULL ||
           !g_error_matches(error, VMC_ERROR, VMC_ERROR_BUSY)) {
        g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_READ_HOST);
        g_cancellable_cancel(ask->cancellable);
        vmc_ask_wait(ask);
        g_clear_error(&error);
        error = g_steal_pointer(&ask->error);
    }
    vmc_sim_fault_clear();
    for (guint i = 0; i < 3; i++)
        vmc_ask_free(asks[i]);
    vmc_link_bench_free(bench);
}

/* ---- breakers -------------------------------------------------------------
 */

/* Calls that get no answer open the breaker of their lane: the next ones fail
 * at once, without a trace at the host; one that may try closes it. */
static void
test_stats_breaker(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.deadline_max_ms = VMC_LINK_BENCH_DEADLINE_MS;
    tuning.breaker_open_ms = 300;
    tuning.n_workers = 4;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    for (guint i = 0; i < 3; i++)
        vmc_link_bench_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    vmc_link_bench_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNREACHABLE);
    g_assert_cmpuint(vmc_sim_fault_count(), ==, 3);
    vmc_link_bench_answers(bench, VMC_CALL_SUSPEND);
    g_assert_true(vmc_link_is_up(bench->link));
    vmc_sim_fault_clear();
    for (gboolean ok = FALSE; !ok;) {
        g_autoptr(VmcAsk) ask = vmc_ask_new(bench, VMC_CALL_READ_GUEST);
        vmc_ask_wait(ask);
        ok = ask->ok;
    }
    vmc_link_bench_answers(bench, VMC_CALL_READ_GUEST);
    vmc_link_bench_free(bench);
}

/* A host that was connected anew is asked at once, though a lane's breaker was
 * open: the resync must not fail for what was before. */
static void
test_forgiven(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.deadline_max_ms = VMC_LINK_BENCH_DEADLINE_MS;
    tuning.breaker_threshold = 1;
    tuning.breaker_open_ms = G_MAXINT;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "read-guest", 0);
    vmc_link_bench_fails(bench, VMC_CALL_READ_GUEST, VMC_ERROR_UNKNOWN);
    vmc_link_bench_fails(bench, VMC_CALL_READ_HOST, VMC_ERROR_UNREACHABLE);
    vmc_link_bench_add_fault(VMC_SIM_FAULT_DISCONNECT, "suspend", 1);
    vmc_link_bench_fails(bench, VMC_CALL_SUSPEND, VMC_ERROR_UNKNOWN);
    run_until(bench->n_up == 2);
    vmc_link_bench_answers(bench, VMC_CALL_READ_HOST);
    vmc_link_bench_free(bench);
}

/* When control gets no answer the link goes down, and comes up again over a
 * new connection, though the old one is stuck for ever. */
static void
test_control_breaker(void)
{
    VmcLinkTuning tuning = vmc_link_bench_tuning();

    tuning.deadline_max_ms = VMC_LINK_BENCH_DEADLINE_MS;
    VmcLinkBench *bench = vmc_link_bench_new_up(&tuning);

    vmc_link_bench_add_fault(VMC_SIM_FAULT_HANG, "resume", 3);
    for (guint i = 0; i < 3; i++)
        vmc_link_bench_fails(bench, VMC_CALL_RESUME, VMC_ERROR_UNKNOWN);
    run_until(bench->n_down == 1);
    g_assert_nonnull(strstr(bench->reason, "does not answer"));
    run_until(bench->n_up == 2);
    vmc_link_bench_answers(bench, VMC_CALL_SUSPEND);
    vmc_link_bench_free(bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link-lane/lanes-apart", test_lanes_apart);
    g_test_add_func("/link-lane/no-worker", test_no_worker);
    g_test_add_func("/link-lane/queue-full", test_queue_full);
    g_test_add_func("/link-lane/stats-breaker", test_stats_breaker);
    g_test_add_func("/link-lane/forgiven", test_forgiven);
    g_test_add_func("/link-lane/control-breaker", test_control_breaker);
    return g_test_run();
}
