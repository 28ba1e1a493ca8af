/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/evacuate.h"
#include "core/planner/rebalance.h"
#include "core/planner/repair.h"
#include "core/planner/term.h"
#include "tests/bench/cbc.h"
#include "tests/bench/exact-fleet.h"
#include "tests/bench/lp-file.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Plans small random fleets, and lets an exact solver find their optimum. */

/* Sums of doubles and a solver's tolerances. */
#define EPSILON 1e-4

/* As many steps as a rebalance of a fleet of this size gets, see question.c. */
#define STEPS 262144

typedef struct {
    int n_fleets;
    int seconds;
    int seed;
    gint64 steps;
    char *kind;
    gboolean search_only;
    gboolean is_verbose;
} Options;

/*
 * @start, @ours, @best: score, or moves; what CBC found is the best
 * @is_optimal: whether nothing is better than @best
 * @has_answer: whether CBC found anything
 * @is_sound: whether ours holds all that is hard
 */
typedef struct {
    double start;
    double ours;
    double best;
    double our_ms;
    double cbc_s;
    gboolean is_optimal;
    gboolean is_impossible;
    gboolean has_answer;
    gboolean is_sound;
} Result;

/* ---- one fleet ----------------------------------------------------------- */

static double
score_of(const VmcModel *model, const gint32 *host_of, gboolean *ret_is_sound)
{
    double cost[VMC_N_TERMS];
    double score = vmc_terms_recompute(model, host_of, cost);

    *ret_is_sound = cost[VMC_TERM_BROKEN] <= 0;
    return score - cost[VMC_TERM_BROKEN];
}

static double
count_moves(const VmcModel *model, const gint32 *host_of)
{
    guint n = 0;

    for (guint v = 0; v < model->n_vms; v++)
        n += host_of[v] != model->start[v];
    return n;
}

static double
value_of(ExactKind kind,
         const VmcModel *model,
         const gint32 *host_of,
         gboolean *ret_is_sound)
{
    double score = score_of(model, host_of, ret_is_sound);

    return exact_kind_counts_moves(kind) ? count_moves(model, host_of) : score;
}

static gint32 *
search(const VmcModel *model, const VmcSearchOptions *options)
{
    g_autoptr(VmcSearchResult) result = vmc_search_run(model, NULL, options);

    return g_steal_pointer(&result->host_of);
}

static gint32 *
plan(ExactKind kind, const VmcModel *model, const Options *options)
{
    const VmcRebalanceRequest request = {
        .search = {.seed = (guint64) options->seed,
                   .max_steps = (guint64) options->steps,
                   .goal = -INFINITY}};

    if (!exact_kind_counts_moves(kind) && options->search_only)
        return search(model, &request.search);
    if (!exact_kind_counts_moves(kind))
        return vmc_rebalance(model, &request);
    g_autoptr(VmcState) state = vmc_state_new(model);
    VmcRepairReport report;
    if (kind == EXACT_EVACUATE)
        vmc_evacuate(state, &report);
    else
        vmc_repair(state, &report);
    /* Only breaches and moves have weights in these. */
    if (vmc_repair_wants_search(model, &report))
        vmc_repair_by_search(state, model, (guint64) options->seed);
    return g_memdup2(state->host_of, model->n_vms * sizeof(gint32));
}

/* Both have to mean the same: the solver's placement is sound to the planner
 * and has the score the solver says; and nothing is better than the optimum. */
static gboolean
check(ExactKind kind,
      const VmcModel *model,
      const CbcAnswer *answer,
      const Result *result,
      GError **error)
{
    gboolean is_sound;
    double value = value_of(kind, model, answer->host_of, &is_sound);

    if (is_sound &&
        fabs(value - answer->objective) <=
            EPSILON * MAX(1, fabs(answer->objective)) &&
        (answer->status != CBC_OPTIMAL || !result->is_sound ||
         result->ours >= answer->objective - EPSILON * MAX(1, value)))
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                "the solver says %.6f, the planner counts %.6f for the same "
                "placement (%s) and %.6f for its own: one of them is wrong",
                answer->objective, value, is_sound ? "sound" : "not sound",
                result->ours);
    return FALSE;
}

static gboolean
measure(ExactKind kind,
        guint32 seed,
        const char *folder,
        const Options *options,
        Result *ret_result,
        GError **error)
{
    g_autoptr(VmcModel) model = exact_fleet_new(kind, seed);
    g_autofree char *lp = lp_of_model(
        model, exact_kind_counts_moves(kind) ? LP_FEWEST_MOVES : LP_BEST_SCORE);
    gboolean is_start_sound;
    Result result = {.start =
                         value_of(kind, model, model->start, &is_start_sound)};

    gint64 begin_us = g_get_monotonic_time();
    g_autofree gint32 *ours = plan(kind, model, options);
    result.our_ms = (double) (g_get_monotonic_time() - begin_us) / 1e3;
    result.ours = value_of(kind, model, ours, &result.is_sound);

    g_autoptr(CbcAnswer) answer =
        cbc_solve(folder, lp, model->n_vms, (guint) options->seconds, error);
    if (answer == NULL)
        return FALSE;
    result.best = answer->objective;
    result.cbc_s = answer->seconds;
    result.is_optimal = answer->status == CBC_OPTIMAL;
    result.is_impossible = answer->status == CBC_INFEASIBLE;
    result.has_answer = result.is_optimal || answer->status == CBC_STOPPED;
    *ret_result = result;
    return !result.has_answer || check(kind, model, answer, &result, error);
}

/* ---- all of a kind ------------------------------------------------------- */

static gint
compare(gconstpointer a, gconstpointer b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

static void
add(GArray *values, double value)
{
    g_array_append_val(values, value);
}

static double
at(GArray *values, double share)
{
    if (values->len == 0)
        return NAN;
    g_array_sort(values, compare);
    return g_array_index(values, double,
                         (guint) (share * (double) (values->len - 1)));
}

/*
 * @gaps: ours above the optimum, in percent of it, or in moves
 * @missed: the part of what can be gained that ours does not, in percent
 */
typedef struct {
    guint n;
    guint n_optimal;
    guint n_reached;
    guint n_unproven;
    guint n_not_worse;
    guint n_impossible;
    guint n_unsound;
    GArray *gaps;
    GArray *missed;
    GArray *our_ms;
    GArray *cbc_s;
} Summary;

static double
gap_of(ExactKind kind, const Result *result)
{
    double more = MAX(0, result->ours - result->best);

    if (exact_kind_counts_moves(kind))
        return more;
    return more < EPSILON ? 0 : 100 * more / MAX(result->best, EPSILON);
}

static void
count_result(Summary *summary, ExactKind kind, const Result *result)
{
    gboolean is_reached =
        result->is_sound &&
        result->ours <= result->best + EPSILON * MAX(1, result->best);

    summary->n++;
    add(summary->our_ms, result->our_ms);
    add(summary->cbc_s, result->cbc_s);
    if (result->is_impossible) {
        summary->n_impossible++;
    } else if (!result->is_optimal) {
        summary->n_unproven++;
        summary->n_not_worse += !result->has_answer || is_reached;
    } else {
        summary->n_optimal++;
        summary->n_reached += is_reached;
        summary->n_unsound += !result->is_sound;
        if (!result->is_sound)
            return;
        add(summary->gaps, gap_of(kind, result));
        if (!exact_kind_counts_moves(kind) &&
            result->start > result->best + EPSILON)
            add(summary->missed, 100 * MAX(0, result->ours - result->best) /
                                     (result->start - result->best));
    }
}

static void
print_result(ExactKind kind, int seed, const Result *result)
{
    printf("%-9s %4d start %9.3f ours %9.3f%s best %9.3f%s  %7.2f ms %8.2f s\n",
           exact_kind_name(kind), seed, result->start, result->ours,
           result->is_sound ? "" : "!", result->best,
           result->is_impossible ? " (impossible)"
           : result->is_optimal  ? ""
                                 : " (not proven)",
           result->our_ms, result->cbc_s);
}

static void
print_header(const char *what, const char *unit)
{
    printf("%-9s %6s %6s %7s %7s %8s %8s %8s %8s %9s %8s\n", what, "fleets",
           "proven", "reached", "unsound", "gap", "worst", "missed", "worst",
           "ours", "cbc");
    printf("%-9s %6s %6s %7s %7s %8s %8s %8s %8s %9s %8s\n", "", "", "", "", "",
           unit, unit, "%", "%", "ms", "s");
}

static void
print_summary(ExactKind kind, const Summary *summary)
{
    printf("%-9s %6u %6u %7u %7u %8.3f %8.3f %8.3f %8.3f %9.2f %8.2f",
           exact_kind_name(kind), summary->n, summary->n_optimal,
           summary->n_reached, summary->n_unsound, at(summary->gaps, 0.5),
           at(summary->gaps, 1), at(summary->missed, 0.5),
           at(summary->missed, 1), at(summary->our_ms, 0.5),
           at(summary->cbc_s, 0.5));
    if (summary->n_unproven > 0)
        printf("  %u not proven, ours no worse in %u", summary->n_unproven,
               summary->n_not_worse);
    if (summary->n_impossible > 0)
        printf("  %u impossible", summary->n_impossible);
    printf("\n");
    fflush(stdout);
}

static gboolean
bench_kind(ExactKind kind,
           const char *folder,
           const Options *options,
           GError **error)
{
    Summary summary = {.gaps = g_array_new(FALSE, FALSE, sizeof(double)),
                       .missed = g_array_new(FALSE, FALSE, sizeof(double)),
                       .our_ms = g_array_new(FALSE, FALSE, sizeof(double)),
                       .cbc_s = g_array_new(FALSE, FALSE, sizeof(double))};
    gboolean is_good = TRUE;

    for (int i = 0; is_good && i < options->n_fleets; i++) {
        Result result;
        is_good = measure(kind, (guint32) (options->seed + i), folder, options,
                          &result, error);
        if (!is_good) {
            g_prefix_error(error, "%s, seed %d: ", exact_kind_name(kind),
                           options->seed + i);
            break;
        }
        count_result(&summary, kind, &result);
        if (options->is_verbose)
            print_result(kind, options->seed + i, &result);
    }
    if (is_good)
        print_summary(kind, &summary);
    g_array_unref(summary.gaps);
    g_array_unref(summary.missed);
    g_array_unref(summary.our_ms);
    g_array_unref(summary.cbc_s);
    return is_good;
}

static gboolean
bench(const char *folder, const Options *options, GError **error)
{
    for (guint pass = 0; pass < 2; pass++) {
        print_header(pass == 0 ? "score" : "moves", pass == 0 ? "%" : "moves");
        for (guint k = 0; k < EXACT_N_KINDS; k++) {
            if (exact_kind_counts_moves((ExactKind) k) != (pass == 1) ||
                (options->kind != NULL &&
                 !g_str_equal(options->kind, exact_kind_name(k))))
                continue;
            if (!bench_kind(k, folder, options, error))
                return FALSE;
        }
        printf("\n");
    }
    return TRUE;
}

static gboolean
bench_in_folder(const Options *options, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("vmctl-cbc-XXXXXX", error);

    if (folder == NULL || !bench(folder, options, error)) {
        g_prefix_error(error, "%s: ", folder != NULL ? folder : "");
        return FALSE;
    }
    g_autofree char *lp = g_build_filename(folder, "fleet.lp", NULL);
    g_autofree char *out = g_build_filename(folder, "fleet.out", NULL);
    g_unlink(lp);
    g_unlink(out);
    g_rmdir(folder);
    return TRUE;
}

int
main(int argc, char *argv[])
{
    Options options = {
        .n_fleets = 25, .seconds = 20, .seed = 1, .steps = STEPS};
    const GOptionEntry entries[] = {
        {"fleets", 'n', 0, G_OPTION_ARG_INT, &options.n_fleets,
         "Fleets of each kind (default 25)", "N"},
        {"seconds", 's', 0, G_OPTION_ARG_INT, &options.seconds,
         "Time for CBC, each (default 20)", "S"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &options.seed,
         "Of the first fleet (default 1)", "N"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &options.steps,
         "Of our search (default 262144)", "N"},
        {"kind", 'k', 0, G_OPTION_ARG_STRING, &options.kind,
         "balance, pack, rules, full, repair or evacuate (default: all)",
         "KIND"},
        {"search", 0, 0, G_OPTION_ARG_NONE, &options.search_only,
         "One search instead of the rebalance it is a part of", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options.is_verbose,
         "A line for each fleet", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- the planner beside the exact optimum");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) ||
        !cbc_find(&error) || !bench_in_folder(&options, &error)) {
        fprintf(stderr, "bench-cbc: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
