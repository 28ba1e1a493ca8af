/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/sequence.h"

#include "core/planner/course.h"

/* How often a course is begun anew with other errands first. */
#define MAX_TRIES 4

/* How far a chain of errands that wait for each other is followed. */
#define MAX_CHAIN 16

/* ---- who comes first ----------------------------------------------------- */

/* Those that others wait for: of an errand that finds no room at the start,
 * all that leave its host. */
static gboolean
raise_tails(VmcCourse *course)
{
    gboolean has_risen = FALSE;

    for (guint i = 0; i < course->n_errands; i++) {
        const VmcErrand *errand = &course->errands[i];
        if (errand->to == VMC_NOWHERE ||
            vmc_transit_room_column(course->transit, errand->vm,
                                    (guint) errand->to, NULL) < 0)
            continue;
        const gint64 tail_us = errand->duration_us + errand->tail_us;
        for (gint32 node = course->head[errand->to]; node >= 0;
             node = course->nodes[node]) {
            VmcErrand *other = &course->errands[node / 3];
            if (other->from != errand->to || other->tail_us >= tail_us)
                continue;
            other->tail_us = tail_us;
            has_risen = TRUE;
        }
    }
    return has_risen;
}

static void
find_tails(VmcCourse *course)
{
    for (guint pass = 0; pass < MAX_CHAIN && raise_tails(course); pass++)
        continue;
}

/* Whether the host would have room for it had others not come before. */
static gboolean
came_too_late(const VmcCourse *course, const VmcSequenceStuck *stuck)
{
    const VmcModel *model = course->model;
    const gsize cell =
        (gsize) stuck->host * model->stride + (guint) stuck->column;
    gint64 lack =
        course->transit->use[cell] - model->capacity[cell] +
        model->need[(gsize) stuck->vm * model->stride + (guint) stuck->column];

    for (gint32 node = course->head[stuck->host]; node >= 0;
         node = course->nodes[node]) {
        const VmcErrand *other = &course->errands[node / 3];
        if (other->to == stuck->host && other->state == VMC_ERRAND_DONE)
            lack -= model->need[(gsize) other->vm * model->stride +
                                (guint) stuck->column];
    }
    return lack <= 0;
}

/* Errands that wait for ever, but would not have had they come before others,
 * come first in the next try. FALSE when there is none. */
static gboolean
put_first(VmcCourse *course)
{
    gboolean has_changed = FALSE;

    for (guint i = 0; i < course->n_errands; i++) {
        VmcErrand *errand = &course->errands[i];
        VmcSequenceStuck stuck;
        if (errand->state != VMC_ERRAND_WAITS || errand->is_first ||
            vmc_course_may_begin(course, errand, &stuck) || stuck.column < 0 ||
            stuck.host != errand->to || !came_too_late(course, &stuck))
            continue;
        errand->is_first = TRUE;
        has_changed = TRUE;
    }
    return has_changed;
}

/* ---- courses ------------------------------------------------------------- */

static gboolean
begin_any_joint(VmcCourse *course)
{
    gboolean has_begun = FALSE;

    for (guint i = 0; i < course->n_errands; i++)
        if (course->errands[i].state == VMC_ERRAND_WAITS)
            has_begun |= vmc_course_begin_joint(course, i);
    return has_begun;
}

/* As far as it gets without third hosts. */
static void
run_direct(VmcCourse *course)
{
    vmc_course_run(course);
    while (course->n_waiting > 0 && begin_any_joint(course))
        vmc_course_run(course);
}

static void
run_with_bypasses(VmcCourse *course)
{
    run_direct(course);
    while (course->n_waiting > 0 && vmc_course_bypass(course))
        run_direct(course);
}

static void
keep_first(VmcCourse *course, gboolean *is_first)
{
    for (guint i = 0; i < course->n_errands; i++)
        is_first[i] = course->errands[i].is_first;
}

static void
take_first(VmcCourse *course, const gboolean *is_first)
{
    for (guint i = 0; i < course->n_errands; i++)
        course->errands[i].is_first = is_first[i];
}

/* Runs the order in which most errands get to their end without third hosts. */
static void
find_order(VmcCourse *course)
{
    g_autofree gboolean *best = g_new0(gboolean, course->n_errands);
    guint n_best = G_MAXUINT;

    for (guint try = 0; try < MAX_TRIES; try++) {
        vmc_course_reset(course);
        run_direct(course);
        if (course->n_waiting >= n_best)
            break;
        n_best = course->n_waiting;
        keep_first(course, best);
        if (n_best == 0 || !put_first(course))
            return;
    }
    take_first(course, best);
    vmc_course_reset(course);
    run_direct(course);
}

/* ---- the result ---------------------------------------------------------- */

static void
note_stuck(VmcCourse *course, VmcSequence *sequence)
{
    sequence->stuck = g_new(VmcSequenceStuck, course->n_waiting);
    for (guint i = 0; i < course->n_errands; i++) {
        const VmcErrand *errand = &course->errands[i];
        if (errand->state != VMC_ERRAND_DONE)
            vmc_course_may_begin(course, errand,
                                 &sequence->stuck[sequence->n_stuck++]);
    }
}

/* The next batch begins with the first step that waited for one of this. */
static void
number_batches(VmcSequence *sequence)
{
    guint batch = 1;
    gint64 first_end_us = G_MAXINT64;

    for (guint i = 0; i < sequence->n_steps; i++) {
        VmcSequenceStep *step = &sequence->steps[i];
        if (step->start_us >= first_end_us) {
            batch++;
            first_end_us = G_MAXINT64;
        }
        first_end_us = MIN(first_end_us, step->end_us);
        step->batch = batch;
    }
}

static VmcSequence *
sequence_of(VmcCourse *course)
{
    VmcSequence *sequence = g_new0(VmcSequence, 1);

    sequence->n_steps = course->steps->len;
    sequence->steps = (VmcSequenceStep *) g_memdup2(
        course->steps->data, course->steps->len * sizeof(VmcSequenceStep));
    for (guint i = 0; i < sequence->n_steps; i++) {
        const VmcSequenceStep *step = &sequence->steps[i];
        sequence->n_bypasses += step->is_bypass;
        sequence->makespan_us = MAX(sequence->makespan_us, step->end_us);
    }
    number_batches(sequence);
    note_stuck(course, sequence);
    return sequence;
}

static gboolean
is_better(const VmcSequence *one, const VmcSequence *two)
{
    if (one->n_stuck != two->n_stuck)
        return one->n_stuck < two->n_stuck;
    if (one->n_bypasses != two->n_bypasses)
        return one->n_bypasses < two->n_bypasses;
    return one->makespan_us < two->makespan_us;
}

static VmcSequence *
better_of(VmcSequence *one, VmcSequence *two)
{
    const gboolean is_second = is_better(two, one);

    vmc_sequence_free(is_second ? one : two);
    return is_second ? two : one;
}

/* Goes on with third hosts; and since it may take less time when they are known
 * from the beginning, once more from there. A bypass that brings nobody to an
 * end is not made. */
static VmcSequence *
with_bypasses(VmcCourse *course, VmcSequence *direct)
{
    run_with_bypasses(course);
    VmcSequence *sequence = sequence_of(course);

    if (sequence->n_bypasses > 0) {
        vmc_course_reset(course);
        run_with_bypasses(course);
        sequence = better_of(sequence, sequence_of(course));
    }
    return better_of(direct, sequence);
}

VmcSequence *
vmc_sequence_new(const VmcModel *model, const VmcSequenceRequest *request)
{
    g_return_val_if_fail(model != NULL && request != NULL, NULL);
    g_return_val_if_fail(request->target != NULL, NULL);
    g_autoptr(VmcCourse) course = vmc_course_new(model, request);

    find_tails(course);
    find_order(course);
    VmcSequence *sequence = sequence_of(course);
    if (course->n_waiting > 0)
        sequence = with_bypasses(course, sequence);
    vmc_course_bound(course, sequence);
    return sequence;
}

void
vmc_sequence_free(VmcSequence *sequence)
{
    if (sequence == NULL)
        return;
    g_free(sequence->steps);
    g_free(sequence->stuck);
    g_free(sequence);
}
