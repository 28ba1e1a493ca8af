/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/fleet-conflict.h"

#include "core/host-fit.h"
#include "core/planner/conflict.h"
#include "core/planner/fleet-build.h"
#include "core/planner/rule.h"

/*
 * @names: (element-type utf8): what the constraints are called, by bit
 * @forbids: [host] bits of those that forbid it
 */
typedef struct {
    const VmcFleetModel *fm;
    const VmcState *state;
    guint vm;
    GPtrArray *names;
    guint64 *forbids;
} Inquiry;

/* The bit of a constraint that is asked about next; the last stands for all
 * that find none. */
static guint64
next_bit(Inquiry *inquiry, char *name)
{
    if (inquiry->names->len == VMC_CONFLICT_MAX) {
        g_free(name);
        g_free(inquiry->names->pdata[VMC_CONFLICT_MAX - 1]);
        inquiry->names->pdata[VMC_CONFLICT_MAX - 1] = g_strdup("other rules");
    } else {
        g_ptr_array_add(inquiry->names, name);
    }
    return G_GUINT64_CONSTANT(1) << (inquiry->names->len - 1);
}

/* ---- what may forbid a host ---------------------------------------------- */

static void
ask_states(Inquiry *inquiry)
{
    const guint64 bit = next_bit(inquiry, g_strdup("the state of hosts"));

    for (guint h = 0; h < inquiry->fm->hosts->len; h++)
        if (!vmc_host_takes_vms(vmc_fleet_model_host(inquiry->fm, h)))
            inquiry->forbids[h] |= bit;
}

static void
ask_wishes(Inquiry *inquiry)
{
    const VmcVm *vm = vmc_fleet_model_vm(inquiry->fm, inquiry->vm);

    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        if (!wish->must)
            continue;
        g_autofree char *clause = vmc_wish_describe(wish);
        const guint64 bit =
            next_bit(inquiry, g_strdup_printf("that %s", clause));
        for (guint h = 0; h < inquiry->fm->hosts->len; h++)
            if (!vmc_wish_holds(wish, vmc_fleet_model_host(inquiry->fm, h)))
                inquiry->forbids[h] |= bit;
    }
}

static void
ask_place_rules(Inquiry *inquiry)
{
    const VmcFleetModel *fm = inquiry->fm;
    guint n;
    const guint32 *rules = vmc_fleet_model_place_rules(fm, inquiry->vm, &n);

    for (guint i = 0; i < n; i++) {
        const VmcPlacementRule *rule = fm->place_rules->pdata[rules[i]];
        if (!rule->must)
            continue;
        const guint64 bit =
            next_bit(inquiry, g_strdup_printf("rule '%s'", rule->name));
        for (guint h = 0; h < fm->hosts->len; h++)
            if (!vmc_fleet_rule_host_holds(rule, vmc_fleet_model_host(fm, h)))
                inquiry->forbids[h] |= bit;
    }
}

/* What the model forbids and neither wishes nor rules do: the hardware. */
static void
ask_hardware(Inquiry *inquiry)
{
    const VmcFleetModel *fm = inquiry->fm;
    const VmcHostNeeds needs =
        vmc_vm_host_needs(vmc_fleet_model_vm(fm, inquiry->vm));
    const gint32 start = fm->model->start[inquiry->vm];
    const guint64 bit =
        next_bit(inquiry, g_strdup("what it needs of a host's hardware"));

    for (guint h = 0; h < fm->hosts->len; h++) {
        const VmcHost *host = vmc_fleet_model_host(fm, h);
        g_autofree char *misfit = vmc_host_misfit(host, &needs);
        g_autofree char *stranger =
            start >= 0 ? vmc_host_stranger(
                             host, vmc_fleet_model_host(fm, (guint) start))
                       : NULL;
        if (misfit != NULL || stranger != NULL)
            inquiry->forbids[h] |= bit;
    }
}

static void
ask_columns(Inquiry *inquiry)
{
    const VmcModel *model = inquiry->fm->model;

    for (guint c = 0; c < model->n_columns; c++) {
        const VmcFleetColumn *column = vmc_fleet_model_column(inquiry->fm, c);
        if ((model->column[c].flags & VMC_COLUMN_HARD) == 0)
            continue;
        const guint64 bit = next_bit(
            inquiry,
            g_strdup_printf("%s %s", vmc_resource_to_name(column->resource),
                            column->kind == VMC_FLEET_CLAIM
                                ? "capacity"
                                : "overcommit ceiling"));
        for (guint h = 0; h < model->n_hosts; h++) {
            const gint64 charge = vmc_model_charge(model, inquiry->vm, h, c);
            if (charge > 0 &&
                charge > inquiry->state->room[(gsize) h * model->stride + c])
                inquiry->forbids[h] |= bit;
        }
    }
}

static void
ask_rule(Inquiry *inquiry,
         const VmcRule *rule,
         const char *name,
         gboolean leads)
{
    const VmcState *state = inquiry->state;
    const guint64 bit = next_bit(inquiry, g_strdup_printf("rule '%s'", name));

    for (guint h = 0; h < state->model->n_hosts; h++) {
        const VmcShift shift = {state->host_of[inquiry->vm], (gint32) h, !leads,
                                leads};
        if (vmc_rule_class(rule->kind)->delta(state, rule, &shift) > 0)
            inquiry->forbids[h] |= bit;
    }
}

static void
ask_rules(Inquiry *inquiry)
{
    const VmcModel *model = inquiry->fm->model;
    const VmcRows *rows = &model->rules_of;

    for (guint32 i = rows->start[inquiry->vm]; i < rows->start[inquiry->vm + 1];
         i++) {
        const guint index = rows->item[i] / 2;
        const VmcPlacementRule *named = inquiry->fm->rules->pdata[index];
        if (model->rules[index].is_hard)
            ask_rule(inquiry, &model->rules[index], named->name,
                     rows->item[i] % 2 == 1);
    }
}

/* ---- the answer ---------------------------------------------------------- */

/* The host it is on is no answer. */
static void
leave_out(Inquiry *inquiry, gint32 host, guint *n_hosts)
{
    if (host == VMC_NOWHERE)
        return;
    inquiry->forbids[host] = inquiry->forbids[*n_hosts - 1];
    --*n_hosts;
}

char *
vmc_fleet_conflict(const VmcFleetModel *fm, const VmcState *state, guint vm)
{
    g_return_val_if_fail(fm != NULL && vm < fm->vms->len, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree guint64 *forbids = g_new0(guint64, fm->hosts->len + 1);
    Inquiry inquiry = {fm, state, vm, names, forbids};
    guint n_hosts = fm->hosts->len;
    VmcConflict conflict;

    ask_states(&inquiry);
    ask_wishes(&inquiry);
    ask_place_rules(&inquiry);
    ask_hardware(&inquiry);
    ask_columns(&inquiry);
    ask_rules(&inquiry);
    leave_out(&inquiry, state->host_of[vm], &n_hosts);
    if (!vmc_conflict_find(forbids, n_hosts, &conflict))
        return NULL;
    return vmc_conflict_describe(&conflict, (const char *const *) names->pdata);
}
