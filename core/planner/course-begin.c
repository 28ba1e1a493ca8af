/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/planner/course.h"

/* More VMs than this never begin together. */
#define MAX_JOINT 64

/* ---- one errand ---------------------------------------------------------- */

/* A leg that may begin: from where, to where, among how many of one beginning
 * that share a link. */
typedef struct {
    gint32 at;
    gint32 to;
    gint64 n_at;
    gint64 n_to;
} Leg;

static Leg
leg_of(const VmcCourse *course, const VmcErrand *errand)
{
    return (Leg){course->transit->at[errand->vm],
                 vmc_course_next_host(course, errand), 1, 1};
}

static gboolean
has_slot_out(const VmcCourse *course, gint32 at, gint32 to)
{
    const guint most = course->request->max_out;

    return at == VMC_NOWHERE || to == VMC_NOWHERE || most == 0 ||
           course->ports[at].n_out < most;
}

static gboolean
has_slot_in(const VmcCourse *course, gint32 to)
{
    const guint most = course->request->max_in;

    return to == VMC_NOWHERE || most == 0 || course->ports[to].n_in < most;
}

/* The bandwidth it would get now; 0 when that is not worth beginning. */
static gint64
rate_of(const VmcCourse *course, const Leg *leg)
{
    const gint64 link_out = vmc_course_link(course, (guint) leg->at);
    const gint64 link_in = vmc_course_link(course, (guint) leg->to);
    const gint64 most = MIN(link_out / leg->n_at, link_in / leg->n_to);
    const gint64 rate =
        MIN((link_out - course->ports[leg->at].rate_out) / leg->n_at,
            (link_in - course->ports[leg->to].rate_in) / leg->n_to);

    return rate > 0 && rate >= most - rate ? rate : 0;
}

static gboolean
is_transfer(const Leg *leg)
{
    return leg->at != VMC_NOWHERE && leg->to != VMC_NOWHERE;
}

/* Room at the other end, with what is kept for those that come first. */
static gint32
lacking_column(const VmcCourse *course, const VmcErrand *errand, gint32 to)
{
    const VmcTransit *transit = course->transit;
    const gboolean is_kept = errand->is_first && to == errand->to;

    if (to == VMC_NOWHERE)
        return -1;
    return vmc_transit_room_column(transit, errand->vm, (guint) to,
                                   is_kept ? NULL : transit->reserved);
}

gboolean
vmc_course_may_begin(VmcCourse *course,
                     const VmcErrand *errand,
                     VmcSequenceStuck *ret_stuck)
{
    const gint32 to = vmc_course_next_host(course, errand);
    const gint32 column = lacking_column(course, errand, to);
    const gint32 rule =
        column >= 0 ? -1
                    : vmc_transit_broken_rule(course->transit, errand->vm, to,
                                              VMC_TRANSIT_ALL_RULES);

    if (ret_stuck != NULL)
        *ret_stuck = (VmcSequenceStuck){errand->vm, to, column, rule};
    return column < 0 && rule < 0;
}

/* Sets what the leg takes of links and slots, and when it ends. */
static void
set_out(VmcCourse *course, VmcErrand *errand, const Leg *leg, gint64 rate)
{
    errand->rate = rate;
    errand->joint = 0;
    errand->holds_out = is_transfer(leg);
    errand->holds_in = leg->to != VMC_NOWHERE;
    errand->end_us =
        course->now_us +
        (rate == 0 ? course->request->start_us
                   : course->request->fixed_us +
                         vmc_course_transfer_us(course, errand->vm, rate));
}

/* ---- errands that a rule binds to one time ------------------------------- */

typedef struct {
    VmcCourse *course;
    guint n;
    guint errands[MAX_JOINT];
    Leg legs[MAX_JOINT];
    gboolean is_full;
} Joint;

static gboolean
joint_has(const Joint *joint, guint errand)
{
    for (guint i = 0; i < joint->n; i++)
        if (joint->errands[i] == errand)
            return TRUE;
    return FALSE;
}

static void
joint_add(Joint *joint, guint errand)
{
    if (joint_has(joint, errand))
        return;
    joint->is_full |= joint->n == MAX_JOINT;
    if (joint->n < MAX_JOINT)
        joint->errands[joint->n++] = errand;
}

static gint32
domain_at(const VmcCourse *course, const VmcRule *rule, gint32 host)
{
    return host == VMC_NOWHERE ? VMC_NOWHERE
                               : (gint32) vmc_model_domain(
                                     course->model, rule->level, (guint) host);
}

/* Whether what @other does for @rule has to be at the time of @errand. */
static gboolean
is_bound(const VmcCourse *course,
         const VmcRule *rule,
         const VmcErrand *errand,
         const VmcErrand *other,
         gboolean is_leader)
{
    const Leg leg = leg_of(course, errand);
    const Leg its = leg_of(course, other);

    if (other->state != VMC_ERRAND_WAITS ||
        domain_at(course, rule, its.at) == domain_at(course, rule, its.to))
        return FALSE;
    if (rule->kind == VMC_RULE_TOGETHER)
        return TRUE;
    /* members go with the leader they have, and to one that arrives */
    return is_leader ? domain_at(course, rule, its.at) ==
                           domain_at(course, rule, leg.at)
                     : domain_at(course, rule, its.to) ==
                           domain_at(course, rule, leg.to);
}

static void
joint_add_group(Joint *joint,
                const VmcRule *rule,
                guint errand,
                guint group,
                gboolean is_leader)
{
    const VmcCourse *course = joint->course;
    const VmcRows *groups = &course->model->groups;

    for (guint32 i = groups->start[group]; i < groups->start[group + 1]; i++) {
        const gint32 other = course->errand_of[groups->item[i]];
        if (other >= 0 && is_bound(course, rule, &course->errands[errand],
                                   &course->errands[other], is_leader))
            joint_add(joint, (guint) other);
    }
}

static void
joint_follow(Joint *joint, guint errand)
{
    const VmcModel *model = joint->course->model;
    const guint vm = joint->course->errands[errand].vm;

    for (guint32 i = model->rules_of.start[vm];
         i < model->rules_of.start[vm + 1]; i++) {
        const VmcRule *rule = &model->rules[model->rules_of.item[i] / 2];
        const gboolean is_leader = model->rules_of.item[i] % 2 == 1;
        if (!rule->is_hard)
            continue;
        if (rule->kind == VMC_RULE_TOGETHER)
            joint_add_group(joint, rule, errand, rule->members, FALSE);
        else if (rule->kind == VMC_RULE_NEAR)
            joint_add_group(joint, rule, errand,
                            is_leader ? rule->members : (guint) rule->leaders,
                            is_leader);
    }
}

static void
joint_find(Joint *joint, guint errand)
{
    joint_add(joint, errand);
    for (guint i = 0; i < joint->n; i++)
        joint_follow(joint, joint->errands[i]);
    for (guint i = 0; i < joint->n; i++)
        joint->legs[i] =
            leg_of(joint->course, &joint->course->errands[joint->errands[i]]);
}

static guint
joint_vm(const Joint *joint, guint i)
{
    return joint->course->errands[joint->errands[i]].vm;
}

/* What each rule lacks that a whole group may keep by moving at one time. */
static GArray *
joint_breaches(const Joint *joint)
{
    const VmcModel *model = joint->course->model;
    GArray *breaches = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < joint->n; i++) {
        const guint vm = joint_vm(joint, i);
        for (guint32 k = model->rules_of.start[vm];
             k < model->rules_of.start[vm + 1]; k++) {
            const VmcRule *rule = &model->rules[model->rules_of.item[k] / 2];
            if (!rule->is_hard ||
                (VMC_TRANSIT_JOINT_RULES & (1u << rule->kind)) == 0)
                continue;
            const guint breach =
                vmc_transit_breach(joint->course->transit, rule);
            g_array_append_val(breaches, breach);
        }
    }
    return breaches;
}

/* Puts all where they go, or back, as far as rules can see. */
static void
joint_pretend(const Joint *joint, gboolean is_there)
{
    VmcTransit *transit = joint->course->transit;

    for (guint i = 0; i < joint->n; i++)
        transit->at[joint_vm(joint, i)] =
            is_there ? joint->legs[i].to : joint->legs[i].at;
}

static gboolean
joint_keeps_rules(const Joint *joint)
{
    g_autoptr(GArray) before = joint_breaches(joint);

    joint_pretend(joint, TRUE);
    g_autoptr(GArray) after = joint_breaches(joint);
    joint_pretend(joint, FALSE);
    for (guint i = 0; i < before->len; i++)
        if (g_array_index(after, guint, i) > g_array_index(before, guint, i))
            return FALSE;
    return TRUE;
}

/* Lets the transit begin all of them, or none. */
static gboolean
joint_enter(const Joint *joint)
{
    VmcCourse *course = joint->course;
    const guint kinds = VMC_TRANSIT_ALL_RULES & ~VMC_TRANSIT_JOINT_RULES;
    guint n_begun = 0;

    for (; n_begun < joint->n; n_begun++) {
        const VmcErrand *errand = &course->errands[joint->errands[n_begun]];
        const gint32 to = joint->legs[n_begun].to;
        if (lacking_column(course, errand, to) >= 0 ||
            vmc_transit_broken_rule(course->transit, errand->vm, to, kinds) >=
                0)
            break;
        vmc_transit_begin(course->transit, errand->vm, to);
    }
    if (n_begun == joint->n)
        return TRUE;
    while (n_begun > 0)
        vmc_transit_cancel(course->transit, joint_vm(joint, --n_begun));
    return FALSE;
}

/* Counts at each end how many share it, and whether all get bandwidth. */
static gboolean
joint_share_links(Joint *joint)
{
    for (guint i = 0; i < joint->n; i++) {
        Leg *leg = &joint->legs[i];
        leg->n_at = leg->n_to = 0;
        for (guint k = 0; k < joint->n; k++) {
            leg->n_at += joint->legs[k].at == leg->at;
            leg->n_to += joint->legs[k].to == leg->to;
        }
        if (!has_slot_out(joint->course, leg->at, leg->to) ||
            !has_slot_in(joint->course, leg->to) ||
            (is_transfer(leg) && rate_of(joint->course, leg) == 0))
            return FALSE;
    }
    return TRUE;
}

/* One slot at each host is enough for all of them. */
static gboolean
is_first_at(const Joint *joint, guint i, gboolean at_source)
{
    for (guint k = 0; k < i; k++)
        if (at_source ? joint->legs[k].at == joint->legs[i].at
                      : joint->legs[k].to == joint->legs[i].to)
            return FALSE;
    return TRUE;
}

/* They end together too: each keeps its share until the last is over. */
static void
joint_set_out(Joint *joint)
{
    VmcCourse *course = joint->course;
    gint64 rates[MAX_JOINT] = {0};
    gint64 end_us = 0;

    for (guint i = 0; i < joint->n; i++)
        if (is_transfer(&joint->legs[i]))
            rates[i] = rate_of(course, &joint->legs[i]);
    course->n_joints++;
    for (guint i = 0; i < joint->n; i++) {
        VmcErrand *errand = &course->errands[joint->errands[i]];
        set_out(course, errand, &joint->legs[i], rates[i]);
        end_us = MAX(end_us, errand->end_us);
    }
    for (guint i = 0; i < joint->n; i++) {
        VmcErrand *errand = &course->errands[joint->errands[i]];
        errand->end_us = end_us;
        errand->joint = course->n_joints;
        errand->holds_out &= is_first_at(joint, i, TRUE);
        errand->holds_in &= is_first_at(joint, i, FALSE);
        vmc_course_start(course, joint->errands[i], joint->legs[i].to);
    }
}

gboolean
vmc_course_begin_joint(VmcCourse *course, guint errand)
{
    Joint joint = {.course = course};

    joint_find(&joint, errand);
    if (joint.n < 2 || joint.is_full || !joint_share_links(&joint) ||
        !joint_keeps_rules(&joint) || !joint_enter(&joint))
        return FALSE;
    joint_set_out(&joint);
    return TRUE;
}

/* ---- public -------------------------------------------------------------- */

/* A group that is together now and goes elsewhere can only go at one time. */
static gboolean
has_to_be_joint(VmcCourse *course, gint32 rule_index)
{
    const VmcRule *rule = &course->model->rules[rule_index];

    return rule->kind == VMC_RULE_TOGETHER &&
           vmc_transit_breach(course->transit, rule) == 0;
}

gboolean
vmc_course_try(VmcCourse *course, guint index)
{
    VmcErrand *errand = &course->errands[index];
    VmcSequenceStuck stuck;

    if (errand->state != VMC_ERRAND_WAITS)
        return FALSE;
    const Leg leg = leg_of(course, errand);
    if (!has_slot_out(course, leg.at, leg.to) || !has_slot_in(course, leg.to))
        return FALSE;
    const gint64 rate = is_transfer(&leg) ? rate_of(course, &leg) : 0;
    if (is_transfer(&leg) && rate == 0)
        return FALSE;
    if (!vmc_course_may_begin(course, errand, &stuck))
        return stuck.rule >= 0 && has_to_be_joint(course, stuck.rule) &&
               vmc_course_begin_joint(course, index);
    set_out(course, errand, &leg, rate);
    vmc_transit_begin(course->transit, errand->vm, leg.to);
    vmc_course_start(course, index, leg.to);
    return TRUE;
}
