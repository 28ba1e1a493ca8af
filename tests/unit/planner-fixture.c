/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/planner-fixture.h"

#include "core/planner/term.h"

#include <string.h>

#define N_COLUMNS 3

/* ---- random models ------------------------------------------------------- */

static guint
between(GRand *random, guint least, guint most)
{
    return (guint) g_rand_int_range(random, (gint32) least, (gint32) most + 1);
}

static void
fill_columns(VmcModel *model, GRand *random, gboolean is_whole)
{
    for (guint c = 0; c < N_COLUMNS; c++)
        vmc_model_set_column(
            model, c,
            &(VmcColumn){.flags =
                             VMC_COLUMN_HARD | (c == 1 ? VMC_COLUMN_HELD : 0),
                         .load_weight = between(random, 0, 3),
                         .spread_weight = is_whole ? 0 : 50,
                         .peak_weight = is_whole ? 0 : 30});
}

static void
fill_hosts(VmcModel *model, GRand *random, gboolean is_unplaced)
{
    for (guint h = 0; h < model->n_hosts; h++) {
        for (guint c = 0; c < N_COLUMNS; c++) {
            gint64 capacity = between(random, 60, 160);
            vmc_model_set_host(model, h, c, capacity,
                               capacity * between(random, 3, 9) / 10,
                               between(random, 0, 5));
        }
        if (!is_unplaced && between(random, 0, 9) == 0)
            vmc_model_set_host_flags(model, h, VMC_MODEL_HOST_GIVES);
    }
}

static void
fill_vms(VmcModel *model, GRand *random, gboolean is_unplaced)
{
    guint32 half[64];
    guint n_half = 0;

    for (guint h = 0; h < model->n_hosts; h += 2)
        half[n_half++] = h;
    gint32 set = vmc_model_add_host_set(model, half, n_half);
    for (guint v = 0; v < model->n_vms; v++) {
        for (guint c = 0; c < N_COLUMNS; c++)
            vmc_model_set_need(model, v, c, between(random, 0, 20));
        vmc_model_set_move(model, v, between(random, 0, 9),
                           (gint32) between(random, 0, 7) - 1);
        if (!is_unplaced && between(random, 0, 3) > 0)
            vmc_model_set_start(
                model, v, (gint32) between(random, 0, model->n_hosts - 1));
        if (between(random, 0, 9) == 0)
            vmc_model_set_host_set(model, v, set);
        if (between(random, 0, 5) == 0)
            vmc_model_add_wish(model, v, set, between(random, 1, 5));
        if (between(random, 0, 19) == 0)
            vmc_model_fix_vm(model, v);
    }
}

static void
fill_levels(VmcModel *model, GRand *random)
{
    guint32 domain[64];

    for (guint level = 1; level <= 2; level++) {
        guint n_domains = between(random, 2, 5);
        for (guint h = 0; h < model->n_hosts; h++)
            domain[h] = between(random, 0, n_domains - 1);
        vmc_model_add_level(model, domain, n_domains);
    }
}

/* A group of up to @most VMs, in random order. */
static guint
add_group(VmcModel *model, GRand *random, guint most)
{
    g_autofree guint32 *vms = g_new(guint32, model->n_vms);
    guint n = between(random, 1, MIN(most, model->n_vms));

    for (guint v = 0; v < model->n_vms; v++)
        vms[v] = v;
    for (guint i = 0; i < n; i++) {
        guint j = between(random, i, model->n_vms - 1);
        guint32 vm = vms[i];
        vms[i] = vms[j];
        vms[j] = vm;
    }
    return vmc_model_add_group(model, vms, n);
}

static void
fill_rules(VmcModel *model, GRand *random, gboolean is_unplaced)
{
    guint n = between(random, 2, 12);

    for (guint i = 0; i < n; i++) {
        VmcRule rule = {.kind = (VmcRuleKind) between(random, 0, 3),
                        .is_hard = between(random, 0, 1) != 0,
                        .level = between(random, 0, 2),
                        .n_domains = between(random, 1, 3),
                        .leaders = -1,
                        .weight = between(random, 1, 9)};
        /* Some are small enough to be scanned, some large enough to be
         * counted. */
        rule.members = add_group(model, random, i % 2 == 0 ? 5 : model->n_vms);
        if (rule.kind == VMC_RULE_NEAR)
            rule.leaders = (gint32) add_group(model, random, model->n_vms);
        if (is_unplaced && rule.kind == VMC_RULE_TOGETHER)
            rule.is_hard = FALSE;
        vmc_model_add_rule(model, &rule);
    }
}

static void
fill_terms(VmcModel *model, GRand *random)
{
    static const double distance[] = {0, 3, 4, 1};
    static const gint64 slot[] = {10, 0, 15};
    guint16 class_of[64];

    for (guint h = 0; h < model->n_hosts; h++)
        class_of[h] = (guint16) between(random, 0, 1);
    vmc_model_set_distance(model, class_of, 2, distance);
    vmc_model_add_shape(model, &(VmcModelShape){0, 2, 2, 3});
    vmc_model_set_spare(model, between(random, 0, 1), slot);
    vmc_model_set_weight(model, VMC_TERM_BROKEN, 100000);
    vmc_model_set_weight(model, VMC_TERM_HOSTS, between(random, 0, 20));
    vmc_model_set_weight(model, VMC_TERM_DISRUPTION, between(random, 0, 20));
}

VmcModel *
fixture_model(GRand *random, guint flags)
{
    gboolean is_unplaced = (flags & FIXTURE_UNPLACED) != 0;
    VmcModel *model = vmc_model_new(between(random, 2, 12),
                                    between(random, 5, 60), N_COLUMNS);
    g_autoptr(GError) error = NULL;

    fill_columns(model, random, (flags & FIXTURE_WHOLE) != 0);
    fill_hosts(model, random, is_unplaced);
    fill_vms(model, random, is_unplaced);
    fill_levels(model, random);
    fill_rules(model, random, is_unplaced);
    fill_terms(model, random);
    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    return model;
}

/* ---- the slow checker ---------------------------------------------------- */

static gboolean
is_member(const VmcModel *model, guint group, guint vm)
{
    for (guint32 i = model->groups.start[group];
         i < model->groups.start[group + 1]; i++)
        if (model->groups.item[i] == vm)
            return TRUE;
    return FALSE;
}

static gint64
domain_at(const VmcModel *model, guint level, gint32 host)
{
    return level == 0 ? host : (gint64) model->domain[level][host];
}

static gint64
count_in(const VmcModel *model,
         const gint32 *host_of,
         guint group,
         guint level,
         gint64 domain)
{
    gint64 n = 0;

    for (guint v = 0; v < model->n_vms; v++)
        n += host_of[v] >= 0 && is_member(model, group, v) &&
             domain_at(model, level, host_of[v]) == domain;
    return n;
}

gint64
fixture_rule_breaches(const VmcModel *model, const gint32 *host_of, guint rule)
{
    const VmcRule *r = &model->rules[rule];
    guint n_domains =
        r->level == 0 ? model->n_hosts : model->n_domains[r->level];
    gint64 too_many = 0, occupied = 0, alone = 0, nowhere = 0;

    for (guint d = 0; d < n_domains; d++) {
        gint64 n = count_in(model, host_of, r->members, r->level, d);
        too_many += MAX(0, n - 1);
        occupied += n > 0;
        if (r->leaders >= 0 &&
            count_in(model, host_of, (guint) r->leaders, r->level, d) == 0)
            alone += n;
    }
    for (guint v = 0; v < model->n_vms; v++)
        nowhere += host_of[v] < 0 && is_member(model, r->members, v);
    switch (r->kind) {
    case VMC_RULE_APART:
        return too_many;
    case VMC_RULE_TOGETHER:
        return MAX(0, occupied - 1);
    case VMC_RULE_SPREAD:
        return MAX(0, (gint64) r->n_domains - occupied - nowhere);
    case VMC_RULE_NEAR:
    case VMC_N_RULES:
    default:
        return alone;
    }
}

/* Of one column on one host, with what is held there. */
static gint64
taken(const VmcModel *model, const gint32 *host_of, guint host, guint column)
{
    gint64 sum = model->base[host * model->stride + column];
    gboolean is_held = (model->column[column].flags & VMC_COLUMN_HELD) != 0;

    for (guint v = 0; v < model->n_vms; v++)
        if (host_of[v] == (gint32) host ||
            (is_held && model->start[v] == (gint32) host))
            sum += model->need[v * model->stride + column];
    return sum;
}

gint64
fixture_breaches(const VmcModel *model, const gint32 *host_of)
{
    gint64 breaches = 0;

    for (guint v = 0; v < model->n_vms; v++)
        breaches += host_of[v] < 0 || (model->host_flags[host_of[v]] &
                                       VMC_MODEL_HOST_MUST_EMPTY) != 0;
    for (guint h = 0; h < model->n_hosts; h++)
        for (guint c = 0; c < model->n_columns; c++) {
            gint64 above = taken(model, host_of, h, c) -
                           model->capacity[h * model->stride + c];
            breaches += MAX(0, above);
        }
    for (guint r = 0; r < model->n_rules; r++)
        if (model->rules[r].is_hard)
            breaches += fixture_rule_breaches(model, host_of, r);
    return breaches;
}

static gboolean
may_sit(const VmcModel *model, guint vm, gint32 host)
{
    gint32 set = model->host_set[vm];
    guint flags = model->host_flags[host];

    if (set >= 0 &&
        (model->sets[(guint) set * model->set_words + (guint) host / 64] >>
             (host % 64) &
         1) == 0)
        return FALSE;
    if (host == model->start[vm])
        return (flags & VMC_MODEL_HOST_MUST_EMPTY) == 0;
    return (flags & VMC_MODEL_HOST_TAKES) != 0 && model->is_movable[vm];
}

static gboolean
is_kept_within(const VmcModel *model,
               const gint32 *host_of,
               const gint32 *changed,
               guint host)
{
    for (guint c = 0; c < model->n_columns; c++) {
        gint64 after = taken(model, changed, host, c);
        if (after > taken(model, host_of, host, c) &&
            after > model->capacity[host * model->stride + c])
            return FALSE;
    }
    return TRUE;
}

gboolean
fixture_fits(const VmcModel *model,
             const gint32 *host_of,
             const gint32 *changed)
{
    for (guint v = 0; v < model->n_vms; v++)
        if (changed[v] != host_of[v] && changed[v] >= 0 &&
            !may_sit(model, v, changed[v]))
            return FALSE;
    for (guint h = 0; h < model->n_hosts; h++)
        if (!is_kept_within(model, host_of, changed, h))
            return FALSE;
    for (guint r = 0; r < model->n_rules; r++)
        if (model->rules[r].is_hard &&
            fixture_rule_breaches(model, changed, r) >
                fixture_rule_breaches(model, host_of, r))
            return FALSE;
    return TRUE;
}

VmcModel *
fixture_plain_model(guint n_hosts, guint n_vms)
{
    VmcModel *model = vmc_model_new(n_hosts, n_vms, 1);

    vmc_model_set_column(model, 0, &(VmcColumn){.flags = VMC_COLUMN_HARD});
    for (guint host = 0; host < n_hosts; host++)
        vmc_model_set_host(model, host, 0, 100, VMC_UNLIMITED, 0);
    return model;
}

void
fixture_put(VmcModel *model, guint vm, gint32 host, gint64 need)
{
    vmc_model_set_need(model, vm, 0, need);
    vmc_model_set_start(model, vm, host);
}
