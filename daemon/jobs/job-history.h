/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job.h"
#include "daemon/settings.h"
#include "daemon/store/store.h"

/*
 * The records of the last jobs that ended. Not locked: one thread.
 */

typedef struct _VmcJobHistory VmcJobHistory;

/**
 * vmc_job_history_new:
 * @settings: says how many are kept; outlives the history
 *
 * Returns: (transfer full): an empty history
 */
VmcJobHistory *vmc_job_history_new(const VmcSettings *settings);
void vmc_job_history_free(VmcJobHistory *history);

/**
 * vmc_job_history_load:
 * @history: an empty history
 * @store: where the journal is
 * @error: the store's error
 *
 * Returns: whether it has what is kept from daemons before this one
 */
gboolean vmc_job_history_load(VmcJobHistory *history,
                              VmcStore *store,
                              GError **error);

/**
 * vmc_job_history_add:
 * @history: the history
 * @record: (transfer full): a job that has ended; the oldest one gives way
 */
void vmc_job_history_add(VmcJobHistory *history, VmcJobRecord *record);

/**
 * vmc_job_history_find:
 * @history: the history
 * @id: a job
 *
 * Returns: (transfer none) (nullable): its record
 */
const VmcJobRecord *vmc_job_history_find(VmcJobHistory *history, guint64 id);

/**
 * vmc_job_history_copy_to:
 * @history: the history
 * @records: (element-type VmcJobRecord): gets a copy of each
 */
void vmc_job_history_copy_to(VmcJobHistory *history, GPtrArray *records);
