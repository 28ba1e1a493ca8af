/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/clock.h"
#include "daemon/control/live-fleet.h"
#include "daemon/jobs/job-mailbox.h"
#include "daemon/jobs/job-run.h"
#include "daemon/store/store.h"

/*
 * A job as queue and runner share it. Two threads: the main one, which shows
 * it, and the job's own, which carries it out.
 *
 * Locks: `mutex` is over the record and what is told of it; it is never held
 * over a call, a write or a wait. `gate` is held by the job's thread while it
 * uses the store, so that vmc_job_run_stop() can wait until it no longer does.
 */

typedef void (*VmcJobRunFunc)(VmcJobRun *run, gpointer user_data);

struct _VmcJobRun {
    gatomicrefcount refs;
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    const VmcSettings *settings;
    VmcClock clock;
    const VmcJobKind *kind;
    GCancellable *cancellable;
    VmcJobMailbox *mailbox;
    gboolean is_resumed;
    gboolean is_undoing; /* the job's thread only, and so the next */
    gboolean cannot_cancel;
    gboolean has_acted; /* a host may have done something for it */
    guint away_ms; /* since a host last answered, waited for one that is away */

    GMutex mutex;
    VmcJobRecord *record;  /* its id, kind and VM never change */
    gboolean has_news;     /* changed since it was last told */
    gboolean is_told_now;  /* a source that tells at once is attached */
    gboolean is_told_soon; /* one that tells when its time has come */
    gint64 told_us;

    GMutex gate;
    gboolean is_stopping; /* under gate; set once */

    /* the queue's, main thread only */
    VmcJobRunFunc changed;
    gpointer changed_data;
    VmcVm *before;  /* (nullable): the VM as it was when it was submitted */
    VmcVm *reserve; /* (nullable): as the fleet shows it since */
    gboolean is_journalled;
    gboolean is_started;
    gboolean is_ending; /* ends without having been started */
    gboolean is_waiting_noted;
};

/**
 * vmc_job_run_new:
 * @record: (transfer full): the job
 * @kind: what it does
 *
 * Returns: (transfer full): the job; the rest of the struct is the caller's
 */
VmcJobRun *vmc_job_run_new(VmcJobRecord *record, const VmcJobKind *kind);
VmcJobRun *vmc_job_run_ref(VmcJobRun *run);
void vmc_job_run_unref(VmcJobRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcJobRun, vmc_job_run_unref)

/* Any thread. (transfer full) */
VmcJobRecord *vmc_job_run_copy_record(VmcJobRun *run);

/* Any thread. Adds to the trail. */
void vmc_job_run_add_note(VmcJobRun *run, const char *source, const char *text);

/**
 * vmc_job_run_tell:
 * @run: the job
 * @at_once: else at most ten times a second
 *
 * Any thread. Has the queue's function called on the main thread.
 */
void vmc_job_run_tell(VmcJobRun *run, gboolean at_once);

/**
 * vmc_job_run_execute:
 * @run: the job
 *
 * In the job's thread: runs it to its end and journals the end.
 */
void vmc_job_run_execute(VmcJobRun *run);

/**
 * vmc_job_run_finish:
 * @run: the job
 * @error: (nullable): how it ended
 *
 * Not on the main thread. Sets and journals the final state.
 */
void vmc_job_run_finish(VmcJobRun *run, const GError *error);

/* Main thread. Asks it to stop at the next step, and undo. */
void vmc_job_run_cancel(VmcJobRun *run);

/* Main thread. From its return on the job uses the store no more. */
void vmc_job_run_stop(VmcJobRun *run);
gboolean vmc_job_run_is_stopping(VmcJobRun *run);

/**
 * vmc_job_run_wait_for_store:
 * @run: the job; its thread only
 * @error: why the store could not be written
 * @step: (inout) (nullable): %NULL at first; then the step it waits in, for
 *   vmc_job_run_waited_for_store(), and to be freed
 *
 * Shows that it waits, and does so for a moment.
 *
 * Returns: whether to try again now; %FALSE where nothing was done for the job
 * yet, where it would not help, and when it was cancelled
 */
gboolean vmc_job_run_wait_for_store(VmcJobRun *run,
                                    const GError *error,
                                    char **step);

/* @step: (nullable): is shown again */
void vmc_job_run_waited_for_store(VmcJobRun *run, const char *step);
