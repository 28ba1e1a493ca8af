/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/create-route.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "daemon/api/body.h"
#include "daemon/api/job-reply.h"
#include "daemon/api/placement-json.h"
#include "daemon/clock.h"
#include "daemon/control/template-library.h"
#include "daemon/jobs/create-plan.h"

#include <string.h>

#define MAX_OVERRIDES 64

static const VmcField fields[] = {
    VMC_BODY_FIELD(
        VmcCreateBody, name, STRING, .is_required = TRUE, .max = 4096),
    {.name = "template",
     .kind = VMC_FIELD_STRING,
     .offset = G_STRUCT_OFFSET(VmcCreateBody, tmpl),
     .is_required = TRUE,
     .min = 1,
     .max = 255},
    VMC_BODY_FIELD(VmcCreateBody, overrides, STRING_MAP, .max = MAX_OVERRIDES),
    VMC_BODY_FIELD(VmcCreateBody, host, STRING, .min = 1, .max = 255),
    VMC_BODY_FIELD(VmcCreateBody, start, BOOLEAN),
    VMC_BODY_FIELD(VmcCreateBody, dry_run, BOOLEAN),
};
const VmcRecordType vmc_create_body_type = {.fields = fields,
                                            .n_fields = G_N_ELEMENTS(fields)};

static void
create_body_clear(VmcCreateBody *body)
{
    vmc_body_clear(&vmc_create_body_type, body);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcCreateBody, create_body_clear)

/* ---- the template with its overrides ------------------------------------- */

static int
compare_overrides(gconstpointer a, gconstpointer b)
{
    const VmcOverride *const *left = a;
    const VmcOverride *const *right = b;

    return strcmp((*left)->parameter, (*right)->parameter);
}

/* In order of their names, so that of two mistakes the same one is told. The
 * strings stay the map's. */
static GPtrArray *
list_overrides(GHashTable *map)
{
    GPtrArray *overrides = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer parameter;
    gpointer value;

    g_hash_table_iter_init(&iter, map);
    while (g_hash_table_iter_next(&iter, &parameter, &value)) {
        VmcOverride *override = g_new(VmcOverride, 1);
        override->parameter = parameter;
        override->value = value;
        g_ptr_array_add(overrides, override);
    }
    g_ptr_array_sort(overrides, compare_overrides);
    return overrides;
}

static VmcTemplate *
find_template(VmcRequest *request, const VmcCreateBody *body, GError **error)
{
    g_autoptr(VmcTemplate) tmpl = vmc_template_library_find(
        vmc_request_api(request)->templates, body->tmpl, error);

    if (tmpl == NULL || body->overrides == NULL)
        return g_steal_pointer(&tmpl);
    g_autoptr(GPtrArray) overrides = list_overrides(body->overrides);
    return vmc_template_override(tmpl, overrides, error);
}

/* ---- the plan, and what becomes of it ------------------------------------ */

static VmcCreatePlan *
make_plan(VmcRequest *request, const VmcCreateBody *body, GError **error)
{
    g_autoptr(VmcTemplate) tmpl = find_template(request, body, error);
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(vmc_request_api(request)->live_fleet);
    g_autofree char *uuid = g_uuid_string_random();
    const VmcCreateRequest wanted = {.name = body->name,
                                     .uuid = uuid,
                                     .tmpl = tmpl,
                                     .host = body->host,
                                     .start = body->start};

    return tmpl != NULL ? vmc_create_plan_new(fleet, &wanted, error) : NULL;
}

static void
answer_plan(VmcRequest *request, const VmcCreatePlan *plan)
{
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_member(object, "placement",
                           vmc_placement_to_json(plan->placement));
    json_object_set_member(object, "vm", vmc_vm_to_json(plan->vm));
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
}

gboolean
vmc_route_create_vm(VmcRequest *request, GError **error)
{
    g_auto(VmcCreateBody) body = {.start = TRUE};

    if (!vmc_request_read_body(request, &vmc_create_body_type, &body, error))
        return FALSE;
    g_autoptr(VmcCreatePlan) plan = make_plan(request, &body, error);
    if (plan == NULL)
        return FALSE;
    if (body.dry_run) {
        answer_plan(request, plan);
        return TRUE;
    }
    if (!vmc_create_plan_check(plan, error))
        return FALSE;
    plan->vm->state_since_s = vmc_clock_now_s();
    g_autoptr(JsonObject) intent = vmc_create_order_to_json(plan->order);
    return vmc_job_reply_submit(request, "create", plan->vm, intent, plan->vm,
                                error);
}
