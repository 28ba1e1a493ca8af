/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/search.h"

#include "core/planner/anneal.h"

#include <string.h>

/* Where all walkers go on from the best of them, in each cooling. */
#define N_MEETINGS 24

/* Steps of the first cooling under a budget of steps; each next one has twice
 * as many. So a larger budget begins with all that a smaller one does, and is
 * never worse. Time is not repeatable anyway: a budget of time is one cooling,
 * which makes more of it. */
#define FIRST_STEPS 8192

/* Each thread has a walker of its own. */
typedef struct {
    VmcWalker *walker;
    const VmcCooling *cooling;
    const VmcBudget *budget;
    double until;
} Thread;

typedef struct {
    guint n;
    Thread *threads;
    VmcCooling cooling;
    VmcBudget budget;
} Team;

static gpointer
walk(gpointer data)
{
    const Thread *thread = data;

    vmc_anneal(thread->walker, thread->cooling, thread->budget, thread->until);
    return NULL;
}

/* The calling thread is the first of them. */
static void
walk_all(Team *team, double until)
{
    g_autofree GThread **handles = g_new0(GThread *, team->n);

    for (guint i = 0; i < team->n; i++)
        team->threads[i].until = until;
    for (guint i = 1; i < team->n; i++)
        handles[i] = g_thread_new("planner", walk, &team->threads[i]);
    walk(&team->threads[0]);
    for (guint i = 1; i < team->n; i++)
        g_thread_join(handles[i]);
}

static gboolean
is_over(const Team *team)
{
    for (guint i = 0; i < team->n; i++)
        if (vmc_budget_is_over(&team->budget, team->threads[i].walker))
            return TRUE;
    return FALSE;
}

/* Those who are behind go on from where the best stands. */
static void
meet(Team *team)
{
    const VmcWalker *ahead = team->threads[0].walker;

    for (guint i = 1; i < team->n; i++)
        if (team->threads[i].walker->state->score < ahead->state->score)
            ahead = team->threads[i].walker;
    for (guint i = 0; i < team->n; i++)
        if (team->threads[i].walker != ahead)
            vmc_walker_go_to(team->threads[i].walker, ahead->state->host_of);
}

static void
cool_down(Team *team, double begin, double length)
{
    team->cooling.begin = begin;
    team->cooling.end = begin + length;
    for (guint i = 1; i <= N_MEETINGS && !is_over(team); i++) {
        walk_all(team, begin + length * i / N_MEETINGS);
        meet(team);
    }
}

static void
run(Team *team)
{
    double length = team->budget.options->max_steps > 0
                        ? FIRST_STEPS
                        : vmc_budget_total(&team->budget);
    double begin = 0;

    if (is_over(team) ||
        !vmc_anneal_measure(team->threads[0].walker, &team->cooling))
        return;
    while (!is_over(team)) {
        cool_down(team, begin, length);
        begin += length;
        length *= 2;
    }
}

static void
team_init(Team *team,
          const VmcModel *model,
          const gint32 *host_of,
          const VmcSearchOptions *options)
{
    team->n = MAX(1, options->n_threads);
    team->threads = g_new0(Thread, team->n);
    vmc_budget_init(&team->budget, options);
    for (guint i = 0; i < team->n; i++)
        team->threads[i] =
            (Thread){.walker = vmc_walker_new(model, host_of,
                                              options->seed * G_MAXUINT16 + i),
                     .cooling = &team->cooling,
                     .budget = &team->budget};
}

static VmcSearchResult *
result_of(const Team *team, const VmcModel *model)
{
    VmcSearchResult *result = g_new0(VmcSearchResult, 1);
    VmcWalker *best = team->threads[0].walker;

    for (guint i = 0; i < team->n; i++) {
        VmcWalker *walker = team->threads[i].walker;
        result->n_tried += walker->n_tried;
        result->n_taken += walker->n_taken;
        if (walker->best_score < best->best_score)
            best = walker;
    }
    vmc_walker_keep_best(best);
    result->score = best->best_score;
    result->host_of =
        g_memdup2(best->best, MAX(model->n_vms, 1) * sizeof(gint32));
    return result;
}

VmcSearchResult *
vmc_search_run(const VmcModel *model,
               const gint32 *host_of,
               const VmcSearchOptions *options)
{
    g_return_val_if_fail(model != NULL && options != NULL, NULL);
    Team team = {0};

    team_init(&team, model, host_of, options);
    double start_score = team.threads[0].walker->best_score;
    run(&team);
    VmcSearchResult *result = result_of(&team, model);
    result->start_score = start_score;
    for (guint i = 0; i < team.n; i++)
        vmc_walker_free(team.threads[i].walker);
    g_free(team.threads);
    return result;
}

void
vmc_search_result_free(VmcSearchResult *result)
{
    if (result == NULL)
        return;
    g_free(result->host_of);
    g_free(result);
}
