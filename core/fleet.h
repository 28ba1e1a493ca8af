/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/host.h"
#include "core/placement-rule.h"
#include "core/vm.h"

/*
 * The fleet snapshot: an immutable value of all hosts, VMs, groups and rules,
 * and the one currency between daemon, command and planner. A new snapshot is
 * made from an old one with one host or VM replaced; the rest is shared. Any
 * thread may read any snapshot. docs/fleet-format.md describes its JSON form.
 */

typedef struct _VmcFleet VmcFleet;

/**
 * vmc_fleet_new:
 *
 * Returns: (transfer full): a fleet without hosts and VMs
 */
VmcFleet *vmc_fleet_new(void);
VmcFleet *vmc_fleet_ref(VmcFleet *fleet);
void vmc_fleet_unref(VmcFleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcFleet, vmc_fleet_unref)

/**
 * vmc_fleet_n_hosts:
 * @fleet: a fleet
 *
 * Returns: how many hosts it has
 */
guint vmc_fleet_n_hosts(const VmcFleet *fleet);

/**
 * vmc_fleet_n_vms:
 * @fleet: a fleet
 *
 * Returns: how many VMs it has, those that are not managed included
 */
guint vmc_fleet_n_vms(const VmcFleet *fleet);

/**
 * vmc_fleet_host_at:
 * @fleet: a fleet
 * @index: less than vmc_fleet_n_hosts()
 *
 * Returns: (transfer none): a host; they are sorted by name
 */
VmcHost *vmc_fleet_host_at(const VmcFleet *fleet, guint index);

/**
 * vmc_fleet_vm_at:
 * @fleet: a fleet
 * @index: less than vmc_fleet_n_vms()
 *
 * Returns: (transfer none): a VM; they are sorted by name
 */
VmcVm *vmc_fleet_vm_at(const VmcFleet *fleet, guint index);

/**
 * vmc_fleet_find_host:
 * @fleet: a fleet
 * @name: name of a host
 *
 * Returns: (transfer none) (nullable): the host, found in O(log n)
 */
VmcHost *vmc_fleet_find_host(const VmcFleet *fleet, const char *name);

/**
 * vmc_fleet_find_vm:
 * @fleet: a fleet
 * @name_or_uuid: name or UUID of a VM
 *
 * Of several VMs with one name, which only domains that are not managed can
 * have, the managed one is found.
 *
 * Returns: (transfer none) (nullable): the VM, found in O(log n)
 */
VmcVm *vmc_fleet_find_vm(const VmcFleet *fleet, const char *name_or_uuid);

/**
 * vmc_fleet_check_name_free:
 * @fleet: a fleet
 * @name: what a VM is to be called
 * @uuid: (nullable): that VM, when there is one
 * @error: %VMC_ERROR_INVALID when no VM may have the name, %VMC_ERROR_EXISTS
 *   when another has it, managed or not: it could not move to the host of that
 *
 * Returns: whether it may be called so
 */
gboolean vmc_fleet_check_name_free(const VmcFleet *fleet,
                                   const char *name,
                                   const char *uuid,
                                   GError **error);

/**
 * vmc_fleet_with_host:
 * @fleet: a fleet
 * @host: (transfer none): the host that is added, or replaces the one of its
 *   name
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_with_host(const VmcFleet *fleet, VmcHost *host);

/**
 * vmc_fleet_without_host:
 * @fleet: a fleet
 * @name: the host to leave out; need not be there
 *
 * Takes the host away and leaves its VMs as they are: whoever removes a host
 * sees to them first.
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_without_host(const VmcFleet *fleet, const char *name);

/**
 * vmc_fleet_with_vm:
 * @fleet: a fleet
 * @vm: (transfer none): the VM that is added, or replaces the one of its UUID
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_with_vm(const VmcFleet *fleet, VmcVm *vm);

/**
 * vmc_fleet_without_vm:
 * @fleet: a fleet
 * @uuid: the VM to leave out; need not be there
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_without_vm(const VmcFleet *fleet, const char *uuid);

/**
 * VmcHostUse:
 * @size: Σ size of the VMs on a host
 * @claim: Σ claim of them
 * @n_vms: how many
 *
 * A VM in transit is counted on both hosts.
 */
typedef struct {
    VmcResources size;
    VmcResources claim;
    guint n_vms;
} VmcHostUse;

/**
 * vmc_fleet_host_use:
 * @fleet: a fleet
 * @host_name: name of a host; one that is not there carries nothing
 *
 * Returns: what the VMs on the host are given and claim, in O(log n hosts)
 */
VmcHostUse vmc_fleet_host_use(const VmcFleet *fleet, const char *host_name);

/**
 * vmc_fleet_total_claim:
 * @fleet: a fleet
 *
 * Returns: R_total, what the pool is asked for: per resource, Σ size × V over
 * all VMs, in O(1)
 */
VmcResources vmc_fleet_total_claim(const VmcFleet *fleet);

/**
 * vmc_fleet_n_groups:
 * @fleet: a fleet
 *
 * Returns: how many groups it has
 */
guint vmc_fleet_n_groups(const VmcFleet *fleet);

/**
 * vmc_fleet_group_at:
 * @fleet: a fleet
 * @index: less than vmc_fleet_n_groups()
 *
 * Returns: (transfer none): a group; they are sorted by name
 */
VmcGroup *vmc_fleet_group_at(const VmcFleet *fleet, guint index);

/**
 * vmc_fleet_find_group:
 * @fleet: a fleet
 * @name: name of a group
 *
 * Returns: (transfer none) (nullable): the group, found in O(log n)
 */
VmcGroup *vmc_fleet_find_group(const VmcFleet *fleet, const char *name);

/**
 * vmc_fleet_with_group:
 * @fleet: a fleet
 * @group: (transfer none): the group that is added, or replaces the one of its
 *   name
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_with_group(const VmcFleet *fleet, VmcGroup *group);

/**
 * vmc_fleet_without_group:
 * @fleet: a fleet
 * @name: the group to leave out; need not be there
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_without_group(const VmcFleet *fleet, const char *name);

/**
 * vmc_fleet_n_rules:
 * @fleet: a fleet
 *
 * Returns: how many rules it has
 */
guint vmc_fleet_n_rules(const VmcFleet *fleet);

/**
 * vmc_fleet_rule_at:
 * @fleet: a fleet
 * @index: less than vmc_fleet_n_rules()
 *
 * Returns: (transfer none): a rule; they are sorted by name
 */
VmcPlacementRule *vmc_fleet_rule_at(const VmcFleet *fleet, guint index);

/**
 * vmc_fleet_find_rule:
 * @fleet: a fleet
 * @name: name of a rule
 *
 * Returns: (transfer none) (nullable): the rule, found in O(log n)
 */
VmcPlacementRule *vmc_fleet_find_rule(const VmcFleet *fleet, const char *name);

/**
 * vmc_fleet_with_rule:
 * @fleet: a fleet
 * @rule: (transfer none): the rule that is added, or replaces the one of its
 *   name
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_with_rule(const VmcFleet *fleet, VmcPlacementRule *rule);

/**
 * vmc_fleet_without_rule:
 * @fleet: a fleet
 * @name: the rule to leave out; need not be there
 *
 * Returns: (transfer full): the new fleet
 */
VmcFleet *vmc_fleet_without_rule(const VmcFleet *fleet, const char *name);
