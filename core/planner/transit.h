/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * A fleet in motion: which VM runs where, and which are on their way. A VM on
 * its way takes room on both hosts, and may be found on either at any moment,
 * since nobody knows which of several moves ends first: a hard rule counts as
 * held only when it is held wherever those VMs are.
 *
 * What was broken at the start may stay broken, but never gets worse: use above
 * a capacity only falls, and so does what a rule lacks.
 */

/** Where a VM is on its way to that stops. */
#define VMC_TRANSIT_LEAVING (-2)

/**
 * VmcTransit:
 * @model: what moves
 * @use: [host × stride + column] what is taken, with VMs on their way on both
 *   hosts, and held columns on every host a VM has been on
 * @reserved: the same layout: room kept for moves that are to come first
 * @at: [vm] the host it runs on, or %VMC_NOWHERE, also when its host is down
 * @to: [vm] the host it is on its way to, %VMC_TRANSIT_LEAVING when it stops,
 *   or %VMC_NOWHERE when it is not on its way
 * @mark: [domain] scratch of the rules
 * @stamp: what a marked domain carries
 */
typedef struct {
    const VmcModel *model;
    gint64 *use;
    gint64 *reserved;
    gint32 *at;
    gint32 *to;
    guint32 *mark;
    guint32 stamp;
} VmcTransit;

/**
 * vmc_transit_new:
 * @model: (transfer none): a sealed model
 *
 * Returns: (transfer full): its start, with nothing on its way
 */
VmcTransit *vmc_transit_new(const VmcModel *model);
void vmc_transit_free(VmcTransit *transit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcTransit, vmc_transit_free)

/**
 * vmc_transit_reset:
 * @transit: one that is used again
 *
 * Puts it back to the start of its model.
 */
void vmc_transit_reset(VmcTransit *transit);

/**
 * vmc_transit_room_column:
 * @transit: a fleet in motion
 * @vm: a VM
 * @host: where it would go
 * @reserved: (nullable): room that is to be left besides, as
 *   #VmcTransit.reserved
 *
 * Returns: the first hard column in which @host lacks room for it, or −1
 */
gint32 vmc_transit_room_column(const VmcTransit *transit,
                               guint vm,
                               guint host,
                               const gint64 *reserved);

/**
 * vmc_transit_broken_rule:
 * @transit: a fleet in motion
 * @vm: a VM that is not on its way
 * @host: where it would go, or %VMC_NOWHERE to stop
 * @kinds: of 1 << #VmcRuleKind: the rules to look at
 *
 * Returns: the first hard rule that might be broken more than now while the VM
 *   is on its way or when it is there, or −1
 */
gint32 vmc_transit_broken_rule(VmcTransit *transit,
                               guint vm,
                               gint32 host,
                               guint kinds);

#define VMC_TRANSIT_ALL_RULES ((1u << VMC_N_RULES) - 1)

/** The rules that a whole group may keep by moving at the same time. */
#define VMC_TRANSIT_JOINT_RULES                                                \
    ((1u << VMC_RULE_TOGETHER) | (1u << VMC_RULE_NEAR))

/**
 * vmc_transit_breach:
 * @transit: a fleet in motion
 * @rule: a rule of %VMC_TRANSIT_JOINT_RULES
 *
 * Returns: how much it lacks at worst: domains too many, or members without a
 *   leader
 */
guint vmc_transit_breach(VmcTransit *transit, const VmcRule *rule);

/**
 * vmc_transit_begin:
 * @transit: a fleet in motion
 * @vm: a VM that is not on its way
 * @host: where it goes, or %VMC_NOWHERE to stop
 */
void vmc_transit_begin(VmcTransit *transit, guint vm, gint32 host);

/**
 * vmc_transit_end:
 * @transit: a fleet in motion
 * @vm: a VM that has arrived, or stopped
 */
void vmc_transit_end(VmcTransit *transit, guint vm);

/**
 * vmc_transit_cancel:
 * @transit: a fleet in motion
 * @vm: a VM that was begun, as if it had not been
 */
void vmc_transit_cancel(VmcTransit *transit, guint vm);

/**
 * vmc_transit_reserve:
 * @transit: a fleet in motion
 * @vm: a VM
 * @host: where room is kept for it
 * @sign: 1, or −1 to give it free again
 */
void vmc_transit_reserve(VmcTransit *transit, guint vm, guint host, int sign);
