/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/placement-rule.h"

#include "core/error.h"
#include "core/name-table.h"
#include "core/vm.h"

#include <string.h>

static const char *const kind_names[VMC_N_PLACEMENT_RULE_KINDS] = {
    [VMC_PLACEMENT_RULE_APART] = "apart",
    [VMC_PLACEMENT_RULE_TOGETHER] = "together",
    [VMC_PLACEMENT_RULE_PIN] = "pin",
    [VMC_PLACEMENT_RULE_AVOID] = "avoid",
    [VMC_PLACEMENT_RULE_SPREAD] = "spread",
    [VMC_PLACEMENT_RULE_NEAR] = "near",
};

const char *
vmc_placement_rule_kind_to_name(VmcPlacementRuleKind kind)
{
    g_return_val_if_fail(kind < VMC_N_PLACEMENT_RULE_KINDS, NULL);
    return kind_names[kind];
}

gboolean
vmc_placement_rule_kind_from_name(const char *name,
                                  VmcPlacementRuleKind *ret_kind)
{
    return vmc_names_find(kind_names, name, ret_kind);
}

/* ---- groups ------------------------------------------------------------- */

static GStrv
strv_new_empty(void)
{
    return g_new0(char *, 1);
}

VmcGroup *
vmc_group_new(const char *name)
{
    g_return_val_if_fail(name != NULL, NULL);
    VmcGroup *group = g_new0(VmcGroup, 1);
    g_atomic_ref_count_init(&group->refs);
    group->name = g_strdup(name);
    group->vms = strv_new_empty();
    group->templates = strv_new_empty();
    return group;
}

VmcGroup *
vmc_group_ref(VmcGroup *group)
{
    g_return_val_if_fail(group != NULL, NULL);
    g_atomic_ref_count_inc(&group->refs);
    return group;
}

void
vmc_group_unref(VmcGroup *group)
{
    if (group == NULL || !g_atomic_ref_count_dec(&group->refs))
        return;
    g_free(group->name);
    g_strfreev(group->vms);
    g_strfreev(group->templates);
    g_free(group);
}

/* ---- rules -------------------------------------------------------------- */

VmcPlacementRule *
vmc_placement_rule_new(const char *name, VmcPlacementRuleKind kind)
{
    g_return_val_if_fail(name != NULL && kind < VMC_N_PLACEMENT_RULE_KINDS,
                         NULL);
    VmcPlacementRule *rule = g_new0(VmcPlacementRule, 1);
    g_atomic_ref_count_init(&rule->refs);
    rule->name = g_strdup(name);
    rule->kind = kind;
    rule->weight = 1;
    rule->level = g_strdup(VMC_LEVEL_HOST);
    rule->vms = strv_new_empty();
    rule->templates = strv_new_empty();
    rule->hosts = strv_new_empty();
    rule->labels = strv_new_empty();
    return rule;
}

VmcPlacementRule *
vmc_placement_rule_ref(VmcPlacementRule *rule)
{
    g_return_val_if_fail(rule != NULL, NULL);
    g_atomic_ref_count_inc(&rule->refs);
    return rule;
}

void
vmc_placement_rule_unref(VmcPlacementRule *rule)
{
    if (rule == NULL || !g_atomic_ref_count_dec(&rule->refs))
        return;
    g_free(rule->name);
    g_free(rule->level);
    g_free(rule->group);
    g_strfreev(rule->vms);
    g_strfreev(rule->templates);
    g_strfreev(rule->hosts);
    g_strfreev(rule->labels);
    g_free(rule->near);
    g_free(rule);
}

gboolean
vmc_placement_rule_has_level(const VmcPlacementRule *rule)
{
    g_return_val_if_fail(rule != NULL, FALSE);
    return rule->kind != VMC_PLACEMENT_RULE_PIN &&
           rule->kind != VMC_PLACEMENT_RULE_AVOID;
}

static gboolean
is_empty(GStrv strv)
{
    return strv == NULL || strv[0] == NULL;
}

static gboolean
wrong(const VmcPlacementRule *rule,
      const char *member,
      const char *why,
      GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".%s: a rule of kind '%s' %s", member,
                vmc_placement_rule_kind_to_name(rule->kind), why);
    return FALSE;
}

static gboolean
check_members(const VmcPlacementRule *rule, GError **error)
{
    if (!is_empty(rule->vms) || !is_empty(rule->templates) ||
        rule->group != NULL)
        return TRUE;
    return wrong(rule, "vms",
                 "is about VMs: name 'vms', 'templates' or a "
                 "'group'",
                 error);
}

static gboolean
check_place(const VmcPlacementRule *rule, GError **error)
{
    gboolean has_place = !is_empty(rule->hosts) || !is_empty(rule->labels);

    if (vmc_placement_rule_has_level(rule) && has_place)
        return wrong(rule, is_empty(rule->hosts) ? "labels" : "hosts",
                     "is not about named hosts", error);
    if (vmc_placement_rule_has_level(rule) && *rule->level == '\0')
        return wrong(rule, "level", "needs 'host' or the key of a host label",
                     error);
    if (!vmc_placement_rule_has_level(rule) && !has_place)
        return wrong(rule, "hosts", "needs 'hosts' or 'labels'", error);
    return TRUE;
}

static gboolean
check_weight(const VmcPlacementRule *rule, GError **error)
{
    if (rule->weight >= 1 && rule->weight <= VMC_PLACEMENT_RULE_MAX_WEIGHT)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".weight: expected 1 to %d, found %u",
                VMC_PLACEMENT_RULE_MAX_WEIGHT, rule->weight);
    return FALSE;
}

gboolean
vmc_placement_rule_check(const VmcPlacementRule *rule, GError **error)
{
    g_return_val_if_fail(rule != NULL, FALSE);
    if (!vmc_vm_name_check(rule->name, error)) {
        g_prefix_error(error, ".name: ");
        return FALSE;
    }
    if (!check_weight(rule, error) || !check_members(rule, error) ||
        !check_place(rule, error))
        return FALSE;
    if ((rule->kind == VMC_PLACEMENT_RULE_SPREAD) != (rule->n_domains > 0))
        return wrong(rule, "n_domains",
                     rule->n_domains > 0 ? "does not count domains"
                                         : "needs 1 or more",
                     error);
    if ((rule->kind == VMC_PLACEMENT_RULE_NEAR) != (rule->near != NULL))
        return wrong(rule, "near",
                     rule->near != NULL ? "has no other group"
                                        : "needs the other group",
                     error);
    return TRUE;
}

const char *
vmc_label_domain(const char *const *labels, const char *level)
{
    g_return_val_if_fail(level != NULL, NULL);
    gsize length = strlen(level);

    for (gsize i = 0; labels != NULL && labels[i] != NULL; i++)
        if (strncmp(labels[i], level, length) == 0 && labels[i][length] == '=')
            return labels[i] + length + 1;
    return NULL;
}
