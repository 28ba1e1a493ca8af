/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/question.h"

#include "core/error.h"
#include "core/name-table.h"
#include "core/planner/evacuate.h"
#include "core/planner/fleet-batch.h"
#include "core/planner/fleet-build.h"
#include "core/planner/fleet-plan.h"
#include "core/planner/make-room.h"
#include "core/planner/rebalance.h"
#include "core/planner/repair.h"

#include <math.h>

/* A search of so many steps a VM finds most of what there is to find. */
#define STEPS_PER_VM 64
#define MIN_STEPS 65536
#define MAX_STEPS 4194304

/* In a small fleet steps cost next to nothing, and few large VMs that rules
 * bind need more of them. */
#define SMALL_FLEET_VMS 256
#define SMALL_FLEET_STEPS 262144

/* A larger fleet is not counted anew after each search: that its result is left
 * alone is then true but for what depends on the start alone. */
#define MAX_VMS_TO_RECOUNT 10000

static const char *const kind_names[VMC_N_QUESTION_KINDS] = {
    [VMC_QUESTION_REBALANCE] = "rebalance", [VMC_QUESTION_PLACE] = "place",
    [VMC_QUESTION_DRAIN] = "drain",         [VMC_QUESTION_REPAIR] = "repair",
    [VMC_QUESTION_MAKE_ROOM] = "make-room",
};

const char *
vmc_question_kind_to_name(VmcQuestionKind kind)
{
    g_return_val_if_fail(kind < VMC_N_QUESTION_KINDS, NULL);
    return kind_names[kind];
}

gboolean
vmc_question_kind_from_name(const char *name, VmcQuestionKind *ret_kind)
{
    g_return_val_if_fail(name != NULL && ret_kind != NULL, FALSE);
    return vmc_names_find(kind_names, name, ret_kind);
}

VmcQuestion *
vmc_question_new(VmcQuestionKind kind)
{
    VmcQuestion *question = g_new0(VmcQuestion, 1);

    question->kind = kind;
    question->policy = vmc_policy_new("balance");
    question->seed = 1;
    return question;
}

void
vmc_question_free(VmcQuestion *question)
{
    if (question == NULL)
        return;
    vmc_policy_free(question->policy);
    g_strfreev(question->hosts);
    g_strfreev(question->vms);
    g_free(question);
}

/* One question being answered. */
typedef struct {
    const VmcQuestion *question;
    const VmcQuestionClock *clock;
    VmcFleetModel *fm;
    VmcModel *there; /* as it will be at a placement that was asked for */
} Answering;

static VmcFleetModel *
model_of(const VmcQuestion *question,
         const VmcFleet *fleet,
         guint flags,
         GPtrArray *place,
         GError **error)
{
    const VmcFleetModelOptions options = {
        .now_s = question->now_s, .flags = flags, .place = place};

    return vmc_fleet_model_new(fleet, question->policy, &options, error);
}

static char *
describe(const VmcQuestion *question)
{
    GStrv names =
        question->kind == VMC_QUESTION_DRAIN ? question->hosts : question->vms;
    g_autofree char *all =
        names != NULL && question->kind != VMC_QUESTION_REBALANCE
            ? g_strjoinv(" ", names)
            : g_strdup("");

    return g_strstrip(
        g_strdup_printf("%s %s", kind_names[question->kind], all));
}

/* ---- rebalance ----------------------------------------------------------- */

/* The model that a second question about the result would have. A fleet that
 * was counted once can be counted again. */
static const VmcModel *
model_at(const gint32 *host_of, gpointer data)
{
    Answering *answering = data;

    vmc_model_free(answering->there);
    answering->there = vmc_fleet_model_moved(answering->fm, host_of);
    return answering->there;
}

static guint64
steps_for(const VmcQuestion *question, guint n_vms)
{
    if (question->steps > 0)
        return question->steps;
    if (n_vms <= SMALL_FLEET_VMS)
        return SMALL_FLEET_STEPS;
    return CLAMP((guint64) n_vms * STEPS_PER_VM, MIN_STEPS, MAX_STEPS);
}

static gint32 *
rebalance(Answering *answering)
{
    const VmcQuestion *question = answering->question;
    const VmcModel *model = answering->fm->model;
    VmcRebalanceRequest request = {
        .search = {.seed = question->seed,
                   .n_threads = question->threads,
                   .max_steps = steps_for(question, model->n_vms),
                   .goal = -INFINITY},
        .max_moves = question->max_moves,
        .model_at = model->n_vms <= MAX_VMS_TO_RECOUNT ? model_at : NULL,
        .data = answering};

    if (answering->clock != NULL && answering->clock->budget_us > 0) {
        request.search.max_steps = question->steps;
        request.search.budget_us = answering->clock->budget_us;
        request.search.now_us = answering->clock->now_us;
        request.search.clock = answering->clock->data;
    }
    return vmc_rebalance(model, &request);
}

static VmcPlan *
answer_rebalance(const VmcQuestion *question,
                 const VmcFleet *fleet,
                 const VmcQuestionClock *clock,
                 GError **error)
{
    g_autoptr(VmcFleetModel) fm = model_of(question, fleet, 0, NULL, error);
    Answering answering = {.question = question, .clock = clock, .fm = fm};

    if (fm == NULL)
        return NULL;
    g_autofree gint32 *target = rebalance(&answering);
    g_autofree char *text = describe(question);
    vmc_model_free(answering.there);
    return vmc_fleet_plan_new(fm, target, text);
}

/* ---- place --------------------------------------------------------------- */

static VmcVm *
find_vm(const VmcFleet *fleet, const char *name, GError **error)
{
    VmcVm *vm = vmc_fleet_find_vm(fleet, name);

    if (vm == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no VM '%s' in the fleet", name);
    return vm;
}

static GPtrArray *
homeless_vms(const VmcQuestion *question, const VmcFleet *fleet, GError **error)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new();

    for (guint i = 0; question->vms != NULL && question->vms[i] != NULL; i++) {
        VmcVm *vm = find_vm(fleet, question->vms[i], error);
        if (vm == NULL)
            return NULL;
        if (vm->host != NULL || vm->destination != NULL) {
            g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                        "VM '%s' is on host '%s' already; only VMs on no host "
                        "are placed",
                        vm->name,
                        vm->host != NULL ? vm->host : vm->destination);
            return NULL;
        }
        g_ptr_array_add(vms, vm);
    }
    return g_steal_pointer(&vms);
}

static VmcPlan *
answer_place(const VmcQuestion *question,
             const VmcFleet *fleet,
             const VmcQuestionClock *clock G_GNUC_UNUSED,
             GError **error)
{
    g_autoptr(GPtrArray) vms = homeless_vms(question, fleet, error);
    g_autoptr(GArray) indexes = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autofree char *text = describe(question);

    if (vms == NULL)
        return NULL;
    g_autoptr(VmcFleetModel) fm = model_of(
        question, fleet,
        VMC_FLEET_MODEL_ONLY_PLACE | VMC_FLEET_MODEL_NO_COOLDOWN, vms, error);
    if (fm == NULL)
        return NULL;
    for (guint32 v = 0; v < fm->vms->len; v++)
        if (fm->model->start[v] == VMC_NOWHERE && fm->model->is_movable[v])
            g_array_append_val(indexes, v);
    const guint32 *batch = (const guint32 *) indexes->data;
    g_autofree gint32 *target = vmc_fleet_batch_place(fm, batch, indexes->len);
    VmcPlan *plan = vmc_fleet_plan_new(fm, target, text);
    vmc_fleet_batch_explain(fm, batch, indexes->len, plan);
    return plan;
}

/* ---- drain, repair, make room -------------------------------------------- */

/* Makes a state right, as vmc_repair(); what is not possible stays as it is. */
typedef gboolean (*MendFunc)(VmcState *state, VmcRepairReport *ret_report);

/* A repair is not the time to make things nicer: only what is broken counts,
 * and what moves cost. */
static VmcFleetModel *
bare_model(const VmcQuestion *question, const VmcFleetModel *fm)
{
    VmcQuestion bare = *question;
    g_autoptr(VmcPolicy) policy = vmc_policy_copy(question->policy);

    for (guint i = 0; i < VMC_N_TERMS; i++)
        if (i != VMC_TERM_MOVES && i != VMC_TERM_DISTANCE)
            policy->weight_milli[i] = 0;
    bare.policy = policy;
    return model_of(&bare, fm->fleet, fm->options.flags, NULL, NULL);
}

static void
mend_by_search(const VmcQuestion *question,
               const VmcFleetModel *fm,
               VmcState *state)
{
    g_autoptr(VmcFleetModel) bare = bare_model(question, fm);

    vmc_repair_by_search(state, bare->model, question->seed);
}

static VmcPlan *
mend(const VmcQuestion *question, const VmcFleetModel *fm, MendFunc how)
{
    g_autofree char *text = describe(question);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    VmcRepairReport report;

    (void) how(state, &report);
    if (vmc_repair_wants_search(fm->model, &report))
        mend_by_search(question, fm, state);
    return vmc_fleet_plan_new(fm, state->host_of, text);
}

static VmcPlan *
answer_by(const VmcQuestion *question,
          const VmcFleet *fleet,
          MendFunc how,
          GError **error)
{
    g_autoptr(VmcFleetModel) fm =
        model_of(question, fleet, VMC_FLEET_MODEL_NO_COOLDOWN, NULL, error);

    return fm != NULL ? mend(question, fm, how) : NULL;
}

static VmcFleet *
with_draining(VmcFleet *fleet, const char *name, GError **error)
{
    const VmcHost *host = vmc_fleet_find_host(fleet, name);

    if (host == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s' in the fleet", name);
        return NULL;
    }
    g_autoptr(VmcHost) draining = vmc_host_copy(host);
    draining->state = VMC_HOST_DRAINING;
    g_clear_pointer(&draining->state_reason, g_free);
    return vmc_fleet_with_host(fleet, draining);
}

static VmcPlan *
answer_drain(const VmcQuestion *question,
             const VmcFleet *fleet,
             const VmcQuestionClock *clock G_GNUC_UNUSED,
             GError **error)
{
    g_autoptr(VmcFleet) drained = vmc_fleet_ref((VmcFleet *) fleet);

    for (guint i = 0; question->hosts != NULL && question->hosts[i] != NULL;
         i++) {
        VmcFleet *next = with_draining(drained, question->hosts[i], error);
        if (next == NULL)
            return NULL;
        vmc_fleet_unref(drained);
        drained = next;
    }
    return answer_by(question, drained, vmc_evacuate, error);
}

static VmcPlan *
answer_repair(const VmcQuestion *question,
              const VmcFleet *fleet,
              const VmcQuestionClock *clock G_GNUC_UNUSED,
              GError **error)
{
    return answer_by(question, fleet, vmc_repair, error);
}

static VmcPlan *
answer_make_room(const VmcQuestion *question,
                 const VmcFleet *fleet,
                 const VmcQuestionClock *clock G_GNUC_UNUSED,
                 GError **error)
{
    const char *name = question->vms != NULL ? question->vms[0] : NULL;
    const VmcVm *vm = find_vm(fleet, name != NULL ? name : "", error);

    if (vm == NULL)
        return NULL;
    if (vm->host == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' is on no host: place it first", vm->name);
        return NULL;
    }
    if (!vm->is_managed) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "VM '%s' is not managed by vmctl, which therefore does not "
                    "resize it: adopt it first",
                    vm->name);
        return NULL;
    }
    g_autoptr(VmcFleet) grown = vmc_make_room(fleet, vm, question->size);
    g_autoptr(VmcFleetModel) fm =
        model_of(question, grown, VMC_FLEET_MODEL_NO_COOLDOWN, NULL, error);
    if (fm == NULL)
        return NULL;
    return vmc_make_room_finish(fm, vm, mend(question, fm, vmc_repair));
}

/* ---- public -------------------------------------------------------------- */

typedef VmcPlan *(*AnswerFunc)(const VmcQuestion *question,
                               const VmcFleet *fleet,
                               const VmcQuestionClock *clock,
                               GError **error);

static const AnswerFunc answers[VMC_N_QUESTION_KINDS] = {
    [VMC_QUESTION_REBALANCE] = answer_rebalance,
    [VMC_QUESTION_PLACE] = answer_place,
    [VMC_QUESTION_DRAIN] = answer_drain,
    [VMC_QUESTION_REPAIR] = answer_repair,
    [VMC_QUESTION_MAKE_ROOM] = answer_make_room,
};

VmcPlan *
vmc_question_answer(const VmcQuestion *question,
                    const VmcFleet *fleet,
                    const VmcQuestionClock *clock,
                    GError **error)
{
    g_return_val_if_fail(question != NULL && fleet != NULL, NULL);
    return answers[question->kind](question, fleet, clock, error);
}
