/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/create-order.h"
#include "tests/unit/daemon-fixture.h"

/*
 * A VM to create and delete: web1 on h1, two disks in pool "default", no seed.
 */

#define CREATE_BENCH_UUID "00000000-0000-4000-8000-00000000c0de"
#define CREATE_BENCH_DISKS 2

/* What a plan would say. (transfer full) */
VmcCreateOrder *create_bench_order(VmcDaemonFixture *fixture, gboolean starts);

/* Submits it, with the VM reserved; gives the id of the job. */
guint64 create_bench_submit(VmcDaemonFixture *fixture, gboolean starts);

/* Makes all of it past the daemon, running, and puts the VM into store and
 * fleet. */
void create_bench_put(VmcDaemonFixture *fixture, VmcCreateOrder *order);

/* Makes another VM past the daemon that has the same disks, shut off, and puts
 * it into store and fleet. */
void create_bench_define_sharing(VmcDaemonFixture *fixture,
                                 const char *uuid,
                                 const char *name);

/* How many volumes pool "default" of a simulated host has. */
guint create_bench_count_volumes(const char *host);
