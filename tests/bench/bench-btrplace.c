/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair.h"
#include "core/planner/sequence.h"
#include "tests/bench/btrplace-instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Repairs instances of the BtrPlace benchmark with as few relocations as can
 * be, puts them in order, and checks the result on its own. */

#define N_ROUNDS 7
#define BYTES_OF_UNIT G_GINT64_CONSTANT(1000000)
#define LINK_BYTES_PER_S G_GINT64_CONSTANT(125000000)

/* Published: the original solver. */
typedef struct {
    const char *name;
    const char *seconds;
} Reference;

static const Reference references[] = {
    {"li3", "-"},
    {"li6", "22-65"},
    {"nr3", "-"},
    {"nr6", "12-30"},
};

/* How full the servers of a zone are made, in percent; 0 for as they are. */
static const double fills[] = {0, 90, 95, 98};

typedef struct {
    char *data;
    double fill;
} Options;

/* ---- the check ----------------------------------------------------------- */

/*
 * @at: [vm] where it runs
 * @to: [vm] where it goes
 * @used: [node × 2 + column] both hosts of a VM on its way counted
 * @in, @out: [node] moves at the moment
 */
typedef struct {
    const BtrplaceInstance *instance;
    gint32 *at;
    gint32 *to;
    gint64 *used;
    guint *in;
    guint *out;
    GPtrArray *tiers;
    GPtrArray *applications;
    const char *wrong;
} Check;

static GPtrArray *
members_of(const guint *group_of, guint n_vms, guint n_groups)
{
    GPtrArray *groups =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);

    for (guint i = 0; i < n_groups; i++)
        g_ptr_array_add(groups, g_array_new(FALSE, FALSE, sizeof(guint)));
    for (guint vm = 0; vm < n_vms; vm++)
        g_array_append_val((GArray *) groups->pdata[group_of[vm]], vm);
    return groups;
}

static void
count(Check *check, guint vm, gint32 host, int sign)
{
    for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
        check->used[host * BTRPLACE_N_COLUMNS + c] +=
            sign * check->instance->need[vm * BTRPLACE_N_COLUMNS + c];
}

static void
check_init(Check *check, const BtrplaceInstance *instance)
{
    const guint n_nodes = instance->n_nodes;

    *check = (Check){.instance = instance};
    check->at = g_memdup2(instance->host, instance->n_vms * sizeof(gint32));
    check->to = g_new(gint32, instance->n_vms);
    check->used = g_new0(gint64, n_nodes * BTRPLACE_N_COLUMNS);
    check->in = g_new0(guint, n_nodes);
    check->out = g_new0(guint, n_nodes);
    check->tiers =
        members_of(instance->tier, instance->n_vms, instance->n_tiers);
    check->applications = members_of(instance->application, instance->n_vms,
                                     instance->n_applications);
    for (guint vm = 0; vm < instance->n_vms; vm++) {
        check->to[vm] = VMC_NOWHERE;
        if (check->at[vm] != VMC_NOWHERE)
            count(check, vm, check->at[vm], 1);
    }
}

static void
check_clear(Check *check)
{
    g_free(check->at);
    g_free(check->to);
    g_free(check->used);
    g_free(check->in);
    g_free(check->out);
    g_ptr_array_unref(check->tiers);
    g_ptr_array_unref(check->applications);
}

static void
require(Check *check, gboolean holds, const char *what)
{
    if (!holds && check->wrong == NULL)
        check->wrong = what;
}

static void
check_room(Check *check, gint32 host)
{
    const BtrplaceInstance *instance = check->instance;

    for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
        require(check,
                check->used[host * BTRPLACE_N_COLUMNS + c] <=
                    instance->capacity[host * BTRPLACE_N_COLUMNS + c],
                "a server is too full");
    require(check, instance->is_online[host], "a server is off line");
    require(check, check->in[host] <= 1, "two moves into a server");
}

static gboolean
is_on(const Check *check, guint vm, gint32 host)
{
    return check->at[vm] == host || check->to[vm] == host;
}

static void
check_groups(Check *check, guint vm, gint32 host)
{
    const BtrplaceInstance *instance = check->instance;
    const GArray *tier = check->tiers->pdata[instance->tier[vm]];
    const GArray *application =
        check->applications->pdata[instance->application[vm]];

    for (guint i = 0; i < tier->len; i++) {
        const guint other = g_array_index(tier, guint, i);
        require(check, other == vm || !is_on(check, other, host),
                "two VMs of a tier on one server");
    }
    for (guint i = 0; i < application->len; i++) {
        const guint other = g_array_index(application, guint, i);
        require(check,
                check->at[other] == VMC_NOWHERE ||
                    instance->zone[check->at[other]] == instance->zone[host],
                "an application in two zones");
    }
}

static void
begin(Check *check, const VmcSequenceStep *step)
{
    require(check,
            check->at[step->vm] == step->from &&
                check->to[step->vm] == VMC_NOWHERE,
            "a VM is elsewhere");
    check_groups(check, step->vm, step->to);
    check->to[step->vm] = step->to;
    check->in[step->to]++;
    if (step->from != VMC_NOWHERE) {
        check->out[step->from]++;
        require(check, check->out[step->from] <= 1, "two moves out of one");
    }
    count(check, step->vm, step->to, 1);
    check_room(check, step->to);
}

static void
end(Check *check, const VmcSequenceStep *step)
{
    if (step->from != VMC_NOWHERE) {
        count(check, step->vm, step->from, -1);
        check->out[step->from]--;
    }
    check->in[step->to]--;
    check->at[step->vm] = step->to;
    check->to[step->vm] = VMC_NOWHERE;
}

typedef struct {
    gint64 us;
    gboolean is_begin;
    guint step;
} Event;

static int
compare_events(const void *a, const void *b)
{
    const Event *one = a;
    const Event *two = b;

    if (one->us != two->us)
        return one->us < two->us ? -1 : 1;
    if (one->is_begin != two->is_begin)
        return one->is_begin - two->is_begin;
    return one->step < two->step ? -1 : one->step > two->step;
}

static void
check_end(Check *check)
{
    const BtrplaceInstance *instance = check->instance;

    for (guint vm = 0; vm < instance->n_vms; vm++)
        require(check, check->at[vm] != VMC_NOWHERE, "a VM is nowhere");
    for (guint host = 0; host < instance->n_nodes; host++)
        if (instance->is_online[host])
            check_room(check, (gint32) host);
}

/* Returns: what is wrong with the steps, or, when they are said to be the
 * @is_whole of it, with where they lead; NULL when all is well. */
static const char *
check_steps(const BtrplaceInstance *instance,
            const VmcSequence *sequence,
            gboolean is_whole)
{
    g_autofree Event *events = g_new(Event, 2 * sequence->n_steps);
    Check check;

    check_init(&check, instance);
    for (guint i = 0; i < sequence->n_steps; i++) {
        events[2 * i] = (Event){sequence->steps[i].start_us, TRUE, i};
        events[2 * i + 1] = (Event){sequence->steps[i].end_us, FALSE, i};
    }
    qsort(events, 2 * sequence->n_steps, sizeof *events, compare_events);
    for (guint i = 0; i < 2 * sequence->n_steps; i++) {
        const VmcSequenceStep *step = &sequence->steps[events[i].step];
        if (events[i].is_begin)
            begin(&check, step);
        else
            end(&check, step);
    }
    if (is_whole)
        check_end(&check);
    check_clear(&check);
    return check.wrong;
}

/* ---- the run ------------------------------------------------------------- */

typedef struct {
    VmcRepairReport repair;
    VmcSequence *sequence;
    double state_ms;
    double repair_ms;
    double sequence_ms;
} Result;

/* Of this thread, so that a busy machine does not count. */
static double
now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

static gint64 *
bytes_of(const BtrplaceInstance *instance)
{
    gint64 *bytes = g_new(gint64, instance->n_vms);

    for (guint vm = 0; vm < instance->n_vms; vm++)
        bytes[vm] = BYTES_OF_UNIT *
                    instance->need[vm * BTRPLACE_N_COLUMNS + BTRPLACE_MEMORY];
    return bytes;
}

static Result
run_once(const BtrplaceInstance *instance, const VmcModel *model)
{
    g_autofree gint64 *bytes = bytes_of(instance);
    Result result = {0};
    const double begin_ms = now_ms();
    g_autoptr(VmcState) state = vmc_state_new(model);
    const double state_ms = now_ms();

    vmc_repair(state, &result.repair);
    const double repair_ms = now_ms();
    const VmcSequenceRequest request = {
        .target = state->host_of,
        .bytes = bytes,
        .default_link = LINK_BYTES_PER_S,
        .max_in = 1,
        .max_out = 1,
        .start_us = 5 * G_USEC_PER_SEC,
    };
    result.sequence = vmc_sequence_new(model, &request);
    result.sequence_ms = now_ms() - repair_ms;
    result.repair_ms = repair_ms - state_ms;
    result.state_ms = state_ms - begin_ms;
    return result;
}

static int
compare_results(const void *a, const void *b)
{
    const Result *one = a;
    const Result *two = b;
    const double first = one->state_ms + one->repair_ms + one->sequence_ms;
    const double second = two->state_ms + two->repair_ms + two->sequence_ms;

    return first < second ? -1 : first > second;
}

static double
ratio(double one, double two)
{
    return two > 0 ? one / two : 1;
}

static void
print_result(const char *name,
             double fill,
             const Result *result,
             const char *wrong)
{
    const VmcSequence *sequence = result->sequence;
    const double makespan = (double) sequence->makespan_us / 1e6;
    const double link = (double) sequence->link_bound_us / 1e6;
    const double bound = MAX(link, (double) sequence->chain_bound_us / 1e6);
    const guint n_moves = result->repair.n_moves + sequence->n_bypasses;
    const char *published = "-";

    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
        if (g_str_equal(references[i].name, name) && fill == 0)
            published = references[i].seconds;
    printf("%-4s %5.0f %6u %6u %6.3f %6u %5u %8.2f %6.3f %6.3f %6.1f %6.1f "
           "%6.1f %6s  %s\n",
           name, fill, n_moves, result->repair.n_bound,
           ratio(n_moves, result->repair.n_bound), result->repair.n_starts,
           result->repair.n_left + sequence->n_stuck, makespan,
           ratio(makespan, link), ratio(makespan, bound), result->repair_ms,
           result->sequence_ms,
           result->state_ms + result->repair_ms + result->sequence_ms,
           published, wrong != NULL ? wrong : "valid");
    fflush(stdout);
}

static void
run_instance(const char *name, double fill, const BtrplaceInstance *instance)
{
    g_autoptr(VmcModel) model = btrplace_instance_to_model(instance);
    Result results[N_ROUNDS];

    for (guint i = 0; i < N_ROUNDS; i++)
        results[i] = run_once(instance, model);
    qsort(results, N_ROUNDS, sizeof *results, compare_results);
    const Result *median = &results[N_ROUNDS / 2];
    const guint n_left = median->repair.n_left + median->sequence->n_stuck;
    print_result(name, fill, median,
                 check_steps(instance, median->sequence, n_left == 0));
    for (guint i = 0; i < N_ROUNDS; i++)
        vmc_sequence_free(results[i].sequence);
}

static gboolean
solve(const char *name, const Options *options, double fill, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s.gz", options->data, name);
    g_autoptr(BtrplaceInstance) instance = btrplace_instance_read(path, error);

    if (instance == NULL)
        return FALSE;
    if (fill > 0)
        btrplace_instance_fill(instance, fill);
    run_instance(name, fill, instance);
    return TRUE;
}

static gboolean
solve_all(const Options *options, double fill, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(references); i++)
        if (!solve(references[i].name, options, fill, error))
            return FALSE;
    return TRUE;
}

static gboolean
parse(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &options->data,
         "Folder of li3.gz, li6.gz, nr3.gz and nr6.gz", "DIR"},
        {"fill", 0, 0, G_OPTION_ARG_DOUBLE, &options->fill,
         "Scales what VMs need until the servers of each zone are so full",
         "PERCENT"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("[INSTANCE...] - repair and sequence");

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

int
main(int argc, char **argv)
{
    Options options = {.fill = -1};
    g_autoptr(GError) error = NULL;

    if (!parse(&argc, &argv, &options, &error) || options.data == NULL) {
        fprintf(stderr, "bench-btrplace: %s\n",
                error != NULL ? error->message : "--data DIR is missing");
        return 2;
    }
    printf("%-4s %5s %6s %6s %6s %6s %5s %8s %6s %6s %6s %6s %6s %6s\n", "",
           "fill%", "moves", "bound", "ratio", "starts", "left", "span s",
           "/link", "/bound", "rep ms", "seq ms", "all ms", "s publ");
    for (int i = 1; i < argc && error == NULL; i++)
        solve(argv[i], &options, MAX(options.fill, 0), &error);
    for (guint i = 0; argc < 2 && error == NULL && i < G_N_ELEMENTS(fills); i++)
        if (options.fill < 0 || options.fill == fills[i])
            solve_all(&options, fills[i], &error);
    if (error == NULL)
        return 0;
    fprintf(stderr, "bench-btrplace: %s\n", error->message);
    return 1;
}
