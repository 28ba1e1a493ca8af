/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/dismantle.h"

#include "daemon/jobs/job-ask.h"

gboolean
vmc_dismantle_domain(VmcJobRun *run, const char *host_name, GError **error)
{
    g_return_val_if_fail(run != NULL && host_name != NULL, FALSE);
    const char *name = vmc_job_run_record(run)->vm_name;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, host_name, error);

    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_ABSENT)
        return TRUE;
    if (facts->state != VMC_RUN_SHUT_OFF && facts->state != VMC_RUN_CRASHED &&
        (!vmc_job_run_step(run, 400, error,
                           "pull the plug of VM '%s' on host '%s'", name,
                           host_name) ||
         !vmc_job_ask(run, host_name, VMC_CALL_DESTROY, 0, error)))
        return FALSE;
    return vmc_job_run_step(run, 600, error,
                            "remove the definition of VM '%s' from host '%s'",
                            name, host_name) &&
           vmc_job_ask(run, host_name, VMC_CALL_UNDEFINE, VMC_CALL_FORCE,
                       error);
}

gboolean
vmc_dismantle_volume(VmcJobRun *run,
                     const char *host_name,
                     const char *pool,
                     const char *volume,
                     GError **error)
{
    g_return_val_if_fail(run != NULL && pool != NULL && volume != NULL, FALSE);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DELETE_VOLUME, NULL);

    call->pool = g_strdup(pool);
    call->volume = g_strdup(volume);
    return vmc_job_run_step(run, 800, error,
                            "delete volume '%s' of pool '%s' on host '%s'",
                            volume, pool, host_name) &&
           vmc_job_ask_call(run, host_name, call, NULL, error);
}
