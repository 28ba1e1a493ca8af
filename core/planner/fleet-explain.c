/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-explain.h"

#include "core/planner/fleet-build.h"
#include "core/planner/fleet-plan.h"

static GStrv
row_of(const char *first, const char *second, const char *third)
{
    const char *const cells[] = {first, second, third, NULL};

    return g_strdupv((GStrv) cells);
}

static VmcExplanation *
explanation_new(char *title, GStrv columns)
{
    VmcExplanation *explanation = g_new0(VmcExplanation, 1);

    explanation->title = title;
    explanation->columns = columns;
    explanation->rows =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    return explanation;
}

static char *
points(gint64 micro)
{
    return g_strdup_printf("%.3f", (double) micro / 1e6);
}

/* ---- the fleet ----------------------------------------------------------- */

static GStrv
notes_of(const VmcPlan *plan)
{
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();

    for (guint i = 0; i < plan->refusals->len; i++) {
        const VmcPlanRefusal *refusal = plan->refusals->pdata[i];
        g_autofree char *note =
            g_strdup_printf("%s: %s", refusal->vm, refusal->why);
        g_strv_builder_add(notes, note);
    }
    return g_strv_builder_end(notes);
}

VmcExplanation *
vmc_fleet_explain(const VmcFleet *fleet,
                  const VmcPolicy *policy,
                  GError **error)
{
    g_return_val_if_fail(fleet != NULL && policy != NULL, NULL);
    g_autoptr(VmcFleetModel) fm =
        vmc_fleet_model_new(fleet, policy, &(VmcFleetModelOptions){0}, error);
    if (fm == NULL)
        return NULL;
    g_autoptr(VmcPlan) plan =
        vmc_fleet_plan_new(fm, fm->model->start, "explain");
    g_autofree char *score = points(plan->score_before_micro);
    VmcExplanation *explanation = explanation_new(
        g_strdup_printf("%u hosts, %u VMs; score %s by policy %s",
                        vmc_fleet_n_hosts(fleet), vmc_fleet_n_vms(fleet), score,
                        policy->name),
        row_of("TERM", "COSTS", NULL));

    for (guint i = 0; i < plan->terms->len; i++) {
        const VmcPlanTerm *term = plan->terms->pdata[i];
        g_autofree char *cost = points(term->before_micro);
        g_ptr_array_add(explanation->rows, row_of(term->name, cost, NULL));
    }
    explanation->notes = notes_of(plan);
    return explanation;
}

/* ---- one VM -------------------------------------------------------------- */

static GStrv
row_of_host(const VmcFleetModel *fm,
            const VmcState *state,
            guint vm,
            guint host)
{
    const char *name = vmc_fleet_model_host(fm, host)->name;

    g_autofree char *why = vmc_fleet_model_refusal(fm, state, vm, host);
    if (why != NULL)
        return row_of(name, "refused", why);
    double delta = vmc_state_delta(state, vm, (gint32) host);
    if (delta < -VMC_FLEET_BROKEN_WEIGHT / 1000)
        return row_of(name, "fits", "pays: it repairs what must hold");
    g_autofree char *text = g_strdup_printf(
        "%s: the score gets %.3f %s", delta < 0 ? "pays" : "does not pay",
        delta < 0 ? -delta : delta, delta < 0 ? "better" : "worse");
    return row_of(name, "fits", text);
}

VmcExplanation *
vmc_fleet_explain_moves(const VmcFleet *fleet,
                        const VmcPolicy *policy,
                        const VmcVm *vm,
                        GError **error)
{
    g_return_val_if_fail(fleet != NULL && policy != NULL && vm != NULL, NULL);
    g_autoptr(GPtrArray) place = g_ptr_array_new();
    VmcFleetModelOptions options = {.place = place};

    g_ptr_array_add(place, (gpointer) vm);
    g_autoptr(VmcFleetModel) fm =
        vmc_fleet_model_new(fleet, policy, &options, error);
    if (fm == NULL)
        return NULL;
    VmcExplanation *explanation =
        explanation_new(g_strdup_printf("hosts for VM '%s'", vm->name),
                        row_of("HOST", "VERDICT", "WHY"));
    gint32 index = vmc_fleet_model_find_vm(fm, vm);
    g_autofree char *held = vmc_fleet_model_held(fm, vm);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    for (guint h = 0; index >= 0 && h < fm->hosts->len; h++)
        if (state->host_of[index] != (gint32) h)
            g_ptr_array_add(explanation->rows,
                            row_of_host(fm, state, (guint) index, h));
    if (held != NULL) {
        g_autofree char *note =
            g_strdup_printf("it stays where it is: %s", held);
        explanation->notes = row_of(note, NULL, NULL);
    }
    return explanation;
}
