/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/descent.h"

#include "core/planner/kinds.h"
#include "core/planner/tournament.h"
#include "core/planner/trial.h"

#include <math.h>

/* Hosts that are looked at for a VM, the most promising first. */
#define N_HOSTS_TO_TRY 4

/* VMs of a kind that are looked at, and those that are left out for being alike
 * included. */
#define N_VMS_TO_TRY 4
#define N_VMS_TO_TAKE 32

/* A move that seems to bring less than this part of the best one found is not
 * looked at exactly. */
#define PROMISING 0.7

/* A run takes a move at once that brings this part of what the best one
 * promises. */
#define AS_PROMISED 0.9

/* All is counted anew after so many moves for each VM. */
#define STALE_AFTER (1.0 / 25)

/* A score is a sum of doubles: what is less better than this is not. */
#define NOTHING 1e-9

struct _VmcDescent {
    VmcState *state;
    VmcKinds *kinds;
    VmcTournament **leaving; /* [kind] over its members */
    VmcTournament **coming;  /* [kind] over hosts */
    guint8 *is_barred;       /* [vm] */
    guint n_since_refresh;
    gboolean is_hasty;
    double enough; /* a gain that is taken at once */
};

/* ---- what is kept -------------------------------------------------------- */

/* What a seat elsewhere costs @vm, taken at one that is neither its start nor
 * where it is, if there is one. */
static double
seat_cost_elsewhere(const VmcState *state, guint vm)
{
    const VmcModel *model = state->model;
    guint n = MIN(model->n_hosts, 3);
    guint elsewhere = 0;

    for (guint h = 0; h < n; h++) {
        gboolean is_elsewhere = (gint32) h != state->host_of[vm];
        if (is_elsewhere)
            elsewhere = h;
        if (is_elsewhere && (gint32) h != model->start[vm])
            break;
    }
    return vmc_model_seat_cost(model, vm, elsewhere);
}

/* What the score gains when @vm is gone, and pays for a seat elsewhere. */
static double
gain_of_leaving(const VmcState *state, guint vm)
{
    gint32 host = state->host_of[vm];

    if (host == VMC_NOWHERE || !state->model->is_movable[vm])
        return -INFINITY;
    VmcChange change = vmc_change_shift(state, vm, VMC_NOWHERE);
    return state->host_cost[host] -
           vmc_trial_host_cost_without(state, (guint) host, vm) +
           vmc_model_seat_cost(state->model, vm, (guint) host) -
           seat_cost_elsewhere(state, vm) -
           vmc_state_other_delta(state, &change);
}

/* What the score gains when one more like @vm is on @host, but for its seat. */
static double
gain_of_coming(const VmcState *state, guint vm, guint host)
{
    const VmcModel *model = state->model;
    const VmcChange change = {.n = 1,
                              .move = {{vm, VMC_NOWHERE, (gint32) host}}};

    if ((model->host_flags[host] & VMC_MODEL_HOST_TAKES) == 0 ||
        !vmc_state_has_room(state, vm, host))
        return -INFINITY;
    return state->host_cost[host] - vmc_trial_host_cost_with(state, host, vm) -
           vmc_state_other_delta(state, &change);
}

static void
count_vm(VmcDescent *descent, guint vm)
{
    const VmcKinds *kinds = descent->kinds;
    double gain = descent->is_barred[vm] ? -INFINITY
                                         : gain_of_leaving(descent->state, vm);

    vmc_tournament_set(descent->leaving[kinds->of[vm]], kinds->place[vm], gain);
}

/* The first of a kind stands for all of it. */
static void
count_host(VmcDescent *descent, guint host)
{
    const VmcKinds *kinds = descent->kinds;

    for (guint k = 0; k < kinds->n; k++)
        vmc_tournament_set(
            descent->coming[k], host,
            gain_of_coming(descent->state,
                           kinds->members.item[kinds->members.start[k]], host));
}

static void
count_around(VmcDescent *descent, gint32 host)
{
    const VmcHostLists *lists = &descent->state->lists;

    if (host == VMC_NOWHERE)
        return;
    const guint32 *vms = vmc_host_lists_at(lists, (guint) host);
    for (guint i = 0; i < lists->count[host]; i++)
        count_vm(descent, vms[i]);
    count_host(descent, (guint) host);
}

void
vmc_descent_refresh(VmcDescent *descent)
{
    const VmcModel *model = descent->state->model;

    for (guint v = 0; v < model->n_vms; v++)
        count_vm(descent, v);
    for (guint h = 0; h < model->n_hosts; h++)
        count_host(descent, h);
    descent->n_since_refresh = 0;
}

VmcDescent *
vmc_descent_new(VmcState *state)
{
    g_return_val_if_fail(state != NULL, NULL);
    VmcDescent *descent = g_new0(VmcDescent, 1);
    const VmcKinds *kinds = descent->kinds = vmc_kinds_new(state->model);

    descent->state = state;
    descent->is_barred = g_new0(guint8, MAX(state->model->n_vms, 1));
    descent->leaving = g_new0(VmcTournament *, MAX(kinds->n, 1));
    descent->coming = g_new0(VmcTournament *, MAX(kinds->n, 1));
    for (guint k = 0; k < kinds->n; k++) {
        descent->leaving[k] = vmc_tournament_new(kinds->members.start[k + 1] -
                                                 kinds->members.start[k]);
        descent->coming[k] = vmc_tournament_new(state->model->n_hosts);
    }
    vmc_descent_refresh(descent);
    return descent;
}

void
vmc_descent_free(VmcDescent *descent)
{
    if (descent == NULL)
        return;
    for (guint k = 0; k < descent->kinds->n; k++) {
        vmc_tournament_free(descent->leaving[k]);
        vmc_tournament_free(descent->coming[k]);
    }
    g_free(descent->leaving);
    g_free(descent->coming);
    g_free(descent->is_barred);
    vmc_kinds_free(descent->kinds);
    g_free(descent);
}

/* ---- finding ------------------------------------------------------------- */

typedef struct {
    guint vm;
    gint32 host;
    double gain;
} Find;

/* Hosts, the most promising first. */
typedef struct {
    guint n;
    guint host[N_HOSTS_TO_TRY];
    double gain[N_HOSTS_TO_TRY];
} Choice;

/* Takes the largest of all out. */
static guint
take_first(VmcTournament *tournament, guint *ret_index, double *ret_value)
{
    *ret_index = vmc_tournament_first(tournament);
    *ret_value = vmc_tournament_max(tournament);
    vmc_tournament_set(tournament, *ret_index, -INFINITY);
    return *ret_index;
}

static void
put_back(VmcTournament *tournament,
         guint n,
         const guint *index,
         const double *value)
{
    for (guint i = 0; i < n; i++)
        vmc_tournament_set(tournament, index[i], value[i]);
}

static Choice
list_hosts(VmcTournament *coming)
{
    Choice choice = {0};

    while (choice.n < N_HOSTS_TO_TRY &&
           vmc_tournament_max(coming) > -INFINITY) {
        take_first(coming, &choice.host[choice.n], &choice.gain[choice.n]);
        choice.n++;
    }
    put_back(coming, choice.n, choice.host, choice.gain);
    return choice;
}

/* The best of a few hosts for @vm, which gains @leaving by leaving its own.
 * Returns whether any takes it, or is not looked at for bringing too little. */
static gboolean
try_hosts(const VmcDescent *descent,
          const Choice *choice,
          guint vm,
          double leaving,
          Find *best)
{
    const VmcState *state = descent->state;
    gboolean fits = FALSE;

    for (guint i = 0; i < choice->n && best->gain < descent->enough; i++) {
        guint host = choice->host[i];
        if (leaving + choice->gain[i] <= best->gain * PROMISING)
            return TRUE;
        if (state->host_of[vm] == (gint32) host ||
            !vmc_state_fits(state, vm, host))
            continue;
        double gain = -vmc_state_delta(state, vm, (gint32) host);
        fits = TRUE;
        if (gain > best->gain)
            *best = (Find){vm, (gint32) host, gain};
    }
    return fits;
}

/* Whether what one of them promises by going is true of the other. */
static gboolean
is_alike(const VmcState *state, guint one, guint other)
{
    const VmcModel *model = state->model;
    const VmcRows *rules = &model->rules_of;

    return state->host_of[one] == state->host_of[other] &&
           model->host_set[one] == model->host_set[other] &&
           model->move_group[one] == model->move_group[other] &&
           rules->start[one + 1] == rules->start[one] &&
           rules->start[other + 1] == rules->start[other];
}

/* The VMs of a kind that gain most by leaving, and are not alike. One that no
 * promising host takes is out until it is counted anew. */
static void
try_kind(VmcDescent *descent, guint kind, Find *best)
{
    const VmcRows *members = &descent->kinds->members;
    const guint32 *vms = members->item + members->start[kind];
    VmcTournament *leaving = descent->leaving[kind];
    const Choice choice = list_hosts(descent->coming[kind]);
    guint taken[N_VMS_TO_TAKE];
    double value[N_VMS_TO_TAKE];
    guint n = 0, n_tried = 0;
    gint64 last = -1;

    while (n < N_VMS_TO_TAKE && n_tried < N_VMS_TO_TRY &&
           best->gain < descent->enough &&
           vmc_tournament_max(leaving) + choice.gain[0] >
               best->gain * PROMISING) {
        guint vm = vms[take_first(leaving, &taken[n], &value[n])];
        n++;
        if (last >= 0 && is_alike(descent->state, (guint) last, vm))
            continue;
        if (try_hosts(descent, &choice, vm, value[n - 1], best)) {
            n_tried++;
            last = vm;
        } else {
            n--;
        }
    }
    put_back(leaving, n, taken, value);
}

static double
promise_of(const VmcDescent *descent, guint kind)
{
    return vmc_tournament_max(descent->leaving[kind]) +
           vmc_tournament_max(descent->coming[kind]);
}

/* The most promising kind first: it spares most of the others. */
static void
try_kinds(VmcDescent *descent, Find *best)
{
    guint first = 0;
    double promise = -INFINITY;

    for (guint k = 0; k < descent->kinds->n; k++)
        if (promise_of(descent, k) > promise) {
            promise = promise_of(descent, k);
            first = k;
        }
    descent->enough =
        descent->is_hasty && promise > 0 ? promise * AS_PROMISED : INFINITY;
    for (guint k = 0; k < descent->kinds->n && best->gain < descent->enough;
         k++) {
        guint kind = k == 0 ? first : k == first ? 0 : k;
        if (promise_of(descent, kind) > best->gain * PROMISING)
            try_kind(descent, kind, best);
    }
}

gboolean
vmc_descent_find(VmcDescent *descent, VmcMove *ret_move)
{
    g_return_val_if_fail(descent != NULL && ret_move != NULL, FALSE);
    Find best = {.host = VMC_NOWHERE, .gain = NOTHING};

    try_kinds(descent, &best);
    if (best.host == VMC_NOWHERE && descent->n_since_refresh > 0) {
        vmc_descent_refresh(descent);
        return vmc_descent_find(descent, ret_move);
    }
    if (best.host == VMC_NOWHERE)
        return FALSE;
    *ret_move = (VmcMove){best.vm, descent->state->host_of[best.vm], best.host};
    return TRUE;
}

void
vmc_descent_move(VmcDescent *descent, guint vm, gint32 host)
{
    g_return_if_fail(descent != NULL);
    VmcState *state = descent->state;
    gint32 from = state->host_of[vm];

    vmc_state_move(state, vm, host);
    if (++descent->n_since_refresh > state->model->n_vms * STALE_AFTER) {
        vmc_descent_refresh(descent);
        return;
    }
    count_vm(descent, vm);
    count_around(descent, from);
    count_around(descent, host);
}

void
vmc_descent_bar(VmcDescent *descent, guint vm, gboolean is_barred)
{
    g_return_if_fail(descent != NULL);
    descent->is_barred[vm] = is_barred != FALSE;
    count_vm(descent, vm);
}

void
vmc_descent_run(VmcDescent *descent)
{
    g_return_if_fail(descent != NULL);
    VmcMove move;

    descent->is_hasty = TRUE;
    while (vmc_descent_find(descent, &move))
        vmc_descent_move(descent, move.vm, move.to);
    descent->is_hasty = FALSE;
}
