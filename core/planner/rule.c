/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/rule.h"

static const VmcRuleClass *const classes[] = {
    [VMC_RULE_APART] = &vmc_rule_apart,
    [VMC_RULE_TOGETHER] = &vmc_rule_together,
    [VMC_RULE_SPREAD] = &vmc_rule_spread,
    [VMC_RULE_NEAR] = &vmc_rule_near,
};

G_STATIC_ASSERT(G_N_ELEMENTS(classes) == VMC_N_RULES);

const VmcRuleClass *
vmc_rule_class(VmcRuleKind kind)
{
    g_return_val_if_fail((guint) kind < VMC_N_RULES, NULL);
    return classes[kind];
}

const char *
vmc_rule_kind_to_name(VmcRuleKind kind)
{
    return vmc_rule_class(kind)->name;
}

gboolean
vmc_rule_kind_from_name(const char *name, VmcRuleKind *ret_kind)
{
    for (guint i = 0; i < VMC_N_RULES; i++)
        if (g_strcmp0(classes[i]->name, name) == 0) {
            *ret_kind = (VmcRuleKind) i;
            return TRUE;
        }
    return FALSE;
}

/* ---- violation of a placement, from nothing ------------------------------ */

static int
compare_domains(gconstpointer a, gconstpointer b)
{
    guint32 first = *(const guint32 *) a;
    guint32 second = *(const guint32 *) b;

    return (first > second) - (first < second);
}

/* (transfer full): domains of the placed VMs of a group, ascending */
static GArray *
domains_of(const VmcModel *model,
           guint group,
           guint level,
           const gint32 *host_of)
{
    GArray *domains = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (guint32 i = model->groups.start[group];
         i < model->groups.start[group + 1]; i++) {
        gint32 host = host_of[model->groups.item[i]];
        if (host == VMC_NOWHERE)
            continue;
        guint32 domain = vmc_model_domain(model, level, (guint) host);
        g_array_append_val(domains, domain);
    }
    g_array_sort(domains, compare_domains);
    return domains;
}

static gint64
count_distinct(const GArray *domains)
{
    gint64 n = domains->len > 0;

    for (guint i = 1; i < domains->len; i++)
        n += g_array_index(domains, guint32, i) !=
             g_array_index(domains, guint32, i - 1);
    return n;
}

/* Items of @domains that are not in @others; both ascending. */
static gint64
count_alone(const GArray *domains, const GArray *others)
{
    gint64 n = 0;
    guint j = 0;

    for (guint i = 0; i < domains->len; i++) {
        guint32 domain = g_array_index(domains, guint32, i);
        while (j < others->len && g_array_index(others, guint32, j) < domain)
            j++;
        n += j == others->len || g_array_index(others, guint32, j) != domain;
    }
    return n;
}

gint64
vmc_rule_violation(const VmcModel *model, guint rule, const gint32 *host_of)
{
    const VmcRule *which = &model->rules[rule];
    const VmcRows *groups = &model->groups;
    VmcRuleCount count = {0};
    g_autoptr(GArray) members =
        domains_of(model, which->members, which->level, host_of);

    count.n_members = (gint64) groups->start[which->members + 1] -
                      (gint64) groups->start[which->members];
    count.n_placed = members->len;
    count.n_distinct = count_distinct(members);
    if (which->leaders >= 0) {
        g_autoptr(GArray) leaders =
            domains_of(model, (guint) which->leaders, which->level, host_of);
        count.n_alone = count_alone(members, leaders);
    }
    return classes[which->kind]->violation(which, &count);
}

/* ---- the rules that a change touches ------------------------------------- */

/* Goes through the rows of one or two VMs, both sorted by rule, and merges
 * them: a rule that counts both VMs of a swap sees one shift. */
typedef struct {
    const VmcState *state;
    const VmcChange *change;
    guint32 at[VMC_MAX_MOVES];
    guint32 end[VMC_MAX_MOVES];
} Walk;

static void
walk_init(Walk *walk, const VmcState *state, const VmcChange *change)
{
    const VmcRows *rows = &state->model->rules_of;

    walk->state = state;
    walk->change = change;
    for (guint i = 0; i < change->n; i++) {
        walk->at[i] = rows->start[change->move[i].vm];
        walk->end[i] = rows->start[change->move[i].vm + 1];
    }
}

static guint32
walk_lowest_rule(const Walk *walk)
{
    const VmcRows *rows = &walk->state->model->rules_of;
    guint32 lowest = G_MAXUINT32;

    for (guint i = 0; i < walk->change->n; i++)
        if (walk->at[i] < walk->end[i])
            lowest = MIN(lowest, rows->item[walk->at[i]] / 2);
    return lowest;
}

/* The second move of a change goes the other way, so what it shifts counts
 * against the first. */
static gboolean
walk_next(Walk *walk, const VmcRule **ret_rule, VmcShift *ret_shift)
{
    const VmcRows *rows = &walk->state->model->rules_of;
    guint32 rule = walk_lowest_rule(walk);
    VmcShift shift = {.from = walk->change->move[0].from,
                      .to = walk->change->move[0].to};

    if (rule == G_MAXUINT32)
        return FALSE;
    for (guint i = 0; i < walk->change->n; i++)
        while (walk->at[i] < walk->end[i] &&
               rows->item[walk->at[i]] / 2 == rule) {
            gint way = i == 0 ? 1 : -1;
            if (rows->item[walk->at[i]++] % 2 == 0)
                shift.members += way;
            else
                shift.leaders += way;
        }
    *ret_rule = &walk->state->model->rules[rule];
    *ret_shift = shift;
    return TRUE;
}

static VmcShift
turned_around(const VmcShift *shift)
{
    return (VmcShift){.from = shift->to,
                      .to = shift->from,
                      .members = -shift->members,
                      .leaders = -shift->leaders};
}

static gint64
delta_of(const VmcState *state, const VmcRule *rule, const VmcShift *shift)
{
    VmcShift forward = *shift;

    if (shift->members == 0 && shift->leaders == 0)
        return 0;
    if (shift->members < 0)
        forward = turned_around(shift);
    return classes[rule->kind]->delta(state, rule, &forward);
}

gint32
vmc_rules_blocking(const VmcState *state, const VmcChange *change)
{
    const VmcRule *rule;
    VmcShift shift;
    Walk walk;

    walk_init(&walk, state, change);
    while (walk_next(&walk, &rule, &shift))
        if (rule->is_hard && delta_of(state, rule, &shift) > 0)
            return (gint32) (rule - state->model->rules);
    return -1;
}

gboolean
vmc_rules_allow(const VmcState *state, const VmcChange *change)
{
    return vmc_rules_blocking(state, change) < 0;
}

gint64
vmc_rules_delta(const VmcState *state,
                const VmcChange *change,
                double *ret_soft)
{
    const VmcRule *rule;
    VmcShift shift;
    Walk walk;
    gint64 hard = 0;
    double soft = 0;

    walk_init(&walk, state, change);
    while (walk_next(&walk, &rule, &shift)) {
        gint64 delta = delta_of(state, rule, &shift);
        if (rule->is_hard)
            hard += delta;
        else
            soft += rule->weight * (double) delta;
    }
    *ret_soft = soft;
    return hard;
}

/* ---- tallies ------------------------------------------------------------- */

gint
vmc_tally_change(const VmcState *state, guint tally, gint32 from, gint32 to)
{
    const VmcModel *model = state->model;
    guint level = model->tallies[tally].level;
    guint32 left = from == VMC_NOWHERE
                       ? G_MAXUINT32
                       : vmc_model_domain(model, level, (guint) from);
    guint32 entered = to == VMC_NOWHERE
                          ? G_MAXUINT32
                          : vmc_model_domain(model, level, (guint) to);
    gint change = 0;

    if (left == entered)
        return 0;
    if (from != VMC_NOWHERE && vmc_tally_count(state, tally, left) == 1)
        change--;
    if (to != VMC_NOWHERE && vmc_tally_count(state, tally, entered) == 0)
        change++;
    return change;
}
