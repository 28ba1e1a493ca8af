/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/jobs/job-ask.h"

/*
 * Start, pause and resume: one call each, that makes sense in some states of
 * the domain, is done already in others, and is refused in the rest.
 */

/**
 * Verb:
 * @doing: for messages, as "start"
 * @call: what is asked of the host
 * @wanted: the state it brings
 * @acts_on: bit mask of `1u << VmcRunState`: where it is asked
 * @advice: what would help, by state, where it is refused
 */
typedef struct {
    const char *doing;
    VmcCallKind call;
    VmcRunState wanted;
    guint32 acts_on;
    const char *advice[VMC_N_RUN_STATES];
} Verb;

#define STARTING "its host is still at it; try again later"
#define IN_MIGRATION "wait until its migration is over"
#define ABSENT                                                                 \
    "its host has no such domain any more: delete it, or define it there "     \
    "again"

static const Verb start_verb = {
    .doing = "start",
    .call = VMC_CALL_START,
    .wanted = VMC_RUN_RUNNING,
    .acts_on = 1u << VMC_RUN_SHUT_OFF | 1u << VMC_RUN_CRASHED,
    .advice =
        {
            [VMC_RUN_ABSENT] = ABSENT,
            [VMC_RUN_STARTING] = STARTING,
            [VMC_RUN_PAUSED] = "use vmctl resume",
            [VMC_RUN_PAUSED_MIGRATION] = IN_MIGRATION,
            [VMC_RUN_PAUSED_INCOMING] = IN_MIGRATION,
            [VMC_RUN_PAUSED_IO_ERROR] = "mend its disk, then vmctl resume",
            [VMC_RUN_POSTCOPY_FAILED] = IN_MIGRATION,
        },
};

static const Verb pause_verb = {
    .doing = "pause",
    .call = VMC_CALL_SUSPEND,
    .wanted = VMC_RUN_PAUSED,
    .acts_on = 1u << VMC_RUN_RUNNING,
    .advice =
        {
            [VMC_RUN_ABSENT] = ABSENT,
            [VMC_RUN_STARTING] = STARTING,
            [VMC_RUN_SHUT_OFF] = "there is nothing to pause",
            [VMC_RUN_PAUSED_MIGRATION] = IN_MIGRATION,
            [VMC_RUN_PAUSED_INCOMING] = IN_MIGRATION,
            [VMC_RUN_PAUSED_IO_ERROR] = "it stands still already",
            [VMC_RUN_POSTCOPY_FAILED] = IN_MIGRATION,
            [VMC_RUN_CRASHED] = "there is nothing to pause",
        },
};

static const Verb resume_verb = {
    .doing = "resume",
    .call = VMC_CALL_RESUME,
    .wanted = VMC_RUN_RUNNING,
    .acts_on = 1u << VMC_RUN_PAUSED | 1u << VMC_RUN_PAUSED_IO_ERROR,
    .advice =
        {
            [VMC_RUN_ABSENT] = ABSENT,
            [VMC_RUN_STARTING] = STARTING,
            [VMC_RUN_SHUT_OFF] = "use vmctl start",
            [VMC_RUN_PAUSED_MIGRATION] = IN_MIGRATION,
            [VMC_RUN_PAUSED_INCOMING] = IN_MIGRATION,
            [VMC_RUN_POSTCOPY_FAILED] = IN_MIGRATION,
            [VMC_RUN_CRASHED] = "use vmctl start",
        },
};

static void
refuse(const Verb *verb,
       const VmcVm *vm,
       const VmcDomainFacts *facts,
       GError **error)
{
    VmcError code = facts->state == VMC_RUN_ABSENT ? VMC_ERROR_NOT_FOUND
                                                   : VMC_ERROR_REFUSED;

    g_set_error(error, VMC_ERROR, (int) code,
                "cannot %s VM '%s' on host '%s' while it is %s: %s",
                verb->doing, vm->name, vm->host,
                vmc_run_state_to_name(facts->state),
                verb->advice[facts->state]);
}

/* What the call says is one thing, what the domain is afterwards another. */
static gboolean
check_effect(VmcJobRun *run, const Verb *verb, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);

    if (facts == NULL || !vmc_job_show(run, vm->host, facts, error))
        return FALSE;
    if (facts->state == verb->wanted)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "VM '%s' on host '%s' is %s after it was told to %s: its log "
                "on the host may say why",
                vm->name, vm->host, vmc_run_state_to_name(facts->state),
                verb->doing);
    return FALSE;
}

static gboolean
act(VmcJobRun *run, const Verb *verb, const VmcVm *vm, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (!vmc_job_run_step(run, 200, error, "%s VM '%s' on host '%s'",
                          verb->doing, vm->name, vm->host))
        return FALSE;
    if (vmc_job_ask(run, vm->host, verb->call, 0, &local))
        return check_effect(run, verb, vm, error);
    if (vmc_error_of(local) == VMC_ERROR_UNKNOWN)
        vmc_job_show_unknown(run, local);
    else
        (void) check_effect(run, verb, vm, NULL); /* shows what it left */
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
run_verb(VmcJobRun *run, const Verb *verb, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);

    if (vm == NULL)
        return FALSE;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);
    if (facts == NULL)
        return FALSE;
    if (facts->state == verb->wanted) {
        vmc_job_run_note(run, "VM '%s' is %s already", vm->name,
                         vmc_run_state_to_name(facts->state));
        return vmc_job_show(run, vm->host, facts, error);
    }
    if ((verb->acts_on & 1u << facts->state) != 0)
        return act(run, verb, vm, error);
    refuse(verb, vm, facts, error);
    return FALSE;
}

gboolean
vmc_start_job_run(VmcJobRun *run, GError **error)
{
    return run_verb(run, &start_verb, error);
}

gboolean
vmc_pause_job_run(VmcJobRun *run, GError **error)
{
    return run_verb(run, &pause_verb, error);
}

gboolean
vmc_resume_job_run(VmcJobRun *run, GError **error)
{
    return run_verb(run, &resume_verb, error);
}
