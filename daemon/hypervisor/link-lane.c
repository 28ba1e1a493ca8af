/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link-lane.h"

#include "core/error.h"
#include "daemon/hypervisor/breaker.h"
#include "daemon/hypervisor/dial.h"

/* Every task in the pool holds a reference. @lock guards what stands below it
 * and is never held while a driver is called, but to ask whether a connection
 * is alive, which does not block. */
struct _VmcLinkLane {
    const VmcDriver *driver;
    char *host_name;
    char *uri;
    VmcLaneOptions options;
    gatomicrefcount refs;

    GMutex lock;
    GCond opened;
    GThreadPool *pool;  /* (nullable) before the first call */
    GPtrArray *flights; /* (element-type VmcFlight) those waited for */
    VmcChannel *channel;
    VmcBreaker breaker;
    int n_stuck; /* workers whose call was given up */
    gboolean is_opening;
    gboolean is_closed;
};

typedef struct {
    VmcLinkLane *lane;
    VmcFlight *flight;
} Task;

static void run_task(gpointer data, gpointer user_data);
static void task_free(Task *task);

/* ---- life -----------------------------------------------------------------
 */

VmcLinkLane *
vmc_link_lane_new(const VmcDriver *driver,
                  const char *host_name,
                  const char *uri,
                  const VmcLaneOptions *options)
{
    VmcLinkLane *lane = g_new0(VmcLinkLane, 1);

    lane->driver = driver;
    lane->host_name = g_strdup(host_name);
    lane->uri = g_strdup(uri);
    lane->options = *options;
    g_atomic_ref_count_init(&lane->refs);
    g_mutex_init(&lane->lock);
    g_cond_init(&lane->opened);
    lane->flights =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_flight_unref);
    vmc_breaker_init(&lane->breaker, options->breaker_threshold,
                     options->breaker_open_ms);
    return lane;
}

static VmcLinkLane *
lane_ref(VmcLinkLane *lane)
{
    g_atomic_ref_count_inc(&lane->refs);
    return lane;
}

void
vmc_link_lane_unref(VmcLinkLane *lane)
{
    if (lane == NULL || !g_atomic_ref_count_dec(&lane->refs))
        return;
    if (lane->pool != NULL)
        g_thread_pool_free(lane->pool, /* immediate= */ FALSE,
                           /* wait_= */ FALSE);
    vmc_channel_discard(lane->channel);
    g_ptr_array_unref(lane->flights);
    g_mutex_clear(&lane->lock);
    g_cond_clear(&lane->opened);
    g_free(lane->host_name);
    g_free(lane->uri);
    g_free(lane);
}

void
vmc_link_lane_close(VmcLinkLane *lane)
{
    g_mutex_lock(&lane->lock);
    lane->is_closed = TRUE;
    GThreadPool *pool = g_steal_pointer(&lane->pool);
    VmcChannel *channel = g_steal_pointer(&lane->channel);
    for (guint i = 0; i < lane->flights->len; i++)
        vmc_flight_abandon(g_ptr_array_index(lane->flights, i));
    g_mutex_unlock(&lane->lock);
    /* Tasks in the queue still run, and find that nobody waits for them. */
    if (pool != NULL)
        g_thread_pool_free(pool, /* immediate= */ FALSE, /* wait_= */ FALSE);
    vmc_channel_discard(channel);
}

/* ---- connections ----------------------------------------------------------
 */

void
vmc_link_lane_set_channel(VmcLinkLane *lane, VmcChannel *channel)
{
    g_mutex_lock(&lane->lock);
    VmcChannel *old = lane->channel;
    lane->channel = channel;
    g_mutex_unlock(&lane->lock);
    vmc_channel_discard(old);
}

static VmcChannel *
dial(VmcLinkLane *lane, GError **error)
{
    g_autoptr(VmcDial) attempt = vmc_dial_start(lane->driver, lane->uri, NULL,
                                                NULL, NULL, NULL, NULL, NULL);

    return vmc_dial_wait(attempt, lane->options.connect_timeout_ms, NULL,
                         error);
}

static VmcChannel *
ref_channel_locked(VmcLinkLane *lane)
{
    if (lane->channel == NULL || lane->is_closed)
        return NULL;
    return vmc_channel_ref(lane->channel);
}

static VmcChannel *
take_given(VmcLinkLane *lane, GError **error)
{
    g_mutex_lock(&lane->lock);
    VmcChannel *channel = ref_channel_locked(lane);
    g_mutex_unlock(&lane->lock);
    if (channel == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "host '%s' is not connected", lane->host_name);
    return channel;
}

/* Returns whether it is up to the caller to open one; then is_opening is set.
 * Else *ret_channel is the one there is, or %NULL. */
static gboolean
must_open(VmcLinkLane *lane, VmcChannel **ret_channel)
{
    g_mutex_lock(&lane->lock);
    gboolean has_waited = lane->is_opening;
    while (lane->is_opening)
        g_cond_wait(&lane->opened, &lane->lock);
    VmcChannel *dead = NULL;
    if (lane->channel != NULL && !vmc_channel_is_alive(lane->channel))
        dead = g_steal_pointer(&lane->channel);
    *ret_channel = ref_channel_locked(lane);
    gboolean must = *ret_channel == NULL && !has_waited && !lane->is_closed;
    lane->is_opening = must;
    g_mutex_unlock(&lane->lock);
    vmc_channel_unref(dead);
    return must;
}

static VmcChannel *
open_shared(VmcLinkLane *lane, GError **error)
{
    VmcChannel *channel = dial(lane, error);

    g_mutex_lock(&lane->lock);
    lane->is_opening = FALSE;
    if (channel != NULL && !lane->is_closed)
        lane->channel = vmc_channel_ref(channel);
    g_cond_broadcast(&lane->opened);
    g_mutex_unlock(&lane->lock);
    return channel;
}

static VmcChannel *
take_shared(VmcLinkLane *lane, GError **error)
{
    VmcChannel *channel = NULL;

    if (must_open(lane, &channel))
        return open_shared(lane, error);
    if (channel == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "host '%s' could not be connected once more",
                    lane->host_name);
    return channel;
}

static VmcChannel *
take_channel(VmcLinkLane *lane, GError **error)
{
    switch (lane->options.channel) {
    case VMC_LANE_CHANNEL_GIVEN:
        return take_given(lane, error);
    case VMC_LANE_CHANNEL_SHARED:
        return take_shared(lane, error);
    case VMC_LANE_CHANNEL_PRIVATE:
    default:
        return dial(lane, error);
    }
}

/* ---- workers --------------------------------------------------------------
 */

/* A worker that is stuck must not starve the rest: another takes its place,
 * as long as there are not too many of them. */
static void
count_stuck(VmcLinkLane *lane, int change)
{
    g_mutex_lock(&lane->lock);
    lane->n_stuck += change;
    int n_workers = (int) lane->options.n_workers;
    int n_extra = CLAMP(lane->n_stuck, 0, n_workers);
    if (lane->pool != NULL)
        g_thread_pool_set_max_threads(lane->pool, n_workers + n_extra, NULL);
    g_mutex_unlock(&lane->lock);
}

static void
perform(VmcLinkLane *lane, VmcFlight *flight, VmcChannel *channel)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    GError *error = NULL;

    if (!vmc_flight_begin(flight))
        return;
    vmc_channel_perform(channel, vmc_flight_call(flight), &reply, &error);
    if (!vmc_flight_land(flight, &reply, error))
        count_stuck(lane, -1);
}

static void
run_task(gpointer data, gpointer user_data)
{
    Task *task = data;
    GError *error = NULL;
    g_autoptr(VmcChannel) channel = NULL;

    if (vmc_flight_is_wanted(task->flight))
        channel = take_channel(task->lane, &error);
    if (channel != NULL)
        perform(task->lane, task->flight, channel);
    else if (error != NULL)
        vmc_flight_land(task->flight, NULL, error);
    task_free(task);
}

static void
task_free(Task *task)
{
    vmc_flight_unref(task->flight);
    vmc_link_lane_unref(task->lane);
    g_free(task);
}

static void
push_task_locked(VmcLinkLane *lane, VmcFlight *flight)
{
    if (lane->pool == NULL)
        lane->pool =
            g_thread_pool_new(run_task, NULL, (int) lane->options.n_workers,
                              /* exclusive= */ FALSE, NULL);
    Task *task = g_new(Task, 1);
    task->lane = lane_ref(lane);
    task->flight = vmc_flight_ref(flight);
    g_ptr_array_add(lane->flights, vmc_flight_ref(flight));
    g_thread_pool_push(lane->pool, task, NULL);
}

/* ---- calls ----------------------------------------------------------------
 */

static gboolean
check_may_fly_locked(VmcLinkLane *lane, VmcFlight *flight, GError **error)
{
    const char *what = vmc_call_kind_to_name(vmc_flight_call(flight)->kind);
    gint64 now_us = g_get_monotonic_time();

    if (lane->is_closed) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "'%s' was not sent to host '%s': its link is closed", what,
                    lane->host_name);
        return FALSE;
    }
    if (lane->pool != NULL &&
        g_thread_pool_unprocessed(lane->pool) >= lane->options.n_queued_max) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "'%s' was not sent to host '%s': %u calls wait there "
                    "already; try again later",
                    what, lane->host_name, lane->options.n_queued_max);
        return FALSE;
    }
    if (!vmc_breaker_admit(&lane->breaker, now_us)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "'%s' was not sent to host '%s': its last %u calls got no "
                    "answer; it is tried again in %.1f s",
                    what, lane->host_name, lane->breaker.n_failures,
                    vmc_breaker_wait_ms(&lane->breaker, now_us) / 1000.0);
        return FALSE;
    }
    return TRUE;
}

static gboolean
take_off(VmcLinkLane *lane, VmcFlight *flight, GError **error)
{
    g_mutex_lock(&lane->lock);
    gboolean may = check_may_fly_locked(lane, flight, error);
    if (may)
        push_task_locked(lane, flight);
    g_mutex_unlock(&lane->lock);
    return may;
}

typedef enum { NEWS_ANSWER, NEWS_SILENCE, NEWS_NONE } News;

/* What a flight's end tells about the host. */
static void
note_news(VmcLinkLane *lane, VmcFlight *flight, News news)
{
    VmcChannel *silent = NULL;

    g_mutex_lock(&lane->lock);
    g_ptr_array_remove_fast(lane->flights, flight);
    if (news == NEWS_ANSWER)
        vmc_breaker_success(&lane->breaker);
    else if (news == NEWS_NONE)
        vmc_breaker_withdraw(&lane->breaker);
    else if (vmc_breaker_failure(&lane->breaker, g_get_monotonic_time()) &&
             lane->options.channel == VMC_LANE_CHANNEL_SHARED)
        silent = g_steal_pointer(&lane->channel);
    g_mutex_unlock(&lane->lock);
    vmc_channel_discard(silent);
}

static gboolean
end_landed(VmcLinkLane *lane,
           VmcFlight *flight,
           VmcReply *reply,
           GError **error)
{
    GError *failure = NULL;

    if (vmc_flight_take(flight, reply, &failure)) {
        note_news(lane, flight, NEWS_ANSWER);
        return TRUE;
    }
    if (g_error_matches(failure, VMC_ERROR, VMC_ERROR_UNREACHABLE))
        note_news(lane, flight, NEWS_SILENCE);
    else if (g_error_matches(failure, VMC_ERROR, VMC_ERROR_UNKNOWN))
        note_news(lane, flight, NEWS_NONE);
    else
        note_news(lane, flight, NEWS_ANSWER);
    g_propagate_error(error, failure);
    return FALSE;
}

/* Cancelled, or the lane was closed. */
static void
end_unwanted(VmcLinkLane *lane,
             VmcFlight *flight,
             gboolean has_begun,
             gboolean is_cancelled,
             GError **error)
{
    const char *what = vmc_call_kind_to_name(vmc_flight_call(flight)->kind);
    VmcError code = VMC_ERROR_CANCELLED;

    note_news(lane, flight, NEWS_NONE);
    if (!is_cancelled)
        code = has_begun ? VMC_ERROR_UNKNOWN : VMC_ERROR_UNREACHABLE;
    g_set_error(error, VMC_ERROR, code, "'%s' on host '%s' %s: %s", what,
                lane->host_name,
                is_cancelled ? "was cancelled" : "lost its link",
                has_begun ? "it had begun and may still take effect"
                          : "it had not begun");
}

/* No answer in time. */
static void
end_late(VmcLinkLane *lane,
         VmcFlight *flight,
         gboolean has_begun,
         guint timeout_ms,
         GError **error)
{
    const char *what = vmc_call_kind_to_name(vmc_flight_call(flight)->kind);

    note_news(lane, flight, NEWS_SILENCE);
    if (has_begun)
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "'%s' on host '%s' got no answer within %.3g s: it may "
                    "still take effect",
                    what, lane->host_name, timeout_ms / 1000.0);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "'%s' was not sent to host '%s' within %.3g s: the calls "
                    "before it got no answer",
                    what, lane->host_name, timeout_ms / 1000.0);
}

static gboolean
is_closed(VmcLinkLane *lane)
{
    g_mutex_lock(&lane->lock);
    gboolean closed = lane->is_closed;
    g_mutex_unlock(&lane->lock);
    return closed;
}

gboolean
vmc_link_lane_fly(VmcLinkLane *lane,
                  VmcFlight *flight,
                  guint timeout_ms,
                  GCancellable *cancellable,
                  VmcReply *reply,
                  GError **error)
{
    g_return_val_if_fail(lane != NULL && flight != NULL, FALSE);
    if (!take_off(lane, flight, error))
        return FALSE;
    VmcFlightEnd end = vmc_flight_wait(flight, timeout_ms, cancellable);
    if (end == VMC_FLIGHT_LANDED)
        return end_landed(lane, flight, reply, error);
    gboolean has_begun = end == VMC_FLIGHT_LOST;
    if (has_begun)
        count_stuck(lane, 1);
    gboolean is_cancelled = g_cancellable_is_cancelled(cancellable);
    if (is_cancelled || is_closed(lane))
        end_unwanted(lane, flight, has_begun, is_cancelled, error);
    else
        end_late(lane, flight, has_begun, timeout_ms, error);
    return FALSE;
}

void
vmc_link_lane_forgive(VmcLinkLane *lane)
{
    g_mutex_lock(&lane->lock);
    vmc_breaker_success(&lane->breaker);
    g_mutex_unlock(&lane->lock);
}

gboolean
vmc_link_lane_is_suspect(VmcLinkLane *lane)
{
    g_mutex_lock(&lane->lock);
    gboolean is_dead =
        lane->channel != NULL && !vmc_channel_is_alive(lane->channel);
    gboolean is_suspect = is_dead || lane->breaker.is_open;
    g_mutex_unlock(&lane->lock);
    return is_suspect;
}
