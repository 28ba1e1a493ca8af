/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/state.h"

#include "core/planner/rule.h"
#include "core/planner/term.h"
#include "core/planner/trial.h"

#include <string.h>

/* Room where there is no capacity to keep to: no sum of needs comes near. */
#define ENDLESS_ROOM (G_MAXINT64 / 4)

/* ---- taking a move over -------------------------------------------------- */

/* From the exact use, so that no rounding piles up over many moves. */
static void
refresh_host(VmcState *state, guint host)
{
    const VmcModel *model = state->model;
    const gint64 *use = state->use + (gsize) host * model->stride;
    gsize first = (gsize) host * model->hinge_stride;
    double cost = vmc_trial_occupied_cost(model, state->lists.count[host]);

    for (guint k = 0; k < model->n_hinges; k++) {
        const VmcHinge *hinge = &model->hinges[k];
        state->hinge[first + k] =
            model->hinge_offset[first + k] +
            hinge->first_factor * (double) use[hinge->first] +
            hinge->second_factor * (double) use[hinge->second];
    }
    for (guint k = 0; k < model->n_hinges; k++)
        cost += MAX(0, state->hinge[first + k]);
    state->host_cost[host] = cost;
}

static gboolean
must_leave(const VmcModel *model, gint32 host)
{
    return host != VMC_NOWHERE &&
           (model->host_flags[host] & VMC_MODEL_HOST_MUST_EMPTY) != 0;
}

static void
change_use(VmcState *state, guint vm, guint host, gint64 sign)
{
    const VmcModel *model = state->model;
    gsize cell = (gsize) host * model->stride;
    const gint64 *need = model->need + (gsize) vm * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        state->use[cell + c] += sign * need[c];
        state->room[cell + c] -= sign * vmc_model_charge(model, vm, host, c);
    }
}

static void
change_tallies(VmcState *state, const VmcMove *move)
{
    const VmcModel *model = state->model;
    const VmcRows *rows = &model->tallies_of;

    for (guint32 i = rows->start[move->vm]; i < rows->start[move->vm + 1];
         i++) {
        guint tally = rows->item[i];
        const VmcTally *info = &model->tallies[tally];
        state->distinct[tally] +=
            (guint) vmc_tally_change(state, tally, move->from, move->to);
        state->placed[tally] += (guint) (move->to != VMC_NOWHERE) -
                                (guint) (move->from != VMC_NOWHERE);
        if (info->at < 0)
            continue;
        if (move->from != VMC_NOWHERE)
            state->counts[info->at + vmc_model_domain(model, info->level,
                                                      (guint) move->from)]--;
        if (move->to != VMC_NOWHERE)
            state->counts[info->at + vmc_model_domain(model, info->level,
                                                      (guint) move->to)]++;
    }
}

/* Everything but the score and the terms' data. */
static void
carry_out(VmcState *state, const VmcMove *move)
{
    const VmcModel *model = state->model;

    state->n_nowhere += (move->to == VMC_NOWHERE) - (move->from == VMC_NOWHERE);
    state->n_stranded +=
        must_leave(model, move->to) - must_leave(model, move->from);
    change_tallies(state, move);
    state->host_of[move->vm] = move->to;
    if (move->from != VMC_NOWHERE) {
        vmc_host_lists_remove(&state->lists, (guint) move->from, move->vm);
        change_use(state, move->vm, (guint) move->from, -1);
        refresh_host(state, (guint) move->from);
    }
    if (move->to != VMC_NOWHERE) {
        vmc_host_lists_add(&state->lists, (guint) move->to, move->vm);
        change_use(state, move->vm, (guint) move->to, 1);
        refresh_host(state, (guint) move->to);
    }
}

/* ---- life ---------------------------------------------------------------- */

static void
fill_room(VmcState *state)
{
    const VmcModel *model = state->model;
    gsize cells = (gsize) model->n_hosts * model->stride;

    memcpy(state->use, model->base, cells * sizeof *state->use);
    for (gsize cell = 0; cell < cells; cell++) {
        guint column = (guint) (cell % model->stride);
        gint64 capacity = model->capacity[cell];
        gboolean is_hard = (model->column[column].flags & VMC_COLUMN_HARD) != 0;
        state->room[cell] = is_hard && capacity != VMC_UNLIMITED
                                ? capacity - model->base[cell]
                                : ENDLESS_ROOM;
    }
    /* What is held on a start host is taken whether the VM is there or not. */
    for (guint v = 0; v < model->n_vms; v++)
        for (guint c = 0; c < model->n_columns && model->start[v] >= 0; c++)
            state->room[(gsize) model->start[v] * model->stride + c] -=
                model->need[(gsize) v * model->stride + c] &
                ~model->keep_mask[c];
}

static void
start_terms(VmcState *state)
{
    for (guint i = 0; i < VMC_N_TERMS; i++) {
        const VmcTerm *term = vmc_term((VmcTermKind) i);
        if (state->model->weight[i] <= 0 || term->data_new == NULL)
            continue;
        state->term_data[i] = term->data_new(state->model);
        if (state->term_data[i] != NULL)
            state->active[state->n_active++] = (VmcTermKind) i;
    }
}

static void
sum_rules(VmcState *state)
{
    const VmcModel *model = state->model;

    state->hard_violation = 0;
    state->soft_violation = 0;
    for (guint r = 0; r < model->n_rules; r++) {
        gint64 violation = vmc_rule_violation(model, r, state->host_of);
        if (model->rules[r].is_hard)
            state->hard_violation += violation;
        else
            state->soft_violation +=
                model->rules[r].weight * (double) violation;
    }
}

static void
sum_most_gains(VmcState *state)
{
    state->most_gain = 0;
    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        const VmcTerm *term = vmc_term(kind);
        if (term->most_gain != NULL)
            state->most_gain += term->most_gain(state->term_data[kind]);
    }
}

/* What hosts, rules and terms keep, from a placement that was carried out. */
static void
sum_up(VmcState *state)
{
    sum_rules(state);
    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        vmc_term(kind)->reset(state, state->term_data[kind]);
    }
    sum_most_gains(state);
    state->score = vmc_terms_recompute(state->model, state->host_of, NULL);
}

static void
allocate(VmcState *state, const VmcModel *model)
{
    gsize cells = (gsize) model->n_hosts * model->stride;
    gsize n_hinges = (gsize) model->n_hosts * model->hinge_stride;

    state->model = model;
    state->host_of = g_new(gint32, MAX(model->n_vms, 1));
    state->use = g_new(gint64, MAX(cells, 1));
    state->room = g_new(gint64, MAX(cells, 1));
    state->hinge =
        g_memdup2(model->hinge_offset, MAX(n_hinges, 1) * sizeof(double));
    state->host_cost = g_new0(double, MAX(model->n_hosts, 1));
    state->counts = g_new0(guint32, MAX(model->n_counts, 1));
    state->distinct = g_new0(guint32, MAX(model->n_tallies, 1));
    state->placed = g_new0(guint32, MAX(model->n_tallies, 1));
    vmc_host_lists_init(&state->lists, model->n_hosts, model->n_vms);
}

VmcState *
vmc_state_new(const VmcModel *model)
{
    g_return_val_if_fail(model != NULL && model->draft == NULL, NULL);
    VmcState *state = g_new0(VmcState, 1);

    allocate(state, model);
    fill_room(state);
    for (guint v = 0; v < model->n_vms; v++)
        state->host_of[v] = VMC_NOWHERE;
    state->n_nowhere = model->n_vms;
    for (guint h = 0; h < model->n_hosts; h++)
        refresh_host(state, h);
    for (guint v = 0; v < model->n_vms; v++)
        if (model->start[v] != VMC_NOWHERE)
            carry_out(state, &(VmcMove){v, VMC_NOWHERE, model->start[v]});
    start_terms(state);
    sum_up(state);
    return state;
}

void
vmc_state_free(VmcState *state)
{
    if (state == NULL)
        return;
    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        vmc_term(kind)->data_free(state->term_data[kind]);
    }
    g_free(state->host_of);
    g_free(state->use);
    g_free(state->room);
    g_free(state->hinge);
    g_free(state->host_cost);
    g_free(state->counts);
    g_free(state->distinct);
    g_free(state->placed);
    vmc_host_lists_clear(&state->lists);
    g_free(state);
}

/* ---- what fits ----------------------------------------------------------- */

/* A column that is too full already does not mind what takes nothing, and a VM
 * that comes home needs no second time what is held for it there. */
static gboolean
has_room_exactly(const VmcState *state, guint vm, guint host)
{
    const VmcModel *model = state->model;
    const gint64 *room = vmc_room_row(state, host);

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 charge = vmc_model_charge(model, vm, host, c);
        if (charge > 0 && room[c] < charge)
            return FALSE;
    }
    return TRUE;
}

gboolean
vmc_state_has_room(const VmcState *state, guint vm, guint host)
{
    const VmcModel *model = state->model;

    return vmc_trial_fits(vmc_room_row(state, host), vmc_need_row(model, vm),
                          model->stride) ||
           has_room_exactly(state, vm, host);
}

gboolean
vmc_state_fits(const VmcState *state, guint vm, guint host)
{
    VmcChange change = vmc_change_shift(state, vm, (gint32) host);

    if (state->host_of[vm] == (gint32) host)
        return TRUE;
    return vmc_model_may_sit(state->model, vm, host) &&
           vmc_state_has_room(state, vm, host) &&
           vmc_rules_allow(state, &change);
}

/* Whether @host has room for @come when @go leaves it. */
static gboolean
has_room_for_exchange(const VmcState *state, guint host, guint come, guint go)
{
    const VmcModel *model = state->model;
    const gint64 *room = state->room + (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 charge = vmc_model_charge(model, come, host, c);
        gint64 freed = vmc_model_charge(model, go, host, c);
        if (charge > freed && room[c] + freed < charge)
            return FALSE;
    }
    return TRUE;
}

gboolean
vmc_state_swap_fits(const VmcState *state, guint first, guint second)
{
    VmcChange change = vmc_change_swap(state, first, second);
    guint a = (guint) change.move[0].from;
    guint b = (guint) change.move[0].to;

    return vmc_model_may_sit(state->model, first, b) &&
           vmc_model_may_sit(state->model, second, a) &&
           has_room_for_exchange(state, b, first, second) &&
           has_room_for_exchange(state, a, second, first) &&
           vmc_rules_allow(state, &change);
}

/* ---- what it costs ------------------------------------------------------- */

static double
seat_cost(const VmcModel *model, guint vm, gint32 host)
{
    return host == VMC_NOWHERE ? 0
                               : vmc_model_seat_cost(model, vm, (guint) host);
}

static double
seats_delta(const VmcModel *model, const VmcChange *change)
{
    double delta = 0;

    for (guint i = 0; i < change->n; i++) {
        const VmcMove *move = &change->move[i];
        delta += seat_cost(model, move->vm, move->to) -
                 seat_cost(model, move->vm, move->from);
    }
    return delta;
}

/* What a host costs with one VM more, one less, or one in another's place;
 * either may be VMC_NOWHERE. */
static double
host_cost_after(const VmcState *state, guint host, gint64 come, gint64 go)
{
    if (go == VMC_NOWHERE)
        return vmc_trial_host_cost_with(state, host, (guint) come);
    if (come == VMC_NOWHERE)
        return vmc_trial_host_cost_without(state, host, (guint) go);
    return vmc_trial_host_cost_exchanged(state, host, (guint) come, (guint) go);
}

static double
hosts_delta(const VmcState *state, const VmcChange *change)
{
    const VmcMove *move = &change->move[0];
    gint64 other = change->n == 2 ? (gint64) change->move[1].vm : VMC_NOWHERE;
    double delta = 0;

    if (move->from != VMC_NOWHERE)
        delta += host_cost_after(state, (guint) move->from, other, move->vm) -
                 state->host_cost[move->from];
    if (move->to != VMC_NOWHERE)
        delta += host_cost_after(state, (guint) move->to, move->vm, other) -
                 state->host_cost[move->to];
    return delta;
}

static double
active_delta(const VmcState *state, const VmcChange *change)
{
    double delta = 0;

    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        delta += vmc_term(kind)->delta(state, state->term_data[kind], change);
    }
    return delta;
}

static double
delta_of(const VmcState *state, const VmcChange *change)
{
    return seats_delta(state->model, change) + hosts_delta(state, change) +
           active_delta(state, change);
}

/* Of all active terms but BROKEN. */
static double
unbroken_delta(const VmcState *state, const VmcChange *change)
{
    double delta = 0;

    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        if (kind != VMC_TERM_BROKEN)
            delta +=
                vmc_term(kind)->delta(state, state->term_data[kind], change);
    }
    return delta;
}

double
vmc_state_other_delta(const VmcState *state, const VmcChange *change)
{
    gboolean is_whole = state->hard_violation == 0 && state->n_stranded == 0 &&
                        state->n_nowhere == 0;

    return is_whole ? unbroken_delta(state, change)
                    : active_delta(state, change);
}

double
vmc_state_delta(const VmcState *state, guint vm, gint32 host)
{
    VmcChange change = vmc_change_shift(state, vm, host);

    return state->host_of[vm] == host ? 0 : delta_of(state, &change);
}

double
vmc_state_swap_delta(const VmcState *state, guint first, guint second)
{
    VmcChange change = vmc_change_swap(state, first, second);

    return delta_of(state, &change);
}

/* ---- changing ------------------------------------------------------------ */

static gboolean
counts_rules(const VmcState *state)
{
    return state->hard_violation != 0 || state->model->has_soft_rules;
}

static void
take_over(VmcState *state, const VmcChange *change, double delta)
{
    for (guint i = 0; i < state->n_active; i++) {
        VmcTermKind kind = state->active[i];
        vmc_term(kind)->apply(state, state->term_data[kind], change);
    }
    sum_most_gains(state);
    for (guint i = 0; i < change->n; i++)
        carry_out(state, &change->move[i]);
    state->score += delta;
}

double
vmc_state_move(VmcState *state, guint vm, gint32 host)
{
    VmcChange change = vmc_change_shift(state, vm, host);
    double soft = 0;

    if (state->host_of[vm] == host)
        return 0;
    double delta = delta_of(state, &change);
    state->hard_violation += vmc_rules_delta(state, &change, &soft);
    state->soft_violation += soft;
    take_over(state, &change, delta);
    return delta;
}

double
vmc_state_relocate(VmcState *state, guint vm, gint32 host)
{
    VmcChange change = vmc_change_shift(state, vm, host);
    double soft = 0;

    double delta = seats_delta(state->model, &change) +
                   hosts_delta(state, &change) + unbroken_delta(state, &change);
    state->hard_violation += vmc_rules_delta(state, &change, &soft);
    state->soft_violation += soft;
    take_over(state, &change, delta);
    return delta;
}

void
vmc_state_commit(VmcState *state, const VmcChange *change, double delta)
{
    double soft = 0;

    if (counts_rules(state)) {
        state->hard_violation += vmc_rules_delta(state, change, &soft);
        state->soft_violation += soft;
    }
    take_over(state, change, delta);
}

void
vmc_state_assign(VmcState *state, const gint32 *host_of)
{
    for (guint v = 0; v < state->model->n_vms; v++)
        vmc_state_move(state, v, host_of[v]);
}

/* ---- asking -------------------------------------------------------------- */

gboolean
vmc_state_is_sound(const VmcState *state)
{
    gsize cells = (gsize) state->model->n_hosts * state->model->stride;

    if (state->n_nowhere > 0 || state->n_stranded > 0 ||
        state->hard_violation > 0)
        return FALSE;
    for (gsize cell = 0; cell < cells; cell++)
        if (state->room[cell] < 0)
            return FALSE;
    return TRUE;
}
