/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <string.h>

/*
 * Runs a fuzz target without libFuzzer: first its seeds as they are, then a
 * fixed number of mutations of them. The random numbers are always the same,
 * so that a failure comes again; the input that failed is left in a file.
 *
 *   fuzz-x [--runs N] [--start S] [FILE...]    FILE: run only these, as they
 * are
 */

#define DEFAULT_RUNS 3000
#define MAX_INPUT_BYTES 65536

typedef struct {
    GPtrArray *seeds; /* (element-type GBytes) */
    GRand *random;
    int n_runs;
    char *failing_path; /* what is being tried, for who finds it failing */
} Fuzz;

/* ---- seeds --------------------------------------------------------------- */

static void
add_file(GPtrArray *seeds, const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    gsize length = 0;

    g_file_get_contents(path, &text, &length, &error);
    g_assert_no_error(error);
    g_ptr_array_add(seeds, g_bytes_new_take(text, length));
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In order of names, so that the random numbers mean the same everywhere. */
static GPtrArray *
list_names(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

static void
add_folder(GPtrArray *seeds, const char *folder)
{
    g_autoptr(GPtrArray) names = list_names(folder);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            add_folder(seeds, path);
        else if (!g_str_equal(names->pdata[i], "expected"))
            add_file(seeds, path);
    }
}

/* ---- mutations ----------------------------------------------------------- */

static gsize
pick(Fuzz *fuzz, gsize n)
{
    return n == 0 ? 0 : (gsize) g_rand_int_range(fuzz->random, 0, (gint32) n);
}

static void
flip_bit(Fuzz *fuzz, GByteArray *input)
{
    if (input->len > 0)
        input->data[pick(fuzz, input->len)] ^= (guint8) (1 << pick(fuzz, 8));
}

static void
set_byte(Fuzz *fuzz, GByteArray *input)
{
    static const guint8 awkward[] = "\0\n<>&\"'{}[],:-.09eE\x7f\x80\xc3\xff";

    if (input->len > 0)
        input->data[pick(fuzz, input->len)] =
            awkward[pick(fuzz, sizeof awkward - 1)];
}

static void
remove_range(Fuzz *fuzz, GByteArray *input)
{
    gsize start = pick(fuzz, input->len);
    gsize length = pick(fuzz, MIN(input->len - start, 64) + 1);

    g_byte_array_remove_range(input, (guint) start, (guint) length);
}

static void
insert(GByteArray *input, gsize at, const guint8 *data, gsize size)
{
    gsize old_size = input->len;

    g_byte_array_set_size(input, (guint) (old_size + size));
    if (size == 0)
        return;
    memmove(input->data + at + size, input->data + at, old_size - at);
    memcpy(input->data + at, data, size);
}

/* A piece of a seed somewhere in the input: brings names from one place to
 * another, and things twice. */
static void
splice(Fuzz *fuzz, GByteArray *input)
{
    GBytes *seed = fuzz->seeds->pdata[pick(fuzz, fuzz->seeds->len)];
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(seed, &size);
    gsize start = pick(fuzz, size);
    gsize length = pick(fuzz, MIN(size - start, 200) + 1);

    if (size > 0)
        insert(input, pick(fuzz, (gsize) input->len + 1), data + start, length);
}

typedef struct {
    gsize start;
    gsize length;
} Span;

/* What stands between quotes, from a random place on. */
static gboolean
find_quoted(Fuzz *fuzz, const guint8 *data, gsize size, Span *ret_span)
{
    gsize from = pick(fuzz, size);
    const guint8 *open =
        size > 0 ? memchr(data + from, '"', size - from) : NULL;

    if (open == NULL)
        return FALSE;
    gsize start = (gsize) (open - data) + 1;
    const guint8 *shut = memchr(data + start, '"', size - start);
    if (shut == NULL)
        return FALSE;
    *ret_span = (Span){start, (gsize) (shut - data) - start};
    return TRUE;
}

/* A value for a value: what comes out is as well-formed as what went in. */
static void
replace_quoted(Fuzz *fuzz, GByteArray *input)
{
    GBytes *seed = fuzz->seeds->pdata[pick(fuzz, fuzz->seeds->len)];
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(seed, &size);
    Span to;
    Span from;

    if (!find_quoted(fuzz, data, size, &from) ||
        !find_quoted(fuzz, input->data, input->len, &to))
        return;
    g_byte_array_remove_range(input, (guint) to.start, (guint) to.length);
    insert(input, to.start, data + from.start, from.length);
}

static GBytes *
mutate(Fuzz *fuzz)
{
    static void (*const mutations[])(Fuzz *, GByteArray *) = {
        flip_bit,       set_byte,       remove_range,  splice,
        replace_quoted, replace_quoted, replace_quoted};
    GBytes *seed = fuzz->seeds->pdata[pick(fuzz, fuzz->seeds->len)];
    GByteArray *input = g_byte_array_new();
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(seed, &size);

    g_byte_array_append(input, data, (guint) MIN(size, MAX_INPUT_BYTES));
    for (gsize n = pick(fuzz, 4) + 1; n > 0; n--)
        mutations[pick(fuzz, G_N_ELEMENTS(mutations))](fuzz, input);
    return g_byte_array_free_to_bytes(input);
}

/* ---- running ------------------------------------------------------------- */

/* The input is on disk while it is tried: a crash leaves it there. */
static void
try_input(Fuzz *fuzz, GBytes *input)
{
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(input, &size);

    if (data == NULL)
        data = (const guint8 *) ""; /* as libFuzzer does */
    g_file_set_contents_full(fuzz->failing_path, (const char *) data,
                             (gssize) size, G_FILE_SET_CONTENTS_NONE, 0666,
                             &error);
    g_assert_no_error(error);
    LLVMFuzzerTestOneInput(data, size);
}

static void
run_seeds(gconstpointer user_data)
{
    Fuzz *fuzz = (Fuzz *) user_data;

    for (guint i = 0; i < fuzz->seeds->len; i++)
        try_input(fuzz, fuzz->seeds->pdata[i]);
    g_remove(fuzz->failing_path);
}

static void
run_mutations(gconstpointer user_data)
{
    Fuzz *fuzz = (Fuzz *) user_data;

    for (int i = 0; i < fuzz->n_runs; i++) {
        g_autoptr(GBytes) input = mutate(fuzz);
        try_input(fuzz, input);
    }
    g_remove(fuzz->failing_path);
}

int
main(int argc, char **argv)
{
    Fuzz fuzz = {.n_runs = DEFAULT_RUNS};
    int start = 1;
    g_auto(GStrv) files = NULL;
    const GOptionEntry entries[] = {
        {"runs", 0, 0, G_OPTION_ARG_INT, &fuzz.n_runs, "mutations", "N"},
        {"start", 0, 0, G_OPTION_ARG_INT, &start, "start of the random numbers",
         "S"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL,
         NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new("[FILE...]");
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    fuzz.seeds = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    fuzz.random = g_rand_new_with_seed((guint32) start);
    g_autofree char *name = g_path_get_basename(argv[0]);
    fuzz.failing_path = g_strdup_printf("%s.input", name);
    g_test_add_data_func("/seeds", &fuzz, run_seeds);
    if (files == NULL) {
        const char *top = g_getenv("VMC_SRCDIR");
        g_autofree char *folder = g_build_filename(
            top != NULL ? top : ".", "tests", vmc_fuzz_seeds, NULL);
        add_folder(fuzz.seeds, folder);
        g_test_add_data_func("/mutations", &fuzz, run_mutations);
    }
    for (char **file = files; file != NULL && *file != NULL; file++)
        add_file(fuzz.seeds, *file);
    int status = g_test_run();
    g_ptr_array_unref(fuzz.seeds);
    g_rand_free(fuzz.random);
    g_free(fuzz.failing_path);
    return status;
}
