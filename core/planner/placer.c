/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/placer.h"

#include "core/planner/rule.h"
#include "core/planner/shortlist.h"

#include <math.h>

/* From so many hosts on, hosts are kept in order, and so many of the best are
 * looked at. */
#define MANY_HOSTS 128
#define N_LOOKED_AT 24

/* What is liked may be much alike: a VM with rules or wishes, or one that fits
 * nowhere there, looks at so many others as well, from all over the fleet. */
#define N_SAMPLED 32

/*
 * @typical: what stands for the VMs that come
 * @reference: a host that it likes least of those with room, or %VMC_NOWHERE
 * @liking: (nullable) by host, what the typical VM adds less to the score there
 *   than on @reference. What it adds at all changes with every move, for all
 *   hosts; so what was found out earlier and later would not compare.
 */
struct _VmcPlacer {
    VmcState *state;
    guint typical;
    gint32 reference;
    VmcShortlist *liking;
};

static void
consider(const VmcState *state, guint vm, guint host, VmcPlacerChoice *best)
{
    if (state->host_of[vm] == (gint32) host || !vmc_state_fits(state, vm, host))
        return;
    double delta = vmc_state_delta(state, vm, (gint32) host);
    if (best->host < 0 || delta < best->delta ||
        (delta == best->delta && (gint32) host < best->host))
        *best = (VmcPlacerChoice){(gint32) host, delta};
}

/* ---- what rules leave ---------------------------------------------------- */

/* Hosts that a VM is confined to. */
typedef struct {
    const guint32 *hosts;
    guint n_hosts;
    guint32 only; /* what @hosts points to when it is one */
} Confinement;

static gint32
host_of_any_other(const VmcState *state, guint group, guint vm)
{
    const VmcRows *groups = &state->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++)
        if (groups->item[i] != vm &&
            state->host_of[groups->item[i]] != VMC_NOWHERE)
            return state->host_of[groups->item[i]];
    return VMC_NOWHERE;
}

/* A host in whose domain the rule wants the VM, when there is only one such
 * domain. A VM that is elsewhere may stay elsewhere. */
static gint32
host_wanted(const VmcState *state, guint32 item, guint vm)
{
    const VmcRule *rule = &state->model->rules[item / 2];
    const gint32 here = state->host_of[vm];
    gint32 host = VMC_NOWHERE;

    if (!rule->is_hard || item % 2 != 0)
        return VMC_NOWHERE;
    if (rule->kind == VMC_RULE_TOGETHER && state->distinct[rule->tally] == 1)
        host = host_of_any_other(state, rule->members, vm);
    if (rule->kind == VMC_RULE_NEAR && state->distinct[rule->leader_tally] == 1)
        host = host_of_any_other(state, (guint) rule->leaders, vm);
    if (host == VMC_NOWHERE || here == VMC_NOWHERE ||
        vmc_model_domain(state->model, rule->level, (guint) host) ==
            vmc_model_domain(state->model, rule->level, (guint) here))
        return host;
    return VMC_NOWHERE;
}

/* To a domain of @level, if that leaves less than before. */
static void
confine(const VmcModel *model,
        guint level,
        guint32 domain,
        Confinement *confinement)
{
    if (level == 0) {
        confinement->only = domain;
        confinement->hosts = &confinement->only;
        confinement->n_hosts = 1;
        return;
    }
    const VmcRows *rows = &model->hosts_of[level];
    const guint n_hosts = rows->start[domain + 1] - rows->start[domain];
    if (confinement->hosts != NULL && n_hosts >= confinement->n_hosts)
        return;
    confinement->hosts = rows->item + rows->start[domain];
    confinement->n_hosts = n_hosts;
}

/* Elsewhere a hard rule would be broken: of several that say so, the one that
 * leaves the fewest. */
static gboolean
is_confined(const VmcState *state, guint vm, Confinement *ret_confinement)
{
    const VmcModel *model = state->model;
    const VmcRows *rows = &model->rules_of;

    *ret_confinement = (Confinement){.hosts = NULL};
    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const gint32 host = host_wanted(state, rows->item[i], vm);
        const guint level = model->rules[rows->item[i] / 2].level;
        if (host != VMC_NOWHERE)
            confine(model, level, vmc_model_domain(model, level, (guint) host),
                    ret_confinement);
    }
    return ret_confinement->hosts != NULL;
}

/* ---- the best host ------------------------------------------------------- */

static VmcPlacerChoice
best_of(const VmcState *state, guint vm, const guint32 *hosts, guint n_hosts)
{
    VmcPlacerChoice best = {VMC_NOWHERE, INFINITY};

    for (guint i = 0; i < n_hosts; i++)
        consider(state, vm, hosts[i], &best);
    return best;
}

static VmcPlacerChoice
best_of_all(const VmcState *state, guint vm)
{
    VmcPlacerChoice best = {VMC_NOWHERE, INFINITY};

    for (guint h = 0; h < state->model->n_hosts; h++)
        consider(state, vm, h, &best);
    return best;
}

static gboolean
is_particular(const VmcModel *model, guint vm)
{
    return model->rules_of.start[vm] < model->rules_of.start[vm + 1] ||
           (model->wishes_of.start != NULL &&
            model->wishes_of.start[vm] < model->wishes_of.start[vm + 1]);
}

/* Others for each VM. */
static void
consider_samples(const VmcState *state, guint vm, VmcPlacerChoice *best)
{
    const guint n_hosts = state->model->n_hosts;
    const guint64 first = vm * G_GUINT64_CONSTANT(2654435761);

    for (guint64 i = 0; i < N_SAMPLED; i++)
        consider(state, vm,
                 (guint) ((first + i * n_hosts / N_SAMPLED) % n_hosts), best);
}

static VmcPlacerChoice
best_of_liked(VmcPlacer *placer, guint vm)
{
    const VmcState *state = placer->state;
    guint n;
    const guint32 *liked = vmc_shortlist_best(placer->liking, N_LOOKED_AT, &n);
    VmcPlacerChoice best = best_of(state, vm, liked, n);

    if (best.host < 0 || is_particular(state->model, vm))
        consider_samples(state, vm, &best);
    return best;
}

VmcPlacerChoice
vmc_placer_choose(VmcPlacer *placer, guint vm)
{
    g_return_val_if_fail(placer != NULL, ((VmcPlacerChoice){VMC_NOWHERE, 0}));
    Confinement confinement;
    VmcPlacerChoice best = {VMC_NOWHERE, INFINITY};

    if (is_confined(placer->state, vm, &confinement))
        return best_of(placer->state, vm, confinement.hosts,
                       confinement.n_hosts);
    if (placer->liking != NULL)
        best = best_of_liked(placer, vm);
    return best.host >= 0 ? best : best_of_all(placer->state, vm);
}

VmcPlacerChoice
vmc_placer_choose_in(const VmcPlacer *placer,
                     guint vm,
                     guint level,
                     guint32 domain)
{
    g_return_val_if_fail(placer != NULL, ((VmcPlacerChoice){VMC_NOWHERE, 0}));
    Confinement confinement = {.hosts = NULL};

    confine(placer->state->model, level, domain, &confinement);
    return best_of(placer->state, vm, confinement.hosts, confinement.n_hosts);
}

VmcPlacerChoice
vmc_placer_try(const VmcPlacer *placer, guint vm, guint host)
{
    g_return_val_if_fail(placer != NULL, ((VmcPlacerChoice){VMC_NOWHERE, 0}));
    return best_of(placer->state, vm, &host, 1);
}

/* ---- what moves ---------------------------------------------------------- */

static gboolean
may_be_liked(const VmcPlacer *placer, guint host)
{
    return vmc_model_may_sit(placer->state->model, placer->typical, host) &&
           vmc_state_has_room(placer->state, placer->typical, host);
}

static double
typical_delta(const VmcPlacer *placer, gint32 host)
{
    return host >= 0 ? vmc_state_delta(placer->state, placer->typical, host)
                     : 0;
}

/* The host that is liked least of those with room, the last of equals: it is
 * the least likely to be changed. */
static gint32
choose_reference(const VmcPlacer *placer)
{
    double most = -INFINITY;
    gint32 reference = VMC_NOWHERE;

    for (guint h = 0; h < placer->state->model->n_hosts; h++) {
        const double delta = may_be_liked(placer, h)
                                 ? typical_delta(placer, (gint32) h)
                                 : -INFINITY;
        if (delta < most || delta == -INFINITY)
            continue;
        most = delta;
        reference = (gint32) h;
    }
    return reference;
}

static void
put_in_order(VmcPlacer *placer)
{
    placer->reference = choose_reference(placer);
    const double most = typical_delta(placer, placer->reference);

    for (guint h = 0; h < placer->state->model->n_hosts; h++)
        vmc_shortlist_set(placer->liking, h,
                          may_be_liked(placer, h)
                              ? most - typical_delta(placer, (gint32) h)
                              : -INFINITY);
}

void
vmc_placer_notice(VmcPlacer *placer, guint host)
{
    g_return_if_fail(placer != NULL);
    double value = -INFINITY;

    if (placer->liking == NULL)
        return;
    if ((gint32) host == placer->reference) {
        put_in_order(placer);
        return;
    }
    if (may_be_liked(placer, host))
        value = typical_delta(placer, placer->reference) -
                typical_delta(placer, (gint32) host);
    vmc_shortlist_set(placer->liking, host, value);
}

void
vmc_placer_put(VmcPlacer *placer, guint vm, const VmcPlacerChoice *choice)
{
    g_return_if_fail(placer != NULL && choice != NULL);
    const VmcChange change = vmc_change_shift(placer->state, vm, choice->host);

    vmc_state_commit(placer->state, &change, choice->delta);
    vmc_placer_notice(placer, (guint) choice->host);
}

gboolean
vmc_placer_has_order(const VmcPlacer *placer)
{
    g_return_val_if_fail(placer != NULL, FALSE);
    return placer->liking != NULL;
}

double
vmc_placer_liking(const VmcPlacer *placer, guint host)
{
    g_return_val_if_fail(placer != NULL && placer->liking != NULL, 0);
    return vmc_shortlist_get(placer->liking, host);
}

/* ---- life ---------------------------------------------------------------- */

VmcPlacer *
vmc_placer_new(VmcState *state)
{
    g_return_val_if_fail(state != NULL, NULL);
    VmcPlacer *placer = g_new0(VmcPlacer, 1);

    placer->state = state;
    return placer;
}

void
vmc_placer_expect(VmcPlacer *placer, guint typical)
{
    g_return_if_fail(placer != NULL && typical < placer->state->model->n_vms);
    const guint n_hosts = placer->state->model->n_hosts;

    if (n_hosts < MANY_HOSTS)
        return;
    g_clear_pointer(&placer->liking, vmc_shortlist_free);
    placer->typical = typical;
    placer->liking = vmc_shortlist_new(n_hosts);
    put_in_order(placer);
}

void
vmc_placer_free(VmcPlacer *placer)
{
    if (placer == NULL)
        return;
    vmc_shortlist_free(placer->liking);
    g_free(placer);
}
