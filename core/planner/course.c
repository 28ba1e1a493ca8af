/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/course.h"

#include <math.h>
#include <string.h>

/* ---- errands ------------------------------------------------------------- */

static gboolean
is_down(const VmcModel *model, gint32 host)
{
    return host != VMC_NOWHERE &&
           (model->host_flags[host] & VMC_MODEL_HOST_DOWN) != 0;
}

/* A VM that is to stop on a host that is down has stopped. */
static gboolean
has_errand(const VmcModel *model, guint vm, gint32 target)
{
    const gint32 start = model->start[vm];

    return start != target && (target != VMC_NOWHERE || !is_down(model, start));
}

static void
find_errands(VmcCourse *course)
{
    const VmcModel *model = course->model;
    const gint32 *target = course->request->target;
    g_autoptr(GArray) errands = g_array_new(FALSE, TRUE, sizeof(VmcErrand));

    for (guint vm = 0; vm < model->n_vms; vm++) {
        course->errand_of[vm] = -1;
        if (!has_errand(model, vm, target[vm]))
            continue;
        course->errand_of[vm] = (gint32) errands->len;
        const VmcErrand errand = {
            .vm = vm,
            .from = model->start[vm],
            .to = target[vm],
            .via = VMC_NOWHERE,
        };
        g_array_append_val(errands, errand);
    }
    course->n_errands = errands->len;
    course->errands =
        (VmcErrand *) (gpointer) g_array_free(g_steal_pointer(&errands), FALSE);
}

/* The chains of the errands of each host. */
static void
chain(VmcCourse *course, guint errand, guint slot, gint32 host)
{
    if (host == VMC_NOWHERE)
        return;
    course->nodes[3 * errand + slot] = course->head[host];
    course->head[host] = (gint32) (3 * errand + slot);
}

static void
chain_all(VmcCourse *course)
{
    for (guint host = 0; host < course->model->n_hosts; host++)
        course->head[host] = -1;
    for (guint i = 0; i < course->n_errands; i++) {
        const VmcErrand *errand = &course->errands[i];
        chain(course, i, 0, errand->from);
        chain(course, i, 1, errand->to);
        chain(course, i, 2, errand->via);
    }
}

/* ---- times --------------------------------------------------------------- */

gint64
vmc_course_link(const VmcCourse *course, guint host)
{
    const VmcSequenceRequest *request = course->request;
    const gint64 link =
        request->link != NULL ? request->link[host] : request->default_link;

    return MAX(link, 1);
}

double
vmc_course_bytes(const VmcCourse *course, guint vm)
{
    const VmcSequenceRequest *request = course->request;
    const double bytes =
        request->bytes != NULL ? (double) request->bytes[vm] : 1;
    const double dirty =
        request->dirty_milli != NULL ? request->dirty_milli[vm] / 1000.0 : 0;

    return bytes * (1 + dirty);
}

gint64
vmc_course_transfer_us(const VmcCourse *course, guint vm, gint64 rate)
{
    const double us =
        ceil(vmc_course_bytes(course, vm) * G_USEC_PER_SEC / (double) rate);

    /* a year and more is for ever, and must not overflow a sum */
    return us < 1e14 ? (gint64) us : (gint64) 1e14;
}

gint64
vmc_course_alone_us(const VmcCourse *course, guint vm, gint32 from, gint32 to)
{
    const VmcSequenceRequest *request = course->request;

    if (from == VMC_NOWHERE || to == VMC_NOWHERE)
        return request->start_us;
    const gint64 rate = MIN(vmc_course_link(course, (guint) from),
                            vmc_course_link(course, (guint) to));
    return request->fixed_us + vmc_course_transfer_us(course, vm, rate);
}

/* Link time that the leg of an errand takes at each end. */
static void
count_leg(VmcCourse *course, guint vm, gint32 from, gint32 to)
{
    if (from == VMC_NOWHERE || to == VMC_NOWHERE)
        return;
    course->ports[from].left_out_us += vmc_course_transfer_us(
        course, vm, vmc_course_link(course, (guint) from));
    course->ports[to].left_in_us +=
        vmc_course_transfer_us(course, vm, vmc_course_link(course, (guint) to));
}

/* ---- life ---------------------------------------------------------------- */

gint32
vmc_course_next_host(const VmcCourse *course, const VmcErrand *errand)
{
    const gboolean goes_by = errand->via != VMC_NOWHERE &&
                             course->transit->at[errand->vm] != errand->via;

    return goes_by ? errand->via : errand->to;
}

static void
reset_errand(VmcCourse *course, VmcErrand *errand)
{
    const gint32 at = course->transit->at[errand->vm];

    errand->state = VMC_ERRAND_WAITS;
    errand->joint = 0;
    errand->duration_us = vmc_course_alone_us(
        course, errand->vm, at, vmc_course_next_host(course, errand));
    if (errand->via == VMC_NOWHERE) {
        count_leg(course, errand->vm, at, errand->to);
    } else {
        count_leg(course, errand->vm, at, errand->via);
        count_leg(course, errand->vm, errand->via, errand->to);
    }
    if (errand->is_first && errand->to != VMC_NOWHERE)
        vmc_transit_reserve(course->transit, errand->vm, (guint) errand->to, 1);
}

void
vmc_course_reset(VmcCourse *course)
{
    vmc_transit_reset(course->transit);
    memset(course->ports, 0, course->model->n_hosts * sizeof *course->ports);
    chain_all(course);
    g_array_set_size(course->running, 0);
    g_array_set_size(course->steps, 0);
    course->now_us = 0;
    course->n_joints = 0;
    course->n_waiting = course->n_errands;
    for (guint i = 0; i < course->n_errands; i++)
        reset_errand(course, &course->errands[i]);
}

VmcCourse *
vmc_course_new(const VmcModel *model, const VmcSequenceRequest *request)
{
    VmcCourse *course = g_new0(VmcCourse, 1);

    course->model = model;
    course->request = request;
    course->transit = vmc_transit_new(model);
    course->errand_of = g_new(gint32, MAX(model->n_vms, 1));
    find_errands(course);
    course->ports = g_new(VmcPort, MAX(model->n_hosts, 1));
    course->nodes = g_new(gint32, 3 * course->n_errands + 1);
    course->head = g_new(gint32, MAX(model->n_hosts, 1));
    course->running = g_array_new(FALSE, FALSE, sizeof(guint));
    course->steps = g_array_new(FALSE, FALSE, sizeof(VmcSequenceStep));
    course->seen = g_new0(guint32, MAX(course->n_errands, 1));
    course->wanted = g_array_new(FALSE, FALSE, sizeof(guint));
    vmc_course_reset(course);
    return course;
}

void
vmc_course_free(VmcCourse *course)
{
    if (course == NULL)
        return;
    vmc_transit_free(course->transit);
    g_free(course->errands);
    g_free(course->errand_of);
    g_free(course->ports);
    g_free(course->nodes);
    g_free(course->head);
    g_array_unref(course->running);
    g_array_unref(course->steps);
    g_free(course->seen);
    g_array_unref(course->wanted);
    g_free(course);
}

void
vmc_course_chain_via(VmcCourse *course, guint errand)
{
    chain(course, errand, 2, course->errands[errand].via);
}
