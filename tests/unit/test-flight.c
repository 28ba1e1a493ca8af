/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/flight.h"

#include "core/error.h"

static VmcFlight *
flight_new(void)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_START, "uuid");

    return vmc_flight_new(call);
}

static VmcReply
new_reply(void)
{
    VmcReply reply = VMC_REPLY_INIT;

    reply.path = g_strdup("/pool/volume");
    return reply;
}

/* The reply goes from worker to waiter, once. */
static void
test_lands(void)
{
    g_autoptr(VmcFlight) flight = flight_new();
    VmcReply sent = new_reply();
    g_auto(VmcReply) taken = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(vmc_flight_call(flight)->uuid, ==, "uuid");
    g_assert_true(vmc_flight_begin(flight));
    g_assert_true(vmc_flight_land(flight, &sent, NULL));
    g_assert_null(sent.path);
    g_assert_cmpint(vmc_flight_wait(flight, 0, NULL), ==, VMC_FLIGHT_LANDED);
    g_assert_true(vmc_flight_take(flight, &taken, &error));
    g_assert_cmpstr(taken.path, ==, "/pool/volume");
}

/* So does an error; the reply of the waiter is left alone. */
static void
test_fails(void)
{
    g_autoptr(VmcFlight) flight = flight_new();
    g_auto(VmcReply) taken = new_reply();
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_flight_begin(flight));
    vmc_flight_land(flight, NULL,
                    g_error_new(VMC_ERROR, VMC_ERROR_BUSY, "busy"));
    g_assert_cmpint(vmc_flight_wait(flight, 0, NULL), ==, VMC_FLIGHT_LANDED);
    g_assert_false(vmc_flight_take(flight, &taken, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_BUSY);
    g_assert_cmpstr(taken.path, ==, "/pool/volume");
}

/* Given up before it began: it is held, and the worker must not act. */
static void
test_held(void)
{
    g_autoptr(VmcFlight) flight = flight_new();

    g_assert_true(vmc_flight_is_wanted(flight));
    g_assert_cmpint(vmc_flight_wait(flight, 1, NULL), ==, VMC_FLIGHT_HELD);
    g_assert_false(vmc_flight_is_wanted(flight));
    g_assert_false(vmc_flight_begin(flight));
}

/* Given up after it began: it is lost, and its late reply is dropped. */
static void
test_lost(void)
{
    g_autoptr(VmcFlight) flight = flight_new();
    VmcReply late = new_reply();

    g_assert_true(vmc_flight_begin(flight));
    g_assert_cmpint(vmc_flight_wait(flight, 1, NULL), ==, VMC_FLIGHT_LOST);
    g_assert_false(vmc_flight_land(flight, &late, NULL));
    g_assert_null(late.path);
}

/* The worker may outlive the waiter, and frees what is left. */
static void
test_worker_is_last(void)
{
    VmcFlight *flight = flight_new();
    VmcFlight *worker = vmc_flight_ref(flight);
    VmcReply late = new_reply();

    g_assert_true(vmc_flight_begin(worker));
    g_assert_cmpint(vmc_flight_wait(flight, 1, NULL), ==, VMC_FLIGHT_LOST);
    vmc_flight_unref(flight);
    g_assert_false(vmc_flight_land(
        worker, &late, g_error_new(VMC_ERROR, VMC_ERROR_FAILED, "late")));
    vmc_flight_unref(worker);
}

static gpointer
cancel_in_thread(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return NULL;
}

/* A cancellable ends a wait that has no limit, before or during it. */
static void
test_cancel(void)
{
    for (guint i = 0; i < 50; i++) {
        g_autoptr(VmcFlight) flight = flight_new();
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        GThread *thread = g_thread_new("cancel", cancel_in_thread, cancellable);
        g_assert_true(vmc_flight_begin(flight));
        g_assert_cmpint(vmc_flight_wait(flight, 0, cancellable), ==,
                        VMC_FLIGHT_LOST);
        g_thread_join(thread);
    }
}

static gpointer
abandon_in_thread(gpointer flight)
{
    vmc_flight_abandon(flight);
    return NULL;
}

/* So does whoever abandons it. */
static void
test_abandon(void)
{
    g_autoptr(VmcFlight) flight = flight_new();
    GThread *thread = g_thread_new("abandon", abandon_in_thread, flight);

    g_assert_cmpint(vmc_flight_wait(flight, 0, NULL), ==, VMC_FLIGHT_HELD);
    g_thread_join(thread);
}

/* What landed is taken, though somebody gives it up at the same moment. */
static void
test_landed_wins(void)
{
    g_autoptr(VmcFlight) flight = flight_new();
    VmcReply sent = new_reply();

    g_assert_true(vmc_flight_begin(flight));
    g_assert_true(vmc_flight_land(flight, &sent, NULL));
    vmc_flight_abandon(flight);
    g_assert_cmpint(vmc_flight_wait(flight, 1, NULL), ==, VMC_FLIGHT_LANDED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flight/lands", test_lands);
    g_test_add_func("/flight/fails", test_fails);
    g_test_add_func("/flight/held", test_held);
    g_test_add_func("/flight/lost", test_lost);
    g_test_add_func("/flight/worker-is-last", test_worker_is_last);
    g_test_add_func("/flight/cancel", test_cancel);
    g_test_add_func("/flight/abandon", test_abandon);
    g_test_add_func("/flight/landed-wins", test_landed_wins);
    return g_test_run();
}
