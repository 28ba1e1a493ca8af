/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"
#include "core/planner/plan.h"

/*
 * From where VMs are to where they should be, in an order that breaks no hard
 * constraint at any moment: see docs/planner.md. Room is taken on both hosts
 * while a VM is on its way, and held columns until the whole plan is over.
 */

/**
 * VmcSequenceRequest:
 * @target: [vm] the host each VM should be on; %VMC_NOWHERE for one that is to
 *   stop, or stays nowhere
 * @bytes: (nullable): [vm] what a move copies; %NULL for 1 each
 * @dirty_milli: (nullable): [vm] what it copies again because the guest writes
 *   meanwhile, in thousandths of @bytes
 * @link: (nullable): [host] bytes a second of its link, each way
 * @default_link: the same of all hosts, when @link is %NULL
 * @max_in: moves at a time into a host, starts among them; 0 for any number
 * @max_out: moves at a time out of a host; 0 for any number
 * @fixed_us: what every move takes besides its bytes
 * @start_us: how long a start or a stop takes
 *
 * A move begins when it gets at least half of the bandwidth it could have
 * alone, keeps what it got, and takes bytes × (1 + dirty) ÷ that. VMs that must
 * stay together count as one move in @max_in and @max_out.
 */
typedef struct {
    const gint32 *target;
    const gint64 *bytes;
    const guint32 *dirty_milli;
    const gint64 *link;
    gint64 default_link;
    guint max_in;
    guint max_out;
    gint64 fixed_us;
    gint64 start_us;
} VmcSequenceRequest;

/**
 * VmcSequenceStep:
 * @kind: a move, a start or a stop
 * @vm: the VM
 * @from: where it is, or %VMC_NOWHERE; a down host when it starts anew
 * @to: where it goes, or %VMC_NOWHERE
 * @start_us: forecast of its beginning
 * @end_us: forecast of its end
 * @rate: bytes a second it gets; 0 of starts and stops
 * @batch: from 1, see #VmcPlanStep
 * @joint: 0, or what steps share that begin together
 * @is_bypass: a later step brings the VM to its host
 */
typedef struct {
    VmcPlanStepKind kind;
    guint vm;
    gint32 from;
    gint32 to;
    gint64 start_us;
    gint64 end_us;
    gint64 rate;
    guint batch;
    guint joint;
    gboolean is_bypass;
} VmcSequenceStep;

/**
 * VmcSequenceStuck:
 * @vm: a VM that cannot get to where it should be
 * @host: what it waits for: room there, or a rule
 * @column: the column that @host lacks room in, or −1
 * @rule: the hard rule that would be broken, or −1
 */
typedef struct {
    guint vm;
    gint32 host;
    gint32 column;
    gint32 rule;
} VmcSequenceStuck;

/**
 * VmcSequence:
 * @steps: in the order they begin
 * @n_steps: how many
 * @n_bypasses: how many of them only get out of the way
 * @stuck: VMs that block each other and no third host helps; the steps are
 *   valid without them
 * @n_stuck: how many
 * @makespan_us: forecast of how long it takes
 * @link_bound_us: what the busiest link needs for its bytes at least
 * @chain_bound_us: what the longest chain of steps needs that wait for each
 *   other's room, or for the same VM
 */
typedef struct {
    VmcSequenceStep *steps;
    guint n_steps;
    guint n_bypasses;
    VmcSequenceStuck *stuck;
    guint n_stuck;
    gint64 makespan_us;
    gint64 link_bound_us;
    gint64 chain_bound_us;
} VmcSequence;

/**
 * vmc_sequence_new:
 * @model: a sealed model; its start is where VMs are
 * @request: where they should be, and how fast they get there
 *
 * Returns: (transfer full): the steps; none when all VMs are there
 */
VmcSequence *vmc_sequence_new(const VmcModel *model,
                              const VmcSequenceRequest *request);
void vmc_sequence_free(VmcSequence *sequence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSequence, vmc_sequence_free)
