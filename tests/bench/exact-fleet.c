/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/exact-fleet.h"

#define MAX_HOSTS 8
#define MAX_VMS 30
#define MAX_GROUP 6

enum { CPU, MEMORY, DISK, N_COLUMNS };

/*
 * @fill_percent: how much of the cpu and memory of all hosts is needed
 * @counts_moves: see exact_kind_counts_moves()
 * @weight: of terms; those that are not named are off
 */
typedef struct {
    const char *name;
    guint fill_percent;
    guint n_rules;
    guint soft_percent;
    gboolean counts_moves;
    double weight[VMC_N_TERMS];
} Kind;

#define BALANCED                                                               \
    {                                                                          \
        [VMC_TERM_LOAD] = 10, [VMC_TERM_SHAPE] = 0.5, [VMC_TERM_PEAK] = 50,    \
        [VMC_TERM_WISHES] = 5, [VMC_TERM_MOVES] = 1, [VMC_TERM_DISTANCE] = 1,  \
        [VMC_TERM_DISRUPTION] = 3,                                             \
    }

static const Kind kinds[EXACT_N_KINDS] = {
    [EXACT_BALANCE] = {"balance", 60, 4, 30, FALSE, BALANCED},
    [EXACT_PACK] = {"pack",
                    45,
                    4,
                    30,
                    FALSE,
                    {[VMC_TERM_LOAD] = 10,
                     [VMC_TERM_WISHES] = 5,
                     [VMC_TERM_MOVES] = 1,
                     [VMC_TERM_DISRUPTION] = 3,
                     [VMC_TERM_HOSTS] = 100}},
    [EXACT_RULES] = {"rules", 60, 10, 70, FALSE, BALANCED},
    [EXACT_FULL] = {"full", 88, 3, 30, FALSE, BALANCED},
    [EXACT_REPAIR] = {"repair", 75, 5, 0, TRUE, {[VMC_TERM_MOVES] = 1}},
    [EXACT_EVACUATE] = {"evacuate", 58, 4, 0, TRUE, {[VMC_TERM_MOVES] = 1}},
};

/*
 * @room: [host][column] what is left at the start
 * @start: [vm] its host
 */
typedef struct {
    const Kind *kind;
    GRand *random;
    VmcModel *model;
    guint rack[MAX_HOSTS];
    gint64 room[MAX_HOSTS][N_COLUMNS];
    gint64 need[MAX_VMS][N_COLUMNS];
    guint start[MAX_VMS];
} Draft;

const char *
exact_kind_name(ExactKind kind)
{
    return kinds[kind].name;
}

gboolean
exact_kind_counts_moves(ExactKind kind)
{
    return kinds[kind].counts_moves;
}

static guint
between(Draft *draft, guint least, guint most)
{
    return (guint) g_rand_int_range(draft->random, (gint32) least,
                                    (gint32) most + 1);
}

/* ---- hosts and VMs ------------------------------------------------------- */

static void
add_columns(VmcModel *model)
{
    for (guint c = 0; c < N_COLUMNS; c++)
        vmc_model_set_column(
            model, c,
            &(VmcColumn){.flags = VMC_COLUMN_HARD |
                                  (c == DISK ? VMC_COLUMN_HELD : 0),
                         .load_weight = c == DISK ? 0.2 : 1,
                         .peak_weight = c == DISK ? 0 : 1});
}

static void
add_hosts(Draft *draft)
{
    guint32 racks[MAX_HOSTS];
    guint n_racks = draft->model->n_hosts / 2;

    for (guint h = 0; h < draft->model->n_hosts; h++) {
        const gint64 capacity[] = {between(draft, 80, 160),
                                   between(draft, 80, 160),
                                   between(draft, 200, 300)};
        for (guint c = 0; c < N_COLUMNS; c++) {
            vmc_model_set_host(draft->model, h, c, capacity[c],
                               capacity[c] * 7 / 10, 0);
            draft->room[h][c] = capacity[c];
        }
        racks[h] = draft->rack[h] = h % n_racks;
    }
    vmc_model_add_level(draft->model, racks, n_racks);
}

/* So much that all VMs together need that share of all hosts, give or take. */
static void
draw_needs(Draft *draft)
{
    const guint n = draft->model->n_vms;

    for (guint c = 0; c < N_COLUMNS; c++) {
        guint percent = c == DISK ? 40 : draft->kind->fill_percent;
        gint64 sum = 0, drawn = 0, share[MAX_VMS];
        for (guint h = 0; h < draft->model->n_hosts; h++)
            sum += draft->room[h][c];
        for (guint v = 0; v < n; v++)
            drawn += share[v] = (gint64[]){1, 2, 3, 4, 8}[between(draft, 0, 4)];
        for (guint v = 0; v < n; v++)
            draft->need[v][c] =
                MAX(1, sum * percent / 100 * share[v] / MAX(drawn, 1) +
                           between(draft, 0, 2) - 1);
    }
}

static gboolean
has_room(const Draft *draft, guint vm, guint host)
{
    for (guint c = 0; c < N_COLUMNS; c++)
        if (draft->room[host][c] < draft->need[vm][c])
            return FALSE;
    return TRUE;
}

/* On any host with room; a VM that finds none shrinks until it does. */
static void
put_vm(Draft *draft, guint vm)
{
    const guint n_hosts = draft->model->n_hosts;
    guint host;

    while (TRUE) {
        guint first = between(draft, 0, n_hosts - 1), i = 0;
        for (host = first; i < n_hosts && !has_room(draft, vm, host); i++)
            host = (first + i + 1) % n_hosts;
        if (i < n_hosts)
            break;
        for (guint c = 0; c < N_COLUMNS; c++)
            draft->need[vm][c] = draft->need[vm][c] * 2 / 3;
    }
    for (guint c = 0; c < N_COLUMNS; c++)
        draft->room[host][c] -= draft->need[vm][c];
    draft->start[vm] = host;
}

static void
add_vms(Draft *draft)
{
    VmcModel *model = draft->model;

    draw_needs(draft);
    for (guint v = 0; v < model->n_vms; v++) {
        put_vm(draft, v);
        for (guint c = 0; c < N_COLUMNS; c++)
            vmc_model_set_need(model, v, c, draft->need[v][c]);
        vmc_model_set_start(model, v, (gint32) draft->start[v]);
        vmc_model_set_move(
            model, v,
            draft->kind->counts_moves ? 1 : (double) draft->need[v][MEMORY] / 4,
            (gint32) (v % 5) - 1);
    }
}

/* ---- what binds them ----------------------------------------------------- */

static guint
domain_of(const Draft *draft, guint level, guint vm)
{
    return level == 0 ? draft->start[vm] : draft->rack[draft->start[vm]];
}

static gboolean
has_member_in(
    const Draft *draft, guint level, const guint32 *vms, guint n, guint domain)
{
    for (guint i = 0; i < n; i++)
        if (domain_of(draft, level, vms[i]) == domain)
            return TRUE;
    return FALSE;
}

/* Whether the rule holds at the start when @vm is one more member. */
static gboolean
suits(const Draft *draft,
      const VmcRule *rule,
      const guint32 *vms,
      guint n,
      guint vm)
{
    gboolean is_shared = has_member_in(draft, rule->level, vms, n,
                                       domain_of(draft, rule->level, vm));

    if (!rule->is_hard || n == 0)
        return TRUE;
    if (rule->kind == VMC_RULE_APART ||
        (rule->kind == VMC_RULE_SPREAD && n < rule->n_domains))
        return !is_shared;
    return rule->kind != VMC_RULE_TOGETHER || is_shared;
}

/* Some VMs, for which the rule holds at the start where it is hard. */
static guint
draw_members(Draft *draft, const VmcRule *rule, guint32 *vms)
{
    const guint n_vms = draft->model->n_vms;
    guint first = between(draft, 0, n_vms - 1);
    guint most = between(draft, 2, MAX_GROUP), n = 0;

    for (guint i = 0; i < n_vms && n < most; i++) {
        /* 31 is a prime above all n_vms: each is met once */
        guint vm = (first + i * 31) % n_vms;
        if (suits(draft, rule, vms, n, vm))
            vms[n++] = vm;
    }
    return n;
}

/* Leaders wherever a member is, so that it holds; or anywhere. */
static gint32
add_leaders(Draft *draft, const VmcRule *rule, const guint32 *members, guint n)
{
    guint32 vms[MAX_VMS];
    guint n_leaders = 0;

    for (guint v = 0; v < draft->model->n_vms; v++) {
        guint domain = domain_of(draft, rule->level, v);
        gboolean is_needed =
            rule->is_hard &&
            has_member_in(draft, rule->level, members, n, domain) &&
            !has_member_in(draft, rule->level, vms, n_leaders, domain);
        if (is_needed || between(draft, 0, 7) == 0)
            vms[n_leaders++] = v;
    }
    if (n_leaders == 0)
        vms[n_leaders++] = 0;
    return (gint32) vmc_model_add_group(draft->model, vms, n_leaders);
}

static void
add_rule(Draft *draft)
{
    VmcRule rule = {.kind = (VmcRuleKind) between(draft, 0, VMC_N_RULES - 1),
                    .is_hard =
                        between(draft, 0, 99) >= draft->kind->soft_percent,
                    .level = between(draft, 0, 1),
                    .n_domains = 2,
                    .leaders = -1,
                    .weight = between(draft, 1, 6)};
    guint32 vms[MAX_GROUP];
    guint n = draw_members(draft, &rule, vms);

    if (n < 2)
        return;
    rule.members = vmc_model_add_group(draft->model, vms, n);
    if (rule.kind == VMC_RULE_NEAR)
        rule.leaders = add_leaders(draft, &rule, vms, n);
    vmc_model_add_rule(draft->model, &rule);
}

/* Hosts that one VM in six may be on, or would like to be on. */
static void
add_sets(Draft *draft)
{
    VmcModel *model = draft->model;
    guint32 hosts[MAX_HOSTS];
    guint n = 0;

    for (guint h = 0; h < model->n_hosts; h++)
        if (between(draft, 0, 2) > 0 || h < 2)
            hosts[n++] = h;
    gint32 set = vmc_model_add_host_set(model, hosts, n);
    for (guint v = 0; v < model->n_vms; v++) {
        gboolean is_in = draft->start[v] < 2;
        for (guint i = 0; i < n; i++)
            is_in |= hosts[i] == draft->start[v];
        if (between(draft, 0, 5) == 0)
            vmc_model_add_wish(model, v, set, between(draft, 1, 4));
        else if (between(draft, 0, 5) == 0 && is_in)
            vmc_model_set_host_set(model, v, set);
    }
}

static void
add_costs(Draft *draft)
{
    static const double distance[] = {0, 2, 3, 0};
    guint16 class_of[MAX_HOSTS];

    for (guint h = 0; h < draft->model->n_hosts; h++)
        class_of[h] = (guint16) (draft->rack[h] != 0);
    vmc_model_set_distance(draft->model, class_of, 2, distance);
    vmc_model_add_shape(draft->model, &(VmcModelShape){CPU, MEMORY, 1, 1});
    for (guint t = VMC_TERM_BROKEN + 1; t < VMC_N_TERMS; t++)
        vmc_model_set_weight(draft->model, (VmcTermKind) t,
                             draft->kind->weight[t]);
}

/* A quarter of the VMs is elsewhere, whatever that breaks; but for disk, since
 * what is held cannot be had again by any move. */
static void
shake(Draft *draft)
{
    VmcModel *model = draft->model;

    for (guint v = 0; v < model->n_vms; v++) {
        guint host = between(draft, 0, model->n_hosts - 1);
        if (between(draft, 0, 3) > 0 ||
            draft->room[host][DISK] < draft->need[v][DISK])
            continue;
        draft->room[host][DISK] -= draft->need[v][DISK];
        vmc_model_set_start(model, v, (gint32) host);
    }
}

VmcModel *
exact_fleet_new(ExactKind kind, guint32 seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(GError) error = NULL;
    Draft draft = {.kind = &kinds[kind], .random = random};

    guint n_hosts = between(&draft, 4, MAX_HOSTS);
    draft.model =
        vmc_model_new(n_hosts, between(&draft, 10, MAX_VMS), N_COLUMNS);
    add_columns(draft.model);
    add_hosts(&draft);
    add_vms(&draft);
    for (guint i = 0; i < draft.kind->n_rules; i++)
        add_rule(&draft);
    add_sets(&draft);
    add_costs(&draft);
    if (kind == EXACT_REPAIR)
        shake(&draft);
    if (kind == EXACT_EVACUATE)
        vmc_model_set_host_flags(draft.model, n_hosts - 1,
                                 VMC_MODEL_HOST_GIVES);
    if (!vmc_model_seal(draft.model, &error))
        g_error("a random fleet makes no sense: %s", error->message);
    return draft.model;
}
