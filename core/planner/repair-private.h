/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/holes.h"
#include "core/planner/repair.h"

/* For repair*.c only. */

/* @vm found no place when so many others had settled. */
typedef struct {
    guint vm;
    guint n_settled;
} VmcRepairFailure;

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
 * @seen: [vm] the round of exchanges in which it was asked to go elsewhere
 * @round: of @seen
 * @n_tasks: VMs without a host and hosts that are too full, to begin with
 * @n_settled: VMs that found a host, so far
 * @failures: [first host of a domain, or the number of hosts] the last VM that
 *   found no place there by exchange
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
    guint32 *seen;
    guint32 round;
    guint n_tasks;
    guint n_settled;
    VmcRepairFailure *failures;
    gint64 effort;
} VmcRepair;

/* Whether @vm may leave the host it is on. */
gboolean vmc_repair_is_movable(const VmcRepair *repair, guint vm);

/* Which part of a host it takes, as far as hard columns go. */
double vmc_repair_size(const VmcRepair *repair, guint vm);

/* ---- moving: repair-settle.c ---------------------------------------------
 *
 * A VM is taken out, then put somewhere and let go from where it was; or put
 * back. One that has moved already may be called back, which is as taken out,
 * and then put again.
 */

/* Takes @vm out of its host, which it may come back to. */
void vmc_repair_take_out(VmcRepair *repair, guint vm);

/* Puts @vm, which was taken out of @host, back there. */
void vmc_repair_put_back(VmcRepair *repair, guint vm, guint host);

/* Puts @vm, which is nowhere, on @host. */
void vmc_repair_put(VmcRepair *repair, guint vm, guint host);

/* The contrary: @vm was put where it is. */
void vmc_repair_lift(VmcRepair *repair, guint vm);

/* @vm has left @host for good. If it only was to go there, nobody has to wait
 * for it. */
void vmc_repair_let_go(VmcRepair *repair, guint vm, gint32 host);

/* Undoes putting and letting go of @vm, which is not on its start host: now it
 * is nowhere, and may come back there. */
void vmc_repair_call_back(VmcRepair *repair, guint vm);

/* Finds a host for @vm, which is nowhere; FALSE changes nothing. */
gboolean vmc_repair_settle_in_hole(VmcRepair *repair, guint vm);

/* The same, others that have moved going elsewhere: no move more.
 * repair-exchange.c */
gboolean vmc_repair_settle_by_exchange(VmcRepair *repair, guint vm);

/* The same, another one that had not to move making way. */
gboolean vmc_repair_settle_by_making_way(VmcRepair *repair, guint vm);

/* ---- looking for a host: repair-seek.c ----------------------------------- */

/**
 * VmcSeeker:
 * @vm: a VM that is nowhere now and looks for a host
 * @except: the host that it has to leave, or %VMC_NOWHERE
 * @hosts: (nullable): the only hosts it may be on, as far as rules tell at once
 * @n_hosts: how many
 * @most: what may be added to violations of hard rules at most: if the VM leads
 *   others where it was, taking it out has broken something already
 */
typedef struct {
    VmcRepair *repair;
    guint vm;
    gint32 except;
    const guint32 *hosts;
    guint n_hosts;
    gint64 most;
} VmcSeeker;

VmcSeeker vmc_seeker_for(VmcRepair *repair, guint vm, gint32 except);

/* Whether it may go to @host, as things are now. */
gboolean vmc_seeker_takes(const VmcSeeker *seeker, guint host);

/* The tightest host it may go to, rather one where it need not wait. */
gint32 vmc_seeker_find(const VmcSeeker *seeker);

/* Whether @host has room for it once @other is gone from there. */
gboolean vmc_seeker_would_fit(const VmcSeeker *seeker, guint host, guint other);

/* The hosts that it may go to when others leave, those with most room first. */
GArray *vmc_seeker_hosts(const VmcSeeker *seeker);

/* Whether @host has room for @vm besides what may have to come back there, and,
 * unless @waits, besides what others have to leave first. */
gboolean vmc_repair_has_room(const VmcRepair *repair,
                             guint vm,
                             guint host,
                             gboolean waits);

/* Lets what has moved go where the score likes it better, with no move more.
 * repair-polish.c */
void vmc_repair_polish(VmcRepair *repair);

/* ---- what has to move ---------------------------------------------------- */

/* Takes VMs out of their hosts so that the others break no hard rule there.
 * repair-rules.c */
void vmc_repair_scatter(VmcRepair *repair, GArray *homeless);

/* How many VMs at least have to leave hosts that are too full or must be
 * emptied. repair-full.c */
guint vmc_repair_bound(const VmcState *state);

/* Whether a hard column of @host that VMs free by leaving is above capacity. */
gboolean vmc_repair_is_full(const VmcState *state, guint host);

/* Those of which one has to leave @host next, so that as few as can be leave
 * in the end; the smallest first. repair-full.c */
GArray *vmc_repair_leavers(const VmcRepair *repair, guint host);

/* The size of the smallest VM that may leave @host next. */
double vmc_repair_hardness(const VmcRepair *repair, guint host);

typedef gboolean (*VmcRepairWay)(VmcRepair *repair, guint vm);

/* Lets VMs leave @host, by one way to find hosts for them, until it is not too
 * full any more. repair-full.c */
gboolean vmc_repair_relieve(VmcRepair *repair, guint host, VmcRepairWay settle);
