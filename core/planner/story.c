/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/story.h"

#include "core/units.h"

#include <math.h>
#include <string.h>

#define MICRO 1e6

/* ---- numbers ------------------------------------------------------------- */

static char *
format_double(const char *format, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE + 32];

    return g_strdup(g_ascii_formatd(buffer, sizeof buffer, format, value));
}

/* Four digits, or all before the point. */
static char *
points(gint64 micro)
{
    const double value = (double) micro / MICRO;

    return format_double(fabs(value) >= 9999.5 ? "%.0f" : "%.4g", value);
}

static char *
duration(gint64 us)
{
    const gint64 seconds =
        us / G_USEC_PER_SEC + (us % G_USEC_PER_SEC >= G_USEC_PER_SEC / 2);

    if (us < 10 * G_USEC_PER_SEC) {
        g_autofree char *number =
            format_double("%.2g", (double) us / G_USEC_PER_SEC);
        return g_strdup_printf("%s s", number);
    }
    if (seconds < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", seconds);
    if (seconds < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min %" G_GINT64_FORMAT
                               " s",
                               seconds / 60, seconds % 60);
    return g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min",
                           seconds / 3600, seconds / 60 % 60);
}

static char *
amount(const VmcPlanUse *use, gint64 value)
{
    const guint64 positive = (guint64) MAX(value, 0);

    if (g_strcmp0(use->unit, "bytes") == 0)
        return vmc_units_format_bytes_short(positive);
    if (g_strcmp0(use->unit, "millicores") == 0)
        return vmc_units_format_millicores(positive);
    if (g_strcmp0(use->unit, "bits/s") == 0)
        return vmc_units_format_bits_per_s(positive);
    return g_strdup_printf("%" G_GINT64_FORMAT "%s%s", value,
                           use->unit != NULL ? " " : "",
                           use->unit != NULL ? use->unit : "");
}

static const char *
plural(guint n)
{
    return n == 1 ? "" : "s";
}

/* ---- the head ------------------------------------------------------------ */

static const char *const kind_nouns[VMC_N_PLAN_STEP_KINDS] = {
    [VMC_PLAN_MOVE] = "move",
    [VMC_PLAN_START] = "start",
    [VMC_PLAN_STOP] = "stop",
    [VMC_PLAN_RESIZE] = "resize",
};

/* "3 moves, 1 start and 2 stops" */
static void
add_counts(GString *text, const VmcPlan *plan)
{
    guint counts[VMC_N_PLAN_STEP_KINDS] = {0};
    guint n_kinds = 0;
    guint n_said = 0;

    for (guint i = 0; i < plan->steps->len; i++)
        counts[((const VmcPlanStep *) plan->steps->pdata[i])->kind]++;
    for (guint i = 0; i < VMC_N_PLAN_STEP_KINDS; i++)
        n_kinds += counts[i] > 0;
    for (guint i = 0; i < VMC_N_PLAN_STEP_KINDS; i++) {
        if (counts[i] == 0)
            continue;
        if (n_said > 0)
            g_string_append(text, n_said + 1 == n_kinds ? " and " : ", ");
        g_string_append_printf(text, "%u %s%s", counts[i], kind_nouns[i],
                               plural(counts[i]));
        n_said++;
    }
}

static void
add_head(GString *text, const VmcPlan *plan)
{
    const guint n_batches = vmc_plan_n_batches(plan);
    g_autofree char *makespan = duration(plan->makespan_us);
    g_autofree char *bound = duration(plan->bound_us);

    g_string_append_printf(
        text, "%s: ", plan->question != NULL ? plan->question : "plan");
    if (plan->steps->len == 0) {
        g_string_append(text, plan->refusals->len > 0 ? "nothing can be done\n"
                                                      : "nothing to do\n");
        return;
    }
    add_counts(text, plan);
    g_string_append_printf(text, " in %u batch%s, about %s", n_batches,
                           n_batches == 1 ? "" : "es", makespan);
    if (strcmp(makespan, bound) != 0)
        g_string_append_printf(text, " (%s at least)", bound);
    g_string_append_c(text, '\n');
}

static void
add_score(GString *text, const VmcPlan *plan)
{
    g_autofree char *before = points(plan->score_before_micro);
    g_autofree char *after = points(plan->score_after_micro);
    g_autofree char *cost = points(plan->cost_micro);

    if (plan->steps->len == 0)
        return;
    g_string_append_printf(text, "score %s -> %s, the moves cost %s\n", before,
                           after, cost);
    for (guint i = 0; i < plan->terms->len; i++) {
        const VmcPlanTerm *term = plan->terms->pdata[i];
        g_autofree char *was = points(term->before_micro);
        g_autofree char *is = points(term->after_micro);
        g_string_append_printf(text, "  %-12s %s -> %s\n", term->name, was, is);
    }
}

/* ---- steps --------------------------------------------------------------- */

static void
add_what(GString *text, const VmcPlanStep *step)
{
    g_string_append_printf(text, "%s %s",
                           vmc_plan_step_kind_to_name(step->kind), step->vm);
    if (step->from != NULL)
        g_string_append_printf(text, " %s %s",
                               step->kind == VMC_PLAN_MOVE ? "from" : "on",
                               step->from);
    if (step->to != NULL)
        g_string_append_printf(text, " %s %s",
                               step->kind == VMC_PLAN_MOVE ? "to" : "on",
                               step->to);
}

static void
add_when(GString *text, const VmcPlanStep *step)
{
    g_autofree char *start = duration(step->start_us);
    g_autofree char *length = duration(step->end_us - step->start_us);

    if (step->start_us == 0)
        g_string_append_printf(text, ", takes %s", length);
    else
        g_string_append_printf(text, ", after %s, takes %s", start, length);
    if (step->is_bypass)
        g_string_append(text, ", out of the way");
    if (step->joint > 0)
        g_string_append_printf(text, ", together with its group (%u)",
                               step->joint);
}

static void
add_step(GString *text, const VmcPlanStep *step, guint number)
{
    g_autofree char *gain = points(step->gain_micro);
    g_autofree char *cost = points(step->cost_micro);

    g_string_append_printf(text, "%4u. ", number);
    add_what(text, step);
    add_when(text, step);
    g_string_append_printf(text, "\n      gains %s%s%s%s, costs %s\n", gain,
                           step->term != NULL ? " (" : "",
                           step->term != NULL ? step->term : "",
                           step->term != NULL ? ")" : "", cost);
    if (step->why != NULL)
        g_string_append_printf(text, "      why:  %s\n", step->why);
    if (step->otherwise != NULL)
        g_string_append_printf(text, "      else: %s\n", step->otherwise);
}

static void
add_steps(GString *text, const VmcPlan *plan)
{
    guint batch = 0;

    for (guint i = 0; i < plan->steps->len; i++) {
        const VmcPlanStep *step = plan->steps->pdata[i];
        if (step->batch != batch)
            g_string_append_printf(text, "\nbatch %u\n", step->batch);
        batch = step->batch;
        add_step(text, step, i + 1);
    }
}

/* ---- hosts --------------------------------------------------------------- */

/* "30GiB (47 %)" */
static char *
share(const VmcPlanUse *use, gint64 value)
{
    g_autofree char *number = amount(use, value);

    if (use->capacity <= 0 || use->capacity == G_MAXINT64)
        return g_steal_pointer(&number);
    return g_strdup_printf("%s (%.0f %%)", number,
                           100.0 * (double) value / (double) use->capacity);
}

static void
add_use(GString *text, const char *name, const VmcPlanUse *use)
{
    g_autofree char *before = share(use, use->before);
    g_autofree char *after = share(use, use->after);
    g_autofree char *capacity = use->capacity == G_MAXINT64
                                    ? g_strdup("no limit")
                                    : amount(use, use->capacity);

    g_string_append_printf(text, "  %-12s %-16s %18s -> %-18s of %s\n", name,
                           use->column, before, after, capacity);
}

static void
add_hosts(GString *text, const VmcPlan *plan)
{
    if (plan->hosts->len > 0)
        g_string_append(text, "\nhosts, before -> after\n");
    for (guint i = 0; i < plan->hosts->len; i++) {
        const VmcPlanHost *host = plan->hosts->pdata[i];
        g_string_append_printf(text, "  %-12s %-16s %18u -> %u\n", host->name,
                               "VMs", host->n_vms_before, host->n_vms_after);
        for (guint k = 0; k < host->uses->len; k++)
            add_use(text, "", host->uses->pdata[k]);
    }
}

static void
add_refusals(GString *text, const VmcPlan *plan)
{
    if (plan->refusals->len > 0)
        g_string_append(text, "\nnot done\n");
    for (guint i = 0; i < plan->refusals->len; i++) {
        const VmcPlanRefusal *refusal = plan->refusals->pdata[i];
        g_string_append_printf(text, "  %s: %s\n", refusal->vm, refusal->why);
    }
}

char *
vmc_plan_story(const VmcPlan *plan)
{
    g_return_val_if_fail(plan != NULL, NULL);
    GString *text = g_string_new(NULL);

    add_head(text, plan);
    add_score(text, plan);
    add_steps(text, plan);
    add_hosts(text, plan);
    add_refusals(text, plan);
    return g_string_free(text, FALSE);
}
