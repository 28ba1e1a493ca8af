/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/model.h"
#include "core/planner/policy.h"
#include "core/planner/state.h"

/*
 * A fleet and a policy compiled to a model, with the names kept beside it: what
 * the planner's answers and stories are told with.
 */

/**
 * VmcFleetColumnKind:
 * @VMC_FLEET_CLAIM: Σ claim ≤ capacity, hard
 * @VMC_FLEET_SIZE: Σ size ≤ capacity × ceiling, hard
 * @VMC_FLEET_DEMAND: what hurts: the measured demand, or the claim where no
 *   measurement is young enough to be believed
 */
typedef enum {
    VMC_FLEET_CLAIM,
    VMC_FLEET_SIZE,
    VMC_FLEET_DEMAND,
    VMC_N_FLEET_COLUMN_KINDS
} VmcFleetColumnKind;

/**
 * VmcFleetColumn:
 * @kind: what is counted
 * @resource: of which resource
 * @unit: how much of the resource's unit one unit of the column is: 1, and more
 *   only where a fleet is so large that its sums would not be exact. Needs are
 *   rounded up and capacities down then.
 */
typedef struct {
    VmcFleetColumnKind kind;
    VmcResource resource;
    guint64 unit;
} VmcFleetColumn;

typedef enum {
    /* cooldown does not hold VMs: a drain or a repair does not wait */
    VMC_FLEET_MODEL_NO_COOLDOWN = 1 << 0,
    /* only the VMs to place move */
    VMC_FLEET_MODEL_ONLY_PLACE = 1 << 1,
} VmcFleetModelFlags;

/**
 * VmcFleetModelOptions:
 * @now_s: seconds of the epoch, for cooldowns; 0: nothing cools down
 * @flags: of #VmcFleetModelFlags
 * @place: (nullable) (element-type VmcVm): VMs of the fleet on no host that are
 *   to be placed; others on no host are left out
 */
typedef struct {
    gint64 now_s;
    guint flags;
    GPtrArray *place;
} VmcFleetModelOptions;

/**
 * VmcFleetModel:
 * @fleet: the fleet
 * @policy: the policy
 * @options: what it was made with; `place` is not kept
 * @model: the sealed model
 * @hosts: (element-type VmcHost): the hosts by index; all of the fleet
 * @vms: (element-type VmcVm): the VMs by index. VMs that vmctl does not manage
 *   are base load and have none, unless a rule names them or their host is to
 *   be emptied.
 * @index_of: VmcVm → index + 1
 * @host_index: name of a host → index + 1
 * @made_from: name of a template → GArray of guint32: managed VMs made from it
 * @columns: (element-type VmcFleetColumn): the columns by index
 * @place_rules: (element-type VmcPlacementRule): those of kind pin and avoid
 * @place_rules_of: for each VM which of them are about it
 * @group_vms: name of a group → GArray of guint32: its VMs, ascending
 * @rules: (element-type VmcPlacementRule): the model's rules by index
 *
 * Immutable.
 */
typedef struct {
    VmcFleet *fleet;
    VmcPolicy *policy;
    VmcFleetModelOptions options;
    VmcModel *model;
    GPtrArray *hosts;
    GPtrArray *vms;
    GHashTable *index_of;
    GHashTable *host_index;
    GHashTable *made_from;
    GArray *columns;
    GPtrArray *place_rules;
    VmcRows place_rules_of;
    GHashTable *group_vms;
    GPtrArray *rules;
} VmcFleetModel;

/**
 * vmc_fleet_model_new:
 * @fleet: the fleet
 * @policy: the policy
 * @options: what is asked for
 * @error: %VMC_ERROR_TOO_LARGE when its numbers are beyond what a plan can
 *   count
 *
 * Returns: (transfer full): the model
 */
VmcFleetModel *vmc_fleet_model_new(const VmcFleet *fleet,
                                   const VmcPolicy *policy,
                                   const VmcFleetModelOptions *options,
                                   GError **error);
void vmc_fleet_model_free(VmcFleetModel *fm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcFleetModel, vmc_fleet_model_free)

/**
 * vmc_fleet_model_vm:
 * @fm: a fleet model
 * @vm: index of a VM
 *
 * Returns: (transfer none): the VM
 */
static inline const VmcVm *
vmc_fleet_model_vm(const VmcFleetModel *fm, guint vm)
{
    return fm->vms->pdata[vm];
}

/**
 * vmc_fleet_model_host:
 * @fm: a fleet model
 * @host: index of a host
 *
 * Returns: (transfer none): the host
 */
static inline const VmcHost *
vmc_fleet_model_host(const VmcFleetModel *fm, guint host)
{
    return fm->hosts->pdata[host];
}

/**
 * vmc_fleet_model_column:
 * @fm: a fleet model
 * @column: index of a column
 *
 * Returns: (transfer none): what it counts
 */
static inline const VmcFleetColumn *
vmc_fleet_model_column(const VmcFleetModel *fm, guint column)
{
    return &g_array_index(fm->columns, VmcFleetColumn, column);
}

/**
 * vmc_fleet_model_find_vm:
 * @fm: a fleet model
 * @vm: a VM of its fleet
 *
 * Returns: its index, or −1 when it has none
 */
gint32 vmc_fleet_model_find_vm(const VmcFleetModel *fm, const VmcVm *vm);

/**
 * vmc_fleet_model_find_host:
 * @fm: a fleet model
 * @name: (nullable): name of a host
 *
 * Returns: its index, or −1
 */
gint32 vmc_fleet_model_find_host(const VmcFleetModel *fm, const char *name);

/**
 * vmc_fleet_model_refusal:
 * @fm: a fleet model
 * @state: a state of its model
 * @vm: index of a VM
 * @host: index of a host it is not on
 *
 * The checks go in the order an operator would look: is the host there at all,
 * is the VM wanted there, can it run there, is there room, what would it break.
 *
 * Returns: (transfer full) (nullable): why @vm cannot go to @host, as "memory:
 * claims 4GiB, 3GiB left of 32GiB capacity"; %NULL when it can
 */
char *vmc_fleet_model_refusal(const VmcFleetModel *fm,
                              const VmcState *state,
                              guint vm,
                              guint host);

/**
 * vmc_fleet_model_rule_refusal:
 * @fm: a fleet model
 * @state: a state of its model
 * @vm: index of a VM
 * @host: index of a host it is not on
 *
 * Returns: (transfer full) (nullable): the rule that must hold and forbids it;
 * %NULL when none does
 */
char *vmc_fleet_model_rule_refusal(const VmcFleetModel *fm,
                                   const VmcState *state,
                                   guint vm,
                                   guint host);

/**
 * vmc_fleet_model_place_rules:
 * @fm: a fleet model
 * @vm: index of a VM
 * @ret_n: (out): how many there are
 *
 * Returns: (transfer none): indexes of the rules of kind pin and avoid that are
 *   about @vm
 */
static inline const guint32 *
vmc_fleet_model_place_rules(const VmcFleetModel *fm, guint vm, guint *ret_n)
{
    const VmcRows *rows = &fm->place_rules_of;

    *ret_n = rows->start[vm + 1] - rows->start[vm];
    return rows->item + rows->start[vm];
}

/**
 * vmc_fleet_model_held:
 * @fm: a fleet model
 * @vm: a VM of its fleet
 *
 * Returns: (transfer full) (nullable): why @vm stays where it is whatever is
 * planned; %NULL when it may move
 */
char *vmc_fleet_model_held(const VmcFleetModel *fm, const VmcVm *vm);

/**
 * vmc_fleet_model_misplaced:
 * @fm: a fleet model
 * @vm: index of a VM
 * @host: index of the host it is on
 *
 * Returns: (transfer full) (nullable): why @vm must not be on @host, as far as
 * both alone say: a draining host, a rule, a wish; %NULL when it may
 */
char *vmc_fleet_model_misplaced(const VmcFleetModel *fm, guint vm, guint host);

/**
 * vmc_fleet_demand:
 * @vm: a VM
 * @policy: says how old a measurement may be
 *
 * Returns: what it is counted to use: its demand when that is believed, else
 * its claim
 */
VmcResources vmc_fleet_demand(const VmcVm *vm, const VmcPolicy *policy);

/**
 * vmc_fleet_model_moved:
 * @fm: a fleet model, not one that was made to place VMs
 * @host_of: for each of its VMs its host
 *
 * What is asked again and again in a search, without making a fleet.
 *
 * Returns: (transfer full): the sealed model that the fleet with its VMs there
 * would be compiled to; what is in transit stays so
 */
VmcModel *vmc_fleet_model_moved(const VmcFleetModel *fm, const gint32 *host_of);
