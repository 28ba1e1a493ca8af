/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"
#include "tests/unit/conformance.h"

/*
 * The bench of one conformance test: connections, one domain that is taken
 * away at the end, and steps that fail the test when they fail.
 */

/**
 * Bench:
 * @other: (nullable): connection to the other host
 * @events: bit mask of `1 << VmcEventKind` that came for the domain
 */
typedef struct {
    const VmcConformance *suite;
    VmcConnection *connection;
    VmcConnection *other;
    char *uuid;
    char *name;
    guint events;
} Bench;

/* One test of the suite; a table of them ends with %NULL. */
typedef struct {
    const char *name;
    void (*func)(Bench *bench);
} ConformanceTest;

extern const ConformanceTest conformance_resize_tests[];

Bench *bench_new(const VmcConformance *suite);
void bench_free(Bench *bench);

/* From here on the other host is meant. */
void bench_swap(Bench *bench);

/* @reply: (nullable) */
void bench_must(Bench *bench, const VmcCall *call, VmcReply *reply);
void bench_must_fail(Bench *bench, const VmcCall *call, VmcError code);
void bench_must_fail_somehow(Bench *bench, const VmcCall *call);

/* INVALID, REFUSED or UNSUPPORTED: hypervisors differ in their words. */
void bench_must_refuse(Bench *bench, const VmcCall *call);

/* A call for the domain that has no parameters. */
void bench_do(Bench *bench, VmcCallKind kind);
void bench_fails(Bench *bench, VmcCallKind kind, VmcError code);

void bench_define(Bench *bench);

/* Defines and starts the domain, and waits for its guest agent. */
void bench_boot(Bench *bench);

/* Until the guest's agent answers. */
void bench_await_agent(Bench *bench);

/* (transfer full) */
VmcDomainFacts *bench_read(Bench *bench);
VmcDomainFacts *bench_read_guest(Bench *bench);

void bench_set_vcpus(Bench *bench, guint count, guint32 flags);
void bench_set_guest_vcpus(Bench *bench, guint count);
void bench_set_virtio_mem(Bench *bench, guint64 bytes, guint32 flags);
void bench_set_balloon(Bench *bench, guint64 bytes);

void bench_assert_state(Bench *bench, VmcRunState state);
void bench_await_state(Bench *bench, VmcRunState state);
void bench_await_absent(Bench *bench);

/* Until a migration of the domain is seen to be active. */
void bench_await_migration(Bench *bench);

/* Returns whether anything can be read from @fd, in time. */
gboolean bench_await_output(Bench *bench, int fd);

typedef gboolean (*BenchShapeFunc)(const VmcVmShape *shape, gpointer data);

/* Until @func likes what hypervisor and guest say. */
void bench_await_guest(Bench *bench, BenchShapeFunc func, gpointer data);
gboolean bench_guest_comes_to(Bench *bench,
                              BenchShapeFunc func,
                              gpointer data,
                              guint timeout_ms);

void bench_await_event(Bench *bench, VmcEventKind kind);
void bench_forget_events(Bench *bench);
