/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/few-moves.h"

#include "core/planner/descent.h"
#include "core/planner/random.h"

/* Exchanges that are tried with n moves: so many up to some moves, after all is
 * counted anew, and fewer beyond, as many for all of 128 to 256 as for all of
 * 256 to 512. */
#define N_EXCHANGES 64
#define MOVES_WITH_ALL 128

/* Moves that an exchange takes back. */
#define MAX_RECALLED 3

/* Swaps that are drawn for one, for each VM. */
#define SWAPS_PER_VM 4

/* Swaps with one number of moves. */
#define MAX_SWAPS 8

/* A score is a sum of doubles: what is less better than this is not. */
#define NOTHING 1e-9

/*
 * @away: the VMs that are not at their start, in no order
 * @place: [vm] its index in @away, or −1
 */
typedef struct {
    const VmcModel *model;
    VmcState *state;
    VmcDescent *descent;
    VmcRandom random;
    GArray *away;
    gint32 *place;
    GArray *made; /* of VmcMove: since an exchange began */
} Trek;

static void
note_away(Trek *trek, guint vm)
{
    gboolean is_away = trek->state->host_of[vm] != trek->model->start[vm];

    if (is_away == (trek->place[vm] >= 0))
        return;
    if (is_away) {
        trek->place[vm] = (gint32) trek->away->len;
        g_array_append_val(trek->away, vm);
        return;
    }
    guint last = g_array_index(trek->away, guint, trek->away->len - 1);
    g_array_index(trek->away, guint, trek->place[vm]) = last;
    trek->place[last] = trek->place[vm];
    trek->place[vm] = -1;
    g_array_set_size(trek->away, trek->away->len - 1);
}

static void
go(Trek *trek, guint vm, gint32 host)
{
    const VmcMove move = {vm, trek->state->host_of[vm], host};

    g_array_append_val(trek->made, move);
    vmc_descent_move(trek->descent, vm, host);
    note_away(trek, vm);
}

/* Returns FALSE when it stops before it has got so far. */
static gboolean
descend(Trek *trek, guint n_moves)
{
    VmcMove move;

    while (trek->away->len < n_moves) {
        if (!vmc_descent_find(trek->descent, &move))
            return FALSE;
        go(trek, move.vm, move.to);
    }
    return TRUE;
}

static void
undo(Trek *trek)
{
    while (trek->made->len > 0) {
        guint last = trek->made->len - 1;
        VmcMove move = g_array_index(trek->made, VmcMove, last);
        vmc_descent_move(trek->descent, move.vm, move.from);
        note_away(trek, move.vm);
        g_array_set_size(trek->made, last);
    }
}

/* Takes some moves back and looks for others in their stead. */
static void
exchange(Trek *trek, guint n_moves)
{
    guint n =
        MIN(1 + vmc_random_below(&trek->random, MAX_RECALLED), trek->away->len);
    guint recalled[MAX_RECALLED];
    double before = trek->state->score;

    g_array_set_size(trek->made, 0);
    for (guint i = 0; i < n; i++) {
        guint vm =
            g_array_index(trek->away, guint,
                          vmc_random_below(&trek->random, trek->away->len));
        gint32 home = trek->model->start[vm];
        recalled[i] = vm;
        vmc_descent_bar(trek->descent, vm, TRUE);
        if (home != VMC_NOWHERE &&
            vmc_state_fits(trek->state, vm, (guint) home))
            go(trek, vm, home);
    }
    descend(trek, n_moves);
    for (guint i = 0; i < n; i++)
        vmc_descent_bar(trek->descent, recalled[i], FALSE);
    if (trek->state->score > before - NOTHING)
        undo(trek);
}

/* ---- swaps --------------------------------------------------------------- */

/* By how many more VMs are away when @vm is on @host. */
static gint
more_away(const Trek *trek, guint vm, gint32 host)
{
    return (host != trek->model->start[vm]) - (trek->place[vm] >= 0);
}

static gboolean
may_swap(const Trek *trek, guint first, guint second, guint n_moves)
{
    gint32 a = trek->state->host_of[first];
    gint32 b = trek->state->host_of[second];

    return a != b && a != VMC_NOWHERE && b != VMC_NOWHERE &&
           (gint) trek->away->len + more_away(trek, first, b) +
                   more_away(trek, second, a) <=
               (gint) n_moves;
}

/* The best of some swaps drawn at random. Where no single move helps, it makes
 * room for some that will. Returns whether any helps. */
static gboolean
swap(Trek *trek, guint n_moves)
{
    const VmcState *state = trek->state;
    guint n_vms = state->model->n_vms;
    guint best[2] = {0, 0};
    double least = -NOTHING;

    for (guint i = 0; i < n_vms * SWAPS_PER_VM; i++) {
        guint first = vmc_random_below(&trek->random, n_vms);
        guint second = vmc_random_below(&trek->random, n_vms);
        if (!may_swap(trek, first, second, n_moves))
            continue;
        double delta = vmc_state_swap_delta(state, first, second);
        if (delta >= least || !vmc_state_swap_fits(state, first, second))
            continue;
        least = delta;
        best[0] = first;
        best[1] = second;
    }
    if (best[0] == best[1])
        return FALSE;
    gint32 host = state->host_of[best[0]];
    go(trek, best[0], state->host_of[best[1]]);
    go(trek, best[1], host);
    return TRUE;
}

/* ---- the way ------------------------------------------------------------- */

static guint
exchanges_with(guint n_moves)
{
    return n_moves <= MOVES_WITH_ALL ? N_EXCHANGES
                                     : N_EXCHANGES * MOVES_WITH_ALL / n_moves;
}

/* Up to @n_moves. Returns FALSE when even two more, which a swap needs, have
 * not helped. */
static gboolean
add_moves(Trek *trek, guint n_moves)
{
    if (n_moves <= MOVES_WITH_ALL)
        vmc_descent_refresh(trek->descent);
    for (guint i = 0; i < MAX_SWAPS && !descend(trek, n_moves); i++)
        if (!swap(trek, n_moves))
            return n_moves < trek->away->len + 2;
    return TRUE;
}

static void
walk(Trek *trek, const VmcFewMoves *few)
{
    gboolean goes_on = TRUE;

    for (guint n = 1; goes_on && n <= few->max_moves; n++) {
        goes_on = add_moves(trek, n);
        for (guint i = exchanges_with(n); i > 0 && trek->away->len > 0; i--)
            exchange(trek, n);
        if (few->is_late != NULL && few->is_late(few->data))
            return;
    }
}

gint32 *
vmc_few_moves(const VmcModel *model, const VmcFewMoves *few)
{
    g_return_val_if_fail(model != NULL && few != NULL, NULL);
    g_autoptr(VmcState) state = vmc_state_new(model);
    g_autoptr(VmcDescent) descent = vmc_descent_new(state);
    g_autofree gint32 *place = g_new(gint32, MAX(model->n_vms, 1));
    Trek trek = {.model = model,
                 .state = state,
                 .descent = descent,
                 .away = g_array_new(FALSE, FALSE, sizeof(guint)),
                 .place = place,
                 .made = g_array_new(FALSE, FALSE, sizeof(VmcMove))};

    vmc_random_init(&trek.random, few->seed);
    for (guint v = 0; v < model->n_vms; v++)
        place[v] = -1;
    walk(&trek, few);
    g_array_unref(trek.away);
    g_array_unref(trek.made);
    return g_memdup2(state->host_of,
                     MAX(model->n_vms, 1) * sizeof *state->host_of);
}
