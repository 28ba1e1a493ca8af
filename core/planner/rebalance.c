/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rebalance.h"

#include "core/planner/downhill.h"
#include "core/planner/few-moves.h"
#include "core/planner/term.h"

#include <math.h>

/* Searches of one depth that go on from each other. Seldom more than two are
 * needed until nothing is found any more. */
#define MAX_ROUNDS 100

/* A score is a sum of doubles: what is less better than this is not. */
#define NOTHING 1e-6

static gboolean
has_moved(const VmcState *state, const gint32 *from, guint vm)
{
    return state->host_of[vm] != from[vm];
}

static gint32 *
copy_placement(const VmcModel *model, const gint32 *host_of)
{
    return g_memdup2(host_of, MAX(model->n_vms, 1) * sizeof *host_of);
}

/* ---- what does not pay --------------------------------------------------- */

/* The score includes the costs of moves: what gets it down pays. */
static gboolean
does_not_pay(const VmcState *state, guint vm, gint32 home)
{
    return home != VMC_NOWHERE && vmc_state_fits(state, vm, (guint) home) &&
           vmc_state_delta(state, vm, home) < NOTHING;
}

/* Two that changed places can only go back together. */
static gboolean
take_back_swap(VmcState *state, const gint32 *home, guint vm)
{
    gint32 here = state->host_of[vm];
    gint32 there = home[vm];

    if (there == VMC_NOWHERE)
        return FALSE;
    const guint32 *others = vmc_host_lists_at(&state->lists, (guint) there);
    for (guint i = 0; i < state->lists.count[there]; i++) {
        guint other = others[i];
        if (home[other] != here || !vmc_state_swap_fits(state, vm, other) ||
            vmc_state_swap_delta(state, vm, other) >= NOTHING)
            continue;
        vmc_state_move(state, other, here);
        vmc_state_move(state, vm, there);
        return TRUE;
    }
    return FALSE;
}

static gboolean
take_back_one(VmcState *state, const gint32 *home, guint vm)
{
    if (!does_not_pay(state, vm, home[vm]))
        return take_back_swap(state, home, vm);
    vmc_state_move(state, vm, home[vm]);
    return TRUE;
}

/* What is taken back may make other moves worthless: until all pay. */
static void
take_back(VmcState *state, const gint32 *home)
{
    gboolean is_changed = TRUE;

    while (is_changed) {
        is_changed = FALSE;
        for (guint v = 0; v < state->model->n_vms; v++)
            if (has_moved(state, home, v) && take_back_one(state, home, v))
                is_changed = TRUE;
    }
}

void
vmc_rebalance_take_back(VmcState *state)
{
    g_return_if_fail(state != NULL);
    take_back(state, state->model->start);
}

/* ---- a round ------------------------------------------------------------- */

typedef struct {
    const VmcModel *model;
    const VmcRebalanceRequest *request;
    VmcSearchOptions search;
    gint64 begin_us;
    gint32 *target;       /* the best so far, in as many plans as it takes */
    gint32 *answer;       /* the best of them that one plan can do */
    VmcState *state;      /* the target, as it looks from the start */
    gint64 *room;         /* of each host and column at the start */
    VmcModel view;        /* shares all but its start with the model */
    const VmcModel *here; /* the model as it will be at the target */
} Course;

static void
look_from_target(Course *course)
{
    const VmcRebalanceRequest *request = course->request;

    course->view = *course->model;
    course->view.start = course->target;
    course->here = request->model_at != NULL
                       ? request->model_at(course->target, request->data)
                       : &course->view;
}

static gboolean
is_late(gpointer data)
{
    Course *course = data;
    const VmcSearchOptions *search = &course->request->search;

    if (search->budget_us <= 0 || search->now_us == NULL)
        return FALSE;
    gint64 spent_us = search->now_us(search->clock) - course->begin_us;
    course->search.budget_us = search->budget_us - spent_us;
    return course->search.budget_us <= 0;
}

static gint32 *
go_downhill(Course *course)
{
    const VmcDownhill how = {
        .seed = course->search.seed, .is_late = is_late, .data = course};

    return vmc_downhill(course->here, NULL, &how);
}

static gint32 *
search_from_target(const Course *course)
{
    g_autoptr(VmcSearchResult) found =
        vmc_search_run(course->here, NULL, &course->search);

    return g_steal_pointer(&found->host_of);
}

/* What is found when VMs are at the target; the caller owns it. */
static gint32 *
find_from_target(Course *course, guint64 n_steps)
{
    g_autofree gint32 *found =
        n_steps == 0 ? go_downhill(course) : search_from_target(course);
    g_autoptr(VmcState) state = vmc_state_new(course->here);
    double before = state->score;

    vmc_state_assign(state, found);
    take_back(state, course->target);
    return copy_placement(course->model, state->score > before - NOTHING
                                             ? course->target
                                             : state->host_of);
}

/* Held room can make wrong in one plan what is right in two, one after the
 * other. Whether no host gets too full, or fuller than it was too full. */
static gboolean
is_one_plan(const Course *course)
{
    const VmcModel *model = course->model;

    for (gsize i = 0; i < (gsize) model->n_hosts * model->stride; i++)
        if (course->state->room[i] < MIN(course->room[i], 0))
            return FALSE;
    return TRUE;
}

static void
accept_target(Course *course)
{
    g_free(course->target);
    course->target = copy_placement(course->model, course->state->host_of);
    look_from_target(course);
    if (!is_one_plan(course))
        return;
    g_free(course->answer);
    course->answer = copy_placement(course->model, course->target);
}

/* Takes what was found when it is better, as it looks from the start: a VM that
 * moves twice pays once, and what paid then may not any more. */
static gboolean
accept_if_better(Course *course, const gint32 *found)
{
    VmcState *state = course->state;
    double before = state->score;

    vmc_state_assign(state, found);
    take_back(state, course->model->start);
    if (state->score < before - NOTHING) {
        accept_target(course);
        return TRUE;
    }
    vmc_state_assign(state, course->target);
    return FALSE;
}

/* Goes on from the best so far, downhill when there are no steps to search
 * with. Returns whether it found something. */
static gboolean
go_on(Course *course, guint64 n_steps)
{
    course->search.max_steps = n_steps;
    g_autofree gint32 *found = find_from_target(course, n_steps);
    return accept_if_better(course, found);
}

/* Searches as it looks from the start, where what has moved can move elsewhere
 * without paying again: from the target that would seldom pay. */
static void
go_deeper(Course *course, guint64 n_steps)
{
    course->search.max_steps = n_steps;
    g_autoptr(VmcSearchResult) found =
        vmc_search_run(course->model, course->answer, &course->search);
    accept_if_better(course, found->host_of);
}

/* The way down and searches of all depths up to @deepest find nothing more from
 * here. */
static void
settle(Course *course, guint64 deepest)
{
    gboolean is_changed = TRUE;

    for (guint i = 0; is_changed && i < MAX_ROUNDS; i++) {
        is_changed = FALSE;
        for (guint64 n = deepest; n >= VMC_REBALANCE_FIRST_STEPS;
             n /= VMC_REBALANCE_DEEPER) {
            if (is_late(course))
                return;
            if (go_on(course, n))
                is_changed = TRUE;
        }
        if (go_on(course, 0))
            is_changed = TRUE;
    }
}

/* ---- a budget of moves --------------------------------------------------- */

static guint
count_moved(const VmcState *state)
{
    guint n = 0;

    for (guint v = 0; v < state->model->n_vms; v++)
        n += has_moved(state, state->model->start, v);
    return n;
}

/* The move to the target that brings most; FALSE when none brings anything. */
static gboolean
find_step(const VmcState *state, const gint32 *target, VmcMove *ret_move)
{
    double best = -NOTHING;

    for (guint v = 0; v < state->model->n_vms; v++) {
        if (target[v] < 0 || target[v] == state->host_of[v] ||
            !vmc_state_fits(state, v, (guint) target[v]))
            continue;
        double delta = vmc_state_delta(state, v, target[v]);
        if (delta >= best)
            continue;
        best = delta;
        *ret_move = (VmcMove){v, state->host_of[v], target[v]};
    }
    return best < -NOTHING;
}

/* The caller owns it. */
static gint32 *
go_towards(const VmcModel *model, const gint32 *target, guint max_moves)
{
    g_autoptr(VmcState) state = vmc_state_new(model);
    VmcMove move;

    vmc_state_assign(state, target);
    if (count_moved(state) > max_moves) {
        vmc_state_assign(state, model->start);
        for (guint i = 0; i < max_moves && find_step(state, target, &move); i++)
            vmc_state_move(state, move.vm, move.to);
    }
    return copy_placement(model, state->host_of);
}

/* Half of the time is for the search without a limit. */
static gboolean
is_half_spent(gpointer data)
{
    const Course *course = data;
    const VmcSearchOptions *search = &course->request->search;

    return search->budget_us > 0 && search->now_us != NULL &&
           (search->now_us(search->clock) - course->begin_us) * 2 >
               search->budget_us;
}

/* The caller owns it. */
static gint32 *
find_few_moves(Course *course)
{
    const VmcFewMoves few = {
        .max_moves = course->request->max_moves,
        .seed = course->search.seed,
        .is_late = is_half_spent,
        .data = course,
    };

    return vmc_few_moves(course->model, &few);
}

/* The better of @few and the first moves to the answer; takes @few. */
static gint32 *
within_moves(const Course *course, gint32 *few)
{
    const VmcModel *model = course->model;
    gint32 *towards =
        go_towards(model, course->answer, course->request->max_moves);
    gboolean is_few_better = vmc_terms_recompute(model, few, NULL) <=
                             vmc_terms_recompute(model, towards, NULL);

    g_free(is_few_better ? towards : few);
    return is_few_better ? few : towards;
}

/* ---- public -------------------------------------------------------------- */

gint32 *
vmc_rebalance(const VmcModel *model, const VmcRebalanceRequest *request)
{
    g_return_val_if_fail(model != NULL && request != NULL, NULL);
    const VmcSearchOptions *search = &request->search;
    guint64 most = search->max_steps > 0 || search->budget_us <= 0
                       ? search->max_steps
                       : G_MAXUINT64 / VMC_REBALANCE_DEEPER;
    g_autoptr(VmcState) state = vmc_state_new(model);
    Course course = {
        .model = model,
        .request = request,
        .search = *search,
        .begin_us = search->now_us != NULL ? search->now_us(search->clock) : 0,
        .target = copy_placement(model, model->start),
        .answer = copy_placement(model, model->start),
        .state = state,
        .room = g_memdup2(state->room,
                          MAX((gsize) model->n_hosts * model->stride, 1) *
                              sizeof(gint64)),
    };

    gint32 *few = request->max_moves > 0 ? find_few_moves(&course) : NULL;
    look_from_target(&course);
    settle(&course, 0);
    for (guint64 n = VMC_REBALANCE_FIRST_STEPS; n <= most && !is_late(&course);
         n *= VMC_REBALANCE_DEEPER) {
        go_deeper(&course, n);
        settle(&course, n);
    }
    gint32 *answer = few != NULL ? within_moves(&course, few)
                                 : g_steal_pointer(&course.answer);
    g_free(course.target);
    g_free(course.answer);
    g_free(course.room);
    return answer;
}
