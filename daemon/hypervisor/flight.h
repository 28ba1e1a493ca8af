/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/hypervisor/call.h"

/*
 * A call under way. Two threads share it: the one that waits for the reply,
 * and the worker that carries it out. Since a call cannot be called back, the
 * waiter may give up at any time; the worker then drops what it gets. Both
 * hold a reference, and the memory goes with the later one.
 */

typedef struct _VmcFlight VmcFlight;

/**
 * VmcFlightEnd:
 * @VMC_FLIGHT_LANDED: over: take the reply or the error
 * @VMC_FLIGHT_HELD: given up before it began: nothing has happened
 * @VMC_FLIGHT_LOST: given up after it began: it may or may not happen
 *
 * How waiting for a flight ended.
 */
typedef enum {
    VMC_FLIGHT_LANDED,
    VMC_FLIGHT_HELD,
    VMC_FLIGHT_LOST,
} VmcFlightEnd;

/* Copies @call. */
VmcFlight *vmc_flight_new(const VmcCall *call);
VmcFlight *vmc_flight_ref(VmcFlight *flight);
void vmc_flight_unref(VmcFlight *flight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcFlight, vmc_flight_unref)

/* (transfer none) */
const VmcCall *vmc_flight_call(VmcFlight *flight);

/* For the worker: whether anybody waits for it. */
gboolean vmc_flight_is_wanted(VmcFlight *flight);

/**
 * vmc_flight_begin:
 * @flight: a flight
 *
 * For the worker, right before it acts.
 *
 * Returns: %FALSE when it was given up: the worker must not act
 */
gboolean vmc_flight_begin(VmcFlight *flight);

/**
 * vmc_flight_land:
 * @flight: a flight
 * @reply: (nullable): what came back; emptied
 * @error: (nullable) (transfer full): or why it failed
 *
 * For the worker, with or without vmc_flight_begin() before.
 *
 * Returns: %FALSE when it was given up meanwhile, and the reply dropped
 */
gboolean vmc_flight_land(VmcFlight *flight, VmcReply *reply, GError *error);

/**
 * vmc_flight_wait:
 * @flight: a flight
 * @timeout_ms: how long it may wait to begin, and then, from there, to land;
 *   0: for ever
 * @cancellable: (nullable): gives up
 *
 * Returns: how it ended
 */
VmcFlightEnd vmc_flight_wait(VmcFlight *flight,
                             guint timeout_ms,
                             GCancellable *cancellable);

/* Ends vmc_flight_wait() in another thread, as if its time were over. */
void vmc_flight_abandon(VmcFlight *flight);

/**
 * vmc_flight_take:
 * @flight: a flight that landed
 * @reply: (out): what came back
 * @error: why it failed
 *
 * Returns: whether it succeeded; only the first time
 */
gboolean vmc_flight_take(VmcFlight *flight, VmcReply *reply, GError **error);
