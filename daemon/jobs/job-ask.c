/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-ask.h"

#include "daemon/control/observe.h"

/* An answer that was lost is asked for again after so long, so often. A call's
 * own deadline comes on top. */
#define ASK_AGAIN_MS 1000
#define ASK_AGAIN_MAX 3

/* So often and so long a host is waited for that is busy with other calls. */
#define BUSY_WAIT_MS 2000
#define BUSY_MAX 10

/* A domain that is being started is looked at again after so long. */
#define STARTING_LOOK_MS 100

/* ---- looking --------------------------------------------------------------
 */

static VmcDomainFacts *
new_absent(VmcJobRun *run)
{
    const VmcJobRecord *record = vmc_job_run_record(run);

    return vmc_domain_facts_new(record->vm_uuid, record->vm_name);
}

static VmcDomainFacts *
look_once(VmcJobRun *run, const char *host_name, GError **error)
{
    g_autoptr(VmcLink) link = vmc_job_run_link(run, host_name, error);
    g_autoptr(VmcCall) call =
        vmc_call_new(VMC_CALL_READ_DOMAIN, vmc_job_run_record(run)->vm_uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) local = NULL;

    if (link == NULL)
        return NULL;
    if (vmc_job_ask_call(run, host_name, call, &reply, &local))
        return vmc_domain_facts_ref(reply.domain);
    if (vmc_error_of(local) == VMC_ERROR_NOT_FOUND)
        return new_absent(run);
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
}

static gboolean
is_starting(const VmcDomainFacts *facts)
{
    return facts != NULL && facts->state == VMC_RUN_STARTING;
}

VmcDomainFacts *
vmc_job_look(VmcJobRun *run, const char *host_name, GError **error)
{
    VmcDomainFacts *facts = look_once(run, host_name, error);
    gint64 end_us = g_get_monotonic_time() +
                    1000 * (gint64) vmc_call_kind_deadline_ms(VMC_CALL_START);

    if (is_starting(facts))
        vmc_job_run_note(run, "VM '%s' is being started on host '%s': waits",
                         vmc_job_run_record(run)->vm_name, host_name);
    while (is_starting(facts) && g_get_monotonic_time() < end_us &&
           vmc_job_run_wait(run, STARTING_LOOK_MS)) {
        vmc_domain_facts_unref(facts);
        facts = look_once(run, host_name, error);
    }
    return facts;
}

/* ---- asking ---------------------------------------------------------------
 */

static gboolean
may_have_happened(const GError *error)
{
    return vmc_error_of(error) == VMC_ERROR_UNKNOWN;
}

/* Once a call may have happened, not reaching the host is no answer either. */
static gboolean
is_no_answer(const GError *error)
{
    return may_have_happened(error) ||
           vmc_error_of(error) == VMC_ERROR_UNREACHABLE;
}

/* Busy means that nothing has happened: the queue to the host is full, or
 * another operation has the domain. */
static gboolean
call_when_free(VmcJobRun *run,
               const char *host_name,
               const VmcCall *call,
               VmcReply *reply,
               GError **error)
{
    for (guint i = 0; i < BUSY_MAX; i++) {
        g_autoptr(GError) local = NULL;
        if (vmc_job_run_call(run, host_name, call, reply, &local))
            return TRUE;
        if (vmc_error_of(local) != VMC_ERROR_BUSY || i + 1 == BUSY_MAX ||
            !vmc_job_run_wait(run, BUSY_WAIT_MS)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        vmc_job_run_note(run, "%s; tries again", local->message);
    }
    g_return_val_if_reached(FALSE);
}

static gboolean
ask_again(VmcJobRun *run,
          const char *host_name,
          const VmcCall *call,
          VmcReply *reply,
          GError **error)
{
    g_autoptr(GError) local = NULL;

    for (guint i = 0; i < ASK_AGAIN_MAX; i++) {
        g_clear_error(&local);
        if (i > 0)
            vmc_job_run_wait(run, ASK_AGAIN_MS);
        if (vmc_job_run_call(run, host_name, call, reply, &local))
            return TRUE;
        if (!is_no_answer(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        vmc_job_run_note(run, "%s", local->message);
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                "host '%s' does not say whether '%s' was done (%s): look at "
                "the VM there when it answers",
                host_name, vmc_call_kind_to_name(call->kind), local->message);
    return FALSE;
}

gboolean
vmc_job_ask_call(VmcJobRun *run,
                 const char *host_name,
                 const VmcCall *call,
                 VmcReply *reply,
                 GError **error)
{
    g_return_val_if_fail(run != NULL && call != NULL, FALSE);
    g_auto(VmcReply) unwanted = VMC_REPLY_INIT;
    g_autoptr(GError) local = NULL;

    if (reply == NULL)
        reply = &unwanted;
    if (call_when_free(run, host_name, call, reply, &local))
        return TRUE;
    if (!may_have_happened(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    vmc_job_run_note(run, "%s; asks again", local->message);
    return ask_again(run, host_name, call, reply, error);
}

gboolean
vmc_job_ask(VmcJobRun *run,
            const char *host_name,
            VmcCallKind kind,
            guint32 flags,
            GError **error)
{
    g_autoptr(VmcCall) call =
        vmc_call_new(kind, vmc_job_run_record(run)->vm_uuid);

    call->flags = flags;
    return vmc_job_ask_call(run, host_name, call, NULL, error);
}

/* ---- showing --------------------------------------------------------------
 */

gboolean
vmc_job_show(VmcJobRun *run,
             const char *host_name,
             const VmcDomainFacts *facts,
             GError **error)
{
    g_autoptr(VmcVm) known = vmc_job_run_vm(run, error);

    if (known == NULL)
        return FALSE;
    VmcObservation seen = {.known = known,
                           .facts = facts,
                           .host = host_name,
                           .now_s = vmc_job_run_now_s(run)};
    g_autoptr(VmcVm) vm = vmc_vm_observe(&seen);
    return vmc_job_run_publish_vm(run, vm, error);
}

void
vmc_job_show_unknown(VmcJobRun *run, const GError *why)
{
    g_return_if_fail(run != NULL && why != NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) known = vmc_job_run_vm(run, NULL);

    if (known == NULL)
        return;
    g_autoptr(VmcVm) vm = vmc_vm_copy(known);
    vmc_vm_set_state(vm, VMC_VM_UNKNOWN, why->message, vmc_job_run_now_s(run));
    if (!vmc_job_run_publish_vm(run, vm, &error))
        vmc_job_run_note(run, "%s", error->message);
}
