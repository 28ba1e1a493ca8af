/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/fleet-model.h"

/*
 * The steps by which a fleet becomes a model, for fleet-model.c alone. Each
 * file does one: columns and amounts, host sets and wishes, levels and rules.
 */

/* What a VM that has to leave its host costs there, in points: more than any
 * placement is worth, and few enough digits that gains stay exact beside it. */
#define VMC_FLEET_BROKEN_WEIGHT 1e9

/**
 * VmcFleetBase:
 * @vm: a VM that counts on a host and is not in the model, or a VM in transit
 * @host: index of the host
 *
 * Load that cannot be moved away.
 */
typedef struct {
    const VmcVm *vm;
    guint host;
} VmcFleetBase;

/**
 * VmcFleetAmounts:
 * @of: what each kind of column counts of one VM
 */
typedef struct {
    VmcResources of[VMC_N_FLEET_COLUMN_KINDS];
} VmcFleetAmounts;

/**
 * vmc_fleet_build_columns:
 * @fm: hosts and VMs are there
 * @base: (element-type VmcFleetBase): load that cannot be moved
 *
 * Chooses the columns and their units.
 *
 * Returns: (transfer full) (element-type VmcFleetAmounts): of each VM, since
 * they had to be known
 */
GArray *vmc_fleet_build_columns(VmcFleetModel *fm, GArray *base);

/**
 * vmc_fleet_build_groups:
 * @fm: VMs are there
 *
 * Finds the VMs of each group.
 */
void vmc_fleet_build_groups(VmcFleetModel *fm);

/**
 * vmc_fleet_fill_columns:
 * @fm: the model is there
 * @base: (element-type VmcFleetBase): load that cannot be moved
 * @amounts: what vmc_fleet_build_columns() returned
 *
 * Sets capacities, thresholds, needs, weights, shape and spare room.
 */
void vmc_fleet_fill_columns(VmcFleetModel *fm,
                            GArray *base,
                            const GArray *amounts);

/**
 * vmc_fleet_fill_sets:
 * @fm: the model is there
 *
 * Sets which hosts each VM may be on, and what it wishes.
 */
void vmc_fleet_fill_sets(VmcFleetModel *fm);

/**
 * vmc_fleet_fill_rules:
 * @fm: the model is there
 *
 * Sets levels, groups, rules and the groups whose moves are counted.
 */
void vmc_fleet_fill_rules(VmcFleetModel *fm);

/**
 * vmc_fleet_level_domains:
 * @fm: hosts are there
 * @level: "host" or the key of a label
 * @ret_domain: (out caller-allocates): for each host its domain
 *
 * A host without such a label is a domain of its own.
 *
 * Returns: how many domains there are
 */
guint vmc_fleet_level_domains(const VmcFleetModel *fm,
                              const char *level,
                              guint32 *ret_domain);

/**
 * vmc_fleet_rule_vms:
 * @fm: VMs are there
 * @group: (nullable): name of a group
 * @vms: (nullable): names or UUIDs
 * @templates: (nullable): names of templates
 *
 * Returns: (transfer full) (element-type guint32): the VMs that are in the
 * model, ascending, each once
 */
GArray *vmc_fleet_rule_vms(const VmcFleetModel *fm,
                           const char *group,
                           GStrv vms,
                           GStrv templates);

/**
 * vmc_fleet_rule_host_holds:
 * @rule: one of kind pin or avoid
 * @host: a host
 *
 * Returns: whether it holds for a VM on @host
 */
gboolean vmc_fleet_rule_host_holds(const VmcPlacementRule *rule,
                                   const VmcHost *host);

/**
 * vmc_fleet_model_held_on:
 * @fm: hosts are there
 * @vm: a VM
 * @seat: index of the host it is on, or comes to; −1
 *
 * Returns: (transfer full) (nullable): as vmc_fleet_model_held(), without
 * looking for its host
 */
char *vmc_fleet_model_held_on(const VmcFleetModel *fm,
                              const VmcVm *vm,
                              gint32 seat);
