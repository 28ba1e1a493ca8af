/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A plan as it is shown, stored and carried out: names instead of the planner's
 * indices, so that it stands alone. Its JSON form is docs/plan-format.md.
 */

/**
 * VmcPlanStepKind:
 * @VMC_PLAN_MOVE: from one host to another
 * @VMC_PLAN_START: start on a host
 * @VMC_PLAN_STOP: stop where it is
 * @VMC_PLAN_RESIZE: take its new size where it is
 * @VMC_N_PLAN_STEP_KINDS: how many kinds there are
 */
typedef enum {
    VMC_PLAN_MOVE,
    VMC_PLAN_START,
    VMC_PLAN_STOP,
    VMC_PLAN_RESIZE,
    VMC_N_PLAN_STEP_KINDS
} VmcPlanStepKind;

/**
 * VmcPlanStep:
 * @kind: what is done
 * @vm: name of the VM
 * @from: (nullable): the host it is on, %NULL when it starts
 * @to: (nullable): the host it gets to, %NULL when it stops
 * @batch: from 1; the steps of a batch may run at the same time, and in any
 *   order, once all steps of earlier batches are done
 * @joint: 0, or a number that it shares with steps that begin at the same time,
 *   because a rule keeps their VMs together
 * @is_bypass: it only gets out of the way: a later step brings the VM to its
 *   host
 * @start_us: forecast of its beginning, since that of the plan
 * @end_us: forecast of its end
 * @gain_micro: what the score gains by it, in millionths; negative when a later
 *   step pays it back
 * @cost_micro: what the move itself costs, in the same unit
 * @term: (nullable): the term of the objective, or the rule, it improves most
 * @why: (nullable): one sentence, as a person would say it
 * @otherwise: (nullable): what would stay as it is without it
 */
typedef struct {
    VmcPlanStepKind kind;
    char *vm;
    char *from;
    char *to;
    guint batch;
    guint joint;
    gboolean is_bypass;
    gint64 start_us;
    gint64 end_us;
    gint64 gain_micro;
    gint64 cost_micro;
    char *term;
    char *why;
    char *otherwise;
} VmcPlanStep;

/**
 * VmcPlanUse:
 * @column: what is counted, as "memory claim"
 * @unit: (nullable): its unit, as "bytes"; %NULL for a count
 * @capacity: the most it may be; %G_MAXINT64 for no limit
 * @before: how much is used before the plan
 * @after: how much is used after it
 */
typedef struct {
    char *column;
    char *unit;
    gint64 capacity;
    gint64 before;
    gint64 after;
} VmcPlanUse;

/**
 * VmcPlanHost:
 * @name: a host that the plan changes
 * @n_vms_before: VMs on it before
 * @n_vms_after: VMs on it after
 * @uses: (element-type VmcPlanUse): what is used of it
 */
typedef struct {
    char *name;
    guint n_vms_before;
    guint n_vms_after;
    GPtrArray *uses;
} VmcPlanHost;

/**
 * VmcPlanTerm:
 * @name: a term of the objective
 * @before_micro: its part of the score before, weight included, in millionths
 * @after_micro: the same after the plan
 */
typedef struct {
    char *name;
    gint64 before_micro;
    gint64 after_micro;
} VmcPlanTerm;

/**
 * VmcPlanRefusal:
 * @vm: a VM that the plan does not get to where it should be
 * @why: one sentence
 */
typedef struct {
    char *vm;
    char *why;
} VmcPlanRefusal;

/**
 * VmcPlan:
 * @question: (nullable): what was asked, as "rebalance" or "drain kvm1"
 * @score_before_micro: the score before, in millionths; less is better
 * @score_after_micro: the score after, without the costs of the moves
 * @cost_micro: what the moves cost
 * @makespan_us: forecast of how long it takes
 * @bound_us: no order of these steps can take less
 * @steps: (element-type VmcPlanStep): in the order they begin
 * @hosts: (element-type VmcPlanHost): the hosts it changes
 * @terms: (element-type VmcPlanTerm): what the score is made of
 * @refusals: (element-type VmcPlanRefusal): what it could not do
 */
typedef struct {
    char *question;
    gint64 score_before_micro;
    gint64 score_after_micro;
    gint64 cost_micro;
    gint64 makespan_us;
    gint64 bound_us;
    GPtrArray *steps;
    GPtrArray *hosts;
    GPtrArray *terms;
    GPtrArray *refusals;
} VmcPlan;

/**
 * vmc_plan_new:
 *
 * Returns: (transfer full): a plan without steps
 */
VmcPlan *vmc_plan_new(void);
void vmc_plan_free(VmcPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPlan, vmc_plan_free)

/**
 * vmc_plan_add_step:
 * @plan: a plan
 * @kind: what is done
 * @vm: name of the VM
 * @from: (nullable): the host it is on
 * @to: (nullable): the host it gets to
 *
 * Returns: (transfer none): a new last step in batch 1, to be filled in
 */
VmcPlanStep *vmc_plan_add_step(VmcPlan *plan,
                               VmcPlanStepKind kind,
                               const char *vm,
                               const char *from,
                               const char *to);

/**
 * vmc_plan_add_host:
 * @plan: a plan
 * @name: a host
 *
 * Returns: (transfer none): a new last host without uses, to be filled in
 */
VmcPlanHost *vmc_plan_add_host(VmcPlan *plan, const char *name);

/**
 * vmc_plan_host_add_use:
 * @host: a host of a plan
 * @column: what is counted
 * @unit: (nullable): its unit
 *
 * Returns: (transfer none): a new last use, to be filled in
 */
VmcPlanUse *vmc_plan_host_add_use(VmcPlanHost *host,
                                  const char *column,
                                  const char *unit);

/**
 * vmc_plan_add_term:
 * @plan: a plan
 * @name: a term of the objective
 * @before_micro: its part of the score before
 * @after_micro: the same after
 */
void vmc_plan_add_term(VmcPlan *plan,
                       const char *name,
                       gint64 before_micro,
                       gint64 after_micro);

/**
 * vmc_plan_add_refusal:
 * @plan: a plan
 * @vm: a VM
 * @why: one sentence
 */
void vmc_plan_add_refusal(VmcPlan *plan, const char *vm, const char *why);

/**
 * vmc_plan_n_batches:
 * @plan: a plan
 *
 * Returns: the highest batch of its steps
 */
guint vmc_plan_n_batches(const VmcPlan *plan);

/**
 * vmc_plan_step_kind_to_name:
 * @kind: a kind
 *
 * Returns: (transfer none): "move", "start", "stop" or "resize"
 */
const char *vmc_plan_step_kind_to_name(VmcPlanStepKind kind);

/**
 * vmc_plan_step_kind_from_name:
 * @name: a name as vmc_plan_step_kind_to_name() gives it
 * @ret_kind: (out): the kind
 *
 * Returns: %FALSE when no kind has that name
 */
gboolean vmc_plan_step_kind_from_name(const char *name,
                                      VmcPlanStepKind *ret_kind);

/* The empty elements that a reader fills in, and what frees them. */
VmcPlanStep *vmc_plan_step_new(void);
void vmc_plan_step_free(VmcPlanStep *step);
VmcPlanHost *vmc_plan_host_new(void);
void vmc_plan_host_free(VmcPlanHost *host);
VmcPlanUse *vmc_plan_use_new(void);
void vmc_plan_use_free(VmcPlanUse *use);
VmcPlanTerm *vmc_plan_term_new(void);
void vmc_plan_term_free(VmcPlanTerm *term);
VmcPlanRefusal *vmc_plan_refusal_new(void);
void vmc_plan_refusal_free(VmcPlanRefusal *refusal);
