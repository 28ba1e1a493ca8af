/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/replay.h"

#include "tests/unit/planner-fixture.h"

#include <string.h>

/* All ways for moves to end are tried for so many at once. */
#define MAX_SUBSETS_OF 6

/*
 * @place: [vm] where it is
 * @been: [vm × hosts + host] whether held columns of it are counted there
 * @on_way: (element-type guint): steps that have begun and not ended
 * @lacks: [rule] by how much it was broken at worst at the moment before
 */
typedef struct {
    const VmcModel *model;
    const VmcSequenceRequest *request;
    const VmcSequence *sequence;
    gint32 *place;
    guint8 *been;
    GArray *on_way;
    gint64 *lacks;
    gint64 *used;
} Replay;

static const VmcSequenceStep *
step_at(const Replay *replay, guint i)
{
    return &replay->sequence->steps[g_array_index(replay->on_way, guint, i)];
}

/* ---- amounts ------------------------------------------------------------- */

static gboolean
goes_to(const Replay *replay, guint vm, guint host)
{
    for (guint i = 0; i < replay->on_way->len; i++)
        if (step_at(replay, i)->vm == vm &&
            step_at(replay, i)->to == (gint32) host)
            return TRUE;
    return FALSE;
}

static gint64
count_used(const Replay *replay, guint host, guint column)
{
    const VmcModel *model = replay->model;
    const gboolean is_held =
        (model->column[column].flags & VMC_COLUMN_HELD) != 0;
    gint64 used = model->base[host * model->stride + column];

    for (guint vm = 0; vm < model->n_vms; vm++)
        if (replay->place[vm] == (gint32) host || goes_to(replay, vm, host) ||
            (is_held && replay->been[vm * model->n_hosts + host]))
            used += model->need[vm * model->stride + column];
    return used;
}

static void
check_amounts(Replay *replay)
{
    const VmcModel *model = replay->model;

    for (guint host = 0; host < model->n_hosts; host++)
        for (guint c = 0; c < model->n_columns; c++) {
            gint64 *before = &replay->used[host * model->n_columns + c];
            const gint64 now = count_used(replay, host, c);
            if ((model->column[c].flags & VMC_COLUMN_HARD) != 0 &&
                now > model->capacity[host * model->stride + c])
                g_assert_cmpint(now, <=, *before);
            *before = now;
        }
}

/* ---- rules --------------------------------------------------------------- */

static gboolean
is_in_group(const VmcModel *model, guint group, guint vm)
{
    for (guint32 i = model->groups.start[group];
         i < model->groups.start[group + 1]; i++)
        if (model->groups.item[i] == vm)
            return TRUE;
    return FALSE;
}

static gboolean
binds(const VmcModel *model, const VmcRule *rule, guint vm)
{
    return is_in_group(model, rule->members, vm) ||
           (rule->leaders >= 0 &&
            is_in_group(model, (guint) rule->leaders, vm));
}

/* Its VMs go at one time: it holds before and after. */
static gboolean
is_suspended(const Replay *replay, const VmcRule *rule)
{
    if (rule->kind != VMC_RULE_TOGETHER && rule->kind != VMC_RULE_NEAR)
        return FALSE;
    for (guint i = 0; i < replay->on_way->len; i++)
        if (step_at(replay, i)->joint > 0 &&
            binds(replay->model, rule, step_at(replay, i)->vm))
            return TRUE;
    return FALSE;
}

/* How broken @rule is at worst, whichever moves have ended. */
static gint64
worst_lack(const Replay *replay, guint rule)
{
    const VmcModel *model = replay->model;
    const guint n = MIN(replay->on_way->len, MAX_SUBSETS_OF);
    g_autofree gint32 *place =
        g_memdup2(replay->place, model->n_vms * sizeof *place);
    gint64 worst = 0;

    for (guint subset = 0; subset < (1u << n); subset++) {
        for (guint i = 0; i < n; i++) {
            const guint vm = step_at(replay, i)->vm;
            place[vm] = (subset >> i & 1) != 0 ? step_at(replay, i)->to
                                               : replay->place[vm];
        }
        worst = MAX(worst, fixture_rule_breaches(model, place, rule));
    }
    return worst;
}

static void
check_rules(Replay *replay)
{
    for (guint i = 0; i < replay->model->n_rules; i++) {
        const VmcRule *rule = &replay->model->rules[i];
        if (!rule->is_hard || is_suspended(replay, rule))
            continue;
        const gint64 lack = worst_lack(replay, i);
        g_assert_cmpint(lack, <=, replay->lacks[i]);
        replay->lacks[i] = lack;
    }
}

/* ---- limits -------------------------------------------------------------- */

static gint64
link_of(const Replay *replay, guint host)
{
    return replay->request->link != NULL ? replay->request->link[host]
                                         : replay->request->default_link;
}

/* Whether an earlier step on its way shares the joint and the host. */
static gboolean
is_counted(const Replay *replay, guint i, gboolean at_source)
{
    for (guint k = 0; k < i; k++)
        if (step_at(replay, k)->joint > 0 &&
            step_at(replay, k)->joint == step_at(replay, i)->joint &&
            (at_source ? step_at(replay, k)->from == step_at(replay, i)->from
                       : step_at(replay, k)->to == step_at(replay, i)->to))
            return TRUE;
    return FALSE;
}

static void
check_limits(const Replay *replay, guint host)
{
    const VmcSequenceRequest *request = replay->request;
    gint64 rate_in = 0;
    gint64 rate_out = 0;
    guint n_in = 0;
    guint n_out = 0;

    for (guint i = 0; i < replay->on_way->len; i++) {
        const VmcSequenceStep *step = step_at(replay, i);
        if (step->kind == VMC_PLAN_MOVE && step->from == (gint32) host) {
            rate_out += step->rate;
            n_out += !is_counted(replay, i, TRUE);
        }
        if (step->to == (gint32) host) {
            rate_in += step->rate;
            n_in += !is_counted(replay, i, FALSE);
        }
    }
    g_assert_cmpint(rate_in, <=, link_of(replay, host));
    g_assert_cmpint(rate_out, <=, link_of(replay, host));
    if (request->max_in > 0)
        g_assert_cmpuint(n_in, <=, request->max_in);
    if (request->max_out > 0)
        g_assert_cmpuint(n_out, <=, request->max_out);
}

static void
check_moment(Replay *replay, gboolean has_limits)
{
    check_amounts(replay);
    check_rules(replay);
    for (guint host = 0; has_limits && host < replay->model->n_hosts; host++)
        check_limits(replay, host);
}

/* ---- steps --------------------------------------------------------------- */

static void
check_duration(const Replay *replay, const VmcSequenceStep *step)
{
    const VmcSequenceRequest *request = replay->request;
    const double bytes =
        (request->bytes != NULL ? (double) request->bytes[step->vm] : 1) *
        (1 + (request->dirty_milli != NULL
                  ? request->dirty_milli[step->vm] / 1000.0
                  : 0));
    const double us = (double) (step->end_us - step->start_us);

    if (step->kind == VMC_PLAN_MOVE)
        g_assert_cmpfloat(us * (double) step->rate, >=,
                          bytes * 1e6 * (1 - 1e-9));
    else
        g_assert_cmpfloat(us, >=, (double) request->start_us);
}

/* Whether a VM may be on the host of a step at all. */
static void
check_host(const Replay *replay, const VmcSequenceStep *step)
{
    const VmcModel *model = replay->model;
    const gint32 set = model->host_set[step->vm];

    if (step->to == VMC_NOWHERE || !step->is_bypass)
        return;
    g_assert_true((model->host_flags[step->to] & VMC_MODEL_HOST_TAKES) != 0);
    g_assert_true(
        set < 0 ||
        (model->sets[(guint) set * model->set_words + (guint) step->to / 64] >>
             (step->to % 64) &
         1) != 0);
}

static gboolean
is_running_from(const Replay *replay, const VmcSequenceStep *step)
{
    const gint32 from = step->kind == VMC_PLAN_START ? VMC_NOWHERE : step->from;

    return replay->place[step->vm] == from;
}

static void
begin_step(Replay *replay, guint i)
{
    const VmcSequenceStep *step = &replay->sequence->steps[i];

    g_assert_true(is_running_from(replay, step));
    for (guint k = 0; k < replay->on_way->len; k++)
        g_assert_cmpuint(step_at(replay, k)->vm, !=, step->vm);
    check_duration(replay, step);
    check_host(replay, step);
    g_array_append_val(replay->on_way, i);
}

static void
end_step(Replay *replay, guint i)
{
    const VmcSequenceStep *step = step_at(replay, i);

    if (step->kind != VMC_PLAN_START)
        replay->been[step->vm * replay->model->n_hosts + (guint) step->from] =
            TRUE;
    replay->place[step->vm] = step->to;
    g_array_remove_index(replay->on_way, i);
}

/* ---- the two ways to carry it out ---------------------------------------- */

static void
replay_init(Replay *replay,
            const VmcModel *model,
            const VmcSequenceRequest *request,
            const VmcSequence *sequence)
{
    *replay = (Replay){model, request, sequence};
    replay->place = g_memdup2(model->start, model->n_vms * sizeof(gint32));
    for (guint vm = 0; vm < model->n_vms; vm++)
        if (model->start[vm] >= 0 &&
            (model->host_flags[model->start[vm]] & VMC_MODEL_HOST_DOWN) != 0)
            replay->place[vm] = VMC_NOWHERE;
    replay->been = g_new0(guint8, model->n_vms * model->n_hosts);
    replay->on_way = g_array_new(FALSE, FALSE, sizeof(guint));
    replay->lacks = g_new(gint64, model->n_rules);
    for (guint i = 0; i < model->n_rules; i++)
        replay->lacks[i] = fixture_rule_breaches(model, replay->place, i);
    replay->used = g_new(gint64, model->n_hosts * model->n_columns);
    for (guint host = 0; host < model->n_hosts; host++)
        for (guint c = 0; c < model->n_columns; c++)
            replay->used[host * model->n_columns + c] =
                count_used(replay, host, c);
}

static void
replay_clear(Replay *replay)
{
    g_free(replay->place);
    g_free(replay->been);
    g_array_unref(replay->on_way);
    g_free(replay->lacks);
    g_free(replay->used);
}

/* Ends what ends until @now_us, in the order of time. */
static void
end_until(Replay *replay, gint64 now_us)
{
    for (;;) {
        gint first = -1;
        for (guint i = 0; i < replay->on_way->len; i++)
            if (step_at(replay, i)->end_us <= now_us &&
                (first < 0 || step_at(replay, i)->end_us <
                                  step_at(replay, (guint) first)->end_us))
                first = (gint) i;
        if (first < 0)
            return;
        const guint joint = step_at(replay, (guint) first)->joint;
        end_step(replay, (guint) first);
        for (guint i = replay->on_way->len; joint > 0 && i-- > 0;)
            if (step_at(replay, i)->joint == joint)
                end_step(replay, i);
        check_moment(replay, TRUE);
    }
}

/* Whether the next step belongs to the same beginning. */
static gboolean
goes_on(const VmcSequence *sequence, guint i)
{
    return i + 1 < sequence->n_steps && sequence->steps[i].joint > 0 &&
           sequence->steps[i + 1].joint == sequence->steps[i].joint;
}

static gboolean
is_stuck(const VmcSequence *sequence, guint vm)
{
    for (guint i = 0; i < sequence->n_stuck; i++)
        if (sequence->stuck[i].vm == vm)
            return TRUE;
    return FALSE;
}

static void
check_end(const Replay *replay)
{
    for (guint vm = 0; vm < replay->model->n_vms; vm++)
        if (replay->model->start[vm] != replay->request->target[vm] &&
            !is_stuck(replay->sequence, vm))
            g_assert_cmpint(replay->place[vm], ==, replay->request->target[vm]);
}

static void
replay_times(Replay *replay)
{
    const VmcSequence *sequence = replay->sequence;

    for (guint i = 0; i < sequence->n_steps; i++) {
        const VmcSequenceStep *step = &sequence->steps[i];
        if (i > 0)
            g_assert_cmpint(step->start_us, >=,
                            sequence->steps[i - 1].start_us);
        end_until(replay, step->start_us);
        begin_step(replay, i);
        if (!goes_on(sequence, i))
            check_moment(replay, TRUE);
    }
    end_until(replay, G_MAXINT64);
    check_end(replay);
}

/* A whole batch at once; limits are up to who carries it out. */
static void
replay_batches(Replay *replay)
{
    const VmcSequence *sequence = replay->sequence;

    for (guint i = 0; i < sequence->n_steps; i++) {
        const guint batch = sequence->steps[i].batch;
        g_assert_cmpuint(batch, ==,
                         i == 0 ? 1
                                : sequence->steps[i - 1].batch +
                                      (replay->on_way->len == 0));
        begin_step(replay, i);
        if (i + 1 < sequence->n_steps && sequence->steps[i + 1].batch == batch)
            continue;
        check_moment(replay, FALSE);
        while (replay->on_way->len > 0)
            end_step(replay, replay->on_way->len - 1);
        check_moment(replay, FALSE);
    }
    check_end(replay);
}

void
replay_sequence(const VmcModel *model,
                const VmcSequenceRequest *request,
                const VmcSequence *sequence)
{
    Replay replay;

    replay_init(&replay, model, request, sequence);
    replay_times(&replay);
    replay_clear(&replay);
    replay_init(&replay, model, request, sequence);
    replay_batches(&replay);
    replay_clear(&replay);
    g_assert_cmpint(sequence->makespan_us, >=, sequence->link_bound_us);
    g_assert_cmpint(sequence->makespan_us, >=, sequence->chain_bound_us);
}
