/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/corpus/corpus.h"

#include <string.h>

/* What runs the cases of a corpus: one of the two functions. */
typedef struct {
    const char *const *files;
    CorpusRun run;
    CorpusRunFiles run_files;
    gboolean is_update;
} Runner;

typedef struct {
    char *folder;
    Runner runner;
} Case;

static const char *const one_file[] = {"expected", NULL};

char *
corpus_read(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error) &&
        !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_error("%s", error->message);
    return text;
}

static void
write_expected(const char *folder, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

/* The first line that differs, so that a failure can be read in a log. */
static void
report_difference(const char *expected, const char *actual)
{
    g_auto(GStrv) wanted = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) given = g_strsplit(actual, "\n", -1);
    guint i = 0;

    while (wanted[i] != NULL && given[i] != NULL &&
           g_str_equal(wanted[i], given[i]))
        i++;
    g_test_message("line %u", i + 1);
    g_test_message("expected: %s", wanted[i] != NULL ? wanted[i] : "(end)");
    g_test_message("actual:   %s", given[i] != NULL ? given[i] : "(end)");
}

static void
compare_file(const Case *item, const char *file, const char *actual)
{
    g_autofree char *expected = corpus_read(item->folder, file);

    if (g_strcmp0(expected, actual) == 0)
        return;
    if (item->runner.is_update) {
        write_expected(item->folder, file, actual);
        return;
    }
    report_difference(expected != NULL ? expected : "", actual);
    g_test_fail_printf("%s/%s differs from what comes out; if that is right, "
                       "rewrite it with --update",
                       item->folder, file);
}

static void
run_case(gconstpointer data)
{
    const Case *item = data;

    if (item->runner.run != NULL) {
        g_autofree char *actual = item->runner.run(item->folder);
        compare_file(item, one_file[0], actual);
        return;
    }
    g_auto(GStrv) texts = item->runner.run_files(item->folder);
    for (guint i = 0; item->runner.files[i] != NULL; i++)
        compare_file(item, item->runner.files[i], texts[i]);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
list_cases(const char *root)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(root, 0, &error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *folder = g_build_filename(root, name, NULL);
        if (g_file_test(folder, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static void
case_free(gpointer data)
{
    Case *item = data;

    g_free(item->folder);
    g_free(item);
}

static void
add_cases(const char *corpus, const Runner *runner, char **only)
{
    g_autofree char *root =
        g_test_build_filename(G_TEST_DIST, "corpus", corpus, NULL);
    g_autoptr(GPtrArray) names = list_cases(root);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (only != NULL && !g_strv_contains((const char *const *) only, name))
            continue;
        Case *item = g_new0(Case, 1);
        item->folder = g_build_filename(root, name, NULL);
        item->runner = *runner;
        g_autofree char *path = g_strdup_printf("/%s/%s", corpus, name);
        g_test_add_data_func_full(path, item, run_case, case_free);
    }
}

static int
run_corpus(int argc, char **argv, const char *corpus, Runner *runner)
{
    g_auto(GStrv) only = NULL;
    const GOptionEntry entries[] = {{"run", 0, 0, G_OPTION_ARG_STRING_ARRAY,
                                     &only, "only this case", "CASE"},
                                    {"update", 0, 0, G_OPTION_ARG_NONE,
                                     &runner->is_update, "rewrite what differs",
                                     NULL},
                                    G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    add_cases(corpus, runner, only);
    return g_test_run();
}

int
corpus_main(int argc, char **argv, const char *corpus, CorpusRun run)
{
    Runner runner = {.files = one_file, .run = run};

    return run_corpus(argc, argv, corpus, &runner);
}

int
corpus_main_files(int argc,
                  char **argv,
                  const char *corpus,
                  const char *const *files,
                  CorpusRunFiles run)
{
    Runner runner = {.files = files, .run_files = run};

    return run_corpus(argc, argv, corpus, &runner);
}
