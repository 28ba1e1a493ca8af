/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/repair-private.h"

#include "core/planner/rule.h"

/* How many hosts with room are compared before the best of them is taken. */
#define N_COMPARED 24

/* ---- taking out, putting in ---------------------------------------------- */

static void
add_charge(const VmcModel *model, gint64 *cells, guint vm, guint host, int sign)
{
    gint64 *row = cells + (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++)
        row[c] += sign * vmc_model_charge(model, vm, host, c);
}

void
vmc_repair_take_out(VmcRepair *repair, guint vm)
{
    const guint host = (guint) repair->state->host_of[vm];

    vmc_state_move(repair->state, vm, VMC_NOWHERE);
    add_charge(repair->state->model, repair->pending, vm, host, 1);
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_put_back(VmcRepair *repair, guint vm, guint host)
{
    add_charge(repair->state->model, repair->pending, vm, host, -1);
    vmc_state_move(repair->state, vm, (gint32) host);
    vmc_holes_update(repair->holes, repair->state, host);
}

void
vmc_repair_put(VmcRepair *repair, guint vm, guint host)
{
    vmc_state_move(repair->state, vm, (gint32) host);
    repair->n_arrivals[host]++;
    vmc_holes_update(repair->holes, repair->state, host);
}

/* @vm has left @host for good. If it only was to go there, nobody has to wait
 * for it. */
static void
let_go(VmcRepair *repair, guint vm, gint32 host)
{
    const VmcModel *model = repair->state->model;

    if (host == VMC_NOWHERE)
        return;
    add_charge(model, repair->pending, vm, (guint) host, -1);
    if (model->start[vm] == host)
        add_charge(model, repair->freed, vm, (guint) host, 1);
    else
        repair->n_arrivals[host]--;
}

gboolean
vmc_repair_is_movable(const VmcRepair *repair, guint vm)
{
    return repair->state->model->is_movable[vm] && !repair->stays[vm];
}

double
vmc_repair_size(const VmcRepair *repair, guint vm)
{
    const VmcModel *model = repair->state->model;
    double size = 0;

    for (guint c = 0; c < model->n_columns; c++)
        size =
            MAX(size, repair->size_weight[c] *
                          (double) model->need[(gsize) vm * model->stride + c]);
    return size;
}

/* ---- holes --------------------------------------------------------------- */

/* Whether there is room besides what may have to come back, and, unless @waits,
 * besides what others have to leave first. */
static gboolean
has_room(const VmcRepair *repair, guint vm, guint host, gboolean waits)
{
    const VmcModel *model = repair->state->model;
    const gsize at = (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        gint64 room = repair->state->room[at + c] - repair->pending[at + c];
        const gint64 need = vmc_model_charge(model, vm, host, c);
        if (!waits)
            room -= repair->freed[at + c];
        if (need > 0 && need > room)
            return FALSE;
    }
    return TRUE;
}

/* Less is better: rather where few come, rather tight. */
static gint64
looseness(const VmcRepair *repair, guint host)
{
    const VmcHoles *holes = repair->holes;
    const gsize cell =
        (gsize) host * repair->state->model->stride + holes->column;

    return (gint64) repair->n_arrivals[host] * 4 * holes->unit +
           repair->state->room[cell];
}

static gint32
first_bucket(const VmcRepair *repair, guint vm)
{
    const VmcModel *model = repair->state->model;
    const guint column = repair->holes->column;

    return vmc_holes_bucket(repair->holes,
                            model->need[(gsize) vm * model->stride + column]);
}

/* A VM that is nowhere now and looks for a host.
 *
 * @except: the host that it has to leave, or %VMC_NOWHERE
 * @level: a level
 * @domain: the only domain of it that it may be in, or %VMC_NOWHERE
 * @most: what may be added to violations of hard rules at most: if the VM leads
 *   others where it was, taking it out has broken something already
 */
typedef struct {
    const VmcRepair *repair;
    guint vm;
    gint32 except;
    guint level;
    gint32 domain;
    gint64 most;
} Seeker;

static gint64
violations_added(const VmcRepair *repair, guint vm, gint32 host)
{
    const VmcChange change = {1, {{vm, VMC_NOWHERE, host}}};
    double soft = 0;

    return vmc_rules_delta(repair->state, &change, &soft);
}

/* Where the others are that it has to be together with. So that most hosts need
 * no longer look; the rules are asked all the same. */
static void
seek_domain(Seeker *seeker)
{
    const VmcState *state = seeker->repair->state;
    const VmcModel *model = state->model;

    for (guint32 i = model->rules_of.start[seeker->vm];
         i < model->rules_of.start[seeker->vm + 1]; i++) {
        const VmcRule *rule = &model->rules[model->rules_of.item[i] / 2];
        if (!rule->is_hard || rule->kind != VMC_RULE_TOGETHER ||
            state->distinct[rule->tally] != 1)
            continue;
        for (guint32 k = model->groups.start[rule->members];
             k < model->groups.start[rule->members + 1]; k++) {
            const gint32 host = state->host_of[model->groups.item[k]];
            if (host == VMC_NOWHERE)
                continue;
            seeker->level = rule->level;
            seeker->domain =
                (gint32) vmc_model_domain(model, rule->level, (guint) host);
            return;
        }
    }
}

static gboolean
is_in_domain(const Seeker *seeker, guint host)
{
    return seeker->domain == VMC_NOWHERE ||
           (gint32) vmc_model_domain(seeker->repair->state->model,
                                     seeker->level, host) == seeker->domain;
}

static Seeker
seeker_for(const VmcRepair *repair, guint vm, gint32 except)
{
    const gint64 back =
        except == VMC_NOWHERE ? 0 : violations_added(repair, vm, except);

    Seeker seeker = {repair, vm, except, 0, VMC_NOWHERE, MIN(back, 0)};

    seek_domain(&seeker);
    return seeker;
}

static gboolean
is_taken(const Seeker *seeker, guint host)
{
    const VmcRepair *repair = seeker->repair;

    return (gint32) host != seeker->except &&
           vmc_state_fits(repair->state, seeker->vm, host) &&
           (seeker->most == 0 ||
            violations_added(repair, seeker->vm, (gint32) host) <=
                seeker->most);
}

static gint32
find_hole(const Seeker *seeker, gboolean waits)
{
    const VmcRepair *repair = seeker->repair;
    const VmcHoles *holes = repair->holes;
    gint32 best = VMC_NOWHERE;
    gint64 best_looseness = G_MAXINT64;
    guint n_fitting = 0;

    for (gint32 bucket = first_bucket(repair, seeker->vm);
         bucket < VMC_N_HOLE_BUCKETS && n_fitting < N_COMPARED; bucket++)
        for (gint32 host = holes->first[bucket];
             host >= 0 && n_fitting < N_COMPARED; host = holes->next[host]) {
            const gint64 here = looseness(repair, (guint) host);
            if (!is_in_domain(seeker, (guint) host) ||
                !has_room(repair, seeker->vm, (guint) host, waits) ||
                !is_taken(seeker, (guint) host))
                continue;
            n_fitting++;
            if (here >= best_looseness)
                continue;
            best = host;
            best_looseness = here;
        }
    return best;
}

static gint32
find_any_hole(const Seeker *seeker)
{
    const gint32 host = find_hole(seeker, FALSE);

    return host != VMC_NOWHERE ? host : find_hole(seeker, TRUE);
}

/* ---- others make way ----------------------------------------------------- */

/* Whether @vm has room on @host once @other is gone from it. */
static gboolean
would_have_room(const VmcRepair *repair, guint vm, guint host, guint other)
{
    const VmcModel *model = repair->state->model;
    const gsize at = (gsize) host * model->stride;

    for (guint c = 0; c < model->n_columns; c++) {
        const gint64 need = vmc_model_charge(model, vm, host, c);
        const gint64 room = repair->state->room[at + c] -
                            repair->pending[at + c] +
                            vmc_model_charge(model, other, host, c);
        if (need > 0 && need > room)
            return FALSE;
    }
    return TRUE;
}

/* The smallest VM of @host that makes enough room for @vm, rather one that has
 * moved anyhow; −1 when none does. */
static gint32
find_other(const VmcRepair *repair, guint vm, guint host)
{
    const VmcState *state = repair->state;
    const guint32 *vms = vmc_host_lists_at(&state->lists, host);
    const double limit = vmc_repair_size(repair, vm);
    gint32 best = -1;
    double best_size = limit;

    for (guint i = 0; i < state->lists.count[host]; i++) {
        double size = vmc_repair_size(repair, vms[i]);
        if (!vmc_repair_is_movable(repair, vms[i]) || size >= limit ||
            !would_have_room(repair, vm, host, vms[i]))
            continue;
        if (state->model->start[vms[i]] != (gint32) host)
            size -= 1e6;
        if (size >= best_size)
            continue;
        best = (gint32) vms[i];
        best_size = size;
    }
    return best;
}

/* The VM goes to @host, and @other, which is there, elsewhere. */
static gboolean
push_out(VmcRepair *repair, const Seeker *seeker, guint host, guint other)
{
    vmc_repair_take_out(repair, other);
    const Seeker others = seeker_for(repair, other, (gint32) host);
    const gint32 elsewhere =
        is_taken(seeker, host) ? find_any_hole(&others) : VMC_NOWHERE;
    if (elsewhere == VMC_NOWHERE) {
        vmc_repair_put_back(repair, other, host);
        return FALSE;
    }
    vmc_repair_put(repair, other, (guint) elsewhere);
    if (!is_taken(seeker, host)) {
        vmc_state_move(repair->state, other, VMC_NOWHERE);
        repair->n_arrivals[elsewhere]--;
        vmc_holes_update(repair->holes, repair->state, (guint) elsewhere);
        vmc_repair_put_back(repair, other, host);
        return FALSE;
    }
    let_go(repair, other, (gint32) host);
    vmc_repair_put(repair, seeker->vm, host);
    return TRUE;
}

/* The hosts that are not too full, those that lack least first. */
static GArray *
hosts_by_room(const VmcRepair *repair)
{
    const VmcHoles *holes = repair->holes;
    GArray *hosts = g_array_new(FALSE, FALSE, sizeof(guint));

    for (gint32 bucket = VMC_N_HOLE_BUCKETS - 1; bucket >= 0; bucket--)
        for (gint32 host = holes->first[bucket]; host >= 0;
             host = holes->next[host])
            g_array_append_val(hosts, host);
    return hosts;
}

static gboolean
make_way(VmcRepair *repair, const Seeker *seeker)
{
    g_autoptr(GArray) hosts = hosts_by_room(repair);

    for (guint i = 0; i < hosts->len && repair->effort > 0; i++) {
        const guint host = g_array_index(hosts, guint, i);
        repair->effort--;
        if ((gint32) host == seeker->except || !is_in_domain(seeker, host) ||
            !vmc_model_may_sit(repair->state->model, seeker->vm, host))
            continue;
        const gint32 other = find_other(repair, seeker->vm, host);
        if (other >= 0 && push_out(repair, seeker, host, (guint) other))
            return TRUE;
    }
    return FALSE;
}

gboolean
vmc_repair_settle(VmcRepair *repair, guint vm)
{
    const gint32 start = repair->state->model->start[vm];
    const Seeker seeker = seeker_for(repair, vm, start);
    const gint32 host = find_any_hole(&seeker);

    if (host != VMC_NOWHERE)
        vmc_repair_put(repair, vm, (guint) host);
    else if (!make_way(repair, &seeker))
        return FALSE;
    let_go(repair, vm, start);
    return TRUE;
}
