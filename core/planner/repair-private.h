/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/holes.h"
#include "core/planner/repair.h"

/* For repair*.c only. */

/**
 * VmcRepair:
 * @state: what is repaired
 * @holes: its hosts by room
 * @size_weight: [column] 1 ÷ the mean capacity of a hard column, else 0
 * @pending: [host × stride + column] what VMs took that have left, but have no
 *   other host yet: they may have to come back
 * @freed: the same of VMs that have one: who takes that room waits for them
 * @n_arrivals: [host] VMs that came
 * @stays: [vm] whether it found no other host in an earlier try: it is where it
 *   was, so that nobody takes its place
 * @effort: hosts that may still be looked at for those that find no hole
 */
typedef struct {
    VmcState *state;
    VmcHoles *holes;
    double *size_weight;
    gint64 *pending;
    gint64 *freed;
    guint32 *n_arrivals;
    gboolean *stays;
    gint64 effort;
} VmcRepair;

/* Takes VMs out of their hosts so that the others break no hard rule there.
 * repair-rules.c */
void vmc_repair_scatter(VmcRepair *repair, GArray *homeless);

/* Takes @vm out of its host, which it may come back to. */
void vmc_repair_take_out(VmcRepair *repair, guint vm);

/* Puts @vm, which is nowhere, on @host. */
void vmc_repair_put(VmcRepair *repair, guint vm, guint host);

/* Puts @vm, which was taken out of @host, back there. */
void vmc_repair_put_back(VmcRepair *repair, guint vm, guint host);

/* Whether @vm may leave the host it is on. */
gboolean vmc_repair_is_movable(const VmcRepair *repair, guint vm);

/* Which part of a host it takes, as far as hard columns go. */
double vmc_repair_size(const VmcRepair *repair, guint vm);

/* Finds a host for @vm, which is nowhere, others making way if need be. */
gboolean vmc_repair_settle(VmcRepair *repair, guint vm);

/* How many VMs at least have to leave hosts that are too full or must be
 * emptied. repair-full.c */
guint vmc_repair_bound(const VmcState *state);

/* Takes as few VMs as can be out of @host, which is too full, and finds hosts
 * for them. repair-full.c */
gboolean vmc_repair_relieve(VmcRepair *repair, guint host);

/* Whether a hard column of @host that VMs free by leaving is above capacity. */
gboolean vmc_repair_is_full(const VmcState *state, guint host);
