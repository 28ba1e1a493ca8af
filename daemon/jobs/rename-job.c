/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "core/error.h"
#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/json-value.h"

/*
 * Rename: the domain gets another name, for which libvirt wants it shut off.
 * From its submission on, the fleet shows the new name, so that nobody else
 * takes it; when it comes to nothing, the old one is shown again.
 */

static gboolean
check_state(const VmcVm *vm,
            const char *old_name,
            const VmcDomainFacts *facts,
            GError **error)
{
    if (facts->state == VMC_RUN_SHUT_OFF || facts->state == VMC_RUN_CRASHED)
        return TRUE;
    if (facts->state == VMC_RUN_ABSENT)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "cannot rename VM '%s': host '%s' has no such domain any "
                    "more",
                    old_name, vm->host);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "cannot rename VM '%s' on host '%s' while it is %s: stop "
                    "it first",
                    old_name, vm->host, vmc_run_state_to_name(facts->state));
    return FALSE;
}

static gboolean
rename_domain(VmcJobRun *run,
              const VmcVm *vm,
              const char *old_name,
              const char *name,
              GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_RENAME, vm->uuid);

    call->name = g_strdup(name);
    return vmc_job_run_step(run, 300, error,
                            "rename VM '%s' on host '%s' to '%s'", old_name,
                            vm->host, name) &&
           vmc_job_ask_call(run, vm->host, call, NULL, error);
}

/* Also after an error: the fleet shows a name that may not have come to be. */
static gboolean
show(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);

    return facts != NULL && vmc_job_show(run, vm->host, facts, error);
}

static gboolean
carry_out(VmcJobRun *run, const VmcVm *vm, const char *name, GError **error)
{
    const char *old_name = vmc_job_run_record(run)->vm_name;
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(run);
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);

    if (facts == NULL)
        return FALSE;
    if (facts->state != VMC_RUN_ABSENT && g_str_equal(facts->name, name)) {
        vmc_job_run_note(run, "VM '%s' is called so already", name);
        return TRUE;
    }
    return check_state(vm, old_name, facts, error) &&
           vmc_fleet_check_name_free(fleet, name, vm->uuid, error) &&
           rename_domain(run, vm, old_name, name, error);
}

gboolean
vmc_rename_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);
    g_autoptr(GError) local = NULL;
    g_autofree char *name = NULL;

    if (vm == NULL ||
        !vmc_json_read_string(vmc_job_run_intent(run), "name", &name, error))
        return FALSE;
    if (name == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "no new name for VM '%s' is given", vm->name);
        return FALSE;
    }
    if (carry_out(run, vm, name, &local))
        return show(run, vm, error);
    (void) show(run, vm, NULL);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}
