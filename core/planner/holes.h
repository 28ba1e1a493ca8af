/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/**
 * VmcHoles:
 * @column: the column that is scarcest over all hosts
 * @unit: room of a bucket
 * @first: [bucket] a host with that much room, or −1
 * @next: [host] another one of its bucket, or −1
 * @previous: [host] the one before it, or −1
 * @bucket_of: [host] its bucket, or −1 while it has less than no room
 *
 * The hosts of a state by the room they have in the scarcest column, so that a
 * VM finds the tightest hole it fits in without looking at every host.
 */
typedef struct {
    guint column;
    gint64 unit;
    gint32 *first;
    gint32 *next;
    gint32 *previous;
    gint32 *bucket_of;
} VmcHoles;

#define VMC_N_HOLE_BUCKETS 512

/**
 * vmc_holes_new:
 * @state: a state
 *
 * Returns: (transfer full): its holes
 */
VmcHoles *vmc_holes_new(const VmcState *state);
void vmc_holes_free(VmcHoles *holes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcHoles, vmc_holes_free)

/**
 * vmc_holes_update:
 * @holes: holes of @state
 * @state: a state
 * @host: a host whose room has changed
 */
void vmc_holes_update(VmcHoles *holes, const VmcState *state, guint host);

/**
 * vmc_holes_bucket:
 * @holes: holes
 * @amount: of the scarcest column
 *
 * Returns: the bucket of hosts with so much room, −1 for less than nothing
 */
gint32 vmc_holes_bucket(const VmcHoles *holes, gint64 amount);
