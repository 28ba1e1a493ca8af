/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "core/planner/rebalance.h"
#include "tests/bench/htools-cluster.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Balances clusters of ganeti-htools beside hbal with as many moves, and lets
 * hbal itself score what comes out. */

#define N_ROUNDS 5

/* Scores of hbal and of ours on its own have eight digits after the point. */
#define SAME 1e-6

/* hbal 3.0.2 on one core, measured elsewhere: what it reached, and when. */
typedef struct {
    const char *name;
    guint n_moves;
    double score;
    double seconds;
} Reference;

static const Reference references[] = {
    {"h40-v400-rbd", 54, 3.141, 16},
    {"h100-v2000-rbd", 20, 21.280, 191},
    {"h100-v2000-rbd", 120, 10.402, 1160},
    {"h500-v8000-rbd", 1, 21.000, 1861},
};

static const char *const usual[] = {"h40-v400-rbd", "h100-v2000-rbd",
                                    "h500-v8000-rbd", "5000x100000"};

/* Budgets of moves; 0 for as many as it likes. */
static const guint budgets[] = {1, 20, 54, 120, 0};

typedef struct {
    char *data;
    char *out;
    double hbal_seconds;
    double move_cost;
    gint64 steps;
    gint seed;
} Options;

/* What hbal reached: [moves], from 0 on. */
typedef struct {
    GArray *scores;
    double seconds;
} Course;

/* An instance, and what is known of it. */
typedef struct {
    const char *name;
    const Options *options;
    char *path; /* of what comes out, for hbal to read */
    HtoolsCluster *cluster;
    VmcModel *model;
    Course hbal;
} Match;

/* ---- hbal ---------------------------------------------------------------- */

/* (transfer full) (nullable): what it prints: of a balance, or of the score
 * alone when @seconds is 0; NULL without an error when it takes longer */
static char *
run_hbal(const char *path, double seconds, GError **error)
{
    g_autofree char *limit = g_strdup_printf("%.0f", ceil(seconds));
    const char *argv[] = {"timeout", limit, "hbal", "-t", path,
                          "-vv",     "-l",  "0",    NULL};
    g_autofree char *output = NULL;
    int status;

    if (seconds > 0)
        argv[6] = NULL;
    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                      NULL, &output, NULL, &status, error))
        return NULL;
    if (g_spawn_check_wait_status(status, seconds > 0 ? NULL : error))
        return g_steal_pointer(&output);
    return NULL;
}

static gboolean
has_hbal(GError **error)
{
    g_autofree char *path = g_find_program_in_path("hbal");

    if (path != NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "hbal is not installed: apt-get install ganeti-htools");
    return FALSE;
}

/* What hbal says a cluster is worth; below 0 on failure. */
static double
score_by_hbal(const char *path, GError **error)
{
    static const char *const mark = "oefficients: overall ";
    g_autofree char *output = run_hbal(path, 0, error);
    const char *at = output != NULL ? strstr(output, mark) : NULL;

    if (at != NULL)
        return g_ascii_strtod(at + strlen(mark), NULL);
    if (output != NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "hbal gives no score of '%s'", path);
    return -1;
}

/* A line for each move: number, instance, node, "=>", node, score. */
static void
read_course(Course *course, const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", 0);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *at = strstr(lines[i], "=> ");
        if (at == NULL || !g_ascii_isdigit(*g_strchug(lines[i])))
            continue;
        at += strlen("=> ");
        at += strcspn(at, " ");
        double score = g_ascii_strtod(at, NULL);
        g_array_append_val(course->scores, score);
    }
}

/* Of the processors, for all programs that were run. */
static double
children_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static const Reference *
find_reference(const char *name, guint n_moves)
{
    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
        if (g_str_equal(references[i].name, name) &&
            references[i].n_moves == n_moves)
            return &references[i];
    return NULL;
}

/* Only where it is known not to take long, or nothing is known. */
static gboolean
is_worth_running(const Match *match)
{
    double most = match->options->hbal_seconds;
    gboolean is_small =
        (double) match->cluster->n_vms * match->cluster->n_nodes <= 50000;

    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
        if (g_str_equal(references[i].name, match->name))
            return references[i].seconds <= most;
    return is_small && most > 0;
}

/* FALSE only when hbal cannot be run at all. */
static gboolean
let_hbal_balance(Match *match, GError **error)
{
    g_autoptr(GError) failure = NULL;
    double begin = children_seconds();

    if (!is_worth_running(match))
        return TRUE;
    g_autofree char *output =
        run_hbal(match->path, match->options->hbal_seconds, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (output == NULL)
        return TRUE;
    read_course(&match->hbal, output);
    match->hbal.seconds = children_seconds() - begin;
    return TRUE;
}

/* ---- ours ---------------------------------------------------------------- */

static double
cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static gint32 *
balance(const Match *match, guint max_moves, double *ret_seconds)
{
    const VmcRebalanceRequest request = {
        .search = {.seed = (guint64) match->options->seed,
                   .max_steps = (guint64) match->options->steps,
                   .goal = -1},
        .max_moves = max_moves,
    };
    double begin = cpu_seconds();
    gint32 *node_of = vmc_rebalance(match->model, &request);

    *ret_seconds = cpu_seconds() - begin;
    return node_of;
}

static guint
count_moves(const HtoolsCluster *cluster, const gint32 *node_of)
{
    guint n = 0;

    for (guint vm = 0; vm < cluster->n_vms; vm++)
        n += node_of[vm] != cluster->node_of[vm];
    return n;
}

static int
compare_seconds(const void *a, const void *b)
{
    double one = *(const double *) a, two = *(const double *) b;

    return (one > two) - (one < two);
}

/* The median of a few rounds where one is short; the result is the same. */
static gint32 *
balance_in_rounds(const Match *match, guint max_moves, double *ret_seconds)
{
    double seconds[N_ROUNDS];
    gint32 *node_of = balance(match, max_moves, &seconds[0]);
    guint n = seconds[0] < 1 ? N_ROUNDS : 1;

    for (guint i = 1; i < n; i++)
        g_free(balance(match, max_moves, &seconds[i]));
    qsort(seconds, n, sizeof *seconds, compare_seconds);
    *ret_seconds = seconds[n / 2];
    return node_of;
}

/* ---- beside each other --------------------------------------------------- */

/* hbal's score after @n_moves, or below 0; and its time, 0 when unknown. */
static double
hbal_after(const Match *match,
           guint n_moves,
           double *ret_seconds,
           const char **ret_source)
{
    const GArray *scores = match->hbal.scores;
    const Reference *stored = find_reference(match->name, n_moves);
    guint last = scores->len - 1;

    *ret_seconds = 0;
    *ret_source = "-";
    if (last > 0) {
        guint n = n_moves == 0 ? last : MIN(n_moves, last);
        *ret_seconds = n == last ? match->hbal.seconds : 0;
        *ret_source = n == n_moves ? "run" : "its last";
        return g_array_index(scores, double, n);
    }
    if (stored == NULL)
        return -1;
    *ret_seconds = stored->seconds;
    *ret_source = "stored";
    return stored->score;
}

static void
print_row(const Match *match,
          guint max_moves,
          guint n_moves,
          double score,
          double seconds)
{
    g_autofree char *limit =
        max_moves == 0 ? g_strdup("any") : g_strdup_printf("%u", max_moves);
    double hbal_seconds;
    const char *source;
    double hbal = hbal_after(match, max_moves, &hbal_seconds, &source);

    printf("%-16s %5s %6u %11.6f %10.2f", match->name, limit, n_moves, score,
           seconds * 1e3);
    if (hbal >= 0)
        printf(" %11.6f %7.4f", hbal, score / hbal);
    else
        printf(" %11s %7s", "-", "-");
    if (hbal_seconds > 0)
        printf(" %8.1f %9.0f", hbal_seconds, hbal_seconds / seconds);
    else
        printf(" %8s %9s", "-", "-");
    printf("  %s\n", source);
    fflush(stdout);
}

/* Writes what came out and lets hbal say what it is worth. */
static gboolean
check_score(const Match *match,
            const gint32 *node_of,
            double *ret_score,
            GError **error)
{
    g_autofree char *text = htools_cluster_to_text(match->cluster, node_of);
    double own = htools_cluster_score(match->cluster, node_of);

    if (!g_file_set_contents(match->path, text, -1, error))
        return FALSE;
    *ret_score = score_by_hbal(match->path, error);
    if (*ret_score < 0)
        return FALSE;
    if (fabs(*ret_score - own) > SAME)
        printf("%s: hbal says %.8f, and the benchmark %.8f\n", match->name,
               *ret_score, own);
    return TRUE;
}

static gboolean
play(const Match *match, guint max_moves, GError **error)
{
    double seconds, score;
    g_autofree gint32 *node_of = balance_in_rounds(match, max_moves, &seconds);

    if (!check_score(match, node_of, &score, error))
        return FALSE;
    print_row(match, max_moves, count_moves(match->cluster, node_of), score,
              seconds);
    return TRUE;
}

/* At each count that hbal went through, by the benchmark's own score. */
static void
play_every_count(const Match *match)
{
    const GArray *scores = match->hbal.scores;
    double worst = 0;
    guint worst_at = 0;
    guint n_worse = 0;

    for (guint n = 1; n < scores->len; n++) {
        double seconds;
        g_autofree gint32 *node_of = balance(match, n, &seconds);
        double ours = htools_cluster_score(match->cluster, node_of);
        double ratio = ours / g_array_index(scores, double, n);
        n_worse += ratio > 1 + SAME;
        if (ratio <= worst)
            continue;
        worst = ratio;
        worst_at = n;
    }
    if (scores->len > 1)
        printf("%-16s at each of %u counts: worse than hbal at %u, ours / "
               "hbal at most %.6f (%u moves)\n",
               match->name, scores->len - 1, n_worse, worst, worst_at);
}

/* ---- a match ------------------------------------------------------------- */

/* A name as 5000x100000 is a cluster made up here. */
static char *
read_text(const char *name, const char *data, GError **error)
{
    guint n_nodes, n_vms;
    char *text = NULL;
    char rest;

    if (sscanf(name, "%ux%u%c", &n_nodes, &n_vms, &rest) == 2 && n_nodes > 0)
        return htools_cluster_generate(n_nodes, n_vms, 1);
    g_autofree char *path = g_strdup_printf("%s/%s.data", data, name);
    g_file_get_contents(path, &text, NULL, error);
    return text;
}

static gboolean
match_begin(Match *match, GError **error)
{
    g_autofree char *text = read_text(match->name, match->options->data, error);
    double score;

    if (text == NULL)
        return FALSE;
    match->cluster = htools_cluster_parse(text, error);
    if (match->cluster == NULL) {
        g_prefix_error(error, "%s: ", match->name);
        return FALSE;
    }
    match->model = htools_cluster_to_model(
        match->cluster, match->options->move_cost / match->cluster->n_nodes,
        error);
    if (match->model == NULL ||
        !check_score(match, match->cluster->node_of, &score, error))
        return FALSE;
    g_array_append_val(match->hbal.scores, score);
    printf("%-16s %5s %6u %11.6f\n", match->name, "start", 0, score);
    fflush(stdout);
    return let_hbal_balance(match, error);
}

static gboolean
run_match(const char *name, const Options *options, GError **error)
{
    Match match = {
        .name = name,
        .options = options,
        .path = g_strdup_printf("%s/%s.balanced", options->out, name),
        .hbal = {.scores = g_array_new(FALSE, FALSE, sizeof(double))},
    };
    gboolean ok = match_begin(&match, error);

    for (guint i = 0; ok && i < G_N_ELEMENTS(budgets); i++)
        ok = play(&match, budgets[i], error);
    if (ok)
        play_every_count(&match);
    g_array_unref(match.hbal.scores);
    htools_cluster_free(match.cluster);
    vmc_model_free(match.model);
    g_free(match.path);
    return ok;
}

static gboolean
run_all(int n, const char *const *names, Options *options, GError **error)
{
    g_autofree char *folder = NULL;
    gboolean ok = has_hbal(error);

    if (ok && options->out == NULL)
        options->out = folder = g_dir_make_tmp("bench-hbal-XXXXXX", error);
    ok = ok && options->out != NULL;
    for (int i = 0; ok && i < n; i++) {
        ok = run_match(names[i], options, error);
        g_autofree char *path =
            g_strdup_printf("%s/%s.balanced", options->out, names[i]);
        if (folder != NULL)
            g_unlink(path);
    }
    if (folder != NULL) {
        g_rmdir(folder);
        options->out = NULL;
    }
    return ok;
}

static gboolean
parse(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &options->data,
         "Folder of *.data", "DIR"},
        {"hbal-seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->hbal_seconds,
         "hbal balances too where it takes no longer", "S"},
        {"move-cost", 0, 0, G_OPTION_ARG_DOUBLE, &options->move_cost,
         "What a move has to bring at least, times the nodes", "SCORE"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &options->steps,
         "Changes that a search looks at", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Random seed", "N"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out,
         "Folder to leave the last result in", "DIR"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("[INSTANCE...] - balance beside hbal");

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int
main(int argc, char **argv)
{
    Options options = {
        .hbal_seconds = 60, .move_cost = 0.05, .steps = 0, .seed = 1};
    g_autoptr(GError) error = NULL;

    if (!parse(&argc, &argv, &options, &error) || options.data == NULL) {
        fprintf(stderr, "bench-hbal: %s\n",
                error != NULL ? error->message : "--data DIR is missing");
        return 2;
    }
    printf("%-16s %5s %6s %11s %10s %11s %7s %8s %9s\n", "cluster", "limit",
           "moves", "score", "ms", "hbal", "ratio", "hbal s", "hbal/ours");
    gboolean ok = argc > 1
                      ? run_all(argc - 1, (const char *const *) argv + 1,
                                &options, &error)
                      : run_all(G_N_ELEMENTS(usual), usual, &options, &error);
    g_free(options.data);
    g_free(options.out);
    if (ok)
        return 0;
    fprintf(stderr, "bench-hbal: %s\n", error->message);
    return 1;
}
