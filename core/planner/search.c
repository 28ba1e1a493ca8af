/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/search.h"

#include "core/planner/anneal.h"

/* Each thread has a walker of its own; they meet at the end. */
typedef struct {
    VmcWalker *walker;
    VmcBudget budget;
} Thread;

static gpointer
walk(gpointer data)
{
    Thread *thread = data;
    VmcHeat heat = vmc_anneal_measure(thread->walker);

    vmc_anneal(thread->walker, &heat, &thread->budget);
    return NULL;
}

static void
start_threads(Thread *threads,
              guint n,
              const VmcModel *model,
              const gint32 *host_of,
              const VmcSearchOptions *options)
{
    gint64 begin_us =
        options->now_us != NULL ? options->now_us(options->clock) : 0;

    for (guint i = 0; i < n; i++) {
        threads[i].walker =
            vmc_walker_new(model, host_of, options->seed * G_MAXUINT16 + i);
        threads[i].budget = (VmcBudget){
            .options = options, .begin_us = begin_us, .end_share = 1};
    }
}

/* The calling thread is the first of them. */
static void
run_threads(Thread *threads, guint n)
{
    g_autofree GThread **handles = g_new0(GThread *, n);

    for (guint i = 1; i < n; i++)
        handles[i] = g_thread_new("planner", walk, &threads[i]);
    walk(&threads[0]);
    for (guint i = 1; i < n; i++)
        g_thread_join(handles[i]);
}

static const VmcWalker *
best_walker(const Thread *threads, guint n)
{
    const VmcWalker *best = threads[0].walker;

    for (guint i = 1; i < n; i++)
        if (threads[i].walker->best_score < best->best_score)
            best = threads[i].walker;
    return best;
}

VmcSearchResult *
vmc_search_run(const VmcModel *model,
               const gint32 *host_of,
               const VmcSearchOptions *options)
{
    g_return_val_if_fail(model != NULL && options != NULL, NULL);
    guint n = MAX(1, options->n_threads);
    g_autofree Thread *threads = g_new0(Thread, n);
    VmcSearchResult *result = g_new0(VmcSearchResult, 1);

    start_threads(threads, n, model, host_of, options);
    result->start_score = threads[0].walker->best_score;
    run_threads(threads, n);
    const VmcWalker *best = best_walker(threads, n);
    result->score = best->best_score;
    result->host_of =
        g_memdup2(best->best, MAX(model->n_vms, 1) * sizeof(gint32));
    for (guint i = 0; i < n; i++) {
        result->n_tried += threads[i].walker->n_tried;
        result->n_taken += threads[i].walker->n_taken;
        vmc_walker_free(threads[i].walker);
    }
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
