/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/daemon-fixture.h"

/*
 * A guest to resize, on the simulated host "h1": 2 vCPUs (8 at most) and 1 GiB
 * (virtio-mem 2 GiB, then DIMMs).
 */
typedef struct {
    VmcDaemonFixture daemon;
    char *uuid;
} ResizeBench;

/* @parameters: more of the host, as "&agent=no" */
void resize_bench_set_up_with(ResizeBench *bench, const char *parameters);

/* @data: (nullable): those parameters */
void resize_bench_set_up(ResizeBench *bench, gconstpointer data);
void resize_bench_tear_down(ResizeBench *bench, gconstpointer data);

guint64 resize_bench_submit(ResizeBench *bench, const char *intent);

/* Waits until the job is over. (transfer full) */
VmcJobRecord *resize_bench_finish(ResizeBench *bench, guint64 id);
VmcJobRecord *resize_bench_resize(ResizeBench *bench, const char *intent);

/* What host and guest say. (transfer full) */
VmcDomainFacts *resize_bench_look(ResizeBench *bench);

/* What the guest has, what is stored, and what the fleet counts. */
void resize_bench_assert_vcpus(ResizeBench *bench,
                               guint plugged,
                               guint online,
                               guint stored);
void resize_bench_assert_memory(ResizeBench *bench,
                                guint64 plugged_mib,
                                guint64 stored_mib);

/* Changes a trait of the guest. */
void resize_bench_set_guest(ResizeBench *bench,
                            const char *key,
                            const char *value);

/* Of the job's result: "requested", "plugged" or "usable" of a triple. */
gint64 resize_bench_result_number(const VmcJobRecord *record,
                                  const char *triple,
                                  const char *key);
