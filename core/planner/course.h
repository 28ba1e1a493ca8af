/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/sequence.h"
#include "core/planner/transit.h"

/*
 * One try to carry the moves of a sequence out, on a clock of its own: begins
 * what may begin, the most urgent first, then goes to the moment the next move
 * ends. For sequence*.c only.
 */

typedef enum {
    VMC_ERRAND_WAITS,
    VMC_ERRAND_RUNS,
    VMC_ERRAND_DONE,
} VmcErrandState;

/**
 * VmcErrand:
 * @vm: a VM that is not where it should be
 * @from: where it is at the start of the plan, or %VMC_NOWHERE
 * @to: where it should be, or %VMC_NOWHERE
 * @via: the third host it goes by, or %VMC_NOWHERE
 * @state: of the leg it is on
 * @is_first: room is kept for it until it has begun
 * @joint: 0, or what errands share that have begun together
 * @tail_us: what has to wait for it takes this much longer
 * @duration_us: of its leg, alone on its links
 * @urgency: the most urgent begins first
 * @rate: bandwidth it holds
 * @end_us: when it ends
 * @holds_out: it counts among the moves out of its host
 * @holds_in: it counts among the moves into its host
 */
typedef struct {
    guint vm;
    gint32 from;
    gint32 to;
    gint32 via;
    VmcErrandState state;
    gboolean is_first;
    guint joint;
    gint64 tail_us;
    gint64 duration_us;
    gint64 urgency;
    gint64 rate;
    gint64 end_us;
    gboolean holds_out;
    gboolean holds_in;
} VmcErrand;

/* What a host sends and takes at a moment. */
typedef struct {
    guint n_out;
    guint n_in;
    gint64 rate_out;
    gint64 rate_in;
    gint64 left_out_us; /* link time of what still has to leave it */
    gint64 left_in_us;
} VmcPort;

/**
 * VmcCourse:
 * @model: the fleet
 * @request: what is asked
 * @transit: where VMs are
 * @errands: what is to be done
 * @n_errands: how many
 * @errand_of: [vm] its errand, or −1
 * @ports: [host] what it sends and takes
 * @nodes: [errand × 3 + 0, 1, 2] the errands of a host, chained: by where they
 *   are from, go to, go by
 * @head: [host] first node of its chain, or −1
 * @running: (element-type guint): a heap of errands, the first to end on top
 * @now_us: its clock
 * @n_joints: how many joint beginnings there were
 * @n_waiting: errands that are not done and do not run
 * @steps: (element-type VmcSequenceStep): what has begun
 * @seen: [errand] scratch: the round in which it was looked at
 * @round: of @seen
 * @wanted: (element-type guint): scratch: errands that may begin now
 */
typedef struct {
    const VmcModel *model;
    const VmcSequenceRequest *request;
    VmcTransit *transit;
    VmcErrand *errands;
    guint n_errands;
    gint32 *errand_of;
    VmcPort *ports;
    gint32 *nodes;
    gint32 *head;
    GArray *running;
    gint64 now_us;
    guint n_joints;
    guint n_waiting;
    GArray *steps;
    guint32 *seen;
    guint32 round;
    GArray *wanted;
} VmcCourse;

VmcCourse *vmc_course_new(const VmcModel *model,
                          const VmcSequenceRequest *request);
void vmc_course_free(VmcCourse *course);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcCourse, vmc_course_free)

/* Back to the start; keeps @via and @is_first of the errands. */
void vmc_course_reset(VmcCourse *course);

/* Goes on until nothing runs and nothing may begin. */
void vmc_course_run(VmcCourse *course);

/* The next host of an errand: that of its first leg until it has been there. */
gint32 vmc_course_next_host(const VmcCourse *course, const VmcErrand *errand);

/* Whether room and rules let the leg of @errand begin now, and what is in the
 * way; links and slots are not looked at. */
gboolean vmc_course_may_begin(VmcCourse *course,
                              const VmcErrand *errand,
                              VmcSequenceStuck *ret_stuck);

/* Begins the leg of an errand if nothing is in the way. course-begin.c */
gboolean vmc_course_try(VmcCourse *course, guint errand);

/* Begins an errand and those that a rule binds to it at one time, if that
 * breaks nothing. course-begin.c */
gboolean vmc_course_begin_joint(VmcCourse *course, guint errand);

/* Notes a leg that the transit has begun. */
void vmc_course_start(VmcCourse *course, guint errand, gint32 to);

/* Lets an errand be found by the third host it goes by; once for each. */
void vmc_course_chain_via(VmcCourse *course, guint errand);

/* Bytes a second of the link of @host, at least 1. */
gint64 vmc_course_link(const VmcCourse *course, guint host);

/* What @vm sends in all, with what it sends again. */
double vmc_course_bytes(const VmcCourse *course, guint vm);

/* How long the bytes of @vm take at @rate. */
gint64 vmc_course_transfer_us(const VmcCourse *course, guint vm, gint64 rate);

/* How long @vm takes from @from to @to with the links for itself. */
gint64 vmc_course_alone_us(const VmcCourse *course,
                           guint vm,
                           gint32 from,
                           gint32 to);

/* Sends errands that block each other by third hosts, one for each cycle, and
 * begins them; FALSE when there is none. course-bypass.c */
gboolean vmc_course_bypass(VmcCourse *course);

/* The lower bounds of the steps of a sequence. course-bound.c */
void vmc_course_bound(const VmcCourse *course, VmcSequence *sequence);
