/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair.h"

#include "core/planner/repair-private.h"
#include "core/planner/rule.h"

#include <string.h>

#include <string.h>

/* Hosts that are looked at for VMs that find no hole: bounds the time. */
#define MAX_EFFORT 4000000

/* Tries in which those that found no host before stay where they are. */
#define MAX_TRIES 5

/* ---- life ---------------------------------------------------------------- */

static void
weigh_columns(VmcRepair *repair)
{
    const VmcModel *model = repair->state->model;

    repair->size_weight = g_new0(double, model->n_columns);
    for (guint c = 0; c < model->n_columns; c++) {
        double capacity = 0;
        if ((model->column[c].flags & VMC_COLUMN_HARD) == 0)
            continue;
        for (guint host = 0; host < model->n_hosts; host++)
            capacity +=
                (double) model->capacity[(gsize) host * model->stride + c];
        if (capacity > 0)
            repair->size_weight[c] = model->n_hosts / capacity;
    }
}

static void
repair_init(VmcRepair *repair, VmcState *state)
{
    const gsize n_cells = (gsize) state->model->n_hosts * state->model->stride;

    repair->state = state;
    repair->holes = vmc_holes_new(state);
    repair->pending = g_new0(gint64, n_cells);
    repair->freed = g_new0(gint64, n_cells);
    repair->n_arrivals = g_new0(guint32, state->model->n_hosts);
    repair->stays = g_new0(gboolean, state->model->n_vms);
    repair->seen = g_new0(guint32, state->model->n_vms);
    repair->failures =
        g_new0(VmcRepairFailure, (gsize) state->model->n_hosts + 1);
    repair->effort = MAX_EFFORT;
    weigh_columns(repair);
}

/* Back to the start, for another try. */
static void
repair_reset(VmcRepair *repair)
{
    const VmcModel *model = repair->state->model;
    const gsize n_cells = (gsize) model->n_hosts * model->stride;

    vmc_state_assign(repair->state, model->start);
    vmc_holes_free(repair->holes);
    repair->holes = vmc_holes_new(repair->state);
    memset(repair->pending, 0, n_cells * sizeof *repair->pending);
    memset(repair->freed, 0, n_cells * sizeof *repair->freed);
    memset(repair->n_arrivals, 0, model->n_hosts * sizeof *repair->n_arrivals);
}

static void
repair_clear(VmcRepair *repair)
{
    vmc_holes_free(repair->holes);
    g_free(repair->size_weight);
    g_free(repair->pending);
    g_free(repair->freed);
    g_free(repair->n_arrivals);
    g_free(repair->stays);
    g_free(repair->seen);
    g_free(repair->failures);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcRepair, repair_clear)

/* ---- tasks --------------------------------------------------------------- */

/* A VM without a host, or a host that is too full. The larger, the earlier. */
typedef struct {
    gint32 vm;
    guint host;
    double size;
} Task;

static gint
compare_tasks(gconstpointer a, gconstpointer b)
{
    const Task *one = a;
    const Task *two = b;

    if (one->size != two->size)
        return one->size > two->size ? -1 : 1;
    if (one->vm != two->vm)
        return one->vm < two->vm ? -1 : 1;
    return one->host < two->host ? -1 : one->host > two->host;
}

static void
take_out_misplaced(VmcRepair *repair, GArray *homeless)
{
    const VmcState *state = repair->state;

    for (guint vm = 0; vm < state->model->n_vms; vm++) {
        const gint32 host = state->host_of[vm];
        if (host != VMC_NOWHERE &&
            (vmc_model_may_sit(state->model, vm, (guint) host) ||
             !vmc_repair_is_movable(repair, vm)))
            continue;
        if (host != VMC_NOWHERE)
            vmc_repair_take_out(repair, vm);
        g_array_append_val(homeless, vm);
    }
}

static GArray *
find_tasks(VmcRepair *repair, const GArray *homeless)
{
    GArray *tasks = g_array_new(FALSE, FALSE, sizeof(Task));

    for (guint i = 0; i < homeless->len; i++) {
        const guint vm = g_array_index(homeless, guint, i);
        const Task task = {(gint32) vm, 0, vmc_repair_size(repair, vm)};
        g_array_append_val(tasks, task);
    }
    for (guint host = 0; host < repair->state->model->n_hosts; host++) {
        if (!vmc_repair_is_full(repair->state, host))
            continue;
        const Task task = {-1, host, vmc_repair_hardness(repair, host)};
        g_array_append_val(tasks, task);
    }
    g_array_sort(tasks, compare_tasks);
    return tasks;
}

/* Back to where it was, and broken as it was; FALSE when a rule would be more
 * broken now, because of those that came meanwhile. */
static gboolean
leave_as_it_was(VmcRepair *repair, guint vm)
{
    const gint32 start = repair->state->model->start[vm];
    const VmcChange change = {1, {{vm, VMC_NOWHERE, start}}};

    if (start == VMC_NOWHERE)
        return TRUE;
    const gboolean is_no_worse = vmc_rules_allow(repair->state, &change);
    vmc_repair_put_back(repair, vm, (guint) start);
    repair->stays[vm] = TRUE;
    return is_no_worse;
}

static gboolean
carry_out(VmcRepair *repair, const Task *task, VmcRepairWay settle)
{
    return task->vm < 0 ? vmc_repair_relieve(repair, task->host, settle)
                        : settle(repair, (guint) task->vm);
}

/* Keeps those that could not be carried out this way. */
static void
carry_out_all(VmcRepair *repair, GArray *tasks, VmcRepairWay settle)
{
    guint n_left = 0;

    for (guint i = 0; i < tasks->len; i++) {
        const Task task = g_array_index(tasks, Task, i);
        if (!carry_out(repair, &task, settle))
            g_array_index(tasks, Task, n_left++) = task;
    }
    g_array_set_size(tasks, n_left);
}

/* FALSE when something got worse. */
static gboolean
leave_others(VmcRepair *repair, const GArray *tasks)
{
    gboolean is_no_worse = TRUE;

    for (guint i = 0; i < tasks->len; i++) {
        const Task *task = &g_array_index(tasks, Task, i);
        if (task->vm >= 0)
            is_no_worse &= leave_as_it_was(repair, (guint) task->vm);
    }
    return is_no_worse;
}

static gboolean
try_once(VmcRepair *repair)
{
    g_autoptr(GArray) homeless = g_array_new(FALSE, FALSE, sizeof(guint));

    take_out_misplaced(repair, homeless);
    vmc_repair_scatter(repair, homeless);
    g_autoptr(GArray) tasks = find_tasks(repair, homeless);
    repair->n_tasks = tasks->len;
    carry_out_all(repair, tasks, vmc_repair_settle_in_hole);
    carry_out_all(repair, tasks, vmc_repair_settle_in_hole);
    carry_out_all(repair, tasks, vmc_repair_settle_by_exchange);
    carry_out_all(repair, tasks, vmc_repair_settle_by_making_way);
    return leave_others(repair, tasks);
}

/* ---- the result ---------------------------------------------------------- */

static guint
count_left(const VmcState *state)
{
    const VmcModel *model = state->model;
    guint n_left = 0;

    for (guint vm = 0; vm < model->n_vms; vm++)
        n_left += state->host_of[vm] == VMC_NOWHERE ||
                  !vmc_model_may_sit(model, vm, (guint) state->host_of[vm]);
    for (guint host = 0; host < model->n_hosts; host++)
        n_left += vmc_repair_is_full(state, host);
    for (guint i = 0; state->hard_violation > 0 && i < model->n_rules; i++) {
        const VmcRule *rule = &model->rules[i];
        n_left +=
            rule->is_hard && vmc_rule_violation(model, i, state->host_of) > 0;
    }
    return n_left;
}

static void
report(const VmcState *state, VmcRepairReport *ret_report)
{
    const VmcModel *model = state->model;

    for (guint vm = 0; vm < model->n_vms; vm++) {
        if (state->host_of[vm] == model->start[vm])
            continue;
        if (model->start[vm] == VMC_NOWHERE)
            ret_report->n_starts++;
        else
            ret_report->n_moves++;
    }
    ret_report->n_left = count_left(state);
}

gboolean
vmc_repair(VmcState *state, VmcRepairReport *ret_report)
{
    g_return_val_if_fail(state != NULL, FALSE);
    g_auto(VmcRepair) repair = {0};
    VmcRepairReport found = {.n_bound = vmc_repair_bound(state)};
    gboolean is_no_worse = FALSE;

    repair_init(&repair, state);
    for (guint try = 0; try < MAX_TRIES && !is_no_worse; try++) {
        if (try > 0)
            repair_reset(&repair);
        is_no_worse = try_once(&repair);
    }
    if (is_no_worse && repair.n_tasks > 0)
        vmc_repair_polish(&repair);
    if (!is_no_worse)
        vmc_state_assign(state, state->model->start);
    report(state, &found);
    if (ret_report != NULL)
        *ret_report = found;
    return found.n_left == 0 && vmc_state_is_sound(state);
}
