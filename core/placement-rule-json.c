/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/placement-rule-json.h"

#include "core/error.h"
#include "core/vm.h"

/* ---- groups ------------------------------------------------------------- */

static const VmcField group_fields[] = {
    VMC_FIELD(VmcGroup, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcGroup, vms, STRV),
    VMC_FIELD(VmcGroup, templates, STRV),
};

static gpointer
group_new_empty(void)
{
    return vmc_group_new("");
}

static gboolean
group_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcGroup *group = record;

    if (vmc_vm_name_check(group->name, error))
        return TRUE;
    g_prefix_error(error, ".name: ");
    return FALSE;
}

const VmcRecordType vmc_group_type =
    VMC_RECORD_TYPE(group_fields,
                    group_new_empty,
                    (GDestroyNotify) vmc_group_unref,
                    .finish = group_finish);

JsonNode *
vmc_group_to_json(const VmcGroup *group)
{
    return vmc_record_to_json(&vmc_group_type, group);
}

VmcGroup *
vmc_group_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcGroup) group = group_new_empty();

    if (!vmc_record_from_json(&vmc_group_type, node, group, error))
        return NULL;
    return g_steal_pointer(&group);
}

/* ---- rules -------------------------------------------------------------- */

static const char *
kind_name(guint kind)
{
    return vmc_placement_rule_kind_to_name((VmcPlacementRuleKind) kind);
}

static const VmcEnumNames kind_names = {VMC_N_PLACEMENT_RULE_KINDS, kind_name};

static const VmcField rule_fields[] = {
    VMC_FIELD(VmcPlacementRule, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcPlacementRule,
              kind,
              ENUM,
              VMC_FIELD_REQUIRED,
              VMC_FIELD_DETAIL(kind_names)),
    VMC_FIELD(VmcPlacementRule, must, BOOLEAN),
    VMC_FIELD(VmcPlacementRule, weight, UINT),
    VMC_FIELD(VmcPlacementRule, level, STRING),
    VMC_FIELD(VmcPlacementRule, group, STRING),
    VMC_FIELD(VmcPlacementRule, vms, STRV),
    VMC_FIELD(VmcPlacementRule, templates, STRV),
    VMC_FIELD(VmcPlacementRule, hosts, STRV),
    VMC_FIELD(VmcPlacementRule, labels, STRV),
    VMC_FIELD(VmcPlacementRule, n_domains, UINT),
    VMC_FIELD(VmcPlacementRule, near, STRING),
};

static gpointer
rule_new_empty(void)
{
    return vmc_placement_rule_new("", VMC_PLACEMENT_RULE_APART);
}

/* A null level is the default one. */
static gboolean
rule_finish(gpointer record, JsonObject *object, GError **error)
{
    VmcPlacementRule *rule = record;

    if (rule->level == NULL)
        rule->level = g_strdup(VMC_LEVEL_HOST);
    return vmc_placement_rule_check(rule, error);
}

const VmcRecordType vmc_placement_rule_type =
    VMC_RECORD_TYPE(rule_fields,
                    rule_new_empty,
                    (GDestroyNotify) vmc_placement_rule_unref,
                    .finish = rule_finish);

JsonNode *
vmc_placement_rule_to_json(const VmcPlacementRule *rule)
{
    return vmc_record_to_json(&vmc_placement_rule_type, rule);
}

VmcPlacementRule *
vmc_placement_rule_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcPlacementRule) rule = rule_new_empty();

    if (!vmc_record_from_json(&vmc_placement_rule_type, node, rule, error))
        return NULL;
    return g_steal_pointer(&rule);
}
