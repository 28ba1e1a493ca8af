/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rebalance.h"

#include "core/planner/state.h"

#include <math.h>

/* Searches of one depth that go on from each other. Seldom more than two are
 * needed until nothing is found any more. */
#define MAX_ROUNDS 100

/* Moves that a budget of moves allows are looked for one by one, the best
 * first; over so many (VM, host) pairs only among those of the search. */
#define MAX_PAIRS 4000000

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

/* What a search finds when VMs are at the target; the caller owns it. */
static gint32 *
find_from_target(const Course *course)
{
    g_autoptr(VmcSearchResult) found =
        vmc_search_run(course->here, NULL, &course->search);
    g_autoptr(VmcState) state = vmc_state_new(course->here);
    double before = state->score;

    vmc_state_assign(state, found->host_of);
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

/* Searches on from the best so far. Returns whether it found something. */
static gboolean
go_on(Course *course, guint64 n_steps)
{
    course->search.max_steps = n_steps;
    g_autofree gint32 *found = find_from_target(course);
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

static gboolean
is_late(Course *course)
{
    const VmcSearchOptions *search = &course->request->search;

    if (search->budget_us <= 0 || search->now_us == NULL)
        return FALSE;
    gint64 spent_us = search->now_us(search->clock) - course->begin_us;
    course->search.budget_us = search->budget_us - spent_us;
    return course->search.budget_us <= 0;
}

/* Searches of all depths up to @deepest find nothing more from here. */
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
    }
}

/* ---- a budget of moves --------------------------------------------------- */

typedef struct {
    guint vm;
    gint32 host;
    double delta;
} Step;

static void
consider(const VmcState *state, guint vm, gint32 host, Step *best)
{
    if (!vmc_state_fits(state, vm, (guint) host))
        return;
    double delta = vmc_state_delta(state, vm, host);
    if (delta < best->delta)
        *best = (Step){vm, host, delta};
}

/* The move that is best of those to @target, and of all when @target is NULL.
 */
static Step
best_step(const VmcState *state, const gint32 *target)
{
    const VmcModel *model = state->model;
    Step best = {.delta = -NOTHING};

    for (guint v = 0; v < model->n_vms; v++) {
        if (target != NULL && target[v] >= 0 && target[v] != state->host_of[v])
            consider(state, v, target[v], &best);
        if (target != NULL || !model->is_movable[v])
            continue;
        for (guint h = 0; h < model->n_hosts; h++)
            if ((gint32) h != state->host_of[v])
                consider(state, v, (gint32) h, &best);
    }
    return best;
}

static guint
count_moved(const VmcState *state)
{
    guint n = 0;

    for (guint v = 0; v < state->model->n_vms; v++)
        n += has_moved(state, state->model->start, v);
    return n;
}

/* Steps to where @target is, or anywhere, as long as each pays. */
static void
descend(VmcState *state, const gint32 *target, guint max_moves)
{
    const gint32 *start = state->model->start;
    guint n_moved = 0;

    while (TRUE) {
        Step step = best_step(state, target);
        if (step.delta >= -NOTHING)
            return;
        guint n_then = n_moved - has_moved(state, start, step.vm) +
                       (start[step.vm] != step.host);
        if (n_then > max_moves)
            return;
        vmc_state_move(state, step.vm, step.host);
        n_moved = n_then;
    }
}

/* Both the best moves of those to the target, and the best of all. */
static gint32 *
within_moves(const Course *course, guint max_moves)
{
    const VmcModel *model = course->model;

    g_autoptr(VmcState) towards = vmc_state_new(model);
    g_autoptr(VmcState) anywhere = vmc_state_new(model);
    vmc_state_assign(towards, course->answer);
    if (max_moves == 0 || count_moved(towards) <= max_moves)
        return copy_placement(model, course->answer);
    vmc_state_assign(towards, model->start);
    descend(towards, course->answer, max_moves);
    if ((gsize) model->n_vms * model->n_hosts <= MAX_PAIRS)
        descend(anywhere, NULL, max_moves);
    return copy_placement(model, anywhere->score < towards->score
                                     ? anywhere->host_of
                                     : towards->host_of);
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

    look_from_target(&course);
    for (guint64 n = VMC_REBALANCE_FIRST_STEPS; n <= most && !is_late(&course);
         n *= VMC_REBALANCE_DEEPER) {
        go_deeper(&course, n);
        settle(&course, n);
    }
    gint32 *answer = within_moves(&course, request->max_moves);
    g_free(course.target);
    g_free(course.answer);
    g_free(course.room);
    return answer;
}
