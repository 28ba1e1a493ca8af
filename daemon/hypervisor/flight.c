/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/flight.h"

/* @lock guards what stands below it. */
struct _VmcFlight {
    VmcCall *call;
    gatomicrefcount refs;

    GMutex lock;
    GCond changed;
    gint64 begun_us; /* 0: not yet */
    gboolean is_over;
    gboolean is_given_up;
    gboolean is_unwanted; /* somebody asked to give it up */
    VmcReply reply;
    GError *error;
};

VmcFlight *
vmc_flight_new(const VmcCall *call)
{
    VmcFlight *flight = g_new0(VmcFlight, 1);

    flight->call = vmc_call_copy(call);
    flight->reply = VMC_REPLY_INIT;
    g_mutex_init(&flight->lock);
    g_cond_init(&flight->changed);
    g_atomic_ref_count_init(&flight->refs);
    return flight;
}

VmcFlight *
vmc_flight_ref(VmcFlight *flight)
{
    g_return_val_if_fail(flight != NULL, NULL);
    g_atomic_ref_count_inc(&flight->refs);
    return flight;
}

void
vmc_flight_unref(VmcFlight *flight)
{
    if (flight == NULL || !g_atomic_ref_count_dec(&flight->refs))
        return;
    vmc_call_free(flight->call);
    vmc_reply_clear(&flight->reply);
    g_clear_error(&flight->error);
    g_mutex_clear(&flight->lock);
    g_cond_clear(&flight->changed);
    g_free(flight);
}

const VmcCall *
vmc_flight_call(VmcFlight *flight)
{
    g_return_val_if_fail(flight != NULL, NULL);
    return flight->call;
}

/* ---- the worker -----------------------------------------------------------
 */

static gboolean
is_wanted_locked(const VmcFlight *flight)
{
    return !flight->is_given_up && !flight->is_unwanted;
}

gboolean
vmc_flight_is_wanted(VmcFlight *flight)
{
    g_mutex_lock(&flight->lock);
    gboolean is_wanted = is_wanted_locked(flight);
    g_mutex_unlock(&flight->lock);
    return is_wanted;
}

gboolean
vmc_flight_begin(VmcFlight *flight)
{
    g_mutex_lock(&flight->lock);
    gboolean may_act = is_wanted_locked(flight);
    if (may_act) {
        flight->begun_us = g_get_monotonic_time();
        g_cond_broadcast(&flight->changed);
    }
    g_mutex_unlock(&flight->lock);
    return may_act;
}

gboolean
vmc_flight_land(VmcFlight *flight, VmcReply *reply, GError *error)
{
    g_mutex_lock(&flight->lock);
    gboolean is_wanted = !flight->is_given_up;
    flight->is_over = TRUE;
    if (is_wanted) {
        flight->error = g_steal_pointer(&error);
        if (reply != NULL) {
            flight->reply = *reply;
            *reply = VMC_REPLY_INIT;
        }
        g_cond_broadcast(&flight->changed);
    }
    g_mutex_unlock(&flight->lock);
    if (reply != NULL)
        vmc_reply_clear(reply);
    g_clear_error(&error);
    return is_wanted;
}

/* ---- the waiter -----------------------------------------------------------
 */

void
vmc_flight_abandon(VmcFlight *flight)
{
    g_return_if_fail(flight != NULL);
    g_mutex_lock(&flight->lock);
    flight->is_unwanted = TRUE;
    g_cond_broadcast(&flight->changed);
    g_mutex_unlock(&flight->lock);
}

static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    vmc_flight_abandon(user_data);
}

/* Its time runs anew from where it begins. G_MAXINT64: no limit. */
static gint64
end_of_wait_us(VmcFlight *flight, gint64 queued_us, guint timeout_ms)
{
    if (timeout_ms == 0)
        return G_MAXINT64;
    return MAX(queued_us, flight->begun_us) + (gint64) timeout_ms * 1000;
}

static void
sleep_until_change(VmcFlight *flight, gint64 end_us)
{
    if (end_us == G_MAXINT64)
        g_cond_wait(&flight->changed, &flight->lock);
    else
        g_cond_wait_until(&flight->changed, &flight->lock, end_us);
}

static VmcFlightEnd
wait_locked(VmcFlight *flight, guint timeout_ms)
{
    gint64 queued_us = g_get_monotonic_time();

    while (!flight->is_over && !flight->is_unwanted) {
        gint64 end_us = end_of_wait_us(flight, queued_us, timeout_ms);
        if (g_get_monotonic_time() >= end_us)
            break;
        sleep_until_change(flight, end_us);
    }
    if (flight->is_over)
        return VMC_FLIGHT_LANDED;
    flight->is_given_up = TRUE;
    return flight->begun_us != 0 ? VMC_FLIGHT_LOST : VMC_FLIGHT_HELD;
}

VmcFlightEnd
vmc_flight_wait(VmcFlight *flight, guint timeout_ms, GCancellable *cancellable)
{
    g_return_val_if_fail(flight != NULL, VMC_FLIGHT_HELD);
    gulong handler = 0;

    if (cancellable != NULL)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                                        vmc_flight_ref(flight),
                                        (GDestroyNotify) vmc_flight_unref);
    g_mutex_lock(&flight->lock);
    VmcFlightEnd end = wait_locked(flight, timeout_ms);
    g_mutex_unlock(&flight->lock);
    g_cancellable_disconnect(cancellable, handler);
    return end;
}

gboolean
vmc_flight_take(VmcFlight *flight, VmcReply *reply, GError **error)
{
    g_mutex_lock(&flight->lock);
    GError *failure = g_steal_pointer(&flight->error);
    VmcReply taken = flight->reply;
    flight->reply = VMC_REPLY_INIT;
    g_mutex_unlock(&flight->lock);
    if (failure != NULL) {
        vmc_reply_clear(&taken);
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (reply != NULL)
        *reply = taken;
    else
        vmc_reply_clear(&taken);
    return TRUE;
}
