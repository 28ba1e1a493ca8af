/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/link-bench.h"

#include "daemon/hypervisor/sim-world.h"

#include <string.h>

#define URI "sim://" VMC_LINK_BENCH_HOST "?vms=2&guest_ms=1&boot_ms=1"
#define VM1 VMC_LINK_BENCH_HOST "-vm1"

static void
on_up(VmcLink *link, VmcLinkBench *bench)
{
    g_assert_true(vmc_link_is_up(link));
    bench->n_up++;
}

static void
on_down(VmcLink *link, const char *reason, VmcLinkBench *bench)
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
         VmcLinkBench *bench)
{
    g_assert_cmpuint(kind, !=, VMC_EVENT_DISCONNECTED);
    bench->n_events++;
}

VmcLinkTuning
vmc_link_bench_tuning(void)
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

VmcLinkBench *
vmc_link_bench_new(const VmcLinkTuning *tuning)
{
    VmcLinkBench *bench = g_new0(VmcLinkBench, 1);

    bench->link = vmc_link_new(VMC_LINK_BENCH_HOST, URI);
    bench->vm1 = vmc_sim_uuid_of(VM1);
    vmc_link_set_tuning(bench->link, tuning);
    g_signal_connect(bench->link, "up", G_CALLBACK(on_up), bench);
    g_signal_connect(bench->link, "down", G_CALLBACK(on_down), bench);
    g_signal_connect(bench->link, "event", G_CALLBACK(on_event), bench);
    vmc_link_start(bench->link);
    return bench;
}

VmcLinkBench *
vmc_link_bench_new_up(const VmcLinkTuning *tuning)
{
    VmcLinkBench *bench = vmc_link_bench_new(tuning);

    run_until(bench->n_up == 1);
    return bench;
}

static gboolean
is_idle(gpointer link)
{
    return g_atomic_int_get(&G_OBJECT(link)->ref_count) == 1;
}

static gboolean
wake_up(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

guint
vmc_link_bench_tick(void)
{
    return g_timeout_add(5, wake_up, NULL);
}

void
vmc_link_bench_wait_idle(VmcLink *link)
{
    guint ticker = vmc_link_bench_tick();

    run_until(is_idle(link));
    g_source_remove(ticker);
}

void
vmc_link_bench_free(VmcLinkBench *bench)
{
    vmc_link_stop(bench->link);
    vmc_sim_fault_clear();
    vmc_link_bench_wait_idle(bench->link);
    g_object_unref(bench->link);
    vmc_sim_world_reset();
    g_free(bench->reason);
    g_free(bench->vm1);
    g_free(bench);
}

/* ---- calls ----------------------------------------------------------------
 */

static gpointer
ask_in_thread(gpointer data)
{
    VmcAsk *ask = data;

    ask->ok = vmc_link_call(ask->link, ask->call, &ask->reply, ask->cancellable,
                            &ask->error);
    g_atomic_int_set(&ask->is_over, TRUE);
    g_main_context_wakeup(NULL);
    return NULL;
}

VmcAsk *
vmc_ask_new_call(VmcLinkBench *bench, VmcCall *call)
{
    VmcAsk *ask = g_new0(VmcAsk, 1);

    ask->link = bench->link;
    ask->call = call;
    ask->cancellable = g_cancellable_new();
    ask->reply = VMC_REPLY_INIT;
    ask->thread = g_thread_new("ask", ask_in_thread, ask);
    return ask;
}

VmcAsk *
vmc_ask_new(VmcLinkBench *bench, VmcCallKind kind)
{
    return vmc_ask_new_call(bench, vmc_call_new(kind, bench->vm1));
}

void
vmc_ask_wait(VmcAsk *ask)
{
    run_until(g_atomic_int_get(&ask->is_over));
    g_clear_pointer(&ask->thread, g_thread_join);
}

void
vmc_ask_free(VmcAsk *ask)
{
    vmc_ask_wait(ask);
    vmc_call_free(ask->call);
    vmc_reply_clear(&ask->reply);
    g_clear_error(&ask->error);
    g_object_unref(ask->cancellable);
    g_free(ask);
}

void
vmc_link_bench_answers(VmcLinkBench *bench, VmcCallKind kind)
{
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, kind);

    vmc_ask_wait(ask);
    g_assert_no_error(ask->error);
    g_assert_true(ask->ok);
}

void
vmc_link_bench_fails(VmcLinkBench *bench, VmcCallKind kind, VmcError code)
{
    g_autoptr(VmcAsk) ask = vmc_ask_new(bench, kind);

    vmc_ask_wait(ask);
    g_assert_false(ask->ok);
    g_assert_error(ask->error, VMC_ERROR, (int) code);
    g_assert_nonnull(strstr(ask->error->message, VMC_LINK_BENCH_HOST));
}

void
vmc_link_bench_add_fault(VmcSimFaultKind kind, const char *call, guint times)
{
    VmcSimFault fault = {.kind = kind,
                         .host = VMC_LINK_BENCH_HOST,
                         .call = call,
                         .times = times};

    vmc_sim_fault_add(&fault);
}
