/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/place.h"

#include "core/planner/placer.h"

#include <math.h>
#include <string.h>

/* Of many domains, so many are compared for VMs that must be together, after a
 * look at so many for the first of them. */
#define N_DOMAINS_COMPARED 8
#define N_DOMAINS_LOOKED_AT 24

/* Hosts are put in order for so many VMs of like size at least. */
#define MIN_EXPECTED 256

/* Orders in which those that found no host come first. */
#define MAX_TRIES 4

/* One VM, or the first of several that only go together. */
typedef struct {
    guint32 vm;
    double size; /* the largest share of a mean host that it takes */
} Item;

typedef struct {
    VmcState *state;
    VmcPlacer *placer;
    guint8 *is_wanted;   /* [vm] whether it is to be placed yet */
    GArray *given_up;    /* guint32: leaders that found no host right now */
    GArray *party;       /* guint32: those that go together right now */
    const VmcRule *near; /* (nullable): what binds them to the first */
} Placing;

/* ---- largest first ------------------------------------------------------- */

static double *
new_mean_capacities(const VmcModel *model)
{
    double *mean = g_new0(double, MAX(model->n_columns, 1));

    for (guint c = 0; c < model->n_columns; c++) {
        guint n = 0;
        for (guint h = 0; h < model->n_hosts; h++) {
            gint64 capacity = model->capacity[(gsize) h * model->stride + c];
            if (capacity == VMC_UNLIMITED)
                continue;
            mean[c] += (double) capacity;
            n++;
        }
        mean[c] = mean[c] > 0 ? mean[c] / n : INFINITY;
    }
    return mean;
}

static double
size_of(const VmcModel *model, const double *mean, guint vm)
{
    double size = 0;

    for (guint c = 0; c < model->n_columns; c++)
        if ((model->column[c].flags & VMC_COLUMN_HARD) != 0)
            size =
                MAX(size, (double) model->need[(gsize) vm * model->stride + c] /
                              mean[c]);
    return size;
}

static int
compare_items(gconstpointer a, gconstpointer b)
{
    const Item *one = a;
    const Item *two = b;

    if (one->size != two->size)
        return one->size > two->size ? -1 : 1;
    return one->vm < two->vm ? -1 : one->vm > two->vm;
}

static GArray *
largest_first(const VmcModel *model, const guint32 *vms, guint n_vms)
{
    g_autofree double *mean = new_mean_capacities(model);
    GArray *items = g_array_sized_new(FALSE, FALSE, sizeof(Item), n_vms);

    for (guint i = 0; i < n_vms; i++) {
        const Item item = {vms[i], size_of(model, mean, vms[i])};
        g_array_append_val(items, item);
    }
    g_array_sort(items, compare_items);
    return items;
}

/* ---- VMs that only go together ------------------------------------------- */

static gboolean
is_in_party(const Placing *placing, guint vm)
{
    for (guint i = 0; i < placing->party->len; i++)
        if (g_array_index(placing->party, guint32, i) == vm)
            return TRUE;
    return FALSE;
}

static void
invite_group(Placing *placing, guint group)
{
    const VmcRows *groups = &placing->state->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++) {
        guint32 vm = groups->item[i];
        if (placing->is_wanted[vm] && !is_in_party(placing, vm))
            g_array_append_val(placing->party, vm);
    }
}

static void
invite_fellows(Placing *placing, guint32 vm)
{
    const VmcModel *model = placing->state->model;
    const VmcRows *rows = &model->rules_of;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const VmcRule *rule = &model->rules[rows->item[i] / 2];
        if (rule->is_hard && rule->kind == VMC_RULE_TOGETHER)
            invite_group(placing, rule->members);
    }
}

/* All that are to be placed and must be together with @vm, or with one that
 * must be; with @near, those as well that must be near to it. */
static void
gather_party(Placing *placing, guint32 vm, const VmcRule *near)
{
    g_array_set_size(placing->party, 0);
    g_array_append_val(placing->party, vm);
    if (near != NULL)
        invite_group(placing, near->members);
    for (guint k = 0; k < placing->party->len; k++)
        invite_fellows(placing, g_array_index(placing->party, guint32, k));
    placing->near = near;
}

static void
put_party(Placing *placing, const gint32 *hosts)
{
    for (guint i = 0; i < placing->party->len; i++)
        vmc_state_move(placing->state,
                       g_array_index(placing->party, guint32, i), hosts[i]);
}

/* The first goes to @host, the others where they can then. Returns whether all
 * found a host; they are there then. */
static gboolean
try_party(Placing *placing, guint host, gint32 *ret_hosts)
{
    for (guint i = 0; i < placing->party->len; i++) {
        guint32 vm = g_array_index(placing->party, guint32, i);
        VmcPlacerChoice choice = i == 0
                                     ? vmc_placer_try(placing->placer, vm, host)
                                     : vmc_placer_choose(placing->placer, vm);
        if (choice.host < 0)
            return FALSE;
        ret_hosts[i] = choice.host;
        vmc_state_move(placing->state, vm, choice.host);
    }
    return TRUE;
}

/* What was found for a party so far. */
typedef struct {
    gint32 *hosts; /* the best, for each of it */
    gint32 *trial;
    double score; /* of the best */
} Party;

static void
leave(Placing *placing, Party *party)
{
    for (guint i = 0; i < placing->party->len; i++)
        party->trial[i] = VMC_NOWHERE;
    put_party(placing, party->trial);
}

static gboolean
try_host(Placing *placing, guint host, Party *party)
{
    const gboolean is_found = try_party(placing, host, party->trial);

    if (is_found && placing->state->score < party->score) {
        party->score = placing->state->score;
        memcpy(party->hosts, party->trial,
               placing->party->len * sizeof *party->hosts);
    }
    leave(placing, party);
    return is_found;
}

/* The level at which the first must be together with others: the finest. */
static guint
party_level(const Placing *placing)
{
    const VmcModel *model = placing->state->model;
    const guint32 vm = g_array_index(placing->party, guint32, 0);
    const VmcRows *rows = &model->rules_of;
    gint64 level = placing->near != NULL ? (gint64) placing->near->level : -1;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const VmcRule *rule = &model->rules[rows->item[i] / 2];
        if (rule->is_hard && rule->kind == VMC_RULE_TOGETHER &&
            (level < 0 ||
             model->n_domains[rule->level] > model->n_domains[level]))
            level = rule->level;
    }
    return (guint) MAX(level, 0);
}

/* Where a party may come into a domain: a host for its first. */
typedef struct {
    guint32 domain;
    double liking;   /* of the host there that is liked best */
    gint64 n_copies; /* of its largest that have room there */
    VmcPlacerChoice first;
} Entrance;

static int
compare_liking(gconstpointer a, gconstpointer b)
{
    const Entrance *one = a;
    const Entrance *two = b;

    if (one->liking != two->liking)
        return one->liking > two->liking ? -1 : 1;
    return one->domain < two->domain ? -1 : one->domain > two->domain;
}

static int
compare_first(gconstpointer a, gconstpointer b)
{
    const VmcPlacerChoice *one = &((const Entrance *) a)->first;
    const VmcPlacerChoice *two = &((const Entrance *) b)->first;

    if (one->delta != two->delta)
        return one->delta < two->delta ? -1 : 1;
    return one->host < two->host ? -1 : one->host > two->host;
}

/* (transfer full): the most that any of the party needs of each column */
static gint64 *
largest_needs(const Placing *placing)
{
    const VmcModel *model = placing->state->model;
    gint64 *largest = g_new0(gint64, MAX(model->stride, 1));

    for (guint i = 0; i < placing->party->len; i++) {
        const guint32 vm = g_array_index(placing->party, guint32, i);
        for (guint c = 0; c < model->n_columns; c++)
            largest[c] =
                MAX(largest[c], model->need[(gsize) vm * model->stride + c]);
    }
    return largest;
}

static gint64
count_copies(const VmcState *state, const gint64 *needs, guint host)
{
    const VmcModel *model = state->model;
    gint64 n = G_MAXINT32;

    for (guint c = 0; c < model->n_columns; c++) {
        const gint64 room = state->room[(gsize) host * model->stride + c];
        if (needs[c] > 0)
            n = MIN(n, MAX(room, 0) / needs[c]);
    }
    return n;
}

/* (transfer full) (element-type Entrance): of each domain of @level that has
 * room for all; what is liked best comes first */
static GArray *
roomy_domains(const Placing *placing, guint level)
{
    const VmcModel *model = placing->state->model;
    g_autofree gint64 *needs = largest_needs(placing);
    GArray *entrances = g_array_new(FALSE, FALSE, sizeof(Entrance));
    guint n_kept = 0;

    for (guint32 d = 0; d < model->n_domains[level]; d++) {
        const Entrance entrance = {.domain = d, .liking = -INFINITY};
        g_array_append_val(entrances, entrance);
    }
    for (guint h = 0; h < model->n_hosts; h++) {
        Entrance *entrance = &g_array_index(entrances, Entrance,
                                            vmc_model_domain(model, level, h));
        const double liking = vmc_placer_liking(placing->placer, h);
        entrance->n_copies += count_copies(placing->state, needs, h);
        entrance->liking = MAX(entrance->liking, liking);
    }
    for (guint d = 0; d < entrances->len; d++) {
        const Entrance entrance = g_array_index(entrances, Entrance, d);
        if (entrance.n_copies >= placing->party->len)
            g_array_index(entrances, Entrance, n_kept++) = entrance;
    }
    g_array_set_size(entrances, n_kept);
    g_array_sort(entrances, compare_liking);
    return entrances;
}

/* (transfer full) (element-type Entrance): with the best host for the first;
 * what suits it best comes first */
static GArray *
find_entrances(const Placing *placing)
{
    const guint32 vm = g_array_index(placing->party, guint32, 0);
    const guint level = party_level(placing);
    GArray *entrances = roomy_domains(placing, level);
    guint n_kept = 0;

    for (guint i = 0; i < entrances->len && n_kept < N_DOMAINS_LOOKED_AT; i++) {
        Entrance entrance = g_array_index(entrances, Entrance, i);
        entrance.first =
            vmc_placer_choose_in(placing->placer, vm, level, entrance.domain);
        if (entrance.first.host >= 0)
            g_array_index(entrances, Entrance, n_kept++) = entrance;
    }
    g_array_set_size(entrances, n_kept);
    g_array_sort(entrances, compare_first);
    return entrances;
}

/* Where there are many hosts, a few domains are compared that surely have
 * room. */
static void
try_entrances(Placing *placing, Party *party)
{
    guint n_found = 0;

    if (!vmc_placer_has_order(placing->placer))
        return;
    g_autoptr(GArray) entrances = find_entrances(placing);
    for (guint i = 0; i < entrances->len && n_found < N_DOMAINS_COMPARED; i++)
        n_found += try_host(
            placing, (guint) g_array_index(entrances, Entrance, i).first.host,
            party);
}

static void
notice_party(Placing *placing, const gint32 *hosts)
{
    for (guint i = 0; i < placing->party->len; i++)
        if (hosts[i] >= 0)
            vmc_placer_notice(placing->placer, (guint) hosts[i]);
}

/* Tries every host for the first where there are few, or where no domain has
 * room to spare: VMs that must be together are rare. Those that must only be
 * near can go one by one as well. */
static gboolean
place_party(Placing *placing)
{
    const guint n = placing->party->len;
    g_autofree gint32 *before = g_new(gint32, n);
    g_autofree gint32 *trial = g_new(gint32, n);
    g_autofree gint32 *hosts = g_new(gint32, n);
    Party party = {.hosts = hosts, .trial = trial, .score = INFINITY};

    for (guint i = 0; i < n; i++)
        before[i] =
            placing->state->host_of[g_array_index(placing->party, guint32, i)];
    leave(placing, &party);
    try_entrances(placing, &party);
    const gboolean is_found =
        party.score < INFINITY ||
        (placing->near != NULL && vmc_placer_has_order(placing->placer));
    for (guint h = 0; !is_found && h < placing->state->model->n_hosts; h++)
        try_host(placing, h, &party);
    const gboolean is_placed = party.score < INFINITY;
    put_party(placing, is_placed ? hosts : before);
    notice_party(placing, is_placed ? hosts : before);
    return is_placed;
}

/* Those of a party are placed with its first. */
static gboolean
place_with_party(Placing *placing, guint vm, const VmcRule *near)
{
    gather_party(placing, vm, near);
    if (placing->party->len == 1)
        return FALSE;
    gboolean is_placed = place_party(placing);
    for (guint i = 0; i < placing->party->len; i++)
        placing->is_wanted[g_array_index(placing->party, guint32, i)] =
            !is_placed;
    return is_placed;
}

/* ---- all of them --------------------------------------------------------- */

static gboolean
place_alone(Placing *placing, guint vm)
{
    VmcPlacerChoice choice = vmc_placer_choose(placing->placer, vm);

    if (choice.host < 0)
        return FALSE;
    vmc_placer_put(placing->placer, vm, &choice);
    placing->is_wanted[vm] = FALSE;
    return TRUE;
}

static gboolean place_one(Placing *placing, guint vm);

/* Until the VM that is placed now has been tried: so each is tried as a leader
 * once, however many lead each other. */
static void
give_up(Placing *placing, guint32 leader)
{
    placing->is_wanted[leader] = FALSE;
    g_array_append_val(placing->given_up, leader);
}

static void
take_up_again(Placing *placing)
{
    for (guint i = 0; i < placing->given_up->len; i++)
        placing->is_wanted[g_array_index(placing->given_up, guint32, i)] = TRUE;
    g_array_set_size(placing->given_up, 0);
}

/* One of those that it must be near to, when none of them is anywhere yet:
 * where all that must be near to it have room, or else by itself. @vm is not
 * wanted meanwhile, so that two that lead each other come to an end. */
static void
place_leader(Placing *placing, guint vm, const VmcRule *rule)
{
    const VmcRows *groups = &placing->state->model->groups;
    const guint leaders = (guint) rule->leaders;

    for (guint32 i = groups->start[leaders]; i < groups->start[leaders + 1];
         i++) {
        const guint leader = groups->item[i];
        if (!placing->is_wanted[leader])
            continue;
        if (place_with_party(placing, leader, rule))
            return;
        placing->is_wanted[vm] = FALSE;
        const gboolean is_placed = place_one(placing, leader);
        placing->is_wanted[vm] = TRUE;
        if (is_placed)
            return;
        give_up(placing, leader);
    }
}

static void
place_leaders(Placing *placing, guint vm)
{
    const VmcState *state = placing->state;
    const VmcRows *rows = &state->model->rules_of;

    for (guint32 i = rows->start[vm]; i < rows->start[vm + 1]; i++) {
        const VmcRule *rule = &state->model->rules[rows->item[i] / 2];
        if (rule->is_hard && rule->kind == VMC_RULE_NEAR &&
            rows->item[i] % 2 == 0 && state->placed[rule->leader_tally] == 0)
            place_leader(placing, vm, rule);
    }
}

/* Returns: whether it has a host then */
static gboolean
place_one(Placing *placing, guint vm)
{
    if (!placing->is_wanted[vm])
        return TRUE;
    place_leaders(placing, vm);
    if (!placing->is_wanted[vm] || place_with_party(placing, vm, NULL))
        return TRUE;
    return placing->party->len == 1 && place_alone(placing, vm);
}

static void
placing_init(Placing *placing, VmcState *state, GArray *items)
{
    *placing =
        (Placing){.state = state,
                  .placer = vmc_placer_new(state),
                  .is_wanted = g_new0(guint8, MAX(state->model->n_vms, 1)),
                  .given_up = g_array_new(FALSE, FALSE, sizeof(guint32)),
                  .party = g_array_new(FALSE, FALSE, sizeof(guint32))};
    for (guint i = 0; i < items->len; i++)
        placing->is_wanted[g_array_index(items, Item, i).vm] = TRUE;
}

static void
placing_clear(Placing *placing)
{
    vmc_placer_free(placing->placer);
    g_array_unref(placing->given_up);
    g_array_unref(placing->party);
    g_free(placing->is_wanted);
}

/* Moves those that found no host to the front, in their order. Returns how many
 * did find one. */
static guint
place_in_order(VmcState *state, GArray *items)
{
    g_autoptr(GArray) failed = g_array_new(FALSE, FALSE, sizeof(Item));
    g_autoptr(GArray) placed = g_array_new(FALSE, FALSE, sizeof(Item));
    const guint n_alike = MAX(MIN_EXPECTED, items->len / 4 + 1);
    guint n_placed = 0;
    Placing placing;

    placing_init(&placing, state, items);
    for (guint i = 0; i < items->len; i++) {
        if (i % n_alike == 0 && items->len > 1)
            vmc_placer_expect(placing.placer, g_array_index(items, Item, i).vm);
        const Item item = g_array_index(items, Item, i);
        gboolean is_placed = place_one(&placing, item.vm);
        take_up_again(&placing);
        g_array_append_val(is_placed ? placed : failed, item);
        n_placed += is_placed;
    }
    placing_clear(&placing);
    g_array_set_size(items, 0);
    g_array_append_vals(items, failed->data, failed->len);
    g_array_append_vals(items, placed->data, placed->len);
    return n_placed;
}

guint
vmc_place(VmcState *state, const guint32 *vms, guint n_vms)
{
    g_return_val_if_fail(state != NULL, 0);
    const VmcModel *model = state->model;
    g_autoptr(GArray) items = largest_first(model, vms, n_vms);
    gsize size = MAX(model->n_vms, 1) * sizeof(gint32);
    g_autofree gint32 *start = g_memdup2(state->host_of, size);
    g_autofree gint32 *best = NULL;
    guint most = 0;

    for (guint i = 0; i < MAX_TRIES; i++) {
        guint n_placed = place_in_order(state, items);
        if (best != NULL && n_placed <= most)
            break;
        most = n_placed;
        g_free(best);
        best = g_memdup2(state->host_of, size);
        if (most == n_vms)
            return most;
        vmc_state_assign(state, start);
    }
    if (best != NULL)
        vmc_state_assign(state, best);
    return most;
}
