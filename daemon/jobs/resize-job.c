/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/placement.h"
#include "daemon/jobs/job-ask.h"
#include "daemon/jobs/job-kinds.h"
#include "daemon/jobs/resize-climb.h"
#include "daemon/jobs/resize-order.h"

/*
 * Resize: climbs the ladder of core/resize.h one rung after the other, until
 * the guest has what was asked for or no rung is left, then writes down what
 * became of it. Cut off anywhere, it begins again with what the VM looks like.
 */

/* No ladder is longer; one that were would go round in circles. */
#define MAX_RUNGS 100

/* For how long news of virtio-mem are waited for. */
#define NEWS_LOOKS 12
#define NEWS_PAUSE_MS 100

/* What the guest looked like before the first rung, for the next vmctld. */
#define BEFORE "before"

/* ---- before the first rung ---------------------------------------------- */

static gboolean
check_state(const VmcClimb *climb, const VmcVm *vm, GError **error)
{
    VmcRunState state = climb->facts->state;

    if (state == VMC_RUN_RUNNING || state == VMC_RUN_SHUT_OFF ||
        state == VMC_RUN_CRASHED)
        return TRUE;
    if (state == VMC_RUN_PAUSED || state == VMC_RUN_PAUSED_IO_ERROR)
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' is %s: a guest that stands still cannot take or "
                    "give back anything; resume it first",
                    vm->name, vmc_run_state_to_name(state));
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "VM '%s' is being %s (%s): resize it when that is over",
                    vm->name,
                    state == VMC_RUN_STARTING ? "started" : "migrated",
                    vmc_run_state_to_name(state));
    return FALSE;
}

/* A migration that somebody else has begun: every change would block until
 * libvirt gives up. A host that cannot tell leaves it to that. */
static gboolean
check_not_migrating(const VmcClimb *climb, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_MIGRATION, vm->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) local = NULL;

    if (!climb->shape.is_running)
        return TRUE;
    if (!vmc_job_run_call(climb->run, climb->host, call, &reply, &local)) {
        vmc_job_run_note(climb->run, "%s, ignoring", local->message);
        return TRUE;
    }
    if (!reply.migration.is_active)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                "VM '%s' is being migrated, and not by this vmctld: resize it "
                "when that is over",
                vm->name);
    return FALSE;
}

/* The host has been asked before the job was submitted; in between, others may
 * have taken the room, and rounding may want more of it. */
static gboolean
check_room(const VmcClimb *climb, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_job_run_fleet(climb->run);
    VmcResizeOrder order = {climb->target.vcpus, climb->target.memory_bytes};
    g_autoptr(VmcVm) grown = vmc_vm_copy(vm);

    grown->size =
        vmc_resources_max(vm->size, vmc_resize_order_size(&order, vm));
    VmcPlacementRequest request = {.vm_name = vm->name,
                                   .vm_uuid = vm->uuid,
                                   .size = grown->size,
                                   .claim = vmc_vm_claim(grown)};
    return vmc_resources_equal(grown->size, vm->size) ||
           vmc_placement_check(fleet, &request, vm->host, error);
}

static gboolean
remember_before(VmcClimb *climb, GError **error)
{
    const VmcResizeTarget *target = &climb->target;
    g_autofree char *text = g_strdup_printf(
        "%u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, target->vcpus_before,
        target->memory_before_bytes, target->overhead_bytes);

    return vmc_job_run_remember(climb->run, BEFORE, text, error);
}

static gboolean
has_begun(const VmcClimb *climb)
{
    return vmc_job_run_recall(climb->run, BEFORE) != NULL;
}

/* FALSE when nothing was done before the job was cut off. */
static gboolean
recall_before(VmcClimb *climb)
{
    const char *text = vmc_job_run_recall(climb->run, BEFORE);
    VmcResizeTarget *target = &climb->target;

    if (text == NULL)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);
    if (g_strv_length(parts) != 3)
        return FALSE;
    target->vcpus_before = (guint) g_ascii_strtoull(parts[0], NULL, 10);
    target->memory_before_bytes = g_ascii_strtoull(parts[1], NULL, 10);
    target->overhead_bytes = g_ascii_strtoull(parts[2], NULL, 10);
    return TRUE;
}

/* The ladder starts from what the guest has, and what the hypervisor says of
 * virtio-mem may be a second old: just after another resize it is waited for.
 */
static gboolean
await_news(VmcClimb *climb, GError **error)
{
    const VmcVmShape *shape = &climb->shape;

    for (guint i = 0;
         i < NEWS_LOOKS && shape->is_running &&
         shape->virtio_mem_requested_bytes != shape->virtio_mem_current_bytes;
         i++) {
        if (!vmc_job_run_wait_event(climb->run, NEWS_PAUSE_MS, NULL)) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                        "it was cancelled before it changed anything");
            return FALSE;
        }
        if (!vmc_climb_look(climb, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
enter_ladder(VmcClimb *climb, const VmcVm *vm, GError **error)
{
    guint64 asked_bytes = climb->target.memory_bytes;

    vmc_resize_begin(&climb->target, &climb->shape);
    if (climb->target.memory_bytes != asked_bytes) {
        g_autofree char *asked = vmc_resource_format(VMC_MEMORY, asked_bytes);
        g_autofree char *given =
            vmc_resource_format(VMC_MEMORY, climb->target.memory_bytes);
        vmc_job_run_note(climb->run, "rounds memory from %s to %s", asked,
                         given);
    }
    if (recall_before(climb))
        return TRUE;
    if (!vmc_resize_check(&climb->shape, &climb->target, error)) {
        g_prefix_error(error, "VM '%s': ", vm->name);
        return FALSE;
    }
    return check_not_migrating(climb, vm, error) &&
           check_room(climb, vm, error) && remember_before(climb, error);
}

/* ---- climbing ----------------------------------------------------------- */

static guint
progress_milli(const VmcClimb *climb)
{
    g_autoptr(GPtrArray) rest = vmc_resize_plan(&climb->shape, &climb->target);
    guint n_done = json_array_get_length(climb->rungs);

    return 950 * (n_done + 1) / (n_done + rest->len + 1);
}

static gboolean
is_end(const VmcResizeStep *step)
{
    return step->rung == VMC_RUNG_DONE || step->rung == VMC_RUNG_GIVE_UP;
}

/* An agent that does not answer may only not be up yet. */
static gboolean
await_agent(VmcClimb *climb, GError **error)
{
    guint n_tries = vmc_job_run_settings(climb->run)->guest_online_timeout_s;

    while (n_tries-- > 0 && climb->shape.is_running &&
           climb->facts->has_agent_channel && !climb->shape.agent_answers) {
        if (!vmc_job_run_wait_event(climb->run, 1000, NULL)) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED,
                        "it was cancelled while it waited for the guest agent");
            return FALSE;
        }
        if (!vmc_climb_look(climb, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
climb_rungs(VmcClimb *climb, VmcResizeStep **ret_end, GError **error)
{
    for (guint i = 0; i < MAX_RUNGS; i++) {
        g_autoptr(VmcResizeStep) step =
            vmc_resize_next(&climb->shape, &climb->target, climb->tried);
        if (is_end(step)) {
            *ret_end = g_steal_pointer(&step);
            return TRUE;
        }
        if (!vmc_job_run_step(climb->run, progress_milli(climb), error, "%s",
                              step->reason) ||
            !vmc_climb_step(climb, step, error))
            return FALSE;
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_PARTIAL,
                "it gave up after %d steps without end", MAX_RUNGS);
    return FALSE;
}

/* Up the ladder; then all is looked at once more, since what was stored has
 * only been believed so far. */
static gboolean
climb_to_end(VmcClimb *climb, VmcResizeStep **ret_end, GError **error)
{
    g_autoptr(VmcResizeStep) end = NULL;

    if (!climb_rungs(climb, &end, error) || !vmc_climb_look(climb, error))
        return FALSE;
    if (end->rung == VMC_RUNG_GIVE_UP && !await_agent(climb, error))
        return FALSE;
    return climb_rungs(climb, ret_end, error);
}

/* ---- what became of it -------------------------------------------------- */

static JsonObject *
triple_to_json(guint64 requested, guint64 plugged, guint64 usable)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "requested", (gint64) requested);
    json_object_set_int_member(object, "plugged", (gint64) plugged);
    json_object_set_int_member(object, "usable", (gint64) usable);
    return object;
}

static void
publish_result(VmcClimb *climb, const char *left)
{
    g_autoptr(JsonObject) result = json_object_new();
    const VmcResizeTarget *target = &climb->target;
    const VmcVmShape *shape = &climb->shape;
    gboolean runs = shape->is_running;

    json_object_set_object_member(
        result, "vcpus",
        triple_to_json(target->vcpus != 0 ? target->vcpus : shape->vcpus_config,
                       runs ? shape->vcpus_plugged : 0,
                       runs ? shape->vcpus_online : 0));
    json_object_set_object_member(
        result, "memory_bytes",
        triple_to_json(target->memory_bytes != 0
                           ? target->memory_bytes
                           : vmc_vm_shape_memory_stored(shape),
                       runs ? vmc_vm_shape_memory_plugged(shape) : 0,
                       runs ? shape->guest_total_bytes : 0));
    json_object_set_string_member(result, "outcome",
                                  left == NULL ? "done" : "partial");
    if (left != NULL)
        json_object_set_string_member(result, "left", left);
    json_object_set_array_member(result, "rungs", json_array_ref(climb->rungs));
    vmc_job_run_set_result(climb->run, result);
}

/* What is kept in the domain is what a lost database is made again from. */
static void
write_metadata(VmcClimb *climb)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(climb->run, NULL);
    g_autoptr(GError) error = NULL;

    if (vm == NULL)
        return;
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_SET_METADATA, vm->uuid);
    call->metadata = vmc_vm_ref(vm);
    if (!vmc_job_ask_call(climb->run, climb->host, call, NULL, &error))
        vmc_job_run_note(climb->run,
                         "%s, ignoring: it only serves to make a "
                         "lost database again",
                         error->message);
}

/* Shows the VM as it is, and says whether that is what was asked for. */
static gboolean
conclude(VmcClimb *climb,
         const VmcVm *vm,
         const VmcResizeStep *end,
         gboolean was_running,
         GError **error)
{
    g_autoptr(GString) left = g_string_new(NULL);

    if (end->rung == VMC_RUNG_GIVE_UP)
        g_string_append(left, end->reason);
    else if (was_running && !climb->shape.is_running)
        g_string_append(left, "it stopped meanwhile; what was asked for is "
                              "stored, and comes when it starts");
    if (left->len > 0 && climb->complaint != NULL)
        g_string_append_printf(left, " (%s)", climb->complaint->message);
    publish_result(climb, left->len > 0 ? left->str : NULL);
    if (!vmc_job_show(climb->run, climb->host, climb->facts, error))
        return FALSE;
    write_metadata(climb);
    if (left->len == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_PARTIAL, "VM '%s': %s", vm->name,
                left->str);
    return FALSE;
}

/* What the guest was asked for and has not done yet shall not happen once the
 * job is over: a VM must not change its size by itself later. */
static void
withdraw(VmcClimb *climb)
{
    g_autoptr(GError) error = NULL;
    VmcVmShape *shape = &climb->shape;

    if (!vmc_climb_look(climb, &error) || !shape->is_running ||
        !shape->has_virtio_mem ||
        shape->virtio_mem_requested_bytes == shape->virtio_mem_current_bytes)
        return;
    g_autoptr(VmcResizeStep) step =
        vmc_resize_step_new(VMC_RUNG_WITHDRAW, shape->virtio_mem_current_bytes,
                            NULL, "ask no more of virtio-mem");
    if (!vmc_climb_step(climb, step, &error))
        vmc_job_run_note(climb->run, "%s, ignoring", error->message);
}

/* Stopped in the middle. The VM is whole, with a size in between. */
static gboolean
break_off(VmcClimb *climb, GError *why, GError **error)
{
    if (vmc_error_of(why) == VMC_ERROR_UNKNOWN) {
        vmc_job_show_unknown(climb->run, why);
        g_propagate_error(error, why);
        return FALSE;
    }
    vmc_job_run_begin_undo(climb->run, why);
    withdraw(climb);
    if (climb->facts != NULL) {
        publish_result(climb, why->message);
        (void) vmc_job_show(climb->run, climb->host, climb->facts, NULL);
        write_metadata(climb);
    }
    g_propagate_error(error, why);
    return FALSE;
}

/* ---- the job ------------------------------------------------------------ */

static gboolean
run_climb(VmcClimb *climb, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcResizeStep) end = NULL;
    g_autoptr(GError) local = NULL;
    g_autoptr(GError) undo_reason = vmc_job_run_undo_reason(climb->run);

    if (!vmc_climb_look(climb, error))
        return FALSE;
    if (undo_reason != NULL)
        return break_off(climb, g_steal_pointer(&undo_reason), error);
    if (!check_state(climb, vm, error) ||
        (!has_begun(climb) && !await_news(climb, error)))
        return FALSE;
    gboolean was_running = climb->shape.is_running;
    if (!enter_ladder(climb, vm, error)) {
        /* what was reserved for it goes back */
        (void) vmc_job_show(climb->run, climb->host, climb->facts, NULL);
        return FALSE;
    }
    if (climb_to_end(climb, &end, &local))
        return conclude(climb, vm, end, was_running, error);
    g_prefix_error(&local, "VM '%s': ", vm->name);
    return break_off(climb, g_steal_pointer(&local), error);
}

gboolean
vmc_resize_job_run(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_job_run_vm(run, error);
    VmcResizeOrder order;

    if (vm == NULL ||
        !vmc_resize_order_from_intent(vmc_job_run_intent(run), &order, error))
        return FALSE;
    g_auto(VmcClimb) climb = {.run = run,
                              .host = g_strdup(vm->host),
                              .target = vmc_resize_order_target(&order, vm),
                              .rungs = json_array_new()};
    vmc_job_run_listen(run, vm->host);
    return run_climb(&climb, vm, error);
}
