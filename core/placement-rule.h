/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Groups of VMs, and rules about where VMs may be. Both are immutable counted
 * values of a fleet. They name VMs, hosts and labels and do not hold them: a
 * rule outlives what it names, and means the VMs that are there.
 */

/**
 * VMC_LEVEL_HOST:
 *
 * The level of a rule about single hosts. Any other level is the key of a host
 * label: at level "rack", hosts labelled "rack=r1" are one domain.
 */
#define VMC_LEVEL_HOST "host"

/**
 * VmcGroup:
 * @name: what rules call it; unique among the groups of a fleet
 * @vms: names or UUIDs of VMs
 * @templates: also every managed VM made from one of these templates
 *
 * VMs that rules speak of together.
 */
typedef struct {
    char *name;
    GStrv vms;
    GStrv templates;
    gatomicrefcount refs;
} VmcGroup;

/**
 * vmc_group_new:
 * @name: what rules call it
 *
 * Returns: (transfer full): a group without VMs; may be written to until it is
 * shared
 */
VmcGroup *vmc_group_new(const char *name);
VmcGroup *vmc_group_ref(VmcGroup *group);
void vmc_group_unref(VmcGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcGroup, vmc_group_unref)

/**
 * VmcPlacementRuleKind:
 * @VMC_PLACEMENT_RULE_APART: no two of the VMs in one domain of the level
 * @VMC_PLACEMENT_RULE_TOGETHER: all VMs in one domain of the level
 * @VMC_PLACEMENT_RULE_PIN: only on these hosts, or hosts with one of these
 * labels
 * @VMC_PLACEMENT_RULE_AVOID: on none of these hosts, nor hosts with one of
 * these labels
 * @VMC_PLACEMENT_RULE_SPREAD: over at least so many domains of the level
 * @VMC_PLACEMENT_RULE_NEAR: only in domains of the level that have a VM of
 * another group
 */
typedef enum {
    VMC_PLACEMENT_RULE_APART,
    VMC_PLACEMENT_RULE_TOGETHER,
    VMC_PLACEMENT_RULE_PIN,
    VMC_PLACEMENT_RULE_AVOID,
    VMC_PLACEMENT_RULE_SPREAD,
    VMC_PLACEMENT_RULE_NEAR,
    VMC_N_PLACEMENT_RULE_KINDS
} VmcPlacementRuleKind;

/**
 * vmc_placement_rule_kind_to_name:
 * @kind: a kind
 *
 * Returns: (transfer none): its name, as "apart"
 */
const char *vmc_placement_rule_kind_to_name(VmcPlacementRuleKind kind);

/**
 * vmc_placement_rule_kind_from_name:
 * @name: a name as vmc_placement_rule_kind_to_name() gives it
 * @ret_kind: (out): the kind
 *
 * Returns: %FALSE when no kind has that name
 */
gboolean vmc_placement_rule_kind_from_name(const char *name,
                                           VmcPlacementRuleKind *ret_kind);

#define VMC_PLACEMENT_RULE_MAX_WEIGHT 1000000

/**
 * VmcPlacementRule:
 * @name: what people call it; unique among the rules of a fleet
 * @kind: what it asks for
 * @must: must hold; else should, and breaking it costs @weight
 * @weight: of a rule that should hold, 1 … %VMC_PLACEMENT_RULE_MAX_WEIGHT
 * @level: domains of which level it is about; no meaning for pin and avoid
 * @group: (nullable): it is about the VMs of this group,
 * @vms: and those of these names or UUIDs,
 * @templates: and every managed VM made from one of these templates
 * @hosts: names of hosts, for pin and avoid
 * @labels: host labels, as "ssd" or "rack=r1", for pin and avoid
 * @n_domains: over how many domains, for spread
 * @near: (nullable): the other group, for near
 */
typedef struct {
    char *name;
    VmcPlacementRuleKind kind;
    gboolean must;
    guint weight;
    char *level;
    char *group;
    GStrv vms;
    GStrv templates;
    GStrv hosts;
    GStrv labels;
    guint n_domains;
    char *near;
    gatomicrefcount refs;
} VmcPlacementRule;

/**
 * vmc_placement_rule_new:
 * @name: what people call it
 * @kind: what it asks for
 *
 * Returns: (transfer full): a rule of weight 1 that should hold, of level host,
 * about no VM yet; may be written to until it is shared
 */
VmcPlacementRule *vmc_placement_rule_new(const char *name,
                                         VmcPlacementRuleKind kind);
VmcPlacementRule *vmc_placement_rule_ref(VmcPlacementRule *rule);
void vmc_placement_rule_unref(VmcPlacementRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPlacementRule, vmc_placement_rule_unref)

/**
 * vmc_placement_rule_has_level:
 * @rule: a rule
 *
 * Returns: whether it is about domains of a level, and not about named hosts
 */
gboolean vmc_placement_rule_has_level(const VmcPlacementRule *rule);

/**
 * vmc_placement_rule_check:
 * @rule: a rule
 * @error: %VMC_ERROR_INVALID that begins with ".member: "
 *
 * Returns: whether @rule has what its kind needs and nothing else
 */
gboolean vmc_placement_rule_check(const VmcPlacementRule *rule, GError **error);

/**
 * vmc_label_domain:
 * @labels: labels of a host
 * @level: the key of a label
 *
 * Returns: (transfer none) (nullable): "r1" of a label "rack=r1" when @level is
 * "rack"; %NULL when no label has that key
 */
const char *vmc_label_domain(const char *const *labels, const char *level);
