/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"

#include "core/error.h"
#include "core/json-record.h"
#include "core/json-text.h"
#include "core/placement-rule-json.h"

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
