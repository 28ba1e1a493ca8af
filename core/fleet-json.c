/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"

#include "core/error.h"
#include "core/json-record.h"
#include "core/json-text.h"
#include "core/placement-rule-json.h"

#include <string.h>

/* ---- resources, triples ------------------------------------------------- */

#define AMOUNT(resource, key)                                                  \
    {                                                                          \
        key, VMC_FIELD_UINT64, G_STRUCT_OFFSET(VmcResources, amount[resource]) \
    }

static const VmcField resources_fields[VMC_N_RESOURCES] = {
    AMOUNT(VMC_CPU, "cpu_millicores"),
    AMOUNT(VMC_MEMORY, "memory_bytes"),
    AMOUNT(VMC_DISK, "disk_bytes"),
    AMOUNT(VMC_NETWORK, "network_bits_per_s"),
};
const VmcRecordType vmc_resources_type = VMC_RECORD_TYPE(resources_fields);

static const VmcField ceiling_fields[VMC_N_RESOURCES] = {
    AMOUNT(VMC_CPU, "cpu"),
    AMOUNT(VMC_MEMORY, "memory"),
    AMOUNT(VMC_DISK, "disk"),
    AMOUNT(VMC_NETWORK, "network"),
};
const VmcRecordType vmc_ceiling_type = VMC_RECORD_TYPE(ceiling_fields);

static const VmcField triple_fields[] = {
    VMC_FIELD(VmcTriple, requested, UINT64),
    VMC_FIELD(VmcTriple, plugged, UINT64),
    VMC_FIELD(VmcTriple, usable, UINT64),
};
static const VmcRecordType triple_type = VMC_RECORD_TYPE(triple_fields);

/* ---- factors ------------------------------------------------------------ */

static const char *
source_name(guint source)
{
    return vmc_factor_source_to_name((VmcFactorSource) source);
}

static const VmcEnumNames source_names = {VMC_N_FACTOR_SOURCES, source_name};

static const VmcField factor_fields[] = {
    VMC_FIELD(VmcFactor, value_milli, UINT, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcFactor, min_milli, UINT),
    VMC_FIELD(VmcFactor, max_milli, UINT),
    VMC_FIELD(VmcFactor,
              source,
              ENUM,
              VMC_FIELD_REQUIRED,
              VMC_FIELD_DETAIL(source_names)),
};

/* A fixed factor has no range. */
static gboolean
factor_omits(const VmcField *field, gconstpointer record)
{
    const VmcFactor *factor = record;

    return !factor->is_auto &&
           (field->offset == G_STRUCT_OFFSET(VmcFactor, min_milli) ||
            field->offset == G_STRUCT_OFFSET(VmcFactor, max_milli));
}

static gboolean
factor_finish(gpointer record, JsonObject *object, GError **error)
{
    VmcFactor *factor = record;
    gboolean has_min = json_object_has_member(object, "min_milli");

    if (has_min != json_object_has_member(object, "max_milli")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    ".%s: is missing, but required where the other end is",
                    has_min ? "max_milli" : "min_milli");
        return FALSE;
    }
    factor->is_auto = has_min;
    if (!has_min)
        factor->min_milli = factor->max_milli = factor->value_milli;
    if (factor->min_milli >= VMC_FACTOR_MIN_MILLI &&
        factor->min_milli <= factor->value_milli &&
        factor->value_milli <= factor->max_milli &&
        factor->max_milli <= VMC_FACTOR_MAX_MILLI)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".value_milli: expected %d to %d, and within the range if "
                "there is one, found %u",
                VMC_FACTOR_MIN_MILLI, VMC_FACTOR_MAX_MILLI,
                factor->value_milli);
    return FALSE;
}

static const VmcRecordType factor_type = VMC_RECORD_TYPE(
    factor_fields, .omits = factor_omits, .finish = factor_finish);

#define FACTOR(resource, key)                                                  \
    {                                                                          \
        key, VMC_FIELD_RECORD, G_STRUCT_OFFSET(VmcFactors, of[resource]),      \
            VMC_FIELD_DETAIL(factor_type)                                      \
    }

static const VmcField factors_fields[VMC_N_RESOURCES] = {
    FACTOR(VMC_CPU, "cpu"),
    FACTOR(VMC_MEMORY, "memory"),
    FACTOR(VMC_DISK, "disk"),
    FACTOR(VMC_NETWORK, "network"),
};
static const VmcRecordType factors_type = VMC_RECORD_TYPE(factors_fields);

/* ---- wishes, pools ------------------------------------------------------ */

static const VmcField wish_fields[] = {
    VMC_FIELD(VmcWish, must, BOOLEAN),
    VMC_FIELD(VmcWish, avoid, BOOLEAN),
    VMC_FIELD(VmcWish, host, STRING),
    VMC_FIELD(VmcWish, label, STRING),
};

static gpointer
wish_new_empty(void)
{
    return vmc_wish_new(FALSE, FALSE, NULL, NULL);
}

static gboolean
wish_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcWish *wish = record;

    if ((wish->host == NULL) != (wish->label == NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ": a wish has either a host or a label");
    return FALSE;
}

static const VmcRecordType wish_type =
    VMC_RECORD_TYPE(wish_fields,
                    wish_new_empty,
                    (GDestroyNotify) vmc_wish_free,
                    .finish = wish_finish);

static const VmcField pool_fields[] = {
    VMC_FIELD(VmcPool, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcPool, path, STRING),
    VMC_FIELD(VmcPool, capacity_bytes, UINT64),
    VMC_FIELD(VmcPool, free_bytes, UINT64),
};

static gpointer
pool_new_empty(void)
{
    return vmc_pool_new("", NULL);
}

static const VmcRecordType pool_type = VMC_RECORD_TYPE(
    pool_fields, pool_new_empty, (GDestroyNotify) vmc_pool_free);

static gboolean
check_name(const char *name, GError **error)
{
    if (vmc_vm_name_check(name, error))
        return TRUE;
    g_prefix_error(error, ".name: ");
    return FALSE;
}

static gboolean
check_uuid(const char *uuid, GError **error)
{
    if (g_uuid_string_is_valid(uuid))
        return TRUE;
    g_autofree char *shown = vmc_error_quote(uuid);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".uuid: '%s' is not a UUID", shown);
    return FALSE;
}

/* ---- hosts -------------------------------------------------------------- */

static const char *
host_state_name(guint state)
{
    return vmc_host_state_to_name((VmcHostState) state);
}

static const VmcEnumNames host_state_names = {VMC_N_HOST_STATES,
                                              host_state_name};

static const VmcField host_fields[] = {
    VMC_FIELD(VmcHost, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcHost, uri, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcHost, uuid, STRING),
    VMC_FIELD(VmcHost, migration_uri, STRING),
    VMC_FIELD(VmcHost, state, ENUM, VMC_FIELD_DETAIL(host_state_names)),
    VMC_FIELD(VmcHost, state_reason, STRING),
    VMC_FIELD(VmcHost, state_since_s, INT64),
    VMC_FIELD(VmcHost, labels, STRV),
    VMC_FIELD(VmcHost, physical, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcHost, reserved, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(
        VmcHost, ceiling_milli, RECORD, VMC_FIELD_DETAIL(vmc_ceiling_type)),
    VMC_FIELD(VmcHost, arch, STRING),
    VMC_FIELD(VmcHost, cpu_model, STRING),
    VMC_FIELD(VmcHost, domain_type, STRING),
    VMC_FIELD(VmcHost, hypervisor_version, STRING),
    VMC_FIELD(VmcHost, n_cores, UINT),
    VMC_FIELD(VmcHost, n_threads, UINT),
    VMC_FIELD(VmcHost, n_numa_nodes, UINT),
    VMC_FIELD(VmcHost, cpu_models, STRV),
    VMC_FIELD(VmcHost, machines, STRV),
    VMC_FIELD(VmcHost, pools, RECORDS, VMC_FIELD_DETAIL(pool_type)),
    VMC_FIELD(VmcHost, networks, STRV),
    VMC_FIELD(VmcHost, bridges, STRV),
};

static gpointer
host_new_empty(void)
{
    return vmc_host_new("", "");
}

static gboolean
host_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcHost *host = record;

    return check_name(host->name, error) &&
           (host->uuid == NULL || check_uuid(host->uuid, error));
}

const VmcRecordType vmc_host_type =
    VMC_RECORD_TYPE(host_fields,
                    host_new_empty,
                    (GDestroyNotify) vmc_host_unref,
                    .finish = host_finish);

/* ---- VMs ---------------------------------------------------------------- */

static const char *
vm_state_name(guint state)
{
    return vmc_vm_state_to_name((VmcVmState) state);
}

static const VmcEnumNames vm_state_names = {VMC_N_VM_STATES, vm_state_name};

static const VmcField vm_fields[] = {
    VMC_FIELD(VmcVm, uuid, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcVm, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcVm, host, STRING),
    VMC_FIELD(VmcVm, destination, STRING),
    VMC_FIELD(VmcVm, state, ENUM, VMC_FIELD_DETAIL(vm_state_names)),
    VMC_FIELD(VmcVm, state_reason, STRING),
    VMC_FIELD(VmcVm, state_since_s, INT64),
    VMC_FIELD(VmcVm, is_managed, BOOLEAN),
    VMC_FIELD(VmcVm, template_name, STRING),
    VMC_FIELD(VmcVm, service_class, STRING),
    VMC_FIELD(VmcVm, size, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, size_min, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, size_max, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, factors, RECORD, VMC_FIELD_DETAIL(factors_type)),
    VMC_FIELD(VmcVm, vcpus, RECORD, VMC_FIELD_DETAIL(triple_type)),
    VMC_FIELD(VmcVm, memory_bytes, RECORD, VMC_FIELD_DETAIL(triple_type)),
    VMC_FIELD(VmcVm, demand, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, demand_age_s, INT64),
    VMC_FIELD(VmcVm, resident_bytes, UINT64),
    VMC_FIELD(VmcVm, dirty_bytes_per_s, UINT64),
    VMC_FIELD(VmcVm, moved_at_s, INT64),
    VMC_FIELD(VmcVm, n_numa_nodes, UINT),
    VMC_FIELD(VmcVm, cpu_model, STRING),
    VMC_FIELD(VmcVm, machine, STRING),
    VMC_FIELD(VmcVm, pools, STRV),
    VMC_FIELD(VmcVm, networks, STRV),
    VMC_FIELD(VmcVm, bridges, STRV),
    VMC_FIELD(VmcVm, pending, STRING),
    VMC_FIELD(VmcVm, wishes, RECORDS, VMC_FIELD_DETAIL(wish_type)),
};

static gpointer
vm_new_empty(void)
{
    return vmc_vm_new("", "");
}

/* A domain that was found has whatever name libvirt let it have. */
static gboolean
vm_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcVm *vm = record;

    if (!check_uuid(vm->uuid, error))
        return FALSE;
    if (vm->is_managed)
        return check_name(vm->name, error);
    if (*vm->name != '\0')
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, ".name: is empty");
    return FALSE;
}

const VmcRecordType vmc_vm_type = VMC_RECORD_TYPE(vm_fields,
                                                  vm_new_empty,
                                                  (GDestroyNotify) vmc_vm_unref,
                                                  .finish = vm_finish);

/* ---- fleets ------------------------------------------------------------- */

typedef struct {
    guint format;
    GPtrArray *hosts;
    GPtrArray *vms;
    GPtrArray *groups;
    GPtrArray *rules;
} Draft;

static void
draft_clear(Draft *draft)
{
    g_clear_pointer(&draft->hosts, g_ptr_array_unref);
    g_clear_pointer(&draft->vms, g_ptr_array_unref);
    g_clear_pointer(&draft->groups, g_ptr_array_unref);
    g_clear_pointer(&draft->rules, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Draft, draft_clear)

static gboolean
draft_finish(gpointer record, JsonObject *object, GError **error)
{
    const Draft *draft = record;

    if (draft->format == VMC_FLEET_FORMAT_VERSION)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".format: this vmctl reads version %d, found %u",
                VMC_FLEET_FORMAT_VERSION, draft->format);
    return FALSE;
}

static const VmcField draft_fields[] = {
    VMC_FIELD(Draft, format, UINT, VMC_FIELD_REQUIRED),
    VMC_FIELD(Draft,
              hosts,
              RECORDS,
              VMC_FIELD_REQUIRED,
              VMC_FIELD_DETAIL(vmc_host_type)),
    VMC_FIELD(
        Draft, vms, RECORDS, VMC_FIELD_REQUIRED, VMC_FIELD_DETAIL(vmc_vm_type)),
    VMC_FIELD(Draft, groups, RECORDS, VMC_FIELD_DETAIL(vmc_group_type)),
    VMC_FIELD(Draft, rules, RECORDS, VMC_FIELD_DETAIL(vmc_placement_rule_type)),
};

/* A fleet without groups or rules says nothing about them. */
static gboolean
draft_omits(const VmcField *field, gconstpointer record)
{
    const Draft *draft = record;

    return (field->offset == G_STRUCT_OFFSET(Draft, groups) &&
            draft->groups->len == 0) ||
           (field->offset == G_STRUCT_OFFSET(Draft, rules) &&
            draft->rules->len == 0);
}

static const VmcRecordType draft_type =
    VMC_RECORD_TYPE(draft_fields, .omits = draft_omits, .finish = draft_finish);

/* Remembers @key as taken; FALSE when it was. A NULL is never taken. */
static gboolean
claim_key(GHashTable *taken, const char *key)
{
    return key == NULL || g_hash_table_add(taken, g_ascii_strdown(key, -1));
}

static gboolean
taken(const char *list,
      guint index,
      const char *member,
      const char *key,
      GError **error)
{
    g_autofree char *shown = vmc_error_quote(key);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "%s[%u].%s: '%s' stands there twice", list, index, member,
                shown);
    return FALSE;
}

static void
replace_fleet(VmcFleet **fleet, VmcFleet *changed)
{
    vmc_fleet_unref(*fleet);
    *fleet = changed;
}

static gboolean
add_hosts(VmcFleet **fleet, const GPtrArray *hosts, GError **error)
{
    g_autoptr(GHashTable) uuids =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < hosts->len; i++) {
        VmcHost *host = hosts->pdata[i];
        if (vmc_fleet_find_host(*fleet, host->name) != NULL)
            return taken("hosts", i, "name", host->name, error);
        if (!claim_key(uuids, host->uuid))
            return taken("hosts", i, "uuid", host->uuid, error);
        replace_fleet(fleet, vmc_fleet_with_host(*fleet, host));
    }
    return TRUE;
}

static gboolean
check_host_exists(const VmcFleet *fleet,
                  guint index,
                  const char *member,
                  const char *host_name,
                  GError **error)
{
    if (host_name == NULL || vmc_fleet_find_host(fleet, host_name) != NULL)
        return TRUE;
    g_autofree char *shown = vmc_error_quote(host_name);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "vms[%u].%s: there is no host '%s'", index, member, shown);
    return FALSE;
}

static gboolean
add_vms(VmcFleet **fleet, const GPtrArray *vms, GError **error)
{
    g_autoptr(GHashTable) uuids =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < vms->len; i++) {
        VmcVm *vm = vms->pdata[i];
        if (!claim_key(uuids, vm->uuid))
            return taken("vms", i, "uuid", vm->uuid, error);
        if (vm->is_managed && !g_hash_table_add(names, vm->name))
            return taken("vms", i, "name", vm->name, error);
        if (!check_host_exists(*fleet, i, "host", vm->host, error) ||
            !check_host_exists(*fleet, i, "destination", vm->destination,
                               error))
            return FALSE;
        replace_fleet(fleet, vmc_fleet_with_vm(*fleet, vm));
    }
    return TRUE;
}

static gboolean
add_groups(VmcFleet **fleet, const GPtrArray *groups, GError **error)
{
    for (guint i = 0; groups != NULL && i < groups->len; i++) {
        VmcGroup *group = groups->pdata[i];
        if (vmc_fleet_find_group(*fleet, group->name) != NULL)
            return taken("groups", i, "name", group->name, error);
        replace_fleet(fleet, vmc_fleet_with_group(*fleet, group));
    }
    return TRUE;
}

static gboolean
check_group_exists(const VmcFleet *fleet,
                   guint index,
                   const char *member,
                   const char *group,
                   GError **error)
{
    if (group == NULL || vmc_fleet_find_group(fleet, group) != NULL)
        return TRUE;
    g_autofree char *shown = vmc_error_quote(group);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "rules[%u].%s: there is no group '%s'", index, member, shown);
    return FALSE;
}

static gboolean
add_rules(VmcFleet **fleet, const GPtrArray *rules, GError **error)
{
    for (guint i = 0; rules != NULL && i < rules->len; i++) {
        VmcPlacementRule *rule = rules->pdata[i];
        if (vmc_fleet_find_rule(*fleet, rule->name) != NULL)
            return taken("rules", i, "name", rule->name, error);
        if (!check_group_exists(*fleet, i, "group", rule->group, error) ||
            !check_group_exists(*fleet, i, "near", rule->near, error))
            return FALSE;
        replace_fleet(fleet, vmc_fleet_with_rule(*fleet, rule));
    }
    return TRUE;
}

/* ---- public ------------------------------------------------------------- */

char *
vmc_fleet_to_text(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    g_auto(Draft) draft = {.format = VMC_FLEET_FORMAT_VERSION,
                           .hosts = g_ptr_array_new(),
                           .vms = g_ptr_array_new(),
                           .groups = g_ptr_array_new(),
                           .rules = g_ptr_array_new()};

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        g_ptr_array_add(draft.hosts, vmc_fleet_host_at(fleet, i));
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++)
        g_ptr_array_add(draft.vms, vmc_fleet_vm_at(fleet, i));
    for (guint i = 0; i < vmc_fleet_n_groups(fleet); i++)
        g_ptr_array_add(draft.groups, vmc_fleet_group_at(fleet, i));
    for (guint i = 0; i < vmc_fleet_n_rules(fleet); i++)
        g_ptr_array_add(draft.rules, vmc_fleet_rule_at(fleet, i));
    return vmc_record_to_text(&draft_type, &draft);
}

JsonNode *
vmc_fleet_to_json(const VmcFleet *fleet)
{
    g_autofree char *text = vmc_fleet_to_text(fleet);

    return text != NULL ? json_from_string(text, NULL) : NULL;
}

VmcFleet *
vmc_fleet_from_json(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    g_auto(Draft) draft = {0};
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();

    if (!vmc_record_from_json(&draft_type, node, &draft, error) ||
        !add_hosts(&fleet, draft.hosts, error) ||
        !add_vms(&fleet, draft.vms, error) ||
        !add_groups(&fleet, draft.groups, error) ||
        !add_rules(&fleet, draft.rules, error))
        return NULL;
    return g_steal_pointer(&fleet);
}

VmcFleet *
vmc_fleet_parse(const char *text, gssize length, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, length, VMC_FLEET_MAX_BYTES, error);

    return node != NULL ? vmc_fleet_from_json(node, error) : NULL;
}

JsonNode *
vmc_host_to_json(const VmcHost *host)
{
    return vmc_record_to_json(&vmc_host_type, host);
}

VmcHost *
vmc_host_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcHost) host = host_new_empty();

    if (!vmc_record_from_json(&vmc_host_type, node, host, error))
        return NULL;
    return g_steal_pointer(&host);
}

JsonNode *
vmc_vm_to_json(const VmcVm *vm)
{
    return vmc_record_to_json(&vmc_vm_type, vm);
}

VmcVm *
vmc_vm_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcVm) vm = vm_new_empty();

    if (!vmc_record_from_json(&vmc_vm_type, node, vm, error))
        return NULL;
    return g_steal_pointer(&vm);
}

JsonNode *
vmc_resources_to_json(VmcResources resources)
{
    return vmc_record_to_json(&vmc_resources_type, &resources);
}

gboolean
vmc_resources_from_json(JsonNode *node,
                        VmcResources *ret_resources,
                        GError **error)
{
    g_return_val_if_fail(ret_resources != NULL, FALSE);
    VmcResources resources = {0};

    if (!vmc_record_from_json(&vmc_resources_type, node, &resources, error))
        return FALSE;
    *ret_resources = resources;
    return TRUE;
}
