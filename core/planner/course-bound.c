/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/course.h"

/*
 * How long the steps of a sequence take at least, in whatever order:
 *
 * - a link has to carry the bytes of all that leave its host, and of all that
 *   get to it; and a host that lets so many moves in or out at a time needs the
 *   sum of their times, divided by that;
 * - a step whose host lacked room for it at the start begins when enough has
 *   left that host, and nothing leaves before it could itself begin. Likewise a
 *   VM leaves a third host only after it got there.
 */

/* ---- links --------------------------------------------------------------- */

typedef struct {
    double sent_us;
    double taken_us;
    double out_us;
    double in_us;
} Load;

static gint64
most_us(const VmcSequenceRequest *request, const Load *load)
{
    double most = MAX(load->sent_us, load->taken_us);

    if (request->max_out > 0)
        most = MAX(most, load->out_us / request->max_out);
    if (request->max_in > 0)
        most = MAX(most, load->in_us / request->max_in);
    return (gint64) most;
}

static double
link_us(const VmcCourse *course, const VmcSequenceStep *step, gint32 host)
{
    return vmc_course_bytes(course, step->vm) * G_USEC_PER_SEC /
           (double) vmc_course_link(course, (guint) host);
}

static gint64
alone_us(const VmcCourse *course, const VmcSequenceStep *step)
{
    const gint32 from = step->kind == VMC_PLAN_START ? VMC_NOWHERE : step->from;

    return vmc_course_alone_us(course, step->vm, from, step->to);
}

static void
add_load(const VmcCourse *course, const VmcSequenceStep *step, Load *loads)
{
    const double us = step->joint > 0 ? 0 : (double) alone_us(course, step);

    if (step->kind == VMC_PLAN_MOVE) {
        loads[step->from].sent_us += link_us(course, step, step->from);
        loads[step->from].out_us += us;
        loads[step->to].taken_us += link_us(course, step, step->to);
    }
    if (step->to != VMC_NOWHERE)
        loads[step->to].in_us += us;
}

static gint64
link_bound(const VmcCourse *course, const VmcSequence *sequence)
{
    const guint n_hosts = course->model->n_hosts;
    g_autofree Load *loads = g_new0(Load, MAX(n_hosts, 1));
    gint64 bound_us = 0;

    for (guint i = 0; i < sequence->n_steps; i++)
        add_load(course, &sequence->steps[i], loads);
    for (guint host = 0; host < n_hosts; host++)
        bound_us = MAX(bound_us, most_us(course->request, &loads[host]));
    return bound_us;
}

/* ---- chains -------------------------------------------------------------- */

/*
 * @first: [host] a step that leaves it, or −1
 * @next: [step] another that leaves the same host, or −1
 * @leg_before: [step] the step that brought its VM to where it leaves, or −1
 * @begin_us: [step] it cannot begin before
 * @waits: (element-type guint): the steps that have to wait for something
 */
typedef struct {
    const VmcCourse *course;
    const VmcSequence *sequence;
    gint32 *first;
    gint32 *next;
    gint32 *leg_before;
    gint64 *begin_us;
    GArray *waits;
} Chains;

static gint64
end_us(const Chains *chains, guint step)
{
    return chains->begin_us[step] +
           alone_us(chains->course, &chains->sequence->steps[step]);
}

static gint64
lack_of(const Chains *chains, const VmcSequenceStep *step, guint column)
{
    const VmcModel *model = chains->course->model;
    const gsize cell = (gsize) step->to * model->stride + column;
    const gint64 need = model->need[(gsize) step->vm * model->stride + column];

    if ((model->column[column].flags & VMC_COLUMN_HARD) == 0 || need == 0)
        return 0;
    return chains->course->transit->use[cell] + need - model->capacity[cell];
}

typedef struct {
    gint64 end_us;
    gint64 amount;
} Departure;

static gint
compare_departures(gconstpointer a, gconstpointer b)
{
    const Departure *one = a;
    const Departure *two = b;

    return one->end_us < two->end_us ? -1 : one->end_us > two->end_us;
}

/* When at the earliest so much of @column has left @host. */
static gint64
earliest_room(const Chains *chains, gint32 host, guint column, gint64 lack)
{
    const VmcModel *model = chains->course->model;
    g_autoptr(GArray) departures = g_array_new(FALSE, FALSE, sizeof(Departure));

    for (gint32 i = chains->first[host]; i >= 0; i = chains->next[i]) {
        const guint vm = chains->sequence->steps[i].vm;
        const Departure departure = {
            end_us(chains, (guint) i),
            model->need[(gsize) vm * model->stride + column]};
        g_array_append_val(departures, departure);
    }
    g_array_sort(departures, compare_departures);
    for (guint i = 0; i < departures->len; i++) {
        const Departure *departure = &g_array_index(departures, Departure, i);
        lack -= departure->amount;
        if (lack <= 0)
            return departure->end_us;
    }
    return 0;
}

static gint64
earliest_begin(const Chains *chains, guint index)
{
    const VmcSequenceStep *step = &chains->sequence->steps[index];
    const guint n_columns = chains->course->model->n_columns;
    gint64 begin_us = 0;

    if (chains->leg_before[index] >= 0)
        begin_us = end_us(chains, (guint) chains->leg_before[index]);
    for (guint c = 0; step->to != VMC_NOWHERE && c < n_columns; c++) {
        const gint64 lack = lack_of(chains, step, c);
        if (lack > 0)
            begin_us = MAX(begin_us, earliest_room(chains, step->to, c, lack));
    }
    return begin_us;
}

static gboolean
has_to_wait(const Chains *chains, guint index)
{
    const VmcSequenceStep *step = &chains->sequence->steps[index];

    if (chains->leg_before[index] >= 0)
        return TRUE;
    for (guint c = 0; c < chains->course->model->n_columns; c++)
        if (step->to != VMC_NOWHERE && lack_of(chains, step, c) > 0)
            return TRUE;
    return FALSE;
}

static void
chains_init(Chains *chains, const VmcCourse *course, const VmcSequence *of)
{
    const VmcModel *model = course->model;
    g_autofree gint32 *last = g_new(gint32, MAX(course->n_errands, 1));

    chains->course = course;
    chains->sequence = of;
    chains->first = g_new(gint32, MAX(model->n_hosts, 1));
    chains->next = g_new(gint32, of->n_steps);
    chains->leg_before = g_new(gint32, of->n_steps);
    chains->begin_us = g_new0(gint64, of->n_steps);
    chains->waits = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint host = 0; host < model->n_hosts; host++)
        chains->first[host] = -1;
    for (guint i = 0; i < course->n_errands; i++)
        last[i] = -1;
    for (guint i = 0; i < of->n_steps; i++) {
        const VmcSequenceStep *step = &of->steps[i];
        gint32 *leg = &last[course->errand_of[step->vm]];
        chains->leg_before[i] = *leg;
        *leg = (gint32) i;
        if (step->kind == VMC_PLAN_START)
            continue;
        chains->next[i] = chains->first[step->from];
        chains->first[step->from] = (gint32) i;
    }
    for (guint i = 0; i < of->n_steps; i++)
        if (has_to_wait(chains, i))
            g_array_append_val(chains->waits, i);
}

static void
chains_clear(Chains *chains)
{
    g_free(chains->first);
    g_free(chains->next);
    g_free(chains->leg_before);
    g_free(chains->begin_us);
    g_array_unref(chains->waits);
}

/* Every pass only raises what is still at most the truth, so it ends. */
static gboolean
raise_all(Chains *chains)
{
    gboolean has_risen = FALSE;

    for (guint i = 0; i < chains->waits->len; i++) {
        const guint step = g_array_index(chains->waits, guint, i);
        const gint64 begin_us = earliest_begin(chains, step);
        has_risen |= begin_us > chains->begin_us[step];
        chains->begin_us[step] = MAX(begin_us, chains->begin_us[step]);
    }
    return has_risen;
}

static gint64
chain_bound(const VmcCourse *course, const VmcSequence *sequence)
{
    Chains chains = {0};
    gint64 bound_us = 0;

    chains_init(&chains, course, sequence);
    while (raise_all(&chains))
        continue;
    for (guint i = 0; i < sequence->n_steps; i++)
        bound_us = MAX(bound_us, end_us(&chains, i));
    chains_clear(&chains);
    return bound_us;
}

void
vmc_course_bound(const VmcCourse *course, VmcSequence *sequence)
{
    vmc_transit_reset(course->transit);
    sequence->link_bound_us = link_bound(course, sequence);
    sequence->chain_bound_us = chain_bound(course, sequence);
}
