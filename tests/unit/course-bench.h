/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/daemon-fixture.h"

/*
 * The course of each kind of job on simulated hosts h1 and h2, for tests that
 * disturb it at every call: what it begins from, and what must be when it is
 * done. Where nothing else is said there is no monitor, so that all calls are
 * those of the job.
 */

/**
 * VmcCourseFlags:
 * @VMC_COURSE_HAS_DISKS: it makes or deletes volumes
 * @VMC_COURSE_IS_FOUND: the VM is not managed before
 */
typedef enum {
    VMC_COURSE_HAS_DISKS = 1 << 0,
    VMC_COURSE_IS_FOUND = 1 << 1,
} VmcCourseFlags;

/**
 * VmcCourse:
 * @name: of the course
 * @kind: of the job
 * @intent: (nullable): its intent
 * @before: the VM's state on h1 before
 * @after: its state when the job is done
 * @where: on which host then
 * @flags: #VmcCourseFlags
 */
typedef struct {
    const char *name;
    const char *kind;
    const char *intent;
    VmcRunState before;
    VmcRunState after;
    const char *where;
    guint flags;
} VmcCourse;

typedef struct {
    VmcDaemonFixture daemon;
    const VmcCourse *course;
    char *uuid;
} VmcCourseBench;

/* Adds a test PREFIX/COURSE of every course there is. */
void vmc_course_bench_add_tests(const char *prefix, GTestDataFunc test);

/* There is one of that name. */
const VmcCourse *vmc_course_find(const char *name);

/* A daemon, two hosts, and the VM as it is before; its guest answers. */
void vmc_course_bench_begin(VmcCourseBench *bench, const VmcCourse *course);

/* The same in a folder that is given, where the hosts keep their state. */
void vmc_course_bench_begin_in(VmcCourseBench *bench,
                               const VmcCourse *course,
                               const char *dir);

/* Another daemon, over what that one has left there; this one has a monitor. */
void vmc_course_bench_resume(VmcCourseBench *bench,
                             const VmcCourse *course,
                             const char *dir);
void vmc_course_bench_end(VmcCourseBench *bench);

/* Submits the job; gives its id. */
guint64 vmc_course_bench_submit(VmcCourseBench *bench);
/* Submits it and waits for its end. (transfer full) */
VmcJobRecord *vmc_course_bench_carry_out(VmcCourseBench *bench);

/* It is done, and all is as it is to be then. */
void vmc_course_bench_assert_done(VmcCourseBench *bench,
                                  const VmcJobRecord *record);
/* It has failed, and all is as before. */
void vmc_course_bench_assert_failed(VmcCourseBench *bench,
                                    const VmcJobRecord *record);
