/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/course.h"

/* ---- the heap of what runs ----------------------------------------------- */

/* Whether errand @a ends before @b; those of one moment by their index. */
static gboolean
ends_before(const VmcCourse *course, guint a, guint b)
{
    const gint64 end_a = course->errands[a].end_us;
    const gint64 end_b = course->errands[b].end_us;

    return end_a != end_b ? end_a < end_b : a < b;
}

static void
heap_swap(guint *heap, guint i, guint j)
{
    const guint kept = heap[i];

    heap[i] = heap[j];
    heap[j] = kept;
}

static void
heap_push(VmcCourse *course, guint errand)
{
    g_array_append_val(course->running, errand);
    guint *heap = (guint *) (gpointer) course->running->data;

    for (guint i = course->running->len - 1;
         i > 0 && ends_before(course, heap[i], heap[(i - 1) / 2]);
         i = (i - 1) / 2)
        heap_swap(heap, i, (i - 1) / 2);
}

static guint
heap_pop(VmcCourse *course)
{
    guint *heap = (guint *) (gpointer) course->running->data;
    const guint top = heap[0];
    const guint n = course->running->len - 1;

    heap[0] = heap[n];
    g_array_set_size(course->running, n);
    for (guint i = 0;;) {
        guint first = i;
        for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (ends_before(course, heap[child], heap[first]))
                first = child;
        if (first == i)
            return top;
        heap_swap(heap, i, first);
        i = first;
    }
}

/* ---- beginning ----------------------------------------------------------- */

static VmcPlanStepKind
kind_of(gint32 from, gint32 to)
{
    if (to == VMC_NOWHERE)
        return VMC_PLAN_STOP;
    return from == VMC_NOWHERE ? VMC_PLAN_START : VMC_PLAN_MOVE;
}

static void
note_step(VmcCourse *course, const VmcErrand *errand, gint32 at, gint32 to)
{
    const VmcSequenceStep step = {
        .kind = kind_of(at, to),
        .vm = errand->vm,
        .from = at == VMC_NOWHERE ? errand->from : at,
        .to = to,
        .start_us = course->now_us,
        .end_us = errand->end_us,
        .rate = errand->rate,
        .joint = errand->joint,
        .is_bypass = to != errand->to,
    };

    g_array_append_val(course->steps, step);
}

/* The transit knows of it already. */
void
vmc_course_start(VmcCourse *course, guint index, gint32 to)
{
    VmcErrand *errand = &course->errands[index];
    const gint32 at = course->transit->at[errand->vm];

    errand->state = VMC_ERRAND_RUNS;
    if (at != VMC_NOWHERE) {
        course->ports[at].n_out += errand->holds_out;
        course->ports[at].rate_out += errand->rate;
    }
    if (to != VMC_NOWHERE) {
        course->ports[to].n_in += errand->holds_in;
        course->ports[to].rate_in += errand->rate;
    }
    if (errand->is_first && to == errand->to && to != VMC_NOWHERE)
        vmc_transit_reserve(course->transit, errand->vm, (guint) to, -1);
    note_step(course, errand, at, to);
    heap_push(course, index);
    course->n_waiting--;
}

/* ---- ending -------------------------------------------------------------- */

static void
want(VmcCourse *course, guint index)
{
    if (course->errands[index].state != VMC_ERRAND_WAITS ||
        course->seen[index] == course->round)
        return;
    course->seen[index] = course->round;
    g_array_append_val(course->wanted, index);
}

static void
want_host(VmcCourse *course, gint32 host)
{
    if (host == VMC_NOWHERE)
        return;
    for (gint32 node = course->head[host]; node >= 0;
         node = course->nodes[node])
        want(course, (guint) node / 3);
}

static void
want_group(VmcCourse *course, guint group)
{
    const VmcRows *groups = &course->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++) {
        const gint32 errand = course->errand_of[groups->item[i]];
        if (errand >= 0)
            want(course, (guint) errand);
    }
}

/* Those that a rule binds to @vm may begin now that it has arrived. */
static void
want_bound(VmcCourse *course, guint vm)
{
    const VmcModel *model = course->model;

    for (guint32 i = model->rules_of.start[vm];
         i < model->rules_of.start[vm + 1]; i++) {
        const VmcRule *rule = &model->rules[model->rules_of.item[i] / 2];
        if (!rule->is_hard)
            continue;
        want_group(course, rule->members);
        if (rule->leaders >= 0)
            want_group(course, (guint) rule->leaders);
    }
}

static void
leave_ports(VmcCourse *course, const VmcErrand *errand, gint32 at, gint32 to)
{
    if (at != VMC_NOWHERE) {
        VmcPort *port = &course->ports[at];
        port->n_out -= errand->holds_out;
        port->rate_out -= errand->rate;
        if (to != VMC_NOWHERE)
            port->left_out_us -= vmc_course_transfer_us(
                course, errand->vm, vmc_course_link(course, (guint) at));
    }
    if (to != VMC_NOWHERE) {
        VmcPort *port = &course->ports[to];
        port->n_in -= errand->holds_in;
        port->rate_in -= errand->rate;
        if (at != VMC_NOWHERE)
            port->left_in_us -= vmc_course_transfer_us(
                course, errand->vm, vmc_course_link(course, (guint) to));
    }
}

static void
finish(VmcCourse *course, guint index)
{
    VmcErrand *errand = &course->errands[index];
    VmcTransit *transit = course->transit;
    const gint32 at = transit->at[errand->vm];
    const gint32 to = vmc_course_next_host(course, errand);

    leave_ports(course, errand, at, to);
    vmc_transit_end(transit, errand->vm);
    if (to == errand->to) {
        errand->state = VMC_ERRAND_DONE;
    } else {
        errand->state = VMC_ERRAND_WAITS;
        errand->duration_us =
            vmc_course_alone_us(course, errand->vm, to, errand->to);
        course->n_waiting++;
    }
    want_host(course, at);
    want_host(course, to);
    want_bound(course, errand->vm);
}

/* ---- the course ---------------------------------------------------------- */

/* What makes an errand urgent: the link time that is left at its hosts, or the
 * time of what has to wait for it. */
static gint64
urgency(const VmcCourse *course, const VmcErrand *errand)
{
    const gint32 at = course->transit->at[errand->vm];
    const gint32 to = vmc_course_next_host(course, errand);
    gint64 urgency = errand->duration_us + errand->tail_us;

    if (at != VMC_NOWHERE)
        urgency = MAX(urgency, course->ports[at].left_out_us);
    if (to != VMC_NOWHERE)
        urgency = MAX(urgency, course->ports[to].left_in_us);
    return urgency;
}

static gint
compare_urgency(gconstpointer a, gconstpointer b, gpointer data)
{
    const VmcCourse *course = data;
    const guint first = *(const guint *) a;
    const guint second = *(const guint *) b;
    const VmcErrand *one = &course->errands[first];
    const VmcErrand *two = &course->errands[second];

    if (one->is_first != two->is_first)
        return two->is_first - one->is_first;
    if (one->urgency != two->urgency)
        return one->urgency > two->urgency ? -1 : 1;
    if (one->duration_us != two->duration_us)
        return one->duration_us > two->duration_us ? -1 : 1;
    return first < second ? -1 : first > second;
}

static void
begin_wanted(VmcCourse *course)
{
    GArray *wanted = course->wanted;

    for (guint i = 0; i < wanted->len; i++) {
        VmcErrand *errand = &course->errands[g_array_index(wanted, guint, i)];
        errand->urgency = urgency(course, errand);
    }
    g_array_sort_with_data(wanted, compare_urgency, course);
    for (guint i = 0; i < wanted->len; i++)
        vmc_course_try(course, g_array_index(wanted, guint, i));
}

static void
begin_round(VmcCourse *course)
{
    course->round++;
    g_array_set_size(course->wanted, 0);
}

void
vmc_course_run(VmcCourse *course)
{
    begin_round(course);
    for (guint i = 0; i < course->n_errands; i++)
        want(course, i);
    begin_wanted(course);
    while (course->running->len > 0) {
        const guint first = g_array_index(course->running, guint, 0);
        course->now_us = course->errands[first].end_us;
        begin_round(course);
        while (
            course->running->len > 0 &&
            course->errands[g_array_index(course->running, guint, 0)].end_us ==
                course->now_us)
            finish(course, heap_pop(course));
        begin_wanted(course);
    }
}
