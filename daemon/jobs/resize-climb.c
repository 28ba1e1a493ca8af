/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/resize-climb.h"

#include "daemon/jobs/job-ask.h"

/* Most effects come early, so looks are close together then and rarer later: a
 * pause is a part of what was waited so far, and an effect is seen late by that
 * part at most. Events of the host end a pause at once. */
#define PAUSE_PART 8
#define FIRST_PAUSE_MS 10
#define LONGEST_PAUSE_MS 500

/* Guests bring vCPUs online by a rule of theirs, or do not: this long they may
 * take before they are told to. */
#define VCPU_GRACE_MS 300

/* The same for memory, where an agent can tell them to. */
#define MEMORY_GRACE_MS 5000

/* A guest whose virtio-mem or balloon driver has not moved by then has none. */
#define NO_DRIVER_MS 10000

typedef enum {
    EFFECT_THERE,
    EFFECT_LAGS, /* the hypervisor has it, the guest needs help */
    EFFECT_STALLED,
} Effect;

static const char *const effect_names[] = {
    [EFFECT_THERE] = "done",
    [EFFECT_LAGS] = "not in the guest yet",
    [EFFECT_STALLED] = "no further effect",
};

/* ---- looking ------------------------------------------------------------ */

void
vmc_climb_clear(VmcClimb *climb)
{
    g_clear_pointer(&climb->host, g_free);
    g_clear_pointer(&climb->facts, vmc_domain_facts_unref);
    vmc_vm_shape_clear(&climb->shape);
    g_clear_pointer(&climb->rungs, json_array_unref);
    g_clear_error(&climb->complaint);
}

gboolean
vmc_climb_look(VmcClimb *climb, GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(
        VMC_CALL_READ_GUEST, vmc_job_run_record(climb->run)->vm_uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!vmc_job_ask_call(climb->run, climb->host, call, &reply, error))
        return FALSE;
    g_clear_pointer(&climb->facts, vmc_domain_facts_unref);
    climb->facts = vmc_domain_facts_ref(reply.domain);
    /* these facts are ours alone yet; they are also what will be shown */
    vmc_resize_credit_guest(&climb->target, &climb->facts->shape);
    vmc_vm_shape_clear(&climb->shape);
    climb->shape = vmc_vm_shape_copy(&climb->facts->shape);
    climb->confirmed = climb->stored;
    return TRUE;
}

/* ---- calls -------------------------------------------------------------- */

typedef enum {
    AMOUNT_NONE,
    AMOUNT_COUNT,
    AMOUNT_BYTES,
} AmountKind;

typedef struct {
    VmcCallKind call;
    VmcCallFlags flags;
    AmountKind amount;
} RungRow;

static const RungRow rows[VMC_N_RUNGS] = {
    [VMC_RUNG_PLUG_VCPUS] = {VMC_CALL_SET_VCPUS, VMC_CALL_LIVE, AMOUNT_COUNT},
    [VMC_RUNG_UNPLUG_VCPUS] = {VMC_CALL_SET_VCPUS, VMC_CALL_LIVE, AMOUNT_COUNT},
    [VMC_RUNG_CONFIG_VCPUS] = {VMC_CALL_SET_VCPUS, VMC_CALL_CONFIG,
                               AMOUNT_COUNT},
    [VMC_RUNG_ONLINE_VCPUS] = {VMC_CALL_SET_GUEST_VCPUS, 0, AMOUNT_COUNT},
    [VMC_RUNG_OFFLINE_VCPUS] = {VMC_CALL_SET_GUEST_VCPUS, 0, AMOUNT_COUNT},
    [VMC_RUNG_DEFLATE_BALLOON] = {VMC_CALL_SET_BALLOON, VMC_CALL_LIVE,
                                  AMOUNT_BYTES},
    [VMC_RUNG_INFLATE_BALLOON] = {VMC_CALL_SET_BALLOON, VMC_CALL_LIVE,
                                  AMOUNT_BYTES},
    [VMC_RUNG_CONFIG_BALLOON] = {VMC_CALL_SET_BALLOON, VMC_CALL_CONFIG,
                                 AMOUNT_BYTES},
    [VMC_RUNG_VIRTIO_MEM] = {VMC_CALL_SET_VIRTIO_MEM, VMC_CALL_LIVE,
                             AMOUNT_BYTES},
    [VMC_RUNG_POKE_VIRTIO_MEM] = {VMC_CALL_SET_VIRTIO_MEM, VMC_CALL_LIVE,
                                  AMOUNT_BYTES},
    [VMC_RUNG_WITHDRAW] = {VMC_CALL_SET_VIRTIO_MEM, VMC_CALL_LIVE,
                           AMOUNT_BYTES},
    [VMC_RUNG_CONFIG_MEMORY] = {VMC_CALL_SET_VIRTIO_MEM, VMC_CALL_CONFIG,
                                AMOUNT_BYTES},
    [VMC_RUNG_ONLINE_MEMORY] = {VMC_CALL_ONLINE_GUEST_MEMORY, 0, AMOUNT_NONE},
    [VMC_RUNG_ATTACH_DIMM] = {VMC_CALL_ATTACH_DIMM, VMC_CALL_LIVE,
                              AMOUNT_BYTES},
    [VMC_RUNG_DETACH_DIMM] = {VMC_CALL_DETACH_DIMM, VMC_CALL_LIVE, AMOUNT_NONE},
    [VMC_RUNG_STORE_DIMM] = {VMC_CALL_ATTACH_DIMM, VMC_CALL_CONFIG,
                             AMOUNT_BYTES},
    [VMC_RUNG_FORGET_DIMM] = {VMC_CALL_DETACH_DIMM, VMC_CALL_CONFIG,
                              AMOUNT_BYTES},
};

static gboolean
is_by_agent(VmcRung rung)
{
    return rung == VMC_RUNG_ONLINE_VCPUS || rung == VMC_RUNG_OFFLINE_VCPUS ||
           rung == VMC_RUNG_ONLINE_MEMORY;
}

static gboolean
is_storing(VmcRung rung)
{
    return (rows[rung].flags & VMC_CALL_CONFIG) != 0;
}

/* Not vmc_job_ask_call(): asked twice, a DIMM would be there twice. What became
 * of it is seen afterwards. */
static gboolean
call_with(VmcClimb *climb,
          const VmcResizeStep *step,
          guint64 amount,
          GError **error)
{
    const RungRow *row = &rows[step->rung];
    g_autoptr(VmcCall) call =
        vmc_call_new(row->call, vmc_job_run_record(climb->run)->vm_uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->flags = row->flags;
    call->alias = g_strdup(step->alias);
    if (row->amount == AMOUNT_COUNT)
        call->count = (guint) amount;
    if (row->amount == AMOUNT_BYTES)
        call->bytes = amount;
    return vmc_job_run_call(climb->run, climb->host, call, &reply, error);
}

static gboolean
perform(VmcClimb *climb, const VmcResizeStep *step, GError **error)
{
    guint64 block = climb->shape.virtio_mem_block_bytes;

    /* asked already, by this daemon or the one before: there is only to wait */
    if (step->rung == VMC_RUNG_VIRTIO_MEM &&
        climb->shape.virtio_mem_requested_bytes == step->amount)
        return TRUE;
    if (step->rung == VMC_RUNG_POKE_VIRTIO_MEM &&
        !call_with(climb, step, step->amount + block, error))
        return FALSE;
    return call_with(climb, step, step->amount, error);
}

/* ---- patience ----------------------------------------------------------- */

/* How long it may go on without any movement. */
static guint
patience_ms(const VmcClimb *climb, const VmcResizeStep *step)
{
    const VmcSettings *settings = vmc_job_run_settings(climb->run);
    gboolean is_growth = step->rung == VMC_RUNG_DEFLATE_BALLOON ||
                         (step->rung == VMC_RUNG_VIRTIO_MEM &&
                          step->amount > climb->shape.virtio_mem_current_bytes);

    if (is_by_agent(step->rung))
        return settings->guest_online_timeout_s * 1000;
    if (step->rung == VMC_RUNG_PLUG_VCPUS ||
        step->rung == VMC_RUNG_UNPLUG_VCPUS)
        return settings->vcpu_timeout_s * 1000;
    if (is_growth)
        return MIN(settings->memory_timeout_s * 1000, NO_DRIVER_MS);
    return settings->memory_timeout_s * 1000;
}

/* How long the guest may take to use what the hypervisor has given it, before
 * it is told to; G_MAXUINT where nobody can. */
static guint
grace_ms(const VmcClimb *climb, const VmcResizeStep *step)
{
    const VmcSettings *settings = vmc_job_run_settings(climb->run);

    if (step->rung == VMC_RUNG_PLUG_VCPUS)
        return VCPU_GRACE_MS;
    if (climb->shape.agent_answers)
        return MIN(MEMORY_GRACE_MS, settings->guest_online_timeout_s * 1000);
    return settings->guest_online_timeout_s * 1000;
}

/* Whether the hypervisor has all of it, whatever the guest says. */
static gboolean
is_plugged(const VmcClimb *climb,
           const VmcResizeStep *step,
           const VmcVmShape *before)
{
    VmcVmShape blind = climb->shape;

    blind.vcpus_online = 0;
    blind.guest_total_bytes = 0;
    return !is_by_agent(step->rung) &&
           vmc_resize_is_there(&blind, &climb->target, step, before);
}

/* What moves when something happens. */
static guint64
movement(const VmcVmShape *shape)
{
    return shape->vcpus_plugged + shape->vcpus_online + shape->balloon_bytes +
           shape->virtio_mem_current_bytes + shape->guest_total_bytes;
}

/* Errors after which the effect may still come. */
static gboolean
may_still_come(const VmcResizeStep *step, const GError *error)
{
    VmcError code = vmc_error_of(error);

    return error == NULL || is_by_agent(step->rung) ||
           code == VMC_ERROR_UNKNOWN || code == VMC_ERROR_UNREACHABLE ||
           (code == VMC_ERROR_PARTIAL && step->rung == VMC_RUNG_UNPLUG_VCPUS);
}

/* ---- watching ----------------------------------------------------------- */

typedef struct {
    VmcClimb *climb;
    const VmcResizeStep *step;
    const VmcVmShape *before;
    GError *call_error;
    gint64 moved_us;   /* when something moved last */
    gint64 stalled_us; /* when patience ends */
    gint64 plugged_us; /* since when the hypervisor has it, 0: it has not */
    guint64 last_movement;
    gboolean was_repeated;
} Watch;

static void
restart_patience(Watch *watch)
{
    guint ms = patience_ms(watch->climb, watch->step);

    watch->moved_us = g_get_monotonic_time();
    watch->stalled_us = watch->moved_us + (gint64) ms * 1000;
    watch->last_movement = movement(&watch->climb->shape);
}

static gboolean
has_lagged(Watch *watch)
{
    VmcClimb *climb = watch->climb;
    gint64 now_us = g_get_monotonic_time();

    if (!is_plugged(climb, watch->step, watch->before))
        return FALSE;
    if (watch->plugged_us == 0)
        watch->plugged_us = now_us;
    return now_us - watch->plugged_us >=
           (gint64) grace_ms(climb, watch->step) * 1000;
}

/* TRUE when @ret_effect is decided. */
static gboolean
judge(Watch *watch, Effect *ret_effect)
{
    VmcClimb *climb = watch->climb;

    *ret_effect = EFFECT_THERE;
    if (vmc_resize_is_there(&climb->shape, &climb->target, watch->step,
                            watch->before))
        return TRUE;
    *ret_effect = EFFECT_LAGS;
    if (has_lagged(watch))
        return TRUE;
    *ret_effect = EFFECT_STALLED;
    if (!may_still_come(watch->step, watch->call_error) ||
        !climb->shape.is_running)
        return TRUE;
    if (movement(&climb->shape) != watch->last_movement)
        restart_patience(watch);
    return g_get_monotonic_time() >= watch->stalled_us;
}

static gboolean
is_host_silent(const GError *error)
{
    return vmc_error_of(error) == VMC_ERROR_UNKNOWN ||
           vmc_error_of(error) == VMC_ERROR_UNREACHABLE;
}

/* Two of the same would be two. */
static gboolean
is_dimm(VmcRung rung)
{
    return rung == VMC_RUNG_ATTACH_DIMM || rung == VMC_RUNG_DETACH_DIMM;
}

/* An agent may be too early to know of what it shall bring online. And what was
 * asked when the host went away may never have come to it: it is asked once
 * more, when the host answers and shows no effect. */
static void
ask_again(Watch *watch)
{
    const VmcRung rung = watch->step->rung;
    const gboolean was_lost = watch->call_error != NULL && !is_dimm(rung) &&
                              !watch->was_repeated &&
                              is_host_silent(watch->call_error);

    if (watch->call_error == NULL || (!is_by_agent(rung) && !was_lost))
        return;
    watch->was_repeated = TRUE;
    g_clear_error(&watch->call_error);
    (void) perform(watch->climb, watch->step, &watch->call_error);
}

/* FALSE when the job has to stop here. */
static gboolean
pause_watch(Watch *watch, GError **error)
{
    gint64 waited_ms = (g_get_monotonic_time() - watch->moved_us) / 1000;
    guint pause_ms =
        (guint) CLAMP(waited_ms / PAUSE_PART, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);

    if (vmc_job_run_wait_event(watch->climb->run, pause_ms, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                "it was cancelled while it waited for the guest: %s",
                watch->step->reason);
    return FALSE;
}

/* A host that does not answer is waited for as long as one that does nothing;
 * but then nothing is known. */
static gboolean
watch_effect(Watch *watch, Effect *ret_effect, GError **error)
{
    for (;;) {
        g_autoptr(GError) local = NULL;
        if (vmc_climb_look(watch->climb, &local)) {
            if (judge(watch, ret_effect))
                return TRUE;
        } else if (!is_host_silent(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        } else if (g_get_monotonic_time() >= watch->stalled_us) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                        "what became of it is not known (%s): %s",
                        watch->step->reason, local->message);
            return FALSE;
        }
        if (!pause_watch(watch, error))
            return FALSE;
        if (local == NULL)
            ask_again(watch);
    }
}

/* ---- a rung ------------------------------------------------------------- */

static void
keep_complaint(VmcClimb *climb, GError *call_error)
{
    if (call_error == NULL)
        return;
    vmc_job_run_note(climb->run, "%s", call_error->message);
    g_clear_error(&climb->complaint);
    climb->complaint = call_error;
}

static void
record_rung(VmcClimb *climb, const VmcResizeStep *step, Effect effect)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "rung", vmc_rung_to_name(step->rung));
    json_object_set_int_member(object, "amount", (gint64) step->amount);
    if (step->alias != NULL)
        json_object_set_string_member(object, "alias", step->alias);
    json_object_set_string_member(object, "effect", effect_names[effect]);
    json_array_add_object_element(climb->rungs, object);
    if (effect != EFFECT_THERE)
        vmc_job_run_note(climb->run, "%s: %s", step->reason,
                         effect_names[effect]);
    if (effect == EFFECT_STALLED)
        climb->tried |= 1u << step->rung;
}

/* A call that was lost with the connection is made once more: it says how much,
 * not how much more. */
static gboolean
perform_storing(VmcClimb *climb, const VmcResizeStep *step, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (perform(climb, step, &local))
        return TRUE;
    if (is_host_silent(local))
        return perform(climb, step, error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* What is stored is there when libvirt says so; all of it is looked at once
 * more at the end. A rung that comes back after a look has had no effect. */
static gboolean
store(VmcClimb *climb, const VmcResizeStep *step, GError **error)
{
    g_autoptr(GError) local = NULL;
    guint32 bit = 1u << step->rung;
    gboolean is_again = (climb->confirmed & bit) != 0;

    climb->stored |= bit;
    if (!is_again && perform_storing(climb, step, &local)) {
        vmc_resize_apply(&climb->shape, step);
        record_rung(climb, step, EFFECT_THERE);
        return TRUE;
    }
    keep_complaint(climb, g_steal_pointer(&local));
    if (!vmc_climb_look(climb, error))
        return FALSE;
    record_rung(climb, step, EFFECT_STALLED);
    return TRUE;
}

gboolean
vmc_climb_step(VmcClimb *climb, const VmcResizeStep *step, GError **error)
{
    g_return_val_if_fail(climb != NULL && step != NULL, FALSE);
    g_auto(VmcVmShape) before = vmc_vm_shape_copy(&climb->shape);
    Watch watch = {.climb = climb, .step = step, .before = &before};
    Effect effect = EFFECT_STALLED;

    if (is_storing(step->rung))
        return store(climb, step, error);
    (void) perform(climb, step, &watch.call_error);
    restart_patience(&watch);
    gboolean is_known = watch_effect(&watch, &effect, error);
    if (!is_known || effect == EFFECT_STALLED)
        keep_complaint(climb, g_steal_pointer(&watch.call_error));
    g_clear_error(&watch.call_error);
    if (is_known)
        record_rung(climb, step, effect);
    return is_known;
}
