/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-hosts.h"

static void
add(GPtrArray *names, const char *name)
{
    if (name != NULL)
        g_ptr_array_add(names, g_strdup(name));
}

static void
add_member(GPtrArray *names, JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node != NULL && json_node_get_value_type(node) == G_TYPE_STRING)
        add(names, json_node_get_string(node));
}

static GPtrArray *
list_hosts(const VmcJobRecord *record, const VmcFleet *fleet)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    JsonNode *vm_node = json_object_get_member(record->intent, "vm");
    VmcVm *vm = record->vm_uuid != NULL
                    ? vmc_fleet_find_vm(fleet, record->vm_uuid)
                    : NULL;

    if (vm != NULL) {
        add(names, vm->host);
        add(names, vm->destination);
    }
    add(names, vmc_job_record_recall(record, VMC_JOB_REMEMBERED_HOST));
    add_member(names, record->intent, "from");
    add_member(names, record->intent, "to");
    if (vm_node != NULL && JSON_NODE_HOLDS_OBJECT(vm_node))
        add_member(names, json_node_get_object(vm_node), "host");
    return names;
}

/* The link stands a moment before the fleet shows what the host is: a job that
 * asks whether it has room would be told that it is unreachable. */
static gboolean
is_up(VmcLiveFleet *live_fleet, const VmcHost *host)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(live_fleet, host->name);

    return host->state != VMC_HOST_UNREACHABLE && link != NULL &&
           vmc_link_is_up(link);
}

char *
vmc_job_hosts_find_missing(const VmcJobRecord *record, VmcLiveFleet *live_fleet)
{
    g_return_val_if_fail(record != NULL && live_fleet != NULL, NULL);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live_fleet);
    g_autoptr(GPtrArray) names = list_hosts(record, fleet);

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        const VmcHost *host = vmc_fleet_find_host(fleet, name);
        if (host != NULL && !is_up(live_fleet, host))
            return g_strdup(name);
    }
    return NULL;
}
