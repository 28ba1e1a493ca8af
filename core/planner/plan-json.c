/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/plan-json.h"

#include "core/error.h"
#include "core/json-record.h"
#include "core/json-text.h"

#define FIELD(type, member, kind, ...)                                         \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(type, member), __VA_ARGS__  \
    }
#define RECORD_TYPE(fields, ...)                                               \
    {                                                                          \
        fields, G_N_ELEMENTS(fields), __VA_ARGS__                              \
    }
#define REQUIRED .is_required = TRUE
#define NAMED REQUIRED, .min = 1
#define NOT_NEGATIVE .max = G_MAXINT64
#define DETAIL(what) .detail = &what

/* Errors of a finish function, with the path at which it is called. */
G_GNUC_PRINTF(2, 3)
static gboolean
wrong(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID, message);
    return FALSE;
}

/* ---- steps --------------------------------------------------------------- */

static const char *
kind_name(guint kind)
{
    return vmc_plan_step_kind_to_name((VmcPlanStepKind) kind);
}

static const VmcEnumNames kind_names = {VMC_N_PLAN_STEP_KINDS, kind_name};

static const VmcField step_fields[] = {
    FIELD(VmcPlanStep, kind, ENUM, REQUIRED, DETAIL(kind_names)),
    FIELD(VmcPlanStep, vm, STRING, NAMED),
    FIELD(VmcPlanStep, from, STRING, .min = 1),
    FIELD(VmcPlanStep, to, STRING, .min = 1),
    FIELD(VmcPlanStep, batch, UINT, NAMED),
    FIELD(VmcPlanStep, joint, UINT),
    FIELD(VmcPlanStep, is_bypass, BOOLEAN),
    FIELD(VmcPlanStep, start_us, INT64, REQUIRED, NOT_NEGATIVE),
    FIELD(VmcPlanStep, end_us, INT64, REQUIRED, NOT_NEGATIVE),
    FIELD(VmcPlanStep, gain_micro, INT64),
    FIELD(VmcPlanStep, cost_micro, INT64),
    FIELD(VmcPlanStep, term, STRING),
    FIELD(VmcPlanStep, why, STRING),
    FIELD(VmcPlanStep, otherwise, STRING),
};

/* Most steps are alone, and go straight to where they should be. */
static gboolean
step_omits(const VmcField *field, gconstpointer record)
{
    const VmcPlanStep *step = record;

    return (field->offset == G_STRUCT_OFFSET(VmcPlanStep, joint) &&
            step->joint == 0) ||
           (field->offset == G_STRUCT_OFFSET(VmcPlanStep, is_bypass) &&
            !step->is_bypass);
}

static gboolean
check_hosts_of_step(const VmcPlanStep *step, GError **error)
{
    const char *kind = kind_name(step->kind);
    const gboolean needs_from = step->kind != VMC_PLAN_START;
    const gboolean needs_to =
        step->kind == VMC_PLAN_MOVE || step->kind == VMC_PLAN_START;

    if (needs_from != (step->from != NULL))
        return wrong(error, ".from: a %s %s it", kind,
                     needs_from ? "needs" : "does not have");
    if (needs_to != (step->to != NULL))
        return wrong(error, ".to: a %s %s it", kind,
                     needs_to ? "needs" : "does not have");
    if (step->kind == VMC_PLAN_MOVE && g_str_equal(step->from, step->to))
        return wrong(error, ".to: is the host that it moves from");
    return TRUE;
}

static gboolean
step_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcPlanStep *step = record;

    if (step->end_us < step->start_us)
        return wrong(error, ".end_us: is before start_us");
    return check_hosts_of_step(step, error);
}

static const VmcRecordType step_type =
    RECORD_TYPE(step_fields,
                (gpointer(*)(void)) vmc_plan_step_new,
                (GDestroyNotify) vmc_plan_step_free,
                .omits = step_omits,
                .finish = step_finish);

/* ---- hosts, terms, refusals ---------------------------------------------- */

static const VmcField use_fields[] = {
    FIELD(VmcPlanUse, column, STRING, NAMED),
    FIELD(VmcPlanUse, unit, STRING),
    FIELD(VmcPlanUse, capacity, INT64, REQUIRED),
    FIELD(VmcPlanUse, before, INT64, REQUIRED),
    FIELD(VmcPlanUse, after, INT64, REQUIRED),
};
static const VmcRecordType use_type =
    RECORD_TYPE(use_fields,
                (gpointer(*)(void)) vmc_plan_use_new,
                (GDestroyNotify) vmc_plan_use_free);

static const VmcField host_fields[] = {
    FIELD(VmcPlanHost, name, STRING, NAMED),
    FIELD(VmcPlanHost, n_vms_before, UINT),
    FIELD(VmcPlanHost, n_vms_after, UINT),
    FIELD(VmcPlanHost, uses, RECORDS, DETAIL(use_type)),
};
static const VmcRecordType host_type =
    RECORD_TYPE(host_fields,
                (gpointer(*)(void)) vmc_plan_host_new,
                (GDestroyNotify) vmc_plan_host_free);

static const VmcField term_fields[] = {
    FIELD(VmcPlanTerm, name, STRING, NAMED),
    FIELD(VmcPlanTerm, before_micro, INT64, REQUIRED),
    FIELD(VmcPlanTerm, after_micro, INT64, REQUIRED),
};
static const VmcRecordType term_type =
    RECORD_TYPE(term_fields,
                (gpointer(*)(void)) vmc_plan_term_new,
                (GDestroyNotify) vmc_plan_term_free);

static const VmcField refusal_fields[] = {
    FIELD(VmcPlanRefusal, vm, STRING, NAMED),
    FIELD(VmcPlanRefusal, why, STRING, REQUIRED),
};
static const VmcRecordType refusal_type =
    RECORD_TYPE(refusal_fields,
                (gpointer(*)(void)) vmc_plan_refusal_new,
                (GDestroyNotify) vmc_plan_refusal_free);

/* ---- plans --------------------------------------------------------------- */

/* The plan stands in it as it is, so that its members are those of the
 * document. */
typedef struct {
    guint format;
    VmcPlan plan;
} Draft;

#define PLAN_FIELD(member, kind, ...)                                          \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(Draft, plan.member),        \
            __VA_ARGS__                                                        \
    }

static const VmcField draft_fields[] = {
    FIELD(Draft, format, UINT, REQUIRED),
    PLAN_FIELD(question, STRING),
    PLAN_FIELD(score_before_micro, INT64),
    PLAN_FIELD(score_after_micro, INT64),
    PLAN_FIELD(cost_micro, INT64),
    PLAN_FIELD(makespan_us, INT64, NOT_NEGATIVE),
    PLAN_FIELD(bound_us, INT64, NOT_NEGATIVE),
    PLAN_FIELD(steps, RECORDS, REQUIRED, DETAIL(step_type)),
    PLAN_FIELD(hosts, RECORDS, DETAIL(host_type)),
    PLAN_FIELD(terms, RECORDS, DETAIL(term_type)),
    PLAN_FIELD(refusals, RECORDS, DETAIL(refusal_type)),
};

/* A step stands after those that begin before it, so its batch is that of the
 * step before, or the next. */
static gboolean
check_order(const GPtrArray *steps, GError **error)
{
    guint batch = 0;
    gint64 start_us = 0;

    for (guint i = 0; i < steps->len; i++) {
        const VmcPlanStep *step = steps->pdata[i];
        if (step->batch != batch + 1 && (i == 0 || step->batch != batch))
            return wrong(error, ".steps[%u].batch: %u follows batch %u", i,
                         step->batch, batch);
        if (step->start_us < start_us)
            return wrong(error,
                         ".steps[%u].start_us: begins before the step that "
                         "stands before it",
                         i);
        batch = step->batch;
        start_us = step->start_us;
    }
    return TRUE;
}

static gboolean
draft_finish(gpointer record, JsonObject *object, GError **error)
{
    const Draft *draft = record;

    if (draft->format != VMC_PLAN_FORMAT_VERSION)
        return wrong(error, ".format: this vmctl reads version %d, found %u",
                     VMC_PLAN_FORMAT_VERSION, draft->format);
    return check_order(draft->plan.steps, error);
}

static const VmcRecordType draft_type =
    RECORD_TYPE(draft_fields, .finish = draft_finish);

/* ---- public -------------------------------------------------------------- */

JsonNode *
vmc_plan_to_json(const VmcPlan *plan)
{
    g_return_val_if_fail(plan != NULL, NULL);
    const Draft draft = {VMC_PLAN_FORMAT_VERSION, *plan};

    return vmc_record_to_json(&draft_type, &draft);
}

VmcPlan *
vmc_plan_from_json(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    g_autoptr(VmcPlan) plan = vmc_plan_new();
    Draft draft = {0, *plan};

    const gboolean is_plan =
        vmc_record_from_json(&draft_type, node, &draft, error);
    *plan = draft.plan;
    return is_plan ? g_steal_pointer(&plan) : NULL;
}

VmcPlan *
vmc_plan_parse(const char *text, gssize length, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, length, VMC_PLAN_MAX_BYTES, error);

    return node != NULL ? vmc_plan_from_json(node, error) : NULL;
}
