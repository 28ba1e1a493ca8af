/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/search.h"
#include "tests/bench/roadef-instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Solves instances of the ROADEF/EURO challenge 2012 with the planner, and
 * computes the challenge's cost of the result on its own. */

/* Published or measured costs of others, where known: the winner S41 after
 * 300 s, and the best of S41 and of the CB-LNS solver after 60 s. */
typedef struct {
    const char *name;
    gint64 winner;
    gint64 best;
} Reference;

static const Reference references[] = {
    {"a1_1", 44306501, 44306501},     {"a1_2", 777912030, 777912030},
    {"a1_3", 583006422, 583005829},   {"a1_4", 262125116, 254323628},
    {"a1_5", 727578310, 727578310},   {"a2_1", 329, 202},
    {"a2_2", 746097632, 746097632},   {"a2_3", 1210644572, 1210644572},
    {"a2_4", 1680615349, 1680615349}, {"a2_5", 318358949, 318358949},
};

typedef struct {
    char *data;
    char *out;
    double seconds;
    gint64 steps;
    gint seed;
    gint threads;
    gboolean by_cpu;
} Options;

static const Reference *
find_reference(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
        if (g_str_equal(references[i].name, name))
            return &references[i];
    return NULL;
}

static double
cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Of the wall, or with --cpu what a thread got of the processors, so that a
 * busy machine gives the same search as an idle one. */
static gint64
now_us(gpointer clock)
{
    const Options *options = clock;

    return options->by_cpu ? (gint64) (cpu_seconds() * 1e6) / options->threads
                           : g_get_monotonic_time();
}

static gboolean
write_assignment(const char *folder,
                 const char *name,
                 const gint32 *assignment,
                 guint n,
                 GError **error)
{
    g_autofree char *path =
        g_strdup_printf("%s/new_assignment_%s.txt", folder, name);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint p = 0; p < n; p++)
        g_string_append_printf(text, "%s%d", p > 0 ? " " : "", assignment[p]);
    g_string_append_c(text, '\n');
    return g_file_set_contents(path, text->str, (gssize) text->len, error);
}

static VmcSearchResult *
search(const VmcModel *model, Options *options, gint64 begin_us)
{
    /* Reading and building count as well. */
    gint64 spent_us = g_get_monotonic_time() - begin_us;
    const VmcSearchOptions how = {
        .seed = (guint64) options->seed,
        .n_threads = (guint) options->threads,
        .max_steps = (guint64) options->steps,
        .budget_us = MAX(1, (gint64) (options->seconds * 1e6) - spent_us),
        .now_us = options->steps > 0 ? NULL : now_us,
        .clock = options,
        .goal = -1,
    };

    return vmc_search_run(model, NULL, &how);
}

static void
report(const char *name,
       gint64 cost,
       const VmcSearchResult *result,
       gint64 begin_us,
       double cpu)
{
    const Reference *reference = find_reference(name);
    double wall = (double) (g_get_monotonic_time() - begin_us) / 1e6;

    printf("%-8s %12" G_GINT64_FORMAT " %12.0f", name, cost,
           result->start_score);
    if (reference != NULL)
        printf(" %12" G_GINT64_FORMAT " %9.5f %12" G_GINT64_FORMAT " %9.5f",
               reference->winner, (double) cost / (double) reference->winner,
               reference->best, (double) cost / (double) reference->best);
    else
        printf(" %12s %9s %12s %9s", "-", "-", "-", "-");
    printf(" %7.1f %7.1f %7.2f\n", wall, cpu,
           (double) result->n_tried / MAX(cpu, 1e-6) / 1e6);
    fflush(stdout);
}

static gboolean
solve(const char *name, Options *options, GError **error)
{
    g_autofree char *model_path =
        g_strdup_printf("%s/model_%s.txt", options->data, name);
    g_autofree char *assignment_path =
        g_strdup_printf("%s/assignment_%s.txt", options->data, name);
    gint64 begin_us = g_get_monotonic_time();
    double cpu = cpu_seconds();
    g_autoptr(RoadefInstance) instance =
        roadef_instance_read(model_path, assignment_path, error);

    if (instance == NULL)
        return FALSE;
    g_autoptr(VmcModel) model = roadef_instance_to_model(instance);
    g_autoptr(VmcSearchResult) result = search(model, options, begin_us);
    cpu = cpu_seconds() - cpu;
    gint64 cost = roadef_instance_cost(instance, result->host_of, error);
    if (cost < 0)
        return FALSE;
    if ((double) cost != result->score)
        printf("%s: the planner says %.17g\n", name, result->score);
    report(name, cost, result, begin_us, cpu);
    return options->out == NULL ||
           write_assignment(options->out, name, result->host_of,
                            instance->n_processes, error);
}

static gboolean
parse(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &options->data,
         "Folder of model_*.txt and assignment_*.txt", "DIR"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds,
         "Time for each instance, reading included", "S"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &options->steps,
         "Instead of time: changes that each thread looks at", "N"},
        {"cpu", 0, 0, G_OPTION_ARG_NONE, &options->by_cpu,
         "Time is what a thread gets of the processors", NULL},
        {"seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Random seed", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "Threads", "N"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out,
         "Folder to write new_assignment_*.txt to", "DIR"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("[INSTANCE...] - machine reassignment");

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int
main(int argc, char **argv)
{
    Options options = {.seconds = 30, .seed = 1, .threads = 2};
    g_autoptr(GError) error = NULL;

    if (!parse(&argc, &argv, &options, &error) || options.data == NULL) {
        fprintf(stderr, "bench-roadef: %s\n",
                error != NULL ? error->message : "--data DIR is missing");
        return 2;
    }
    printf("%-8s %12s %12s %12s %9s %12s %9s %7s %7s %7s\n", "instance", "cost",
           "initial", "S41 300s", "ratio", "best", "ratio", "wall s", "CPU s",
           "M/CPU s");
    if (argc < 2)
        for (guint i = 0; i < G_N_ELEMENTS(references); i++)
            if (!solve(references[i].name, &options, &error))
                break;
    for (int i = 1; i < argc && error == NULL; i++)
        solve(argv[i], &options, &error);
    g_free(options.data);
    g_free(options.out);
    if (error == NULL)
        return 0;
    fprintf(stderr, "bench-roadef: %s\n", error->message);
    return 1;
}
