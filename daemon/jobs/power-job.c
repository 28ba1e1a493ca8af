/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-kinds.h"

#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/json-value.h"

/*
 * Stop and reboot: the guest is asked, and may take its time or not listen at
 * all; by force it is not asked.
 */

/* Events say when to look; this is for those that get lost. */
#define LOOK_INTERVAL_MS 2000
#define RESET_TIMEOUT_S 5

/* A guest that is still booting does not hear the first time. */
#define ASK_AGAIN_US (5 * G_USEC_PER_SEC)
#define ASKED "asked"

/* Which boot of the guest was to end; the guest knows by its agent. */
#define BOOT "boot"

/**
 * Order:
 * @is_forced: do not ask the guest
 * @is_polite: "force": false: never pull the plug
 * @timeout_s: how long the guest may take
 *
 * The intent: {"force": …, "timeout_s": …}. Without "force" the guest is asked,
 * and the plug is pulled when its time is over.
 */
typedef struct {
    gboolean is_forced;
    gboolean is_polite;
    gint64 timeout_s;
} Order;

static gboolean
read_order(VmcJobRun *run, Order *ret_order, GError **error)
{
    JsonObject *intent = vmc_job_run_intent(run);
    gint64 fallback_s = vmc_job_run_settings(run)->shutdown_timeout_s;
    Order order = {0};

    if (!vmc_json_read_boolean(intent, "force", FALSE, &order.is_forced,
                               error) ||
        !vmc_json_read_int(intent, "timeout_s", fallback_s, &order.timeout_s,
                           error))
        return FALSE;
    order.is_polite = !order.is_forced &&
                      json_object_has_member(intent, "force") &&
                      !json_object_get_null_member(intent, "force");
    if (order.timeout_s == 0)
        order.timeout_s = fallback_s;
    *ret_order = order;
    return TRUE;
}

/* ---- asking the guest -----------------------------------------------------
 */

/* Not vmc_job_ask(): twice would be one too many, and the guest shows what it
 * does. */
static gboolean
ask_once(VmcJobRun *run,
         const VmcVm *vm,
         VmcCallKind kind,
         guint32 flags,
         GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, vm->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->flags = flags;
    return vmc_job_run_call(run, vm->host, call, &reply, error);
}

/* By its agent, which is the surer way, else by the power button. When the
 * answer is lost it may have been asked: only waiting tells. */
static gboolean
ask_guest(VmcJobRun *run,
          const VmcVm *vm,
          const VmcDomainFacts *facts,
          VmcCallKind kind,
          GError **error)
{
    g_autoptr(GError) local = NULL;

    if (facts->has_agent_channel) {
        if (ask_once(run, vm, kind, VMC_CALL_BY_AGENT, &local))
            return TRUE;
        vmc_job_run_note(run, "the guest agent does not help: %s",
                         local->message);
        if (vmc_error_of(local) == VMC_ERROR_UNKNOWN)
            return TRUE;
        g_clear_error(&local);
    }
    if (ask_once(run, vm, kind, 0, &local))
        return TRUE;
    if (vmc_error_of(local) == VMC_ERROR_UNKNOWN) {
        vmc_job_run_note(run, "%s", local->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/**
 * Wait:
 * @vm: the VM
 * @begin_us: since when
 * @end_us: until when
 *
 * How long the guest is waited for.
 */
typedef struct {
    const VmcVm *vm;
    gint64 begin_us;
    gint64 end_us;
} Wait;

static Wait
wait_new(const VmcVm *vm, gint64 timeout_s)
{
    gint64 now_us = g_get_monotonic_time();

    return (Wait){vm, now_us, now_us + timeout_s * G_USEC_PER_SEC};
}

/* Sleeps until something may have changed; @ret_is_over when time is up. */
static gboolean
wait_more(VmcJobRun *run,
          const Wait *wait,
          gboolean *ret_is_over,
          VmcJobEvent **ret_event,
          GError **error)
{
    gint64 now_us = g_get_monotonic_time();
    gint64 left_ms = (wait->end_us - now_us) / 1000;
    gint64 share =
        600 * (now_us - wait->begin_us) / MAX(wait->end_us - wait->begin_us, 1);

    *ret_is_over = left_ms <= 0;
    if (*ret_is_over)
        return TRUE;
    vmc_job_run_progress(run, (guint) (200 + share));
    if (vmc_job_run_wait_event(run, (guint) MIN(left_ms, LOOK_INTERVAL_MS),
                               ret_event))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                "it was cancelled after the guest of VM '%s' was asked: the "
                "guest may still do it",
                wait->vm->name);
    return FALSE;
}

static void
refuse(const VmcVm *vm,
       const VmcDomainFacts *facts,
       const char *doing,
       const char *advice,
       GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "cannot %s VM '%s' on host '%s' while it is %s: %s", doing,
                vm->name, vm->host, vmc_run_state_to_name(facts->state),
                advice);
}

/* Whether a migration may be at work on it, that must not lose its VM. */
static gboolean
is_in_migration(const VmcDomainFacts *facts)
{
    return facts->state == VMC_RUN_PAUSED_MIGRATION ||
           facts->state == VMC_RUN_PAUSED_INCOMING ||
           facts->state == VMC_RUN_POSTCOPY_FAILED;
}

static void
set_absent(const VmcVm *vm, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "host '%s' has no domain of VM '%s' any more: delete the VM, "
                "or define it there again",
                vm->host, vm->name);
}

/* Ends with @why after the host was asked for something. */
static gboolean
fail_asking(VmcJobRun *run, const VmcVm *vm, GError *why, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, NULL);

    if (facts != NULL)
        (void) vmc_job_show(run, vm->host, facts, NULL);
    else
        vmc_job_show_unknown(run, why);
    g_propagate_error(error, why);
    return FALSE;
}

/* ---- stop -----------------------------------------------------------------
 */

/* A host that does not answer for a while is no reason to give up: @ret_is_off
 * is FALSE then. */
static gboolean
check_stopped(VmcJobRun *run,
              const VmcVm *vm,
              gboolean *ret_is_off,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, &local);

    *ret_is_off = FALSE;
    if (facts == NULL) {
        vmc_job_run_note(run, "%s", local->message);
        return TRUE;
    }
    *ret_is_off = !vmc_run_state_is_active(facts->state);
    return !*ret_is_off || vmc_job_show(run, vm->host, facts, error);
}

static gboolean
pull_plug(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    GError *local = NULL;
    gboolean is_off;

    if (!vmc_job_run_step(run, 900, error, "pull the plug of VM '%s'",
                          vm->name))
        return FALSE;
    if (!vmc_job_ask(run, vm->host, VMC_CALL_DESTROY, 0, &local))
        return fail_asking(run, vm, local, error);
    if (!check_stopped(run, vm, &is_off, error))
        return FALSE;
    if (!is_off)
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "VM '%s' on host '%s' is not seen to be off after its plug "
                    "was pulled: look at it there",
                    vm->name, vm->host);
    return is_off;
}

static gboolean
time_is_over(VmcJobRun *run,
             const VmcVm *vm,
             const Order *order,
             GError **error)
{
    if (!order->is_polite) {
        vmc_job_run_note(run,
                         "the guest did not stop in %" G_GINT64_FORMAT " s",
                         order->timeout_s);
        return pull_plug(run, vm, error);
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "the guest of VM '%s' did not stop in %" G_GINT64_FORMAT
                " s: give it longer with --timeout, or use --force",
                vm->name, order->timeout_s);
    return FALSE;
}

static void
ask_again_if_due(VmcJobRun *run,
                 const VmcVm *vm,
                 const VmcDomainFacts *facts,
                 gint64 *asked_us)
{
    g_autoptr(GError) error = NULL;
    gint64 now_us = g_get_monotonic_time();

    if (now_us - *asked_us < ASK_AGAIN_US)
        return;
    *asked_us = now_us;
    vmc_job_run_note(run, "asks the guest again");
    if (!ask_guest(run, vm, facts, VMC_CALL_SHUTDOWN, &error))
        vmc_job_run_note(run, "%s", error->message);
}

static gboolean
wait_for_stop(VmcJobRun *run,
              const VmcVm *vm,
              const VmcDomainFacts *facts,
              const Order *order,
              GError **error)
{
    Wait wait = wait_new(vm, order->timeout_s);
    gint64 asked_us = wait.begin_us;
    gboolean is_off = FALSE, is_over = FALSE;

    while (!is_over) {
        if (!check_stopped(run, vm, &is_off, error))
            return FALSE;
        if (is_off)
            return TRUE;
        ask_again_if_due(run, vm, facts, &asked_us);
        if (!wait_more(run, &wait, &is_over, NULL, error))
            return FALSE;
    }
    return time_is_over(run, vm, order, error);
}

static gboolean
stop_politely(VmcJobRun *run,
              const VmcVm *vm,
              const VmcDomainFacts *facts,
              const Order *order,
              GError **error)
{
    GError *local = NULL;

    if (facts->state != VMC_RUN_RUNNING) {
        refuse(vm, facts, "stop",
               "a guest that stands still cannot shut down: resume it first, "
               "or use --force",
               error);
        return FALSE;
    }
    vmc_job_run_listen(run, vm->host);
    if (!vmc_job_run_step(run, 200, error, "ask the guest of VM '%s' to stop",
                          vm->name))
        return FALSE;
    if (!ask_guest(run, vm, facts, VMC_CALL_SHUTDOWN, &local))
        return fail_asking(run, vm, local, error);
    return wait_for_stop(run, vm, facts, order, error);
}

gboolean
vmc_stop_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);
    Order order;

    if (vm == NULL || !read_order(run, &order, error))
        return FALSE;
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);
    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_ABSENT) {
        set_absent(vm, error);
        return FALSE;
    }
    if (!vmc_run_state_is_active(facts->state)) {
        vmc_job_run_note(run, "VM '%s' is off already", vm->name);
        return vmc_job_show(run, vm->host, facts, error);
    }
    if (is_in_migration(facts)) {
        refuse(vm, facts, "stop", "wait until its migration is over", error);
        return FALSE;
    }
    if (order.is_forced)
        return pull_plug(run, vm, error);
    return stop_politely(run, vm, facts, &order, error);
}

/* ---- reboot ---------------------------------------------------------------
 */

static gboolean
show_rebooted(VmcJobRun *run, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);

    if (facts == NULL || !vmc_job_show(run, vm->host, facts, error))
        return FALSE;
    if (facts->state == VMC_RUN_RUNNING)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "VM '%s' on host '%s' is %s after its reboot: use vmctl start",
                vm->name, vm->host, vmc_run_state_to_name(facts->state));
    return FALSE;
}

static gboolean
is_reset(const VmcJobEvent *event)
{
    return event != NULL && event->kind == VMC_EVENT_DOMAIN_CHANGED &&
           g_strcmp0(event->detail, VMC_EVENT_DETAIL_RESET) == 0;
}

/* (transfer full) (nullable): the guest has no agent, or that is not up */
static char *
read_boot(VmcJobRun *run, const VmcVm *vm)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_BOOT, vm->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!vmc_job_run_call(run, vm->host, call, &reply, NULL))
        return NULL;
    return g_steal_pointer(&reply.boot_id);
}

typedef enum {
    BOOT_UNKNOWN, /* the guest does not say, or did not before */
    BOOT_SAME,
    BOOT_NEW,
} Boot;

static Boot
compare_boot(VmcJobRun *run, const VmcVm *vm)
{
    const char *before = vmc_job_run_recall(run, BOOT);
    g_autofree char *now = before != NULL ? read_boot(run, vm) : NULL;

    if (now == NULL)
        return BOOT_UNKNOWN;
    return g_str_equal(before, now) ? BOOT_SAME : BOOT_NEW;
}

static gboolean
not_rebooted(const VmcVm *vm, const Order *order, Boot boot, GError **error)
{
    g_set_error(
        error, VMC_ERROR,
        boot == BOOT_SAME ? VMC_ERROR_FAILED : VMC_ERROR_UNKNOWN,
        "the guest of VM '%s' was %s and %s in %" G_GINT64_FORMAT " s: %s%s",
        vm->name, order->is_forced ? "made to reboot" : "asked to reboot",
        boot == BOOT_SAME ? "did not do so" : "was not seen to do so",
        order->timeout_s, boot == BOOT_SAME ? "" : "look at its uptime, or ",
        order->is_forced ? "do it again" : "use --force to press reset");
    return FALSE;
}

/* The machine's reset tells that it was done; where nobody was there to hear of
 * it, the guest that has booted anew. */
static gboolean
wait_for_reset(VmcJobRun *run,
               const VmcVm *vm,
               const Order *order,
               GError **error)
{
    Wait wait = wait_new(vm, order->timeout_s);
    gboolean is_over = FALSE;
    Boot boot = BOOT_UNKNOWN;

    while (!is_over) {
        g_autoptr(VmcJobEvent) event = NULL;
        if (!wait_more(run, &wait, &is_over, &event, error))
            return FALSE;
        if (event == NULL)
            boot = compare_boot(run, vm);
        if (is_reset(event) || boot == BOOT_NEW) {
            vmc_job_run_note(run, "the %s",
                             boot == BOOT_NEW ? "guest has booted anew"
                                              : "machine was reset");
            return show_rebooted(run, vm, error);
        }
    }
    return not_rebooted(vm, order, boot, error);
}

/* When the answer is lost, its event or the guest must tell, which takes as
 * long as a boot. */
static gboolean
press_reset(VmcJobRun *run, const VmcVm *vm, const Order *order, GError **error)
{
    GError *local = NULL;

    if (ask_once(run, vm, VMC_CALL_RESET, 0, &local))
        return show_rebooted(run, vm, error);
    if (vmc_error_of(local) != VMC_ERROR_UNKNOWN)
        return fail_asking(run, vm, local, error);
    vmc_job_run_note(run, "%s", local->message);
    g_clear_error(&local);
    Order soon = *order;
    if (vmc_job_run_recall(run, BOOT) == NULL)
        soon.timeout_s = RESET_TIMEOUT_S;
    return wait_for_reset(run, vm, &soon, error);
}

static gboolean
ask_to_reboot(VmcJobRun *run,
              const VmcVm *vm,
              const VmcDomainFacts *facts,
              const Order *order,
              GError **error)
{
    GError *local = NULL;

    if (!ask_guest(run, vm, facts, VMC_CALL_REBOOT, &local))
        return fail_asking(run, vm, local, error);
    return wait_for_reset(run, vm, order, error);
}

static gboolean
begin_reboot(VmcJobRun *run,
             const VmcVm *vm,
             const Order *order,
             GError **error)
{
    return vmc_job_run_step(run, 200, error,
                            order->is_forced
                                ? "press reset of VM '%s'"
                                : "ask the guest of VM '%s' to reboot",
                            vm->name);
}

static gboolean
reboot(VmcJobRun *run,
       const VmcVm *vm,
       const VmcDomainFacts *facts,
       const Order *order,
       GError **error)
{
    g_autofree char *boot =
        facts->has_agent_channel ? read_boot(run, vm) : NULL;

    if (!begin_reboot(run, vm, order, error) ||
        (boot != NULL && !vmc_job_run_remember(run, BOOT, boot, error)) ||
        !vmc_job_run_remember(run, ASKED, "yes", error))
        return FALSE;
    return order->is_forced ? press_reset(run, vm, order, error)
                            : ask_to_reboot(run, vm, facts, order, error);
}

/* The guest is still the one that was to reboot, and its agent answers: it may
 * be on its way down, and can be asked once more. Not by the power button,
 * which the next boot might hear. */
static gboolean
reboot_again(VmcJobRun *run,
             const VmcVm *vm,
             const Order *order,
             GError **error)
{
    g_autoptr(GError) local = NULL;

    vmc_job_run_note(run, "the guest has not rebooted yet");
    if (!begin_reboot(run, vm, order, error))
        return FALSE;
    if (order->is_forced)
        return press_reset(run, vm, order, error);
    if (!ask_once(run, vm, VMC_CALL_REBOOT, VMC_CALL_BY_AGENT, &local))
        vmc_job_run_note(run, "%s", local->message);
    return wait_for_reset(run, vm, order, error);
}

/* What the vmctld before asked for may have been done; only the guest knows. */
static gboolean
resume_reboot(VmcJobRun *run,
              const VmcVm *vm,
              const Order *order,
              GError **error)
{
    if (!show_rebooted(run, vm, error))
        return FALSE;
    if (vmc_job_run_recall(run, BOOT) == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "vmctld was cut off while VM '%s' was to reboot: it runs, "
                    "and its uptime tells whether it did",
                    vm->name);
        return FALSE;
    }
    switch (compare_boot(run, vm)) {
    case BOOT_NEW:
        vmc_job_run_note(run, "the guest has booted anew");
        return show_rebooted(run, vm, error);
    case BOOT_SAME:
        return reboot_again(run, vm, order, error);
    case BOOT_UNKNOWN: /* it is on its way */
    default:
        return wait_for_reset(run, vm, order, error);
    }
}

gboolean
vmc_reboot_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);
    Order order;

    if (vm == NULL || !read_order(run, &order, error))
        return FALSE;
    vmc_job_run_listen(run, vm->host);
    if (vmc_job_run_recall(run, ASKED) != NULL)
        return resume_reboot(run, vm, &order, error);
    g_autoptr(VmcDomainFacts) facts = vmc_job_look(run, vm->host, error);
    if (facts == NULL)
        return FALSE;
    if (facts->state == VMC_RUN_RUNNING)
        return reboot(run, vm, facts, &order, error);
    if (facts->state == VMC_RUN_ABSENT)
        set_absent(vm, error);
    else
        refuse(vm, facts, "reboot", "only a running guest can reboot", error);
    return FALSE;
}
