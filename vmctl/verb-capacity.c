/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/planner/capacity.h"
#include "core/resources-json.h"
#include "vmctl/fleet-source.h"
#include "vmctl/template-checker.h"
#include "vmctl/verbs.h"

#include <string.h>

#define DEFAULT_TIERS 4
#define EXAMPLE_UUID "ffffffff-ffff-4fff-bfff-ffffffffffff"

/* ---- one more VM --------------------------------------------------------- */

static VmcVm *
example_of_template(const VmcTemplate *tmpl)
{
    VmcVm *vm = vmc_vm_new(EXAMPLE_UUID, tmpl->name);

    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->template_name = g_strdup(tmpl->name);
    vm->service_class = g_strdup(tmpl->service_class);
    vm->size = vmc_template_size(tmpl);
    vm->factors = tmpl->factors;
    vm->cpu_model = g_strdup(tmpl->cpu_model);
    vm->machine = g_strdup(tmpl->machine);
    g_strfreev(vm->pools);
    vm->pools = vmc_template_pools(tmpl);
    g_strfreev(vm->networks);
    vm->networks = vmc_template_networks(tmpl);
    g_strfreev(vm->bridges);
    vm->bridges = vmc_template_bridges(tmpl);
    g_ptr_array_unref(vm->wishes);
    vm->wishes = vmc_wishes_copy(tmpl->wishes);
    return vm;
}

/* Any VM made from the template, where its file is not at hand. */
static VmcVm *
example_in_fleet(const VmcFleet *fleet, const char *name)
{
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (vm->is_managed && g_strcmp0(vm->template_name, name) == 0)
            return vmc_vm_copy(vm);
    }
    return NULL;
}

static VmcVm *
find_example(const VmcInvocation *invocation,
             const VmcFleet *fleet,
             GError **error)
{
    const char *name = vmc_invocation_option(invocation, "template");
    gboolean is_file =
        strchr(name, '/') != NULL || g_str_has_suffix(name, ".xml");
    VmcVm *vm = is_file ? NULL : example_in_fleet(fleet, name);

    if (vm != NULL)
        return vm;
    if (!is_file) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "no VM of the fleet was made from template '%s'; name its "
                    "file with its folder, as ./%s%s",
                    name, name, strchr(name, '.') != NULL ? "" : ".xml");
        return NULL;
    }
    g_autoptr(VmcTemplate) tmpl = vmc_template_checker_load(
        name, vmc_invocation_values(invocation, "template-dir"), error);
    return tmpl != NULL ? example_of_template(tmpl) : NULL;
}

/* ---- the answer ---------------------------------------------------------- */

static JsonObject *
tier_object(const VmcCapacityTier *tier)
{
    JsonObject *object = json_object_new();

    json_object_set_member(object, "size", vmc_resources_to_json(tier->size));
    json_object_set_int_member(object, "n_vms", tier->n);
    json_object_set_int_member(object, "n_vms_spare", tier->n_spare);
    json_object_set_boolean_member(object, "is_more", tier->is_more);
    if (tier->ends != NULL)
        json_object_set_string_member(object, "ends", tier->ends);
    return object;
}

static JsonNode *
to_json(const VmcVm *example, const VmcPolicy *policy, GPtrArray *tiers)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    json_node_take_object(node, object);
    json_object_set_string_member(object, "template", example->template_name);
    json_object_set_string_member(object, "policy", policy->name);
    for (guint i = 0; i < tiers->len; i++)
        json_array_add_object_element(array, tier_object(tiers->pdata[i]));
    json_object_set_array_member(object, "tiers", array);
    return node;
}

static const VmcDatum tier_data[] = {
    {"VCPUS", "size.cpu_millicores", VMC_DATUM_MILLICORES, VMC_COLUMN_RIGHT,
     NULL},
    {"MEMORY", "size.memory_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT, NULL},
    {"DISK", "size.disk_bytes", VMC_DATUM_BYTES, VMC_COLUMN_RIGHT, NULL},
    {"MORE", "n_vms", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"WITH SPARE", "n_vms_spare", VMC_DATUM_COUNT, VMC_COLUMN_RIGHT, NULL},
    {"ENDED BY", "ends", VMC_DATUM_TEXT, 0, NULL},
    {NULL},
};

gboolean
vmc_verb_capacity(VmcInvocation *invocation, GError **error)
{
    const char *tiers_text = vmc_invocation_option(invocation, "tiers");
    guint64 n_tiers = tiers_text != NULL
                          ? g_ascii_strtoull(tiers_text, NULL, 10)
                          : DEFAULT_TIERS;
    g_autoptr(VmcPolicy) policy = vmc_fleet_source_policy(invocation, error);
    g_autoptr(VmcFleet) fleet =
        policy != NULL ? vmc_fleet_source_load(invocation, error) : NULL;
    g_autoptr(VmcVm) example =
        fleet != NULL ? find_example(invocation, fleet, error) : NULL;
    g_autoptr(GPtrArray) tiers =
        example != NULL
            ? vmc_capacity(fleet, policy, example, (guint) n_tiers, error)
            : NULL;

    if (tiers == NULL)
        return FALSE;
    g_autoptr(JsonNode) node = to_json(example, policy, tiers);
    vmc_output_list(&invocation->output, node, "tiers", tier_data);
    return TRUE;
}
