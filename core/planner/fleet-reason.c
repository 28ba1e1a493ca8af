/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host-fit.h"
#include "core/planner/fleet-build.h"
#include "core/planner/rule.h"

/* Why a VM cannot go to a host, or cannot leave its own: in words, made when
 * they are asked for. */

static char *
describe_state(const VmcHost *host)
{
    const char *state = vmc_host_state_to_name(host->state);

    if (host->state_reason == NULL)
        return g_strdup_printf("it is %s", state);
    return g_strdup_printf("it is %s: %s", state, host->state_reason);
}

/* ---- what holds a VM ----------------------------------------------------- */

static gboolean
must_leave(const VmcHost *host)
{
    return host != NULL && (host->state == VMC_HOST_DRAINING ||
                            host->state == VMC_HOST_DRAINED);
}

static char *
held_by_cooldown(const VmcFleetModel *fm, const VmcVm *vm)
{
    gint64 age_s = fm->options.now_s - vm->moved_at_s;

    if ((fm->options.flags & VMC_FLEET_MODEL_NO_COOLDOWN) != 0 ||
        fm->options.now_s == 0 || vm->moved_at_s <= 0 || age_s < 0 ||
        (guint64) age_s >= fm->policy->cooldown_s)
        return NULL;
    return g_strdup_printf(
        "it was moved %" G_GINT64_FORMAT " s ago and cools down", age_s);
}

static char *
held_by_state(const VmcVm *vm, const VmcHost *host)
{
    if (!vm->is_managed)
        return g_strdup("it is not managed");
    if (vm->destination != NULL && g_strcmp0(vm->destination, vm->host) != 0)
        return g_strdup_printf("it is moving to '%s'", vm->destination);
    if (host != NULL &&
        (host->state == VMC_HOST_UNREACHABLE || host->state == VMC_HOST_ERROR))
        return g_strdup_printf("its host is %s",
                               vmc_host_state_to_name(host->state));
    if (host != NULL &&
        (vm->state == VMC_VM_UNKNOWN || vm->state == VMC_VM_CREATING))
        return g_strdup_printf("it is in state %s",
                               vmc_vm_state_to_name(vm->state));
    return NULL;
}

char *
vmc_fleet_model_held_on(const VmcFleetModel *fm, const VmcVm *vm, gint32 seat)
{
    const VmcHost *host =
        seat >= 0 ? vmc_fleet_model_host(fm, (guint) seat) : NULL;
    char *held = held_by_state(vm, host);

    if (held != NULL)
        return held;
    if (host != NULL && (fm->options.flags & VMC_FLEET_MODEL_ONLY_PLACE) != 0)
        return g_strdup("only new VMs are placed");
    return must_leave(host) ? NULL : held_by_cooldown(fm, vm);
}

char *
vmc_fleet_model_held(const VmcFleetModel *fm, const VmcVm *vm)
{
    g_return_val_if_fail(fm != NULL && vm != NULL, NULL);
    return vmc_fleet_model_held_on(fm, vm,
                                   vmc_fleet_model_find_host(fm, vm->host));
}

/* ---- what a VM is not wanted on ------------------------------------------ */

static char *
refuse_by_place_rule(const VmcFleetModel *fm, guint vm, const VmcHost *host)
{
    guint n;
    const guint32 *rules = vmc_fleet_model_place_rules(fm, vm, &n);

    for (guint i = 0; i < n; i++) {
        const VmcPlacementRule *rule = fm->place_rules->pdata[rules[i]];
        if (!rule->must || vmc_fleet_rule_host_holds(rule, host))
            continue;
        return g_strdup_printf("rule '%s' %s", rule->name,
                               rule->kind == VMC_PLACEMENT_RULE_PIN
                                   ? "pins it to other hosts"
                                   : "keeps it off");
    }
    return NULL;
}

static char *
refuse_by_wish(const VmcVm *vm, const VmcHost *host)
{
    for (guint i = 0; i < vm->wishes->len; i++) {
        const VmcWish *wish = vm->wishes->pdata[i];
        if (wish->must && !vmc_wish_holds(wish, host))
            return vmc_wish_describe(wish);
    }
    return NULL;
}

static char *
refuse_by_hardware(const VmcFleetModel *fm, guint vm, const VmcHost *host)
{
    VmcHostNeeds needs = vmc_vm_host_needs(vmc_fleet_model_vm(fm, vm));
    gint32 start = fm->model->start[vm];
    char *misfit = vmc_host_misfit(host, &needs);

    if (misfit != NULL || start < 0)
        return misfit;
    return vmc_host_stranger(host, vmc_fleet_model_host(fm, (guint) start));
}

char *
vmc_fleet_model_misplaced(const VmcFleetModel *fm, guint vm, guint host_index)
{
    g_return_val_if_fail(fm != NULL && vm < fm->vms->len, NULL);
    const VmcHost *host = vmc_fleet_model_host(fm, host_index);

    if (must_leave(host))
        return describe_state(host);
    char *why = refuse_by_wish(vmc_fleet_model_vm(fm, vm), host);
    return why != NULL ? why : refuse_by_place_rule(fm, vm, host);
}

/* ---- what there is no room for, what it would break ---------------------- */

static char *
format_amount(const VmcFleetColumn *column, gint64 amount)
{
    guint64 whole = (guint64) MAX(amount, 0);

    if (whole > G_MAXUINT64 / column->unit)
        whole = G_MAXUINT64 / column->unit;
    return vmc_resource_format(column->resource, whole * column->unit);
}

static char *
describe_shortage(const VmcFleetModel *fm,
                  const VmcState *state,
                  guint vm,
                  guint host,
                  guint c)
{
    const VmcModel *model = fm->model;
    const VmcFleetColumn *column = vmc_fleet_model_column(fm, c);
    gsize cell = (gsize) host * model->stride + c;
    gboolean is_claim = column->kind == VMC_FLEET_CLAIM;
    g_autofree char *need =
        format_amount(column, vmc_model_charge(model, vm, host, c));
    g_autofree char *left = format_amount(column, state->room[cell]);
    g_autofree char *whole = format_amount(column, model->capacity[cell]);

    return g_strdup_printf("%s: %s %s, %s left of %s %s",
                           vmc_resource_to_name(column->resource),
                           is_claim ? "claims" : "is given", need, left, whole,
                           is_claim ? "capacity" : "overcommit ceiling");
}

static char *
refuse_by_room(const VmcFleetModel *fm,
               const VmcState *state,
               guint vm,
               guint host)
{
    const VmcModel *model = fm->model;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 charge = vmc_model_charge(model, vm, host, c);
        if (charge > 0 && (model->column[c].flags & VMC_COLUMN_HARD) != 0 &&
            charge > state->room[(gsize) host * model->stride + c])
            return describe_shortage(fm, state, vm, host, c);
    }
    return NULL;
}

static const char *
rule_effect(VmcPlacementRuleKind kind)
{
    switch (kind) {
    case VMC_PLACEMENT_RULE_APART:
        return "keeps it apart from a VM there";
    case VMC_PLACEMENT_RULE_TOGETHER:
        return "keeps it together with VMs elsewhere";
    case VMC_PLACEMENT_RULE_SPREAD:
        return "wants its VMs spread wider";
    case VMC_PLACEMENT_RULE_NEAR:
        return "wants it near VMs that are elsewhere";
    case VMC_PLACEMENT_RULE_PIN:
    case VMC_PLACEMENT_RULE_AVOID:
    case VMC_N_PLACEMENT_RULE_KINDS:
    default:
        return "forbids it";
    }
}

static char *
refuse_by_rule(const VmcFleetModel *fm,
               const VmcState *state,
               guint vm,
               guint host)
{
    const VmcChange change = {
        .n = 1, .move = {{vm, state->host_of[vm], (gint32) host}}};
    gint32 blocking = vmc_rules_blocking(state, &change);

    if (blocking < 0)
        return NULL;
    const VmcPlacementRule *rule = fm->rules->pdata[blocking];
    return g_strdup_printf("rule '%s' %s", rule->name, rule_effect(rule->kind));
}

char *
vmc_fleet_model_rule_refusal(const VmcFleetModel *fm,
                             const VmcState *state,
                             guint vm,
                             guint host)
{
    g_return_val_if_fail(fm != NULL && vm < fm->vms->len, NULL);
    char *why = refuse_by_place_rule(fm, vm, vmc_fleet_model_host(fm, host));

    return why != NULL ? why : refuse_by_rule(fm, state, vm, host);
}

char *
vmc_fleet_model_refusal(const VmcFleetModel *fm,
                        const VmcState *state,
                        guint vm,
                        guint host_index)
{
    g_return_val_if_fail(fm != NULL && vm < fm->vms->len, NULL);
    const VmcHost *host = vmc_fleet_model_host(fm, host_index);
    char *why = NULL;

    if (!vmc_host_takes_vms(host))
        return describe_state(host);
    why = refuse_by_wish(vmc_fleet_model_vm(fm, vm), host);
    if (why == NULL)
        why = refuse_by_place_rule(fm, vm, host);
    if (why == NULL)
        why = refuse_by_hardware(fm, vm, host);
    if (why == NULL)
        why = refuse_by_room(fm, state, vm, host_index);
    return why != NULL ? why : refuse_by_rule(fm, state, vm, host_index);
}
