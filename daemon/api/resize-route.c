/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/resize-route.h"

#include "core/error.h"
#include "core/json-text.h"
#include "core/resize.h"
#include "daemon/api/body.h"
#include "daemon/api/job-reply.h"
#include "daemon/api/vm-routes.h"
#include "daemon/jobs/resize-plan.h"

#define MAX_VCPUS 4096
#define MAX_MEMORY_BYTES (G_GINT64_CONSTANT(1) << 50)

static const VmcField fields[] = {
    VMC_BODY_FIELD(VmcResizeBody, vcpus, UINT64, .min = 1, .max = MAX_VCPUS),
    VMC_BODY_FIELD(
        VmcResizeBody, memory_bytes, UINT64, .min = 1, .max = MAX_MEMORY_BYTES),
    VMC_BODY_FIELD(VmcResizeBody, dry_run, BOOLEAN),
};
const VmcRecordType vmc_resize_body_type = {.fields = fields,
                                            .n_fields = G_N_ELEMENTS(fields)};

/* ---- a dry run: walks the ladder on paper ------------------------------- */

typedef struct {
    VmcVm *vm;
    VmcResizeTarget target;
} Rehearsal;

static void
rehearsal_free(gpointer data)
{
    Rehearsal *rehearsal = data;

    vmc_vm_unref(rehearsal->vm);
    g_free(rehearsal);
}

static Rehearsal *
rehearsal_new(const VmcVm *vm, const VmcResizePlan *plan)
{
    Rehearsal *rehearsal = g_new0(Rehearsal, 1);

    rehearsal->vm = vmc_vm_copy(vm);
    rehearsal->target = (VmcResizeTarget){
        .vcpus = (guint) json_object_get_int_member_with_default(plan->intent,
                                                                 "vcpus", 0),
        .memory_bytes = (guint64) json_object_get_int_member_with_default(
            plan->intent, "memory_bytes", 0),
        .min_memory_bytes = vm->size_min.amount[VMC_MEMORY],
    };
    return rehearsal;
}

static VmcReply
read_guest(VmcRequest *request, const VmcVm *vm, GError **error)
{
    g_autoptr(VmcLink) link =
        vmc_live_fleet_link(vmc_request_api(request)->live_fleet, vm->host);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_GUEST, vm->uuid);
    VmcReply reply = VMC_REPLY_INIT;

    if (link == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "host '%s' is not connected", vm->host);
    else
        vmc_link_call(link, call, &reply, vmc_request_cancellable(request),
                      error);
    return reply;
}

static JsonObject *
step_to_json(const VmcResizeStep *step)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "rung", vmc_rung_to_name(step->rung));
    json_object_set_int_member(object, "amount", (gint64) step->amount);
    if (step->alias != NULL)
        json_object_set_string_member(object, "alias", step->alias);
    json_object_set_string_member(object, "reason",
                                  step->reason != NULL ? step->reason : "");
    return object;
}

/* Every rung is taken to do what it can: a real run may need more of them. */
static JsonArray *
climb(const VmcVmShape *shape, const VmcResizeTarget *target)
{
    g_autoptr(GPtrArray) plan = vmc_resize_plan(shape, target);
    JsonArray *steps = json_array_new();

    for (guint i = 0; i < plan->len; i++) {
        const VmcResizeStep *step = plan->pdata[i];
        if (step->rung != VMC_RUNG_DONE)
            json_array_add_object_element(steps, step_to_json(step));
    }
    return steps;
}

static char *
rehearse(VmcRequest *request, VmcFleet *fleet, gpointer data, GError **error)
{
    Rehearsal *rehearsal = data;
    g_auto(VmcReply) reply = read_guest(request, rehearsal->vm, error);

    if (reply.domain != NULL)
        vmc_resize_begin(&rehearsal->target, &reply.domain->shape);
    if (reply.domain == NULL ||
        !vmc_resize_check(&reply.domain->shape, &rehearsal->target, error)) {
        g_prefix_error(error,
                       "VM '%s' cannot be resized so: ", rehearsal->vm->name);
        return NULL;
    }
    JsonObject *object = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_object_set_array_member(
        object, "steps", climb(&reply.domain->shape, &rehearsal->target));
    json_node_take_object(node, object);
    return vmc_json_print(node);
}

/* ---- the route ---------------------------------------------------------- */

gboolean
vmc_route_resize_vm(VmcRequest *request, GError **error)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(vmc_request_api(request)->live_fleet);
    VmcResizeBody body = {0};

    if (!vmc_request_read_body(request, &vmc_resize_body_type, &body, error))
        return FALSE;
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);
    if (vm == NULL)
        return FALSE;
    g_autoptr(VmcResizePlan) plan =
        vmc_resize_plan_new(fleet, vm, body.vcpus, body.memory_bytes, error);
    if (plan == NULL)
        return FALSE;
    if (body.dry_run) {
        vmc_request_answer_from_thread_full(
            request, rehearse, rehearsal_new(vm, plan), rehearsal_free);
        return TRUE;
    }
    return vmc_job_reply_submit(request, "resize", vm, plan->intent,
                                plan->reserve, error);
}
