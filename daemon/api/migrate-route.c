/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/migrate-route.h"

#include "daemon/api/body.h"
#include "daemon/api/job-reply.h"
#include "daemon/api/placement-json.h"
#include "daemon/api/vm-routes.h"
#include "daemon/jobs/migrate-plan.h"

#define MAX_MIB_PER_S 1000000

static const VmcField fields[] = {
    VMC_BODY_FIELD(VmcMigrateBody, to, STRING, .min = 1, .max = 255),
    VMC_BODY_FIELD(VmcMigrateBody,
                   bandwidth_mib_per_s,
                   UINT64,
                   .min = 1,
                   .max = MAX_MIB_PER_S),
    VMC_BODY_FIELD(VmcMigrateBody, dry_run, BOOLEAN),
};
const VmcRecordType vmc_migrate_body_type = {.fields = fields,
                                             .n_fields = G_N_ELEMENTS(fields)};

static void
migrate_body_clear(VmcMigrateBody *body)
{
    vmc_body_clear(&vmc_migrate_body_type, body);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcMigrateBody, migrate_body_clear)

static void
answer_plan(VmcRequest *request, const VmcMigratePlan *plan)
{
    JsonObject *object = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_member(object, "placement",
                           vmc_placement_to_json(plan->placement));
    json_node_take_object(node, object);
    vmc_request_answer(request, SOUP_STATUS_OK, node);
}

gboolean
vmc_route_migrate_vm(VmcRequest *request, GError **error)
{
    const VmcApi *api = vmc_request_api(request);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(api->live_fleet);
    g_auto(VmcMigrateBody)
        body = {.bandwidth_mib_per_s = api->settings->bandwidth_mib_per_s};

    if (!vmc_request_read_body(request, &vmc_migrate_body_type, &body, error))
        return FALSE;
    const VmcVm *vm = vmc_vm_route_find_managed(request, fleet, error);
    if (vm == NULL)
        return FALSE;
    g_autoptr(VmcMigratePlan) plan = vmc_migrate_plan_new(
        fleet, vm, body.to, body.bandwidth_mib_per_s, error);
    if (plan == NULL)
        return FALSE;
    if (body.dry_run) {
        answer_plan(request, plan);
        return TRUE;
    }
    return vmc_job_reply_submit(request, "migrate", vm, plan->intent,
                                plan->reserve, error);
}
