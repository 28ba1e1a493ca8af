/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include "core/planner/rule.h"

/* How many hosts with room are compared before the best of them is taken. */
#define N_COMPARED 24

/* Moves into a host are one after the other: one more counts as much as this
 * part of a host being left free. */
#define ARRIVAL 0.05

/* ---- where it may go at all ---------------------------------------------- */

static gint64
violations_added(const VmcRepair *repair, guint vm, gint32 host)
{
    const VmcChange change = {1, {{vm, VMC_NOWHERE, host}}};
    double soft = 0;

    return vmc_rules_delta(repair->state, &change, &soft);
}

static gint32
host_of_any(const VmcState *state, guint group)
{
    const VmcRows *groups = &state->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++)
        if (state->host_of[groups->item[i]] != VMC_NOWHERE)
            return state->host_of[groups->item[i]];
    return VMC_NOWHERE;
}

/* Where the others are that it has to be together with, so that most hosts need
 * no look at all; the rules are asked all the same. */
static void
seek_domain(VmcSeeker *seeker)
{
    const VmcState *state = seeker->repair->state;
    const VmcModel *model = state->model;
    const VmcRows *rules = &model->rules_of;

    for (guint32 i = rules->start[seeker->vm]; i < rules->start[seeker->vm + 1];
         i++) {
        const VmcRule *rule = &model->rules[rules->item[i] / 2];
        if (!rule->is_hard || rule->kind != VMC_RULE_TOGETHER ||
            rule->level == 0 || state->distinct[rule->tally] != 1)
            continue;
        const gint32 host = host_of_any(state, rule->members);
        const VmcRows *rows = &model->hosts_of[rule->level];
        const guint32 domain = model->domain[rule->level][host];
        seeker->hosts = rows->item + rows->start[domain];
        seeker->n_hosts = rows->start[domain + 1] - rows->start[domain];
        return;
    }
}

VmcSeeker
vmc_seeker_for(VmcRepair *repair, guint vm, gint32 except)
{
    const gint64 back =
        except == VMC_NOWHERE ? 0 : violations_added(repair, vm, except);
    VmcSeeker seeker = {
        .repair = repair, .vm = vm, .except = except, .most = MIN(back, 0)};

    seek_domain(&seeker);
    return seeker;
}

gboolean
vmc_seeker_takes(const VmcSeeker *seeker, guint host)
{
    const VmcRepair *repair = seeker->repair;

    return (gint32) host != seeker->except &&
           vmc_state_fits(repair->state, seeker->vm, host) &&
           (seeker->most == 0 ||
            violations_added(repair, seeker->vm, (gint32) host) <=
                seeker->most);
}

/* ---- holes --------------------------------------------------------------- */

gboolean
vmc_repair_has_room(const VmcRepair *repair,
                    guint vm,
                    guint host,
                    gboolean waits)
{
    const VmcModel *model = repair->state->model;
    const gsize at = (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 room = repair->state->room[at + c] - repair->pending[at + c];
        const gint64 need = vmc_model_charge(model, vm, host, c);
        if (!waits)
            room -= repair->freed[at + c];
        if (need > room && need > 0 && repair->size_weight[c] > 0)
            return FALSE;
    }
    return TRUE;
}

/* Less is better: rather where few come, rather tight, in whatever column. */
static double
looseness(const VmcRepair *repair, guint host)
{
    const VmcModel *model = repair->state->model;
    double loose = repair->n_arrivals[host] * ARRIVAL;

    for (guint c = 0; c < model->n_columns; c++)
        if (repair->size_weight[c] > 0)
            loose +=
                repair->size_weight[c] *
                (double) repair->state->room[(gsize) host * model->stride + c];
    return loose;
}

/* The tightest of few hosts, rather one where it need not wait. */
static gint32
find_among(const VmcSeeker *seeker)
{
    const VmcRepair *repair = seeker->repair;
    gint32 best = VMC_NOWHERE;
    double best_looseness = G_MAXDOUBLE;
    gboolean best_waits = TRUE;

    for (guint i = 0; i < seeker->n_hosts; i++) {
        const guint host = seeker->hosts[i];
        const double here = looseness(repair, host);
        if (!vmc_repair_has_room(repair, seeker->vm, host, TRUE))
            continue;
        const gboolean waits =
            !vmc_repair_has_room(repair, seeker->vm, host, FALSE);
        if ((waits == best_waits ? here >= best_looseness : waits) ||
            !vmc_seeker_takes(seeker, host))
            continue;
        best = (gint32) host;
        best_looseness = here;
        best_waits = waits;
    }
    return best;
}

static gint32
first_bucket(const VmcRepair *repair, guint vm)
{
    const VmcModel *model = repair->state->model;
    const guint column = repair->holes->column;

    /* Nobody limits anything where nothing is counted. */
    if (model->n_columns == 0)
        return 0;
    return vmc_holes_bucket(repair->holes,
                            model->need[(gsize) vm * model->stride + column]);
}

static gint32
find_in_buckets(const VmcSeeker *seeker, gboolean waits)
{
    const VmcRepair *repair = seeker->repair;
    const VmcHoles *holes = repair->holes;
    gint32 best = VMC_NOWHERE;
    double best_looseness = G_MAXDOUBLE;
    guint n_fitting = 0;

    for (gint32 bucket = first_bucket(repair, seeker->vm);
         bucket < VMC_N_HOLE_BUCKETS && n_fitting < N_COMPARED; bucket++)
        for (gint32 host = holes->first[bucket];
             host >= 0 && n_fitting < N_COMPARED; host = holes->next[host]) {
            const double here = looseness(repair, (guint) host);
            if (!vmc_repair_has_room(repair, seeker->vm, (guint) host, waits) ||
                !vmc_seeker_takes(seeker, (guint) host))
                continue;
            n_fitting++;
            if (here >= best_looseness)
                continue;
            best = host;
            best_looseness = here;
        }
    return best;
}

gint32
vmc_seeker_find(const VmcSeeker *seeker)
{
    if (seeker->hosts != NULL)
        return find_among(seeker);
    const gint32 host = find_in_buckets(seeker, FALSE);
    return host != VMC_NOWHERE ? host : find_in_buckets(seeker, TRUE);
}

gboolean
vmc_seeker_would_fit(const VmcSeeker *seeker, guint host, guint other)
{
    const VmcRepair *repair = seeker->repair;
    const VmcModel *model = repair->state->model;
    const gsize at = (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        const gint64 need = vmc_model_charge(model, seeker->vm, host, c);
        const gint64 room = repair->state->room[at + c] -
                            repair->pending[at + c] +
                            vmc_model_charge(model, other, host, c);
        if (need > room && need > 0 && repair->size_weight[c] > 0)
            return FALSE;
    }
    return TRUE;
}

/* ---- hosts to look at ---------------------------------------------------- */

static GArray *
hosts_by_room(const VmcRepair *repair)
{
    const VmcHoles *holes = repair->holes;
    GArray *hosts = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (gint32 bucket = VMC_N_HOLE_BUCKETS - 1; bucket >= 0; bucket--)
        for (gint32 host = holes->first[bucket]; host >= 0;
             host = holes->next[host])
            g_array_append_val(hosts, host);
    return hosts;
}

GArray *
vmc_seeker_hosts(const VmcSeeker *seeker)
{
    if (seeker->hosts == NULL)
        return hosts_by_room(seeker->repair);
    GArray *hosts = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_array_append_vals(hosts, seeker->hosts, seeker->n_hosts);
    return hosts;
}
