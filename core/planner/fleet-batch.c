/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-batch.h"

#include "core/planner/place.h"
#include "core/planner/repair.h"

#define MAX_BATCH 65

static gint32 *
placement_of(const VmcState *state)
{
    return g_memdup2(state->host_of,
                     MAX(state->model->n_vms, 1) * sizeof(gint32));
}

gint32 *
vmc_fleet_batch_place(const VmcFleetModel *fm, const guint32 *vms, guint n_vms)
{
    g_return_val_if_fail(fm != NULL, NULL);
    g_autoptr(VmcState) greedy = vmc_state_new(fm->model);
    guint n_placed = vmc_place(greedy, vms, n_vms);

    if (n_placed == n_vms)
        return placement_of(greedy);
    g_autoptr(VmcState) repaired = vmc_state_new(fm->model);
    vmc_repair(repaired, NULL);
    return placement_of(repaired->n_nowhere < greedy->n_nowhere ? repaired
                                                                : greedy);
}

/* ---- who collides -------------------------------------------------------- */

/*
 * @vms: some of the batch
 */
typedef struct {
    const VmcFleetModel *fm;
    VmcState *state;
    guint n;
    guint32 vms[MAX_BATCH];
} Batch;

static gboolean
fits(const Batch *batch)
{
    vmc_state_assign(batch->state, batch->fm->model->start);
    return vmc_place(batch->state, batch->vms, batch->n) == batch->n;
}

static void
take_out(Batch *batch, guint i)
{
    for (guint k = i + 1; k < batch->n; k++)
        batch->vms[k - 1] = batch->vms[k];
    batch->n--;
}

/* Leaves out, one by one, whoever is not needed for the collision; the first
 * one stays. */
static void
reduce(Batch *batch)
{
    for (guint i = batch->n - 1; i > 0; i--) {
        Batch without = *batch;
        take_out(&without, i);
        if (!fits(&without))
            *batch = without;
    }
}

/* "b, c and d": all but the first */
static char *
name_others(const Batch *batch)
{
    GString *text = g_string_new(NULL);

    for (guint i = 1; i < batch->n; i++)
        g_string_append_printf(
            text, "%s%s",
            i == 1              ? ""
            : i + 1 == batch->n ? " and "
                                : ", ",
            vmc_fleet_model_vm(batch->fm, batch->vms[i])->name);
    return g_string_free(text, FALSE);
}

/* The others that @vm collides with; NULL when it finds no host alone either.
 */
static char *
collision_of(Batch *batch, const guint32 *vms, guint n_vms, guint32 vm)
{
    batch->n = 1;
    batch->vms[0] = vm;
    if (!fits(batch))
        return NULL;
    for (guint i = 0; i < n_vms; i++)
        if (vms[i] != vm)
            batch->vms[batch->n++] = vms[i];
    if (fits(batch))
        return NULL;
    reduce(batch);
    return batch->n > 1 ? name_others(batch) : NULL;
}

void
vmc_fleet_batch_explain(const VmcFleetModel *fm,
                        const guint32 *vms,
                        guint n_vms,
                        VmcPlan *plan)
{
    g_return_if_fail(fm != NULL && plan != NULL);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    Batch batch = {.fm = fm, .state = state};

    for (guint i = 0; n_vms < MAX_BATCH && i < plan->refusals->len; i++) {
        VmcPlanRefusal *refusal = plan->refusals->pdata[i];
        gint32 vm = vmc_fleet_model_find_vm(
            fm, vmc_fleet_find_vm(fm->fleet, refusal->vm));
        if (vm < 0 || fm->model->start[vm] != VMC_NOWHERE)
            continue;
        g_autofree char *others = collision_of(&batch, vms, n_vms, (guint) vm);
        if (others == NULL)
            continue;
        char *why = g_strdup_printf("%s; without %s it would have one",
                                    refusal->why, others);
        g_free(refusal->why);
        refusal->why = why;
    }
}
