/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run.h"

/*
 * The code of each kind of job, and the intent it is given. All look before
 * they act, so that they may be run again after a crash.
 */

/* lifecycle-job.c. Intent: {} */
gboolean vmc_start_job_run(VmcJobRun *run, GError **error);
gboolean vmc_pause_job_run(VmcJobRun *run, GError **error);
gboolean vmc_resume_job_run(VmcJobRun *run, GError **error);

/* power-job.c. Intent: {"force": true or false, "timeout_s": 60}, both
 * optional. Stop: without "force" the guest is asked, and the plug is pulled
 * when its time is over; true pulls it at once, false never. Reboot: true
 * presses reset. */
gboolean vmc_stop_job_run(VmcJobRun *run, GError **error);
gboolean vmc_reboot_job_run(VmcJobRun *run, GError **error);

/* create-job.c. Intent: vmc_create_order_to_json() */
gboolean vmc_create_job_run(VmcJobRun *run, GError **error);

/* delete-job.c. Intent: {"force": delete it though it runs} */
gboolean vmc_delete_job_run(VmcJobRun *run, GError **error);

/* adopt-job.c. Intent: {"service_class"?, "vcpus_max"?, "memory_max_bytes"?} */
gboolean vmc_adopt_job_run(VmcJobRun *run, GError **error);

/* rename-job.c. Intent: {"name": the new one} */
gboolean vmc_rename_job_run(VmcJobRun *run, GError **error);

/* resize-job.c. Intent: {"vcpus"?, "memory_bytes"?}, see resize-order.h */
gboolean vmc_resize_job_run(VmcJobRun *run, GError **error);

/* migrate-job.c. Intent: {"from", "to", "is_chosen"?, "bandwidth_mib_per_s"?},
 * see move-order.h */
gboolean vmc_migrate_job_run(VmcJobRun *run, GError **error);
