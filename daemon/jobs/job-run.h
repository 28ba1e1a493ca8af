/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "daemon/hypervisor/link.h"
#include "daemon/jobs/job-mailbox.h"
#include "daemon/jobs/job.h"
#include "daemon/settings.h"

/*
 * A job as its own code sees it: linear code in a worker thread. It reads the
 * fleet, asks hosts, says what it is about to do before it does it, and
 * publishes what it learned. All functions here may block and are for the
 * job's thread only.
 *
 * When vmctld is to end, every function that could fail fails, so that the job
 * returns soon, and nothing it does while it returns has an effect: what it
 * would undo stays as it is. The job stays open in the journal, and is run
 * again by the next vmctld, as after a crash.
 */

typedef struct _VmcJobRun VmcJobRun;

/**
 * vmc_job_run_record:
 * @run: the job
 *
 * Returns: (transfer none): its record: kind, VM and id do not change
 */
const VmcJobRecord *vmc_job_run_record(VmcJobRun *run);

/**
 * vmc_job_run_intent:
 * @run: the job
 *
 * Returns: (transfer none): its parameters; read only
 */
JsonObject *vmc_job_run_intent(VmcJobRun *run);

/**
 * vmc_job_run_cancellable:
 * @run: the job
 *
 * Returns: (transfer none): is cancelled when somebody wants the job to stop
 */
GCancellable *vmc_job_run_cancellable(VmcJobRun *run);

/**
 * vmc_job_run_is_resumed:
 * @run: the job
 *
 * Returns: %TRUE when the daemon died in the middle of it, or the intent has
 * "recover": look, then finish or undo
 */
gboolean vmc_job_run_is_resumed(VmcJobRun *run);

/**
 * vmc_job_run_settings:
 * @run: the job
 *
 * Returns: (transfer none): what the operator set
 */
const VmcSettings *vmc_job_run_settings(VmcJobRun *run);

/**
 * vmc_job_run_now_s:
 * @run: the job
 *
 * Returns: now, in seconds of the epoch
 */
gint64 vmc_job_run_now_s(VmcJobRun *run);

/**
 * vmc_job_run_fleet:
 * @run: the job
 *
 * Returns: (transfer full): the fleet as it is now
 */
VmcFleet *vmc_job_run_fleet(VmcJobRun *run);

/**
 * vmc_job_run_vm:
 * @run: the job
 * @error: %VMC_ERROR_NOT_FOUND
 *
 * Returns: (transfer full): the job's VM as the fleet has it now
 */
VmcVm *vmc_job_run_vm(VmcJobRun *run, GError **error);

/**
 * vmc_job_run_link:
 * @run: the job
 * @host_name: a host
 * @error: %VMC_ERROR_NOT_FOUND when there is no link to such a host
 *
 * Returns: (transfer full): the link
 */
VmcLink *vmc_job_run_link(VmcJobRun *run,
                          const char *host_name,
                          GError **error);

/**
 * vmc_job_run_step:
 * @run: the job
 * @progress_milli: how far it is
 * @error: the store's error, or %VMC_ERROR_CANCELLED when it was cancelled
 * @format: what it is about to do
 *
 * Journals the step, durably, before its side effect. A job that gets %FALSE
 * here undoes what it did.
 *
 * Returns: whether to go on
 */
gboolean vmc_job_run_step(VmcJobRun *run,
                          guint progress_milli,
                          GError **error,
                          const char *format,
                          ...) G_GNUC_PRINTF(4, 5);

/**
 * vmc_job_run_remember:
 * @run: the job
 * @key: a name
 * @value: what undoing or finishing needs, as a volume made
 * @error: the store's error
 *
 * Writes it to the journal, durably.
 *
 * Returns: whether it is remembered
 */
gboolean vmc_job_run_remember(VmcJobRun *run,
                              const char *key,
                              const char *value,
                              GError **error);

/**
 * vmc_job_run_recall:
 * @run: the job
 * @key: a name
 *
 * Returns: (transfer none) (nullable): what vmc_job_run_remember() was last
 * given, in this daemon or the one before
 */
const char *vmc_job_run_recall(VmcJobRun *run, const char *key);

/**
 * vmc_job_run_begin_undo:
 * @run: the job
 * @why: the error it will end with
 *
 * Says that from here on it undoes: it can not be cancelled any more, so that
 * steps and waits go on, even when they cannot be journalled, and after a crash
 * vmc_job_run_undo_reason() tells it to go on undoing.
 */
void vmc_job_run_begin_undo(VmcJobRun *run, const GError *why);

/**
 * vmc_job_run_refuse_cancel:
 * @run: the job
 *
 * Says that there is no way back: from here on it is finished, and steps and
 * waits go on though it was cancelled.
 */
void vmc_job_run_refuse_cancel(VmcJobRun *run);

/**
 * vmc_job_run_undo_reason:
 * @run: the job
 *
 * Returns: (transfer full) (nullable): the error that was given to
 * vmc_job_run_begin_undo(), in this daemon or the one before
 */
GError *vmc_job_run_undo_reason(VmcJobRun *run);

/**
 * vmc_job_run_note:
 * @run: the job
 * @format: what it saw or decided
 *
 * Adds to the trail; shown, journalled with the next step.
 */
void vmc_job_run_note(VmcJobRun *run, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/**
 * vmc_job_run_progress:
 * @run: the job
 * @progress_milli: how far it is
 *
 * Shown, at most ten times a second.
 */
void vmc_job_run_progress(VmcJobRun *run, guint progress_milli);

/**
 * vmc_job_run_set_result:
 * @run: the job
 * @result: (transfer none): what it found or made; copied
 */
void vmc_job_run_set_result(VmcJobRun *run, JsonObject *result);

/**
 * vmc_job_run_publish_vm:
 * @run: the job
 * @vm: the VM as it is now
 * @error: the store's error; nothing is published then
 *
 * Stores, then publishes to the live fleet; on return a new snapshot has it.
 *
 * Returns: whether it is stored
 */
gboolean vmc_job_run_publish_vm(VmcJobRun *run, VmcVm *vm, GError **error);

/**
 * vmc_job_run_forget_vm:
 * @run: the job
 * @uuid: a VM that is no more
 * @error: the store's error; it is not forgotten then
 *
 * Returns: whether it is forgotten
 */
gboolean vmc_job_run_forget_vm(VmcJobRun *run,
                               const char *uuid,
                               GError **error);

/**
 * vmc_job_run_begin_act:
 * @run: the job
 *
 * From here on something may have been done for the job. vmc_job_run_call()
 * notices that by itself; this is for what acts past it.
 */
void vmc_job_run_begin_act(VmcJobRun *run);

/**
 * vmc_job_run_call:
 * @run: the job
 * @host_name: a host
 * @call: what is asked
 * @reply: (out): what came back
 * @error: as vmc_link_call(); %VMC_ERROR_NOT_FOUND as vmc_job_run_link()
 *
 * Asks a host; as vmc_link_call() with the job's cancellable left out, so that
 * a side effect is never abandoned half-way: cancel is looked at between steps.
 * Once something was done for the job, a host that is away is waited for, for a
 * while, before the call is given up: it was not sent.
 *
 * Returns: whether the call succeeded
 */
gboolean vmc_job_run_call(VmcJobRun *run,
                          const char *host_name,
                          const VmcCall *call,
                          VmcReply *reply,
                          GError **error);

/**
 * vmc_job_run_wait:
 * @run: the job
 * @timeout_ms: how long
 *
 * Sleeps.
 *
 * Returns: %FALSE when it was cancelled, at once
 */
gboolean vmc_job_run_wait(VmcJobRun *run, guint timeout_ms);

/**
 * vmc_job_run_listen:
 * @run: the job
 * @host_name: a host
 *
 * From here on events of that host about the job's VM end
 * vmc_job_run_wait_event(). Call it before what causes them. A host without a
 * link has no events: the wait's time-out is what counts then.
 */
void vmc_job_run_listen(VmcJobRun *run, const char *host_name);

/**
 * vmc_job_run_wait_event:
 * @run: the job
 * @timeout_ms: how long
 * @ret_event: (out) (optional) (transfer full) (nullable): what came, %NULL
 *   when nothing did
 *
 * Sleeps until the next event. Events that came since vmc_job_run_listen() are
 * kept, so none is missed between two waits.
 *
 * Returns: %FALSE when it was cancelled, at once
 */
gboolean vmc_job_run_wait_event(VmcJobRun *run,
                                guint timeout_ms,
                                VmcJobEvent **ret_event);

/**
 * VmcJobKindFlags:
 * @VMC_JOB_TAKES_FOUND: may work on a domain that vmctl does not manage
 * @VMC_JOB_TAKES_MOVING: may work on a VM that is between two hosts, where all
 *   others could make it run twice
 * @VMC_JOB_HAS_TWO_HOSTS: looks at two hosts, and must not stand still since
 *   one of them is away
 */
typedef enum {
    VMC_JOB_TAKES_FOUND = 1 << 0,
    VMC_JOB_TAKES_MOVING = 1 << 1,
    VMC_JOB_HAS_TWO_HOSTS = 1 << 2,
} VmcJobKindFlags;

/**
 * VmcJobKind:
 * @name: as in the record
 * @run: the job's code; also called again after a crash, with
 *   vmc_job_run_is_resumed(): it looks, then finishes or undoes
 * @flags: #VmcJobKindFlags: what it may work on, else it is refused before it
 *   begins; and how it is
 *
 * A kind of job; the table of all stands in job-kinds.c. The error @run returns
 * says how the job ends: %VMC_ERROR_PARTIAL, %VMC_ERROR_CANCELLED and
 * %VMC_ERROR_UNKNOWN are states of their own, all others mean failed.
 */
typedef struct {
    const char *name;
    gboolean (*run)(VmcJobRun *run, GError **error);
    guint32 flags;
} VmcJobKind;

/**
 * vmc_job_kind_find:
 * @name: a kind
 *
 * Returns: (transfer none) (nullable): its row
 */
const VmcJobKind *vmc_job_kind_find(const char *name);
