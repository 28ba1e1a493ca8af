/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/plan.h"
#include "core/planner/policy.h"

/** The most threads that one search may have. */
#define VMC_QUESTION_MAX_THREADS 64

/**
 * VmcQuestionKind:
 * @VMC_QUESTION_REBALANCE: which moves make the fleet better and pay
 * @VMC_QUESTION_PLACE: where do these VMs go, which are on no host
 * @VMC_QUESTION_DRAIN: where do the VMs of these hosts go
 * @VMC_QUESTION_REPAIR: what are the fewest moves until all holds that must
 * @VMC_QUESTION_MAKE_ROOM: what are the fewest moves until this VM can have
 *   this size
 */
typedef enum {
    VMC_QUESTION_REBALANCE,
    VMC_QUESTION_PLACE,
    VMC_QUESTION_DRAIN,
    VMC_QUESTION_REPAIR,
    VMC_QUESTION_MAKE_ROOM,
    VMC_N_QUESTION_KINDS
} VmcQuestionKind;

/**
 * vmc_question_kind_to_name:
 * @kind: a kind
 *
 * Returns: (transfer none): its name, as "make-room"
 */
const char *vmc_question_kind_to_name(VmcQuestionKind kind);

/**
 * vmc_question_kind_from_name:
 * @name: a name as vmc_question_kind_to_name() gives it
 * @ret_kind: (out): the kind
 *
 * Returns: %FALSE when no kind has that name
 */
gboolean vmc_question_kind_from_name(const char *name,
                                     VmcQuestionKind *ret_kind);

/**
 * VmcQuestion:
 * @kind: what is asked
 * @policy: what is preferred
 * @now_s: seconds of the epoch, for cooldowns; 0: nothing cools down
 * @seed: of the search
 * @threads: of the search; 0 counts as 1
 * @steps: of the search, each thread; 0: as many as suit the fleet, or as the
 *   time allows
 * @max_moves: the most VMs that a rebalance may move; 0 for any number
 * @hosts: (nullable): that are drained
 * @vms: (nullable): names or UUIDs of VMs that are placed; of the one that is
 *   given room
 * @size: the size it shall have; an amount of 0 stays as it is
 */
typedef struct {
    VmcQuestionKind kind;
    VmcPolicy *policy;
    gint64 now_s;
    guint64 seed;
    guint threads;
    guint64 steps;
    guint max_moves;
    GStrv hosts;
    GStrv vms;
    VmcResources size;
} VmcQuestion;

/**
 * vmc_question_new:
 * @kind: what is asked
 *
 * Returns: (transfer full): a question with the policy "balance" and seed 1
 */
VmcQuestion *vmc_question_new(VmcQuestionKind kind);
void vmc_question_free(VmcQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcQuestion, vmc_question_free)

/**
 * VmcQuestionClock:
 * @now_us: (nullable): gives the time in microseconds
 * @data: what it is called with
 * @budget_us: how long a rebalance may search; 0 for no such limit
 */
typedef struct {
    gint64 (*now_us)(gpointer data);
    gpointer data;
    gint64 budget_us;
} VmcQuestionClock;

/**
 * vmc_question_answer:
 * @question: a question
 * @fleet: the fleet
 * @clock: (nullable): when it may take only so long
 * @error: %VMC_ERROR_NOT_FOUND when it names a VM or host that is not there,
 *   %VMC_ERROR_REFUSED when a VM to be placed is on a host, or one to be given
 *   room is on none, %VMC_ERROR_TOO_LARGE
 *
 * Deterministic without a clock. What cannot be done is in the refusals of the
 * plan, and is no error.
 *
 * Returns: (transfer full): the plan
 */
VmcPlan *vmc_question_answer(const VmcQuestion *question,
                             const VmcFleet *fleet,
                             const VmcQuestionClock *clock,
                             GError **error);
