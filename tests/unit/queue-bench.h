/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/daemon-fixture.h"

/*
 * A daemon whose jobs do as they are told: "quick" does one step; "gate" waits
 * between two steps until the gate is open; "end" ends as its intent says, as
 * {"end":"partial"}; "publish" publishes its VM with three vCPUs and fails;
 * "chatter" reports progress a thousand times; "wait" waits until it is
 * cancelled; "undo" begins to undo and waits at the gate.
 *
 * There is a host h1 that does not answer, with web1 and web2 of two vCPUs.
 */

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

/* The gate is closed. */
void vmc_queue_bench_set_up(VmcDaemonFixture *fixture, gconstpointer data);

/* Any thread. */
void vmc_queue_bench_open_gate(void);

/* Whether a job waits at the gate; for vmc_fixture_wait_until(). */
gboolean vmc_queue_bench_is_inside(gpointer unused);

/* How many jobs were at the gate at the same time, at the most. */
guint vmc_queue_bench_most_inside(void);

/* uuid: (nullable). Returns the id of the job. */
guint64 vmc_queue_bench_submit(VmcDaemonFixture *fixture,
                               const char *kind,
                               const char *uuid);

/* web1 with eight vCPUs: what a resize would reserve. (transfer full) */
VmcVm *vmc_queue_bench_make_reserve(VmcDaemonFixture *fixture);

/* A job of web1 that reserves that; {"end":"refused"}. */
guint64 vmc_queue_bench_submit_reserve(VmcDaemonFixture *fixture,
                                       const char *kind);
