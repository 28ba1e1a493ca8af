/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

static const VmcJobKind kinds[] = {
    {"adopt", vmc_adopt_job_run, VMC_JOB_TAKES_FOUND},
    {"create", vmc_create_job_run},
    {"delete", vmc_delete_job_run},
    {"migrate", vmc_migrate_job_run,
     VMC_JOB_TAKES_MOVING | VMC_JOB_HAS_TWO_HOSTS},
    {"pause", vmc_pause_job_run},
    {"reboot", vmc_reboot_job_run},
    {"rename", vmc_rename_job_run},
    {"resume", vmc_resume_job_run},
    {"resize", vmc_resize_job_run},
    {"start", vmc_start_job_run},
    {"stop", vmc_stop_job_run},
};

const VmcJobKind *
vmc_job_kind_find(const char *name)
{
    g_return_val_if_fail(name != NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}
