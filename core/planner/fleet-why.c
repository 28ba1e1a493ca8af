/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-why.h"

#include "core/planner/fleet-conflict.h"
#include "core/planner/rule.h"
#include "core/planner/term.h"

/* Reasons of a few hosts say enough in one sentence. */
#define MAX_REASONS 3

/* ---- looking ------------------------------------------------------------- */

/* Use in thousandths of capacity; 0 where there is no capacity to speak of. */
static gint64
share_milli(const VmcState *state, gint32 host, gint column)
{
    const VmcModel *model = state->model;
    gsize cell = (gsize) MAX(host, 0) * model->stride + (gsize) MAX(column, 0);

    if (host < 0 || column < 0 || model->capacity[cell] == VMC_UNLIMITED ||
        model->capacity[cell] == 0)
        return 0;
    return (gint64) (1000.0 * (double) state->use[cell] /
                     (double) model->capacity[cell]);
}

static gint
fullest_column(const VmcFleetModel *fm,
               const VmcState *state,
               gint32 host,
               gboolean is_demand)
{
    gint64 most = is_demand ? 0 : 1000;
    gint fullest = -1;

    for (guint c = 0; c < fm->columns->len; c++) {
        gint64 share = share_milli(state, host, (gint) c);
        gboolean is_of_demand =
            vmc_fleet_model_column(fm, c)->kind == VMC_FLEET_DEMAND;
        if (is_of_demand != is_demand || share <= most)
            continue;
        most = share;
        fullest = (gint) c;
    }
    return fullest;
}

static gint32
broken_rule(const VmcState *state, guint vm)
{
    const VmcRows *rows = &state->model->rules_of;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        guint32 rule = rows->item[i] / 2;
        if (state->model->rules[rule].is_hard &&
            vmc_rule_violation(state->model, rule, state->host_of) > 0)
            return (gint32) rule;
    }
    return -1;
}

void
vmc_fleet_why_look(const VmcFleetModel *fm,
                   const VmcState *state,
                   VmcFleetStep *step)
{
    g_return_if_fail(fm != NULL && state != NULL && step != NULL);
    step->misplaced =
        step->from >= 0
            ? vmc_fleet_model_misplaced(fm, step->vm, (guint) step->from)
            : NULL;
    step->over = fullest_column(fm, state, step->from, FALSE);
    step->hot = fullest_column(fm, state, step->from, TRUE);
    step->over_before = share_milli(state, step->from, step->over);
    step->hot_before = share_milli(state, step->from, step->hot);
    step->hot_before_there = share_milli(state, step->to, step->hot);
    step->rule = broken_rule(state, step->vm);
}

void
vmc_fleet_why_clear(VmcFleetStep *step)
{
    g_clear_pointer(&step->misplaced, g_free);
}

/* ---- why ----------------------------------------------------------------- */

typedef struct {
    const VmcFleetModel *fm;
    const VmcState *state;
    const VmcFleetStep *step;
    const char *from;
    const char *to;
    char **ret_otherwise;
} Telling;

static const char *
column_name(const Telling *telling, gint column)
{
    return vmc_resource_to_name(
        vmc_fleet_model_column(telling->fm, (guint) column)->resource);
}

static char *
why_broken(const Telling *telling)
{
    const VmcFleetStep *step = telling->step;

    if (step->from < 0) {
        *telling->ret_otherwise = g_strdup("it stays without a host");
        return g_strdup_printf("of the hosts that can take it, %s suits best",
                               telling->to);
    }
    if (step->misplaced != NULL) {
        *telling->ret_otherwise = g_strdup_printf(
            "it stays on %s, where it must not be", telling->from);
        return g_strdup_printf("it cannot stay on %s: %s", telling->from,
                               step->misplaced);
    }
    if (step->over >= 0) {
        *telling->ret_otherwise =
            g_strdup_printf("%s stays too full", telling->from);
        return g_strdup_printf(
            "takes the %s of %s from %" G_GINT64_FORMAT
            " %% to %" G_GINT64_FORMAT " %% of what it may be",
            column_name(telling, step->over), telling->from,
            step->over_before / 10,
            share_milli(telling->state, step->from, step->over) / 10);
    }
    *telling->ret_otherwise = g_strdup("what must hold stays broken");
    if (step->rule < 0)
        return g_strdup("repairs what must hold");
    const VmcPlacementRule *rule = telling->fm->rules->pdata[step->rule];
    return g_strdup_printf("rule '%s' must hold and did not", rule->name);
}

static char *
why_load(const Telling *telling)
{
    const VmcFleetStep *step = telling->step;

    if (step->hot < 0)
        return g_strdup("less of what is used is above its safe share");
    *telling->ret_otherwise =
        g_strdup_printf("%s stays above its safe load", telling->from);
    return g_strdup_printf(
        "takes the %s demand of %s from %" G_GINT64_FORMAT
        " %% to %" G_GINT64_FORMAT " %%",
        column_name(telling, step->hot), telling->from, step->hot_before / 10,
        share_milli(telling->state, step->from, step->hot) / 10);
}

static char *
why_even(const Telling *telling)
{
    const VmcFleetStep *step = telling->step;

    if (step->hot < 0)
        return g_strdup("use is more even");
    *telling->ret_otherwise = g_strdup_printf(
        "%s stays at %" G_GINT64_FORMAT " %% and %s at %" G_GINT64_FORMAT " %%",
        telling->from, step->hot_before / 10, telling->to,
        step->hot_before_there / 10);
    return g_strdup_printf(
        "evens out the %s demand: %s %" G_GINT64_FORMAT
        " %% to %" G_GINT64_FORMAT " %%, %s %" G_GINT64_FORMAT
        " %% to %" G_GINT64_FORMAT " %%",
        column_name(telling, step->hot), telling->from, step->hot_before / 10,
        share_milli(telling->state, step->from, step->hot) / 10, telling->to,
        step->hot_before_there / 10,
        share_milli(telling->state, step->to, step->hot) / 10);
}

static char *
why_spare(const Telling *telling)
{
    *telling->ret_otherwise =
        g_strdup("after such a loss VMs would have no room");
    return g_strdup_printf("keeps room for the loss of any one %s",
                           telling->fm->policy->spare_level);
}

static char *
why_shape(const Telling *telling)
{
    *telling->ret_otherwise =
        g_strdup("cpu or memory stays free that nothing can use");
    return g_strdup("leaves cpu and memory free in the proportion hosts have "
                    "them, so that a large VM still fits");
}

static char *
why_wishes(const Telling *telling)
{
    *telling->ret_otherwise = g_strdup("it stays unmet");
    return g_strdup_printf("what it, or a rule about it, wishes for is on %s",
                           telling->to);
}

static char *
why_hosts(const Telling *telling)
{
    *telling->ret_otherwise = g_strdup_printf("%s stays in use", telling->from);
    return g_strdup_printf("empties %s", telling->from);
}

typedef char *(*WhyFunc)(const Telling *telling);

static const WhyFunc whys[VMC_N_TERMS] = {
    [VMC_TERM_BROKEN] = why_broken, [VMC_TERM_LOAD] = why_load,
    [VMC_TERM_SHAPE] = why_shape,   [VMC_TERM_SPREAD] = why_even,
    [VMC_TERM_PEAK] = why_even,     [VMC_TERM_SPARE] = why_spare,
    [VMC_TERM_WISHES] = why_wishes, [VMC_TERM_HOSTS] = why_hosts,
};

char *
vmc_fleet_why(const VmcFleetModel *fm,
              const VmcState *state,
              const VmcFleetStep *step,
              char **ret_otherwise)
{
    g_return_val_if_fail(fm != NULL && step != NULL, NULL);
    const Telling telling = {
        .fm = fm,
        .state = state,
        .step = step,
        .from = step->from >= 0
                    ? vmc_fleet_model_host(fm, (guint) step->from)->name
                    : "nowhere",
        .to = step->to >= 0 ? vmc_fleet_model_host(fm, (guint) step->to)->name
                            : "nowhere",
        .ret_otherwise = ret_otherwise};

    *ret_otherwise = NULL;
    if (step->from < 0 || step->misplaced != NULL)
        return why_broken(&telling);
    if (step->term >= 0 && whys[step->term] != NULL)
        return whys[step->term](&telling);
    *ret_otherwise = g_strdup("a later step could not be made");
    return g_strdup("makes room for a later step");
}

/* ---- why not ------------------------------------------------------------- */

/* Each host with its reason, as far as they are not too many. */
static void
add_refusals(GString *text,
             const VmcFleetModel *fm,
             const VmcState *state,
             guint vm)
{
    const guint n_hosts = fm->hosts->len;
    const guint n_others = n_hosts - (state->host_of[vm] >= 0);
    guint n_told = 0;

    for (guint h = 0; h < n_hosts && n_told < MAX_REASONS; h++) {
        g_autofree char *why = (gint32) h != state->host_of[vm]
                                   ? vmc_fleet_model_refusal(fm, state, vm, h)
                                   : NULL;
        if (why == NULL)
            continue;
        g_string_append_printf(text, "%s%s: %s", n_told > 0 ? "; " : "",
                               vmc_fleet_model_host(fm, h)->name, why);
        n_told++;
    }
    if (n_others > n_told)
        g_string_append_printf(text, "%sand %u more", n_told > 0 ? "; " : "",
                               n_others - n_told);
}

/* First what collides, which is more than any one host's reason. */
static char *
describe_refusals(const VmcFleetModel *fm, const VmcState *state, guint vm)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *conflict = vmc_fleet_conflict(fm, state, vm);
    const gboolean is_told =
        conflict != NULL && fm->hosts->len > 1 + (state->host_of[vm] >= 0);

    if (fm->hosts->len == 0)
        return g_strdup("the fleet has no hosts");
    if (is_told)
        g_string_append_printf(text, "%s (", conflict);
    add_refusals(text, fm, state, vm);
    if (is_told)
        g_string_append_c(text, ')');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
vmc_fleet_why_not(const VmcFleetModel *fm, const VmcState *state, guint vm)
{
    g_return_val_if_fail(fm != NULL && state != NULL, NULL);
    gint32 host = state->host_of[vm];

    if (host == VMC_NOWHERE) {
        g_autofree char *none = describe_refusals(fm, state, vm);
        return g_strdup_printf("no host can take it: %s", none);
    }
    g_autofree char *misplaced =
        vmc_fleet_model_misplaced(fm, vm, (guint) host);
    if (misplaced == NULL)
        return NULL;
    const char *name = vmc_fleet_model_host(fm, (guint) host)->name;
    g_autofree char *held =
        vmc_fleet_model_held(fm, vmc_fleet_model_vm(fm, vm));
    if (held != NULL)
        return g_strdup_printf("it should leave %s (%s), but %s", name,
                               misplaced, held);
    g_autofree char *others = describe_refusals(fm, state, vm);
    return g_strdup_printf("it should leave %s (%s), but no host can take it: "
                           "%s",
                           name, misplaced, others);
}

static guint
largest_vm(const VmcState *state, guint host, guint column)
{
    const VmcModel *model = state->model;
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    guint largest = vms[0];

    for (guint i = 1; i < state->lists.count[host]; i++) {
        gint64 need = model->need[(gsize) vms[i] * model->stride + column];
        gint64 most = model->need[(gsize) largest * model->stride + column];
        if (need > most || (need == most && vms[i] < largest))
            largest = vms[i];
    }
    return largest;
}

char *
vmc_fleet_why_full(const VmcFleetModel *fm,
                   const VmcState *state,
                   guint host,
                   guint *ret_vm)
{
    g_return_val_if_fail(fm != NULL && state != NULL && ret_vm != NULL, NULL);
    gint over = fullest_column(fm, state, (gint32) host, FALSE);

    if (over < 0 || state->lists.count[host] == 0)
        return NULL;
    guint vm = largest_vm(state, host, (guint) over);
    g_autofree char *others = describe_refusals(fm, state, vm);
    *ret_vm = vm;
    return g_strdup_printf(
        "%s stays too full: its %s is at %" G_GINT64_FORMAT
        " %% of what it may be, and nothing of it fits elsewhere: %s",
        vmc_fleet_model_host(fm, host)->name,
        vmc_resource_to_name(
            vmc_fleet_model_column(fm, (guint) over)->resource),
        share_milli(state, (gint32) host, over) / 10, others);
}

char *
vmc_fleet_why_cramped(const VmcFleetModel *fm, const VmcState *state, guint vm)
{
    g_return_val_if_fail(fm != NULL && state != NULL, NULL);
    gint32 host = state->host_of[vm];
    gint over = fullest_column(fm, state, host, FALSE);
    const char *name = vmc_fleet_model_host(fm, (guint) host)->name;
    g_autofree char *others = describe_refusals(fm, state, vm);

    if (over < 0)
        return g_strdup_printf("it cannot grow on %s, and no other host can "
                               "take it: %s",
                               name, others);
    return g_strdup_printf(
        "it cannot grow on %s, whose %s would be at %" G_GINT64_FORMAT
        " %% of what it may be, and no other host can take it: %s",
        name,
        vmc_resource_to_name(
            vmc_fleet_model_column(fm, (guint) over)->resource),
        share_milli(state, host, over) / 10, others);
}
