/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-agent.h"
#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

/*
 * What is asked of the guest: to shut down, to reboot.
 *
 * An agent that does it answers nothing; libvirt then waits up to a minute
 * until the guest is off. To us it has been asked once the agent did not say no
 * within ANSWER_US: so a thread asks, and we wait that long for it. The power
 * button makes nobody wait.
 */

#define ANSWER_US (5 * G_USEC_PER_SEC)

typedef int (*AskFunc)(virDomainPtr dom, unsigned int flags);

/* Two hold it: the thread that asks, and who waits for it. */
typedef struct {
    char *uri;
    char *uuid;
    AskFunc ask;
    unsigned int flags;
    const char *what; /* "shut down", for the message */
    gatomicrefcount refs;

    GMutex lock; /* guards what follows */
    GCond changed;
    gboolean is_over;
    GError *error;
} Question;

static Question *
question_new(virDomainPtr dom,
             AskFunc ask,
             unsigned int flags,
             const char *what)
{
    Question *question = g_new0(Question, 1);
    g_autofree char *uri = virConnectGetURI(virDomainGetConnect(dom));
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    (void) virDomainGetUUIDString(dom, uuid);
    question->uri = g_strdup(uri != NULL ? uri : "");
    question->uuid = g_strdup(uuid);
    question->ask = ask;
    question->flags = flags;
    question->what = what;
    g_atomic_ref_count_init(&question->refs);
    g_mutex_init(&question->lock);
    g_cond_init(&question->changed);
    return question;
}

static Question *
question_ref(Question *question)
{
    g_atomic_ref_count_inc(&question->refs);
    return question;
}

static void
question_unref(Question *question)
{
    if (!g_atomic_ref_count_dec(&question->refs))
        return;
    g_free(question->uri);
    g_free(question->uuid);
    g_clear_error(&question->error);
    g_cond_clear(&question->changed);
    g_mutex_clear(&question->lock);
    g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_unref)

/* On a handle of its own: who waits for the answer gives his back before. */
static gboolean
ask_on(virConnectPtr conn, const Question *question, GError **error)
{
    g_autoptr(virDomain) dom =
        vmc_libvirt_find_domain(conn, question->uuid, error);

    if (dom == NULL)
        return FALSE;
    /* Less than ANSWER_US, so that an agent that is dead is found out. */
    vmc_agent_limit_answer(dom);
    if (question->ask(dom, question->flags) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot %s '%s'", question->what,
                                 virDomainGetName(dom));
}

static gpointer
run_question(gpointer data)
{
    g_autoptr(Question) question = data;
    GError *error = NULL;
    virConnectPtr conn = vmc_libvirt_dial(question->uri, &error);

    if (conn != NULL) {
        (void) ask_on(conn, question, &error);
        virConnectClose(conn);
    }
    g_mutex_lock(&question->lock);
    question->is_over = TRUE;
    question->error = error;
    g_cond_broadcast(&question->changed);
    g_mutex_unlock(&question->lock);
    return NULL;
}

static gboolean
wait_for_answer(Question *question, GError **error)
{
    gint64 end_us = g_get_monotonic_time() + ANSWER_US;
    GError *refusal = NULL;

    g_mutex_lock(&question->lock);
    while (!question->is_over)
        if (!g_cond_wait_until(&question->changed, &question->lock, end_us))
            break;
    refusal = g_steal_pointer(&question->error);
    g_mutex_unlock(&question->lock);
    if (refusal == NULL)
        return TRUE;
    g_propagate_error(error, refusal);
    return FALSE;
}

static gboolean
ask_agent(virDomainPtr dom,
          AskFunc func,
          unsigned int flags,
          const char *what,
          GError **error)
{
    g_autoptr(Question) question = question_new(dom, func, flags, what);

    g_thread_unref(
        g_thread_new("vmc-ask", run_question, question_ref(question)));
    return wait_for_answer(question, error);
}

static gboolean
press_button(virDomainPtr dom,
             AskFunc func,
             unsigned int flags,
             const char *what,
             GError **error)
{
    if (func(dom, flags) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot %s '%s'", what,
                                 virDomainGetName(dom));
}

/* ---- calls --------------------------------------------------------------- */

static gboolean
is_off(virDomainPtr dom)
{
    int state = VIR_DOMAIN_NOSTATE;

    return virDomainGetState(dom, &state, NULL, 0) == 0 &&
           state == VIR_DOMAIN_SHUTOFF;
}

static gboolean
refuse_off(virDomainPtr dom, const char *what, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "cannot %s '%s': it is not running", what,
                virDomainGetName(dom));
    return FALSE;
}

static gboolean
shut_down(virDomainPtr dom, guint32 flags, GError **error)
{
    if ((flags & VMC_CALL_BY_AGENT) != 0)
        return ask_agent(dom, virDomainShutdownFlags,
                         VIR_DOMAIN_SHUTDOWN_GUEST_AGENT, "shut down", error);
    return press_button(dom, virDomainShutdownFlags,
                        VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, "shut down", error);
}

gboolean
vmc_libvirt_shutdown(virDomainPtr dom,
                     const VmcCall *call,
                     VmcReply *reply,
                     GError **error)
{
    g_autoptr(GError) local = NULL;

    if (is_off(dom) || shut_down(dom, call->flags, &local) || is_off(dom))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean
vmc_libvirt_reboot(virDomainPtr dom,
                   const VmcCall *call,
                   VmcReply *reply,
                   GError **error)
{
    if (is_off(dom))
        return refuse_off(dom, "reboot", error);
    if ((call->flags & VMC_CALL_BY_AGENT) != 0)
        return ask_agent(dom, virDomainReboot, VIR_DOMAIN_REBOOT_GUEST_AGENT,
                         "reboot", error);
    return press_button(dom, virDomainReboot, VIR_DOMAIN_REBOOT_ACPI_POWER_BTN,
                        "reboot", error);
}

gboolean
vmc_libvirt_reset(virDomainPtr dom,
                  const VmcCall *call,
                  VmcReply *reply,
                  GError **error)
{
    if (is_off(dom))
        return refuse_off(dom, "reset", error);
    if (virDomainReset(dom, 0) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot reset '%s'",
                                 virDomainGetName(dom));
}
