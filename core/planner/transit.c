/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/transit.h"

#include <string.h>

/* ---- life ---------------------------------------------------------------- */

static guint
most_domains(const VmcModel *model)
{
    guint n = model->n_hosts;

    for (guint level = 1; level < model->n_levels; level++)
        n = MAX(n, model->n_domains[level]);
    return n;
}

VmcTransit *
vmc_transit_new(const VmcModel *model)
{
    VmcTransit *transit = g_new0(VmcTransit, 1);
    const gsize n_cells = (gsize) model->n_hosts * model->stride;

    transit->model = model;
    transit->use = g_new(gint64, MAX(n_cells, 1));
    transit->reserved = g_new(gint64, MAX(n_cells, 1));
    transit->at = g_new(gint32, MAX(model->n_vms, 1));
    transit->to = g_new(gint32, MAX(model->n_vms, 1));
    transit->mark = g_new0(guint32, most_domains(model));
    vmc_transit_reset(transit);
    return transit;
}

void
vmc_transit_free(VmcTransit *transit)
{
    if (transit == NULL)
        return;
    g_free(transit->use);
    g_free(transit->reserved);
    g_free(transit->at);
    g_free(transit->to);
    g_free(transit->mark);
    g_free(transit);
}

/* Adds what @vm takes to a row of @cells, in the columns of @mask. */
static void
add_need(const VmcModel *model, gint64 *cells, guint vm, guint host, int sign)
{
    gint64 *row = cells + (gsize) host * model->stride;
    const gint64 *need = model->need + (gsize) vm * model->stride;

    for (guint c = 0; c < model->n_columns; c++)
        row[c] += sign * need[c];
}

void
vmc_transit_reset(VmcTransit *transit)
{
    const VmcModel *model = transit->model;
    const gsize n_cells = (gsize) model->n_hosts * model->stride;

    memcpy(transit->use, model->base, n_cells * sizeof *transit->use);
    memset(transit->reserved, 0, n_cells * sizeof *transit->reserved);
    memcpy(transit->at, model->start, model->n_vms * sizeof *transit->at);
    for (guint vm = 0; vm < model->n_vms; vm++) {
        const gint32 start = model->start[vm];
        transit->to[vm] = VMC_NOWHERE;
        if (start == VMC_NOWHERE)
            continue;
        add_need(model, transit->use, vm, (guint) start, 1);
        if ((model->host_flags[start] & VMC_MODEL_HOST_DOWN) != 0)
            transit->at[vm] = VMC_NOWHERE;
    }
}

/* ---- room ---------------------------------------------------------------- */

gint32
vmc_transit_room_column(const VmcTransit *transit,
                        guint vm,
                        guint host,
                        const gint64 *reserved)
{
    const VmcModel *model = transit->model;
    const gsize at = (gsize) host * model->stride;
    const gint64 *need = model->need + (gsize) vm * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        if (need[c] == 0 || (model->column[c].flags & VMC_COLUMN_HARD) == 0)
            continue;
        gint64 use = transit->use[at + c];
        if (reserved != NULL)
            use += reserved[at + c];
        if (use + need[c] > model->capacity[at + c])
            return (gint32) c;
    }
    return -1;
}

void
vmc_transit_reserve(VmcTransit *transit, guint vm, guint host, int sign)
{
    add_need(transit->model, transit->reserved, vm, host, sign);
}

/* ---- where the members of a rule are ------------------------------------- */

/* The domains that a VM is in, or may be in before its move is over. */
typedef struct {
    gint32 here;
    gint32 there;
} Ends;

static gint32
domain_of(const VmcModel *model, guint level, gint32 host)
{
    return host == VMC_NOWHERE
               ? VMC_NOWHERE
               : (gint32) vmc_model_domain(model, level, (guint) host);
}

static Ends
ends_of(const VmcTransit *transit, guint level, guint vm)
{
    const gint32 here = domain_of(transit->model, level, transit->at[vm]);
    const gint32 to = transit->to[vm];

    if (to == VMC_NOWHERE)
        return (Ends){here, here};
    if (to == VMC_TRANSIT_LEAVING)
        return (Ends){here, VMC_NOWHERE};
    return (Ends){here, domain_of(transit->model, level, to)};
}

static gboolean
touches(Ends ends, gint32 domain)
{
    return ends.here == domain || ends.there == domain;
}

/* It is there, wherever its move stands. */
static gboolean
is_surely_in(Ends ends, gint32 domain)
{
    return ends.here == domain && ends.there == domain;
}

static const guint32 *
group_of(const VmcModel *model, guint group, guint *ret_n)
{
    const guint32 begin = model->groups.start[group];

    *ret_n = model->groups.start[group + 1] - begin;
    return model->groups.item + begin;
}

/* Whether a VM of @group, but @except, touches @domain or surely is in it. */
static gboolean
group_is_in(const VmcTransit *transit,
            guint group,
            guint level,
            gint32 domain,
            guint except,
            gboolean (*is_in)(Ends, gint32))
{
    guint n;
    const guint32 *vms = group_of(transit->model, group, &n);

    for (guint i = 0; i < n; i++)
        if (vms[i] != except && is_in(ends_of(transit, level, vms[i]), domain))
            return TRUE;
    return FALSE;
}

/* ---- how many domains a group is in -------------------------------------- */

/*
 * @least: no way for the moves to end leaves the group in fewer
 * @most: nor in more
 * @least_spread: as @least, when each that is nowhere counts for a domain: it
 *   may still get one of its own
 * @most_spread: as @most likewise
 */
typedef struct {
    guint least;
    guint most;
    guint least_spread;
    guint most_spread;
} Extent;

/* A domain is counted once: TRUE the first time. */
static gboolean
mark(VmcTransit *transit, gint32 domain)
{
    if (domain == VMC_NOWHERE || transit->mark[domain] == transit->stamp)
        return FALSE;
    transit->mark[domain] = transit->stamp;
    return TRUE;
}

/* Those that are not on their way are surely where they are. */
static void
add_settled(VmcTransit *transit,
            guint level,
            const guint32 *vms,
            guint n,
            Extent *extent)
{
    guint n_domains = 0;
    guint n_nowhere = 0;

    for (guint i = 0; i < n; i++) {
        const Ends ends = ends_of(transit, level, vms[i]);
        if (ends.here != ends.there)
            continue;
        n_domains += mark(transit, ends.here);
        n_nowhere += ends.here == VMC_NOWHERE;
    }
    extent->least = extent->most = n_domains;
    extent->least_spread = extent->most_spread = n_domains + n_nowhere;
}

static gboolean
is_marked(const VmcTransit *transit, gint32 domain)
{
    return domain != VMC_NOWHERE && transit->mark[domain] == transit->stamp;
}

static gboolean
adds_nothing(const VmcTransit *transit, gint32 domain)
{
    return domain == VMC_NOWHERE || is_marked(transit, domain);
}

/* Each VM on its way may add one, unless others surely are wherever it ends. */
static void
add_most(VmcTransit *transit,
         guint level,
         const guint32 *vms,
         guint n,
         Extent *extent)
{
    for (guint i = 0; i < n; i++) {
        const Ends ends = ends_of(transit, level, vms[i]);
        if (ends.here == ends.there)
            continue;
        extent->most_spread++;
        extent->most += !adds_nothing(transit, ends.here) ||
                        !adds_nothing(transit, ends.there);
    }
}

/*
 * A VM on its way between two domains that nobody else is surely in adds one,
 * whichever it ends in; two such add two only when they have no end in common.
 * So VMs on their way count as far as they can be matched to ends of their own.
 */
static void
add_least(VmcTransit *transit,
          guint level,
          const guint32 *vms,
          guint n,
          Extent *extent)
{
    for (guint i = 0; i < n; i++) {
        const Ends ends = ends_of(transit, level, vms[i]);
        if (ends.here == ends.there || is_marked(transit, ends.here) ||
            is_marked(transit, ends.there))
            continue;
        mark(transit, ends.here);
        mark(transit, ends.there);
        extent->least_spread++;
        /* one that starts or stops may be nowhere */
        extent->least += ends.here != VMC_NOWHERE && ends.there != VMC_NOWHERE;
    }
}

static Extent
extent_of(VmcTransit *transit, guint group, guint level)
{
    Extent extent;
    guint n;
    const guint32 *vms = group_of(transit->model, group, &n);

    transit->stamp++;
    add_settled(transit, level, vms, n, &extent);
    add_most(transit, level, vms, n, &extent);
    add_least(transit, level, vms, n, &extent);
    return extent;
}

/* ---- the kinds of rules -------------------------------------------------- */

/* One step that is looked at: @vm goes from domain @from to domain @to. */
typedef struct {
    VmcTransit *transit;
    const VmcRule *rule;
    guint vm;
    gint32 host;
    gint32 from;
    gint32 to;
} Look;

/* What #VmcTransit.to says of a VM that goes to @host. */
static gint32
way_to(gint32 host)
{
    return host == VMC_NOWHERE ? VMC_TRANSIT_LEAVING : host;
}

/* A domain where another is, or will be, takes none. */
static gboolean
apart_allows(const Look *look)
{
    return look->to == VMC_NOWHERE ||
           !group_is_in(look->transit, look->rule->members, look->rule->level,
                        look->to, look->vm, touches);
}

/* The extent of the members when the VM is on its way. */
static Extent
extent_with(const Look *look)
{
    VmcTransit *transit = look->transit;

    transit->to[look->vm] = way_to(look->host);
    const Extent extent =
        extent_of(transit, look->rule->members, look->rule->level);
    transit->to[look->vm] = VMC_NOWHERE;
    return extent;
}

static gboolean
together_allows(const Look *look)
{
    if (look->to == VMC_NOWHERE)
        return TRUE;
    const Extent now =
        extent_of(look->transit, look->rule->members, look->rule->level);
    return extent_with(look).most <= MAX(1, now.least);
}

static gboolean
spread_allows(const Look *look)
{
    const Extent now =
        extent_of(look->transit, look->rule->members, look->rule->level);
    return extent_with(look).least_spread >=
           MIN(look->rule->n_domains, now.most_spread);
}

static gboolean
is_in_group(const VmcModel *model, guint group, guint vm)
{
    guint n;
    const guint32 *vms = group_of(model, group, &n);

    for (guint i = 0; i < n; i++)
        if (vms[i] == vm)
            return TRUE;
    return FALSE;
}

/* Whether a leader surely is in @domain; nowhere, none is needed. */
static gboolean
has_leader(const VmcTransit *transit, const VmcRule *rule, gint32 domain)
{
    return domain == VMC_NOWHERE ||
           group_is_in(transit, (guint) rule->leaders, rule->level, domain,
                       G_MAXUINT, is_surely_in);
}

/* A member goes only where a leader surely is, unless it has none now, or is
 * one itself. */
static gboolean
near_allows_member(const Look *look)
{
    const guint leaders = (guint) look->rule->leaders;
    const guint level = look->rule->level;

    if (is_in_group(look->transit->model, leaders, look->vm) ||
        has_leader(look->transit, look->rule, look->to))
        return TRUE;
    return look->from != VMC_NOWHERE &&
           !group_is_in(look->transit, leaders, level, look->from, G_MAXUINT,
                        touches);
}

/* The last leader leaves a domain only when no member needs it there. */
static gboolean
near_allows_leader(const Look *look)
{
    const guint leaders = (guint) look->rule->leaders;
    const guint level = look->rule->level;

    return look->from == VMC_NOWHERE ||
           group_is_in(look->transit, leaders, level, look->from, look->vm,
                       is_surely_in) ||
           !group_is_in(look->transit, look->rule->members, level, look->from,
                        look->vm, touches);
}

/* @role: an item of the model's rules_of: rule × 2, + 1 for a leader */
static gboolean
rule_allows(const Look *look, guint32 role)
{
    switch (look->rule->kind) {
    case VMC_RULE_APART:
        return apart_allows(look);
    case VMC_RULE_TOGETHER:
        return together_allows(look);
    case VMC_RULE_SPREAD:
        return spread_allows(look);
    case VMC_RULE_NEAR:
        return role % 2 == 1 ? near_allows_leader(look)
                             : near_allows_member(look);
    case VMC_N_RULES:
    default:
        g_return_val_if_reached(FALSE);
    }
}

gint32
vmc_transit_broken_rule(VmcTransit *transit, guint vm, gint32 host, guint kinds)
{
    const VmcModel *model = transit->model;
    const VmcRows *rows = &model->rules_of;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const guint index = rows->item[i] / 2;
        const VmcRule *rule = &model->rules[index];
        if (!rule->is_hard || (kinds & (1u << rule->kind)) == 0)
            continue;
        const Look look = {
            transit,
            rule,
            vm,
            host,
            domain_of(model, rule->level, transit->at[vm]),
            domain_of(model, rule->level, host),
        };
        if (look.from != look.to && !rule_allows(&look, rows->item[i]))
            return (gint32) index;
    }
    return -1;
}

static guint
members_without_leader(const VmcTransit *transit, const VmcRule *rule)
{
    guint n_without = 0;
    guint n;
    const guint32 *vms = group_of(transit->model, rule->members, &n);

    for (guint i = 0; i < n; i++) {
        const Ends ends = ends_of(transit, rule->level, vms[i]);
        n_without += !has_leader(transit, rule, ends.here) ||
                     !has_leader(transit, rule, ends.there);
    }
    return n_without;
}

guint
vmc_transit_breach(VmcTransit *transit, const VmcRule *rule)
{
    if (rule->kind == VMC_RULE_NEAR)
        return members_without_leader(transit, rule);
    const Extent extent = extent_of(transit, rule->members, rule->level);
    return extent.most > 1 ? extent.most - 1 : 0;
}

/* ---- motion -------------------------------------------------------------- */

void
vmc_transit_begin(VmcTransit *transit, guint vm, gint32 host)
{
    transit->to[vm] = way_to(host);
    if (host != VMC_NOWHERE)
        add_need(transit->model, transit->use, vm, (guint) host, 1);
}

void
vmc_transit_cancel(VmcTransit *transit, guint vm)
{
    if (transit->to[vm] >= 0)
        add_need(transit->model, transit->use, vm, (guint) transit->to[vm], -1);
    transit->to[vm] = VMC_NOWHERE;
}

void
vmc_transit_end(VmcTransit *transit, guint vm)
{
    const VmcModel *model = transit->model;
    const gint32 from = transit->at[vm];

    if (from != VMC_NOWHERE) {
        gint64 *row = transit->use + (gsize) from * model->stride;
        const gint64 *need = model->need + (gsize) vm * model->stride;
        for (guint c = 0; c < model->n_columns; c++)
            if ((model->column[c].flags & VMC_COLUMN_HELD) == 0)
                row[c] -= need[c];
    }
    transit->at[vm] = transit->to[vm] >= 0 ? transit->to[vm] : VMC_NOWHERE;
    transit->to[vm] = VMC_NOWHERE;
}
