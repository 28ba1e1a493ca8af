/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run-private.h"

/*
 * One thread that writes to the journal what the queue itself has to write:
 * that a job is new, and the end of one that was never begun. Main thread only.
 */

typedef struct _VmcJobWriter VmcJobWriter;

/**
 * VmcJobWrittenFunc:
 * @run: the job
 * @error: (nullable): why it is not in the journal
 * @user_data: as given to vmc_job_writer_new()
 *
 * On the main thread.
 */
typedef void (*VmcJobWrittenFunc)(VmcJobRun *run,
                                  const GError *error,
                                  gpointer user_data);

/**
 * vmc_job_writer_new:
 * @new_written: is called when a new job was written, or could not be
 * @end_written: is called when the end of a job was written; without an error:
 *   when it could not be, the trail of the job says so
 * @user_data: for both
 *
 * Returns: (transfer full): a writer
 */
VmcJobWriter *vmc_job_writer_new(VmcJobWrittenFunc new_written,
                                 VmcJobWrittenFunc end_written,
                                 gpointer user_data);

/* Not while vmc_job_writer_is_busy(). */
void vmc_job_writer_free(VmcJobWriter *writer);

/* Writes the job with what it reserved. */
void vmc_job_writer_write_new(VmcJobWriter *writer, VmcJobRun *run);

/**
 * vmc_job_writer_write_end:
 * @writer: the writer
 * @run: a job that was not started
 * @why: (transfer full): what it ends with
 *
 * Puts back what it reserved, and writes its end.
 */
void vmc_job_writer_write_end(VmcJobWriter *writer,
                              VmcJobRun *run,
                              GError *why);

/* Whether something is still to be written, or to be told of. */
gboolean vmc_job_writer_is_busy(VmcJobWriter *writer);

/* Blocks until all is written. What there is to tell comes by the main loop;
 * nothing more may be written. */
void vmc_job_writer_stop(VmcJobWriter *writer);
