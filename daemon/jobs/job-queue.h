/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/clock.h"
#include "daemon/control/live-fleet.h"
#include "daemon/jobs/job-run.h"
#include "daemon/jobs/job.h"
#include "daemon/settings.h"
#include "daemon/store/store.h"

/*
 * All jobs of this daemon. Main thread only. A job is journalled before it
 * starts; a VM has at most one at a time (VMC_ERROR_BUSY names the other).
 */

#define VMC_TYPE_JOB_QUEUE (vmc_job_queue_get_type())
G_DECLARE_FINAL_TYPE(VmcJobQueue, vmc_job_queue, VMC, JOB_QUEUE, GObject)

/**
 * VmcJobKindFinder:
 * @name: a kind of job
 *
 * Returns: (transfer none) (nullable): its row, as vmc_job_kind_find()
 */
typedef const VmcJobKind *(*VmcJobKindFinder)(const char *name);

/**
 * VmcJobQueueOptions:
 * @store: where jobs are journalled; outlives the queue
 * @live_fleet: the fleet they work on
 * @settings: outlives the queue
 * @clock: (nullable): what time it is; %NULL: the system's
 * @find_kind: (nullable): what jobs there are; %NULL: vmc_job_kind_find()
 */
typedef struct {
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    const VmcSettings *settings;
    VmcClock clock;
    VmcJobKindFinder find_kind;
} VmcJobQueueOptions;

/**
 * vmc_job_queue_new:
 * @store: where jobs are journalled; outlives the queue
 * @live_fleet: the fleet they work on
 * @settings: outlives the queue
 *
 * Signal "changed" (VmcJobRecord *): state, step or progress; main thread. The
 * first one of a job comes when it is in the journal (still queued), or could
 * not be written (failed, with the store's error, and forgotten): only then
 * does the API answer.
 *
 * Returns: (transfer full): a queue that knows no job;
 * vmc_job_queue_recover() comes next
 */
VmcJobQueue *vmc_job_queue_new(VmcStore *store,
                               VmcLiveFleet *live_fleet,
                               const VmcSettings *settings);

/**
 * vmc_job_queue_new_full:
 * @options: what it works with
 *
 * Returns: (transfer full): as vmc_job_queue_new()
 */
VmcJobQueue *vmc_job_queue_new_full(const VmcJobQueueOptions *options);

/**
 * vmc_job_queue_submit:
 * @queue: the queue
 * @record: (transfer full): kind, VM and intent; gets its id
 * @reserve: (nullable): the VM as the fleet shall show it while the job is
 *   under way (its new claim, its destination); published at once, so that the
 *   next decision counts it. When the job ends without effect and has not
 *   published the VM itself, the VM is put back as it was
 * @error: %VMC_ERROR_BUSY, %VMC_ERROR_INVALID when there is no such kind
 *
 * Returns: the id of the job, 0 on error
 */
guint64 vmc_job_queue_submit(VmcJobQueue *queue,
                             VmcJobRecord *record,
                             VmcVm *reserve,
                             GError **error);

/**
 * vmc_job_queue_get:
 * @queue: the queue
 * @id: a job
 *
 * Returns: (transfer full) (nullable): its record as it is now
 */
VmcJobRecord *vmc_job_queue_get(VmcJobQueue *queue, guint64 id);

/**
 * vmc_job_queue_list:
 * @queue: the queue
 *
 * Returns: (transfer container full) (element-type VmcJobRecord): the open jobs
 * and those that are kept, newest first
 */
GPtrArray *vmc_job_queue_list(VmcJobQueue *queue);

/**
 * vmc_job_queue_find_open:
 * @queue: the queue
 * @vm_uuid: a VM
 *
 * Returns: the id of the open job that has it, 0 for none
 */
guint64 vmc_job_queue_find_open(VmcJobQueue *queue, const char *vm_uuid);

/**
 * vmc_job_queue_cancel:
 * @queue: the queue
 * @id: a job
 * @error: %VMC_ERROR_NOT_FOUND; %VMC_ERROR_REFUSED when it has ended
 *
 * A queued job ends without having begun; a running one undoes what it did, if
 * it still can. One that waits, since a crash, for a host that does not answer
 * is given up: it ends with %VMC_JOB_UNKNOWN.
 *
 * Returns: whether it was asked to stop
 */
gboolean vmc_job_queue_cancel(VmcJobQueue *queue, guint64 id, GError **error);

/**
 * vmc_job_queue_recover:
 * @queue: the queue
 * @error: the store's error
 *
 * Once, before the first submit and with the links set: takes up the jobs that
 * were open when the last daemon ended, and what is kept of those that ended.
 * An open job goes on when its hosts answer, however long that takes.
 *
 * Returns: whether the journal could be read
 */
gboolean vmc_job_queue_recover(VmcJobQueue *queue, GError **error);

/**
 * vmc_job_queue_shutdown:
 * @queue: the queue
 *
 * Lets running jobs stop at their next step; they stay open in the journal.
 * Runs the main context while it waits, ten seconds at the most. The store may
 * be closed afterwards.
 */
void vmc_job_queue_shutdown(VmcJobQueue *queue);
