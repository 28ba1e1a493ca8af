/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/model.h"

/*
 * From a placement to a better one. Anytime: it ends when a budget does, and
 * what it gives is never worse than where it began. With a budget of steps and
 * none of time the same seed and number of threads give the same result.
 */

/**
 * VmcSearchOptions:
 * @seed: of the random numbers
 * @n_threads: how many walk at once; 0 counts as 1
 * @max_steps: changes looked at, of each thread; 0 for no such budget
 * @budget_us: time it may take; 0 for no such budget
 * @now_us: (nullable): gives the time in microseconds; needed for @budget_us
 * @clock: what @now_us is called with
 * @goal: it is enough to reach this score
 */
typedef struct {
    guint64 seed;
    guint n_threads;
    guint64 max_steps;
    gint64 budget_us;
    gint64 (*now_us)(gpointer clock);
    gpointer clock;
    double goal;
} VmcSearchOptions;

/**
 * VmcSearchResult:
 * @host_of: for each VM its host
 * @score: of that placement
 * @start_score: of where it began
 * @n_tried: changes looked at
 * @n_taken: changes taken
 */
typedef struct {
    gint32 *host_of;
    double score;
    double start_score;
    guint64 n_tried;
    guint64 n_taken;
} VmcSearchResult;

/**
 * vmc_search_run:
 * @model: a sealed model
 * @host_of: (nullable): where to begin; %NULL for the start of @model
 * @options: budgets, seed and threads; without any budget nothing is done
 *
 * Returns: (transfer full): the best placement found
 */
VmcSearchResult *vmc_search_run(const VmcModel *model,
                                const gint32 *host_of,
                                const VmcSearchOptions *options);

void vmc_search_result_free(VmcSearchResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSearchResult, vmc_search_result_free)
