/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/conformance-bench.h"

#include <poll.h>

#define LOOK_AGAIN_MS 20

/* ---- life -----------------------------------------------------------------
 */

static void
on_event(VmcEventKind kind,
         const char *uuid,
         const char *detail,
         gpointer user_data)
{
    Bench *bench = user_data;

    if (g_strcmp0(uuid, bench->uuid) == 0)
        bench->events |= 1u << kind;
}

static VmcConnection *
connect_to(Bench *bench, const char *uri, VmcEventFunc func)
{
    GError *error = NULL;
    VmcConnection *connection =
        bench->suite->driver->open(uri, func, bench, &error);

    g_assert_no_error(error);
    g_assert_true(bench->suite->driver->is_alive(connection));
    return connection;
}

Bench *
bench_new(const VmcConformance *suite)
{
    Bench *bench = g_new0(Bench, 1);

    bench->suite = suite;
    bench->uuid = g_uuid_string_random();
    bench->name = g_strdup_printf("conformance-%.8s", bench->uuid);
    bench->connection = connect_to(bench, suite->uri, on_event);
    if (suite->other_uri != NULL)
        bench->other = connect_to(bench, suite->other_uri, NULL);
    return bench;
}

static void
tidy_up(Bench *bench, VmcConnection *connection)
{
    static const VmcCallKind kinds[] = {VMC_CALL_DESTROY, VMC_CALL_UNDEFINE};

    for (gsize i = 0; connection != NULL && i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(VmcCall) call = vmc_call_new(kinds[i], bench->uuid);
        g_auto(VmcReply) reply = VMC_REPLY_INIT;
        g_autoptr(GError) error = NULL;
        bench->suite->driver->perform(connection, call, &reply, &error);
        g_assert_no_error(error);
    }
    if (connection != NULL)
        bench->suite->driver->close(connection);
}

void
bench_free(Bench *bench)
{
    tidy_up(bench, bench->connection);
    tidy_up(bench, bench->other);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_free(bench->uuid);
    g_free(bench->name);
    g_free(bench);
}

void
bench_swap(Bench *bench)
{
    VmcConnection *connection = bench->connection;

    bench->connection = bench->other;
    bench->other = connection;
}

/* ---- calls ----------------------------------------------------------------
 */

static gboolean
try_call(Bench *bench, const VmcCall *call, VmcReply *reply, GError **error)
{
    g_auto(VmcReply) unused = VMC_REPLY_INIT;

    return bench->suite->driver->perform(
        bench->connection, call, reply != NULL ? reply : &unused, error);
}

void
bench_must(Bench *bench, const VmcCall *call, VmcReply *reply)
{
    GError *error = NULL;
    gboolean ok = try_call(bench, call, reply, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

void
bench_must_fail(Bench *bench, const VmcCall *call, VmcError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(try_call(bench, call, NULL, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
}

void
bench_must_fail_somehow(Bench *bench, const VmcCall *call)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(try_call(bench, call, NULL, &error));
    g_assert_nonnull(error);
    g_test_message("refused: %s", error->message);
}

void
bench_must_refuse(Bench *bench, const VmcCall *call)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(try_call(bench, call, NULL, &error));
    VmcError code = vmc_error_of(error);
    g_test_message("refused: %s", error->message);
    g_assert_true(code == VMC_ERROR_INVALID || code == VMC_ERROR_REFUSED ||
                  code == VMC_ERROR_UNSUPPORTED);
}

void
bench_do(Bench *bench, VmcCallKind kind)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, bench->uuid);

    bench_must(bench, call, NULL);
}

void
bench_fails(Bench *bench, VmcCallKind kind, VmcError code)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, bench->uuid);

    bench_must_fail(bench, call, code);
}

void
bench_define(Bench *bench)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_DEFINE, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    call->xml = bench->suite->make_xml(bench->suite, bench->uuid, bench->name);
    bench_must(bench, call, &reply);
    g_assert_cmpstr(reply.domain->uuid, ==, bench->uuid);
}

static VmcDomainFacts *
read_by(Bench *bench, VmcCallKind kind)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, bench->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    bench_must(bench, call, &reply);
    g_assert_cmpstr(reply.domain->uuid, ==, bench->uuid);
    return g_steal_pointer(&reply.domain);
}

VmcDomainFacts *
bench_read(Bench *bench)
{
    return read_by(bench, VMC_CALL_READ_DOMAIN);
}

VmcDomainFacts *
bench_read_guest(Bench *bench)
{
    return read_by(bench, VMC_CALL_READ_GUEST);
}

static void
set_number(
    Bench *bench, VmcCallKind kind, guint count, guint64 bytes, guint32 flags)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, bench->uuid);

    call->count = count;
    call->bytes = bytes;
    call->flags = flags;
    bench_must(bench, call, NULL);
}

void
bench_set_vcpus(Bench *bench, guint count, guint32 flags)
{
    set_number(bench, VMC_CALL_SET_VCPUS, count, 0, flags);
}

void
bench_set_guest_vcpus(Bench *bench, guint count)
{
    set_number(bench, VMC_CALL_SET_GUEST_VCPUS, count, 0, 0);
}

void
bench_set_virtio_mem(Bench *bench, guint64 bytes, guint32 flags)
{
    set_number(bench, VMC_CALL_SET_VIRTIO_MEM, 0, bytes, flags);
}

void
bench_set_balloon(Bench *bench, guint64 bytes)
{
    set_number(bench, VMC_CALL_SET_BALLOON, 0, bytes, VMC_CALL_LIVE);
}

/* ---- waiting --------------------------------------------------------------
 * Looks again until it is so. The main context runs meanwhile. */

typedef gboolean (*LookFunc)(Bench *bench, gconstpointer data);

static gboolean
on_time(gpointer user_data)
{
    *(gboolean *) user_data = TRUE;
    return G_SOURCE_REMOVE;
}

static void
run_for(guint ms)
{
    gboolean is_over = FALSE;

    g_timeout_add(ms, on_time, &is_over);
    while (!is_over)
        g_main_context_iteration(NULL, TRUE);
}

static gboolean
comes_true(Bench *bench, LookFunc look, gconstpointer data, guint timeout_ms)
{
    gint64 end_us = g_get_monotonic_time() + (gint64) timeout_ms * 1000;

    while (!look(bench, data)) {
        if (g_get_monotonic_time() > end_us)
            return FALSE;
        run_for(LOOK_AGAIN_MS);
    }
    return TRUE;
}

static void
await(Bench *bench, LookFunc look, gconstpointer data)
{
    g_assert_true(
        comes_true(bench, look, data, bench->suite->guest_timeout_ms));
}

static gboolean
look_for_state(Bench *bench, gconstpointer data)
{
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);

    return facts->state == *(const VmcRunState *) data;
}

void
bench_await_state(Bench *bench, VmcRunState state)
{
    await(bench, look_for_state, &state);
}

void
bench_assert_state(Bench *bench, VmcRunState state)
{
    g_autoptr(VmcDomainFacts) facts = bench_read(bench);

    g_assert_cmpstr(vmc_run_state_to_name(facts->state), ==,
                    vmc_run_state_to_name(state));
}

static gboolean
look_for_absence(Bench *bench, gconstpointer data)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_DOMAIN, bench->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    if (try_call(bench, call, &reply, &error))
        return FALSE;
    return g_error_matches(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
}

void
bench_await_absent(Bench *bench)
{
    await(bench, look_for_absence, NULL);
}

static gboolean
look_for_migration(Bench *bench, gconstpointer data)
{
    g_autoptr(VmcCall) call =
        vmc_call_new(VMC_CALL_READ_MIGRATION, bench->uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    bench_must(bench, call, &reply);
    return reply.migration.is_active;
}

void
bench_await_migration(Bench *bench)
{
    await(bench, look_for_migration, NULL);
}

static gboolean
look_for_output(Bench *bench, gconstpointer data)
{
    struct pollfd poll_fd = {.fd = *(const int *) data, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

gboolean
bench_await_output(Bench *bench, int fd)
{
    return comes_true(bench, look_for_output, &fd,
                      bench->suite->guest_timeout_ms);
}

typedef struct {
    BenchShapeFunc func;
    gpointer data;
} ShapeLook;

static gboolean
look_at_shape(Bench *bench, gconstpointer data)
{
    const ShapeLook *look = data;
    g_autoptr(VmcDomainFacts) facts = bench_read_guest(bench);

    return look->func(&facts->shape, look->data);
}

gboolean
bench_guest_comes_to(Bench *bench,
                     BenchShapeFunc func,
                     gpointer data,
                     guint timeout_ms)
{
    ShapeLook look = {func, data};

    return comes_true(bench, look_at_shape, &look, timeout_ms);
}

void
bench_await_guest(Bench *bench, BenchShapeFunc func, gpointer data)
{
    ShapeLook look = {func, data};

    await(bench, look_at_shape, &look);
}

static gboolean
has_agent(const VmcVmShape *shape, gpointer data)
{
    return shape->agent_answers;
}

void
bench_await_agent(Bench *bench)
{
    bench_await_guest(bench, has_agent, NULL);
}

void
bench_boot(Bench *bench)
{
    bench_define(bench);
    bench_do(bench, VMC_CALL_START);
    bench_await_agent(bench);
}

static gboolean
look_for_event(Bench *bench, gconstpointer data)
{
    return (bench->events & (1u << *(const VmcEventKind *) data)) != 0;
}

void
bench_await_event(Bench *bench, VmcEventKind kind)
{
    await(bench, look_for_event, &kind);
}

void
bench_forget_events(Bench *bench)
{
    run_for(LOOK_AGAIN_MS);
    bench->events = 0;
}
