/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/course.h"

/*
 * Errands that wait for each other's room, with nothing running, wait for ever.
 * One of them goes by a third host then. It is the one that lets most others
 * begin, and of those the one that moves fastest; all that waited for its host,
 * and all that waited for theirs, are looked at again before another is sent.
 */

/* ---- whom it helps ------------------------------------------------------- */

/* Takes @vm out of the fleet in motion, as far as room and rules see it, or
 * puts it back. */
static void
pretend_gone(VmcTransit *transit, guint vm, gint32 host, gboolean is_gone)
{
    const VmcModel *model = transit->model;
    gint64 *row = transit->use + (gsize) host * model->stride;
    const gint64 *need = model->need + (gsize) vm * model->stride;

    for (guint c = 0; c < model->n_columns; c++)
        if ((model->column[c].flags & VMC_COLUMN_HELD) == 0)
            row[c] += is_gone ? -need[c] : need[c];
    transit->at[vm] = is_gone ? VMC_NOWHERE : host;
}

static gboolean
waits_for(const VmcCourse *course, guint index, gint32 host)
{
    const VmcErrand *errand = &course->errands[index];

    return errand->state == VMC_ERRAND_WAITS &&
           vmc_course_next_host(course, errand) == host;
}

/* How many of those that wait for the host of @index could begin without it;
 * @ret_n_waiting: how many wait for it at all. */
static guint
count_helped(VmcCourse *course, guint index, guint *ret_n_waiting)
{
    const guint vm = course->errands[index].vm;
    const gint32 host = course->transit->at[vm];
    guint n_helped = 0;

    *ret_n_waiting = 0;
    pretend_gone(course->transit, vm, host, TRUE);
    for (gint32 node = course->head[host]; node >= 0;
         node = course->nodes[node]) {
        const guint other = (guint) node / 3;
        if (other == index || !waits_for(course, other, host))
            continue;
        ++*ret_n_waiting;
        n_helped += vmc_course_may_begin(course, &course->errands[other], NULL);
    }
    pretend_gone(course->transit, vm, host, FALSE);
    return n_helped;
}

/* ---- where it goes ------------------------------------------------------- */

/* The smallest part of a hard capacity that is free, in millionths. */
static gint64
slack_of(const VmcCourse *course, guint host)
{
    const VmcModel *model = course->model;
    const gsize at = (gsize) host * model->stride;
    double least = 1;

    for (guint c = 0; c < model->n_columns; c++) {
        const double capacity = (double) model->capacity[at + c];
        if ((model->column[c].flags & VMC_COLUMN_HARD) == 0 || capacity <= 0)
            continue;
        const double use = (double) (course->transit->use[at + c] +
                                     course->transit->reserved[at + c]);
        least = MIN(least, 1 - use / capacity);
    }
    return (gint64) (least * 1e6);
}

static gboolean
is_wanted(const VmcCourse *course, guint host)
{
    for (gint32 node = course->head[host]; node >= 0;
         node = course->nodes[node])
        if (waits_for(course, (guint) node / 3, (gint32) host))
            return TRUE;
    return FALSE;
}

static gboolean
may_stay(VmcCourse *course, const VmcErrand *errand, guint host)
{
    const VmcTransit *transit = course->transit;

    return (gint32) host != errand->to &&
           (gint32) host != transit->at[errand->vm] &&
           vmc_model_may_sit(course->model, errand->vm, host) &&
           vmc_transit_room_column(transit, errand->vm, host,
                                   transit->reserved) < 0 &&
           vmc_transit_broken_rule(course->transit, errand->vm, (gint32) host,
                                   VMC_TRANSIT_ALL_RULES) < 0;
}

/* The host with most room that it may stay on, rather one nobody waits for. */
static gint32
third_host(VmcCourse *course, const VmcErrand *errand)
{
    gint32 best = VMC_NOWHERE;
    gint64 best_slack = G_MININT64;

    for (guint host = 0; host < course->model->n_hosts; host++) {
        gint64 slack = slack_of(course, host);
        if (slack <= best_slack)
            continue;
        if (is_wanted(course, host))
            slack -= 2000000;
        if (slack <= best_slack || !may_stay(course, errand, host))
            continue;
        best = (gint32) host;
        best_slack = slack;
    }
    return best;
}

/* ---- who goes ------------------------------------------------------------ */

typedef struct {
    guint errand;
    guint n_helped;
    gint64 duration_us;
} Candidate;

static gint
compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *one = a;
    const Candidate *two = b;

    if ((one->n_helped > 0) != (two->n_helped > 0))
        return one->n_helped > 0 ? -1 : 1;
    if (one->duration_us != two->duration_us)
        return one->duration_us < two->duration_us ? -1 : 1;
    if (one->n_helped != two->n_helped)
        return one->n_helped > two->n_helped ? -1 : 1;
    return one->errand < two->errand ? -1 : 1;
}

static GArray *
find_candidates(VmcCourse *course)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));

    for (guint i = 0; i < course->n_errands; i++) {
        const VmcErrand *errand = &course->errands[i];
        guint n_waiting = 0;
        if (errand->state != VMC_ERRAND_WAITS || errand->via != VMC_NOWHERE ||
            errand->to == VMC_NOWHERE ||
            course->transit->at[errand->vm] == VMC_NOWHERE)
            continue;
        const guint n_helped = count_helped(course, i, &n_waiting);
        const Candidate candidate = {i, n_helped, errand->duration_us};
        if (n_waiting > 0)
            g_array_append_val(candidates, candidate);
    }
    g_array_sort(candidates, compare_candidates);
    return candidates;
}

/* Marks all that wait for @host, for the hosts of those, and so on. */
static void
mark_helped(VmcCourse *course, gint32 host)
{
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(gint32));

    g_array_append_val(hosts, host);
    for (guint i = 0; i < hosts->len; i++) {
        const gint32 wanted = g_array_index(hosts, gint32, i);
        for (gint32 node = course->head[wanted]; node >= 0;
             node = course->nodes[node]) {
            const guint other = (guint) node / 3;
            if (!waits_for(course, other, wanted) ||
                course->seen[other] == course->round)
                continue;
            course->seen[other] = course->round;
            const gint32 at = course->transit->at[course->errands[other].vm];
            if (at != VMC_NOWHERE)
                g_array_append_val(hosts, at);
        }
    }
}

static gboolean
send_by_third_host(VmcCourse *course, guint index)
{
    VmcErrand *errand = &course->errands[index];
    const gint32 host = course->transit->at[errand->vm];
    const gint32 via = third_host(course, errand);

    if (via == VMC_NOWHERE)
        return FALSE;
    errand->via = via;
    if (!vmc_course_try(course, index)) {
        errand->via = VMC_NOWHERE;
        return FALSE;
    }
    vmc_course_chain_via(course, index);
    mark_helped(course, host);
    return TRUE;
}

gboolean
vmc_course_bypass(VmcCourse *course)
{
    g_autoptr(GArray) candidates = find_candidates(course);
    guint n_sent = 0;

    course->round++;
    for (guint i = 0; i < candidates->len; i++) {
        const Candidate *candidate = &g_array_index(candidates, Candidate, i);
        if (course->seen[candidate->errand] == course->round ||
            (candidate->n_helped == 0 && n_sent > 0))
            continue;
        n_sent += send_by_third_host(course, candidate->errand);
    }
    return n_sent > 0;
}
