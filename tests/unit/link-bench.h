/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"
#include "daemon/hypervisor/link.h"
#include "daemon/hypervisor/sim-fault.h"

/*
 * The link of a simulated host with two VMs, what it has said, and threads that
 * call it.
 */

#define VMC_LINK_BENCH_HOST "kvm1"
/* Where a test waits for one to pass. */
#define VMC_LINK_BENCH_DEADLINE_MS 400

typedef struct {
    VmcLink *link;
    guint n_up;
    guint n_down;
    guint n_events;
    char *reason; /* (nullable): why it went down last */
    char *vm1;    /* UUID */
} VmcLinkBench;

/* Each test waits for what it expects; a test that hangs is ended by the
 * runner. */
#define run_until(condition)                                                   \
    while (!(condition))                                                       \
    g_main_context_iteration(NULL, TRUE)

/* Pauses that are seconds in earnest are milliseconds here. */
VmcLinkTuning vmc_link_bench_tuning(void);

/* (transfer full): one that begins to connect, and one that is up */
VmcLinkBench *vmc_link_bench_new(const VmcLinkTuning *tuning);
VmcLinkBench *vmc_link_bench_new_up(const VmcLinkTuning *tuning);

/* Lets go of calls that hang, and waits for the threads that use the link. */
void vmc_link_bench_free(VmcLinkBench *bench);

/* Waits until no thread is left that uses the link, which was stopped. */
void vmc_link_bench_wait_idle(VmcLink *link);

/* Has run_until() look again and again, where nothing else wakes it. Returns
 * the id of a source to remove. */
guint vmc_link_bench_tick(void);

/* times: 0: from now on */
void vmc_link_bench_add_fault(VmcSimFaultKind kind,
                              const char *call,
                              guint times);

/* A call about vm1 in a thread of its own. */
typedef struct {
    VmcLink *link;
    VmcCall *call;
    GCancellable *cancellable;
    VmcReply reply;
    GError *error;
    gboolean ok;
    gint is_over; /* atomic */
    GThread *thread;
} VmcAsk;

VmcAsk *vmc_ask_new(VmcLinkBench *bench, VmcCallKind kind);
VmcAsk *vmc_ask_new_call(VmcLinkBench *bench, VmcCall *call);
void vmc_ask_wait(VmcAsk *ask);
void vmc_ask_free(VmcAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcAsk, vmc_ask_free)

/* Calls, waits, and asserts how it ends. */
void vmc_link_bench_answers(VmcLinkBench *bench, VmcCallKind kind);
void vmc_link_bench_fails(VmcLinkBench *bench, VmcCallKind kind, VmcError code);
