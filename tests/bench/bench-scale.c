/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"
#include "core/planner/fleet-model.h"
#include "core/planner/fleet-plan.h"
#include "core/planner/place.h"
#include "core/planner/placer.h"
#include "core/planner/question.h"
#include "core/planner/repair.h"
#include "core/planner/sequence.h"
#include "core/planner/term.h"
#include "tests/bench/scale-fleet.h"
#include "tests/bench/scale-table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How what the planner does grows with the fleet: each size in a process of its
 * own, which sends its figures home, so that the peak of memory is its own. */

#define MAX_ROUNDS 5
#define N_ROOMS 10
#define LINK_BYTES_PER_S G_GINT64_CONSTANT(125000000)

typedef struct {
    guint n_hosts;
    guint n_vms;
    guint rounds;
    gboolean balances;
    VmcFleet *fleet;    /* sound, with VMs on no host */
    VmcFleet *too_full; /* 1 % of its hosts are */
    double *figure;
} Run;

/* Of this process, so that a busy machine counts less. */
static double
now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

static int
compare_doubles(const void *a, const void *b)
{
    double one = *(const double *) a, two = *(const double *) b;

    return (one > two) - (one < two);
}

typedef void (*StepFunc)(Run *run, gpointer data);

/* The median of so many rounds. */
static double
time_ms(Run *run, StepFunc step, gpointer data)
{
    double spent_ms[MAX_ROUNDS];

    for (guint i = 0; i < run->rounds; i++) {
        const double begin_ms = now_ms();
        step(run, data);
        spent_ms[i] = now_ms() - begin_ms;
    }
    qsort(spent_ms, run->rounds, sizeof *spent_ms, compare_doubles);
    return spent_ms[run->rounds / 2];
}

/* ---- the fleet file ------------------------------------------------------ */

static void
write_fleet(Run *run, gpointer data)
{
    char **text = data;

    g_free(*text);
    *text = vmc_fleet_to_text(run->fleet);
}

static void
read_fleet(Run *run G_GNUC_UNUSED, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet = vmc_fleet_parse(data, -1, &error);

    if (fleet == NULL)
        g_error("the fleet cannot be read: %s", error->message);
}

static void
parse_json(Run *run G_GNUC_UNUSED, gpointer data)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    json_parser_load_from_data(parser, data, -1, NULL);
}

static void
measure_file(Run *run)
{
    g_autofree char *text = NULL;

    run->figure[SCALE_WRITE_MS] = time_ms(run, write_fleet, &text);
    if (strlen(text) > VMC_FLEET_MAX_BYTES)
        return;
    run->figure[SCALE_FILE_MIB] = (double) strlen(text) / (1 << 20);
    run->figure[SCALE_READ_MS] = time_ms(run, read_fleet, text);
    run->figure[SCALE_READ_PEER] =
        scale_ratio(run->figure[SCALE_READ_MS], time_ms(run, parse_json, text));
}

/* ---- compile ------------------------------------------------------------- */

static VmcFleetModel *
model_of(const VmcFleet *fleet, const char *policy_name, guint flags)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new(policy_name);
    g_autoptr(GPtrArray) place = scale_fleet_new_vms(fleet);
    const VmcFleetModelOptions options = {.flags = flags, .place = place};
    g_autoptr(GError) error = NULL;
    VmcFleetModel *fm = vmc_fleet_model_new(fleet, policy, &options, &error);

    if (fm == NULL)
        g_error("the fleet cannot be planned: %s", error->message);
    return fm;
}

static void
compile(Run *run, gpointer data G_GNUC_UNUSED)
{
    vmc_fleet_model_free(
        model_of(run->too_full, "balance", VMC_FLEET_MODEL_NO_COOLDOWN));
}

/* What whoever plans must do at least: look at what everybody claims and has.
 */
static void
walk(Run *run, gpointer data)
{
    VmcResources *sum = data;

    for (guint i = 0; i < vmc_fleet_n_vms(run->too_full); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(run->too_full, i);
        VmcResources claim = vmc_vm_claim(vm);
        for (guint r = 0; r < VMC_N_RESOURCES; r++)
            sum->amount[r] +=
                claim.amount[r] + vm->size.amount[r] + vm->demand.amount[r];
    }
    for (guint i = 0; i < vmc_fleet_n_hosts(run->too_full); i++)
        sum->amount[0] +=
            vmc_host_capacity(vmc_fleet_host_at(run->too_full, i)).amount[0];
}

static void
measure_compile(Run *run)
{
    VmcResources sum = {0};

    run->figure[SCALE_COMPILE_MS] = time_ms(run, compile, NULL);
    run->figure[SCALE_COMPILE_PER_WALK] =
        scale_ratio(run->figure[SCALE_COMPILE_MS], time_ms(run, walk, &sum));
}

/* ---- placements ---------------------------------------------------------- */

typedef struct {
    const VmcFleetModel *fm;
    guint32 *vms;
    guint n_vms;
    double score; /* without what is broken */
    gint64 n_left;
} Placing;

static void
place_batch(VmcState *state, const Placing *placing)
{
    vmc_place(state, placing->vms, placing->n_vms);
}

/* In the order they come, none known before: an order of hosts is kept by the
 * first. */
static void
place_one_by_one(VmcState *state, const Placing *placing)
{
    g_autoptr(VmcPlacer) placer = vmc_placer_new(state);

    vmc_placer_expect(placer, placing->vms[0]);
    for (guint i = 0; i < placing->n_vms; i++) {
        VmcPlacerChoice choice = vmc_placer_choose(placer, placing->vms[i]);
        if (choice.host != VMC_NOWHERE)
            vmc_placer_put(placer, placing->vms[i], &choice);
    }
}

static void
count_placed(const VmcState *state, Placing *placing)
{
    double cost[VMC_N_TERMS];

    placing->score = vmc_terms_recompute(state->model, state->host_of, cost) -
                     cost[VMC_TERM_BROKEN];
    placing->n_left = state->n_nowhere;
}

/* Returns: placements a second, the median. */
static double
measure_placing(Run *run,
                Placing *placing,
                void (*place)(VmcState *state, const Placing *placing))
{
    double spent_ms[MAX_ROUNDS];

    for (guint i = 0; i < run->rounds; i++) {
        g_autoptr(VmcState) state = vmc_state_new(placing->fm->model);
        const double begin_ms = now_ms();
        place(state, placing);
        spent_ms[i] = now_ms() - begin_ms;
        count_placed(state, placing);
    }
    qsort(spent_ms, run->rounds, sizeof *spent_ms, compare_doubles);
    return placing->n_vms / spent_ms[run->rounds / 2] * 1e3;
}

static void
measure_policy(Run *run, const char *policy, ScaleFigure batch, ScaleFigure one)
{
    g_autoptr(VmcFleetModel) fm =
        model_of(run->fleet, policy, VMC_FLEET_MODEL_ONLY_PLACE);
    g_autofree guint32 *vms = g_new(guint32, fm->vms->len);
    Placing placing = {.fm = fm, .vms = vms};

    for (guint v = 0; v < fm->vms->len; v++)
        if (fm->model->start[v] == VMC_NOWHERE)
            vms[placing.n_vms++] = v;
    run->figure[batch] = measure_placing(run, &placing, place_batch);
    if (batch == SCALE_BATCH_BALANCE) {
        run->figure[SCALE_SCORE_BATCH] = placing.score;
        run->figure[SCALE_LEFT_BATCH] = (double) placing.n_left;
    }
    run->figure[one] = measure_placing(run, &placing, place_one_by_one);
    if (batch == SCALE_BATCH_BALANCE) {
        run->figure[SCALE_SCORE_ONE] = placing.score;
        run->figure[SCALE_LEFT_ONE] = (double) placing.n_left;
    }
}

/* ---- questions ----------------------------------------------------------- */

static guint
count_moves(const VmcPlan *plan)
{
    guint n = 0;

    for (guint i = 0; i < plan->steps->len; i++) {
        const VmcPlanStep *step = plan->steps->pdata[i];
        n += step->kind == VMC_PLAN_MOVE;
    }
    return n;
}

typedef struct {
    const VmcQuestion *question;
    const VmcFleet *fleet;
    VmcPlan *plan;
} Asking;

static void
ask(Run *run G_GNUC_UNUSED, gpointer data)
{
    Asking *asking = data;
    g_autoptr(GError) error = NULL;

    vmc_plan_free(asking->plan);
    asking->plan =
        vmc_question_answer(asking->question, asking->fleet, NULL, &error);
    if (asking->plan == NULL)
        g_error("there is no answer: %s", error->message);
}

/* ---- repair -------------------------------------------------------------- */

static VmcSequence *
sequence_of(const VmcState *state)
{
    const VmcModel *model = state->model;
    g_autofree gint64 *bytes = g_new(gint64, model->n_vms);
    const VmcSequenceRequest request = {.target = state->host_of,
                                        .bytes = bytes,
                                        .default_link = LINK_BYTES_PER_S,
                                        .max_in = 2,
                                        .max_out = 2};

    for (guint v = 0; v < model->n_vms; v++)
        bytes[v] = G_GINT64_CONSTANT(1) << 33;
    return vmc_sequence_new(model, &request);
}

static void
repair_once(Run *run,
            const VmcModel *model,
            double *ret_repair_ms,
            double *ret_sequence_ms)
{
    VmcRepairReport report;
    const double begin_ms = now_ms();
    g_autoptr(VmcState) state = vmc_state_new(model);

    vmc_repair(state, &report);
    const double repair_ms = now_ms();
    g_autoptr(VmcSequence) sequence = sequence_of(state);
    *ret_sequence_ms = now_ms() - repair_ms;
    *ret_repair_ms = repair_ms - begin_ms;
    run->figure[SCALE_REPAIR_MOVES] = report.n_moves;
    run->figure[SCALE_REPAIR_PER_BOUND] =
        scale_ratio(report.n_moves, report.n_bound);
    if (report.n_left > 0)
        g_warning("%u are left", report.n_left);
}

static void
measure_repair(Run *run)
{
    g_autoptr(VmcQuestion) question = vmc_question_new(VMC_QUESTION_REPAIR);
    Asking asking = {question, run->too_full, NULL};
    double repair_ms[MAX_ROUNDS], sequence_ms[MAX_ROUNDS];
    double *figure = run->figure;
    g_autoptr(VmcPolicy) policy = vmc_policy_new("balance");
    const VmcFleetModelOptions options = {.flags = VMC_FLEET_MODEL_NO_COOLDOWN};
    g_autoptr(VmcFleetModel) fm =
        vmc_fleet_model_new(run->too_full, policy, &options, NULL);

    for (guint i = 0; i < run->rounds; i++)
        repair_once(run, fm->model, &repair_ms[i], &sequence_ms[i]);
    qsort(repair_ms, run->rounds, sizeof *repair_ms, compare_doubles);
    qsort(sequence_ms, run->rounds, sizeof *sequence_ms, compare_doubles);
    figure[SCALE_REPAIR_MS] = repair_ms[run->rounds / 2];
    figure[SCALE_SEQUENCE_MS] = sequence_ms[run->rounds / 2];
    figure[SCALE_PLANNED_MS] = figure[SCALE_COMPILE_MS] +
                               figure[SCALE_REPAIR_MS] +
                               figure[SCALE_SEQUENCE_MS];
    figure[SCALE_ANSWER_MS] = time_ms(run, ask, &asking);
    vmc_plan_free(asking.plan);
}

/* ---- drain and make room ------------------------------------------------- */

/* Hosts that are up, every so many. */
static GStrv
hosts_to_drain(const VmcFleet *fleet, guint n, GHashTable *names)
{
    g_autoptr(GStrvBuilder) hosts = g_strv_builder_new();
    const guint n_hosts = vmc_fleet_n_hosts(fleet);

    for (guint i = 0; i < n; i++) {
        guint at = i * (n_hosts / n) + 5;
        while (vmc_fleet_host_at(fleet, at)->state != VMC_HOST_UP)
            at++;
        const char *name = vmc_fleet_host_at(fleet, at)->name;
        g_strv_builder_add(hosts, name);
        g_hash_table_add(names, (gpointer) name);
    }
    return g_strv_builder_end(hosts);
}

/* VMs on hosts that are drained, those of a drain before included. */
static guint
count_to_leave(const VmcFleet *fleet, GHashTable *names)
{
    guint n = 0;

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const char *name = vmc_fleet_vm_at(fleet, i)->host;
        if (name != NULL)
            n += g_hash_table_contains(names, name) ||
                 vmc_fleet_find_host(fleet, name)->state == VMC_HOST_DRAINING;
    }
    return n;
}

static void
measure_drain(Run *run, guint n_hosts, ScaleFigure first)
{
    g_autoptr(VmcQuestion) question = vmc_question_new(VMC_QUESTION_DRAIN);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    Asking asking = {question, run->fleet, NULL};

    question->hosts = hosts_to_drain(run->fleet, n_hosts, names);
    run->figure[first] = time_ms(run, ask, &asking);
    run->figure[first + 1] = count_moves(asking.plan);
    run->figure[first + 2] =
        scale_ratio(run->figure[first + 1], count_to_leave(run->fleet, names));
    vmc_plan_free(asking.plan);
}

/* How many moves it takes at least that a fleet has what it must. */
static guint
bound_of(const VmcFleet *fleet)
{
    g_autoptr(VmcPolicy) policy = vmc_policy_new("balance");
    const VmcFleetModelOptions options = {.flags = VMC_FLEET_MODEL_NO_COOLDOWN};
    g_autoptr(VmcFleetModel) fm =
        vmc_fleet_model_new(fleet, policy, &options, NULL);
    g_autoptr(VmcState) state = vmc_state_new(fm->model);
    VmcRepairReport report;

    vmc_repair(state, &report);
    return report.n_bound;
}

static void
measure_room(Run *run)
{
    guint n_moves = 0, n_bound = 0;

    for (guint i = 0; i < N_ROOMS; i++) {
        g_autoptr(VmcQuestion) question =
            vmc_question_new(VMC_QUESTION_MAKE_ROOM);
        const VmcVm *vm =
            vmc_fleet_vm_at(run->fleet, i * (run->n_vms / N_ROOMS));
        Asking asking = {question, run->fleet, NULL};
        g_autoptr(VmcVm) grown = vmc_vm_copy(vm);
        /* half of a small host: seldom is there so much */
        grown->size.amount[VMC_MEMORY] = G_GUINT64_CONSTANT(128) << 30;
        g_autoptr(VmcFleet) fleet = vmc_fleet_with_vm(run->fleet, grown);
        question->vms = g_strsplit(vm->name, " ", 1);
        question->size = grown->size;
        run->figure[SCALE_ROOM_MS] += time_ms(run, ask, &asking) / N_ROOMS;
        n_moves += count_moves(asking.plan);
        n_bound += bound_of(fleet);
        vmc_plan_free(asking.plan);
    }
    run->figure[SCALE_ROOM_MOVES] = n_moves;
    run->figure[SCALE_ROOM_PER_BOUND] = scale_ratio(n_moves, n_bound);
}

/* ---- balance ------------------------------------------------------------- */

static void
measure_balance(Run *run)
{
    g_autoptr(VmcQuestion) question = vmc_question_new(VMC_QUESTION_REBALANCE);
    Asking asking = {question, run->fleet, NULL};
    const double begin_ms = now_ms();

    ask(run, &asking);
    run->figure[SCALE_BALANCE_MS] = now_ms() - begin_ms;
    run->figure[SCALE_BALANCE_MOVES] = count_moves(asking.plan);
    run->figure[SCALE_BALANCE_SCORE] =
        scale_ratio((double) asking.plan->score_after_micro,
                    (double) asking.plan->score_before_micro);
    vmc_plan_free(asking.plan);
}

/* ---- one size ------------------------------------------------------------ */

static void
measure(Run *run)
{
    ScaleFleetShape shape = {.n_hosts = run->n_hosts,
                             .n_vms = run->n_vms,
                             .n_new = run->n_vms / 20,
                             .seed = 1};
    struct rusage usage;

    run->fleet = scale_fleet_new(&shape);
    shape.n_overloaded = run->n_hosts / 100;
    run->too_full = scale_fleet_new(&shape);
    measure_file(run);
    measure_compile(run);
    measure_policy(run, "balance", SCALE_BATCH_BALANCE, SCALE_ONE_BALANCE);
    measure_policy(run, "pack", SCALE_BATCH_PACK, SCALE_ONE_PACK);
    measure_repair(run);
    measure_drain(run, 1, SCALE_DRAIN_MS);
    measure_drain(run, run->n_hosts / 50, SCALE_DRAINS_MS);
    measure_room(run);
    if (run->balances)
        measure_balance(run);
    getrusage(RUSAGE_SELF, &usage);
    run->figure[SCALE_PEAK_MIB] = (double) usage.ru_maxrss / 1024;
    vmc_fleet_unref(run->fleet);
    vmc_fleet_unref(run->too_full);
}

/* Returns: whether a process of its own measured it. */
static gboolean
measure_apart(Run *run)
{
    const gsize n_bytes = SCALE_N_FIGURES * sizeof *run->figure;
    int ends[2];

    if (pipe(ends) < 0)
        return FALSE;
    const pid_t child = fork();
    if (child == 0) {
        measure(run);
        _exit(write(ends[1], run->figure, n_bytes) != (gssize) n_bytes);
    }
    close(ends[1]);
    const gboolean is_read =
        child > 0 && read(ends[0], run->figure, n_bytes) == (gssize) n_bytes;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return is_read;
}

/* ---- all of them ------------------------------------------------------- */

int
main(int argc, char **argv)
{
    static double values[SCALE_N_SIZES][SCALE_N_FIGURES];
    gint n_sizes = SCALE_N_SIZES, rounds = 3;
    gboolean is_without_balance = FALSE;
    const GOptionEntry entries[] = {
        {"sizes", 0, 0, G_OPTION_ARG_INT, &n_sizes, "How many of the sizes",
         "N"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &rounds,
         "Each figure is the median of so many, at most 5", "N"},
        {"without-balance", 0, 0, G_OPTION_ARG_NONE, &is_without_balance,
         "Leave out the full balance, which takes longest", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- the planner on fleets of growing size");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "bench-scale: %s\n", error->message);
        return 2;
    }
    n_sizes = CLAMP(n_sizes, 1, SCALE_N_SIZES);
    for (gint i = 0; i < n_sizes; i++) {
        Run run = {.n_hosts = scale_sizes[i][0],
                   .n_vms = scale_sizes[i][1],
                   .rounds = (guint) CLAMP(rounds, 1, MAX_ROUNDS),
                   .balances = !is_without_balance,
                   .figure = values[i]};
        if (!measure_apart(&run)) {
            fprintf(stderr, "bench-scale: %u hosts could not be measured\n",
                    run.n_hosts);
            return 1;
        }
    }
    scale_table_print(values, (guint) n_sizes);
    return 0;
}
