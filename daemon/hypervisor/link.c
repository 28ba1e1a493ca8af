/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "daemon/hypervisor/breaker.h"
#include "daemon/hypervisor/dial.h"
#include "daemon/hypervisor/link-lane.h"

#define N_DIALS_AT_ONCE 32  /* over all links: each may be an ssh process */
#define N_DIALS_STUCK_MAX 3 /* per link: attempts that never came back */

typedef enum {
    LINK_NEW,
    LINK_QUEUED,   /* waits for its turn to connect */
    LINK_DIALLING, /* connects */
    LINK_UP,
    LINK_RESTING, /* waits before the next attempt */
    LINK_STOPPED
} LinkState;

/* The main thread decides everything; other threads post to it. @lock guards
 * what stands below it, which other threads read. */
struct _VmcLink {
    GObject parent_instance;

    const VmcDriver *driver;
    char *host_name;
    char *uri;
    VmcLinkTuning tuning;

    LinkState state;
    VmcDial *dial;
    VmcChannel *channel; /* while up */
    guint generation;    /* of the connection: events of older ones are void */
    guint timer;
    guint n_attempts; /* that failed since it was last up for long */
    gint64 up_since_us;
    gboolean has_been_told; /* that it is down */
    gint n_dials;           /* atomic: threads that are connecting */

    GMutex lock;
    VmcLinkLane *lanes[VMC_N_LANES];
    gboolean is_up;
};

G_DEFINE_FINAL_TYPE(VmcLink, vmc_link, G_TYPE_OBJECT)

enum { SIGNAL_UP, SIGNAL_DOWN, SIGNAL_EVENT, N_SIGNALS };

static guint signals[N_SIGNALS];

static void request_dial(VmcLink *link);
static void go_down(VmcLink *link, const char *reason);

/* ---- turns ----------------------------------------------------------------
 * Main thread: a fleet that is started connects a few hosts at a time. */

static GQueue waiting = G_QUEUE_INIT; /* (element-type VmcLink), no ref */
static guint n_dialling;

static void begin_dial(VmcLink *link);

static void
begin_next_dials(void)
{
    while (n_dialling < N_DIALS_AT_ONCE && !g_queue_is_empty(&waiting)) {
        n_dialling++;
        begin_dial(g_queue_pop_head(&waiting));
    }
}

static void
end_dial_turn(void)
{
    n_dialling--;
    begin_next_dials();
}

/* ---- connecting -----------------------------------------------------------
 */

typedef struct {
    VmcLink *link;
    guint generation; /* of the channel whose events it is for */
    VmcDial *dial;    /* (nullable) */
} LinkTicket;

static LinkTicket *
ticket_new(VmcLink *link, VmcDial *dial)
{
    LinkTicket *ticket = g_new0(LinkTicket, 1);

    ticket->link = g_object_ref(link);
    ticket->dial = dial != NULL ? vmc_dial_ref(dial) : NULL;
    return ticket;
}

static void
ticket_free(gpointer data)
{
    LinkTicket *ticket = data;

    g_clear_pointer(&ticket->dial, vmc_dial_unref);
    g_object_unref(ticket->link);
    g_free(ticket);
}

static void
stop_timer(VmcLink *link)
{
    if (link->timer != 0)
        g_source_remove(link->timer);
    link->timer = 0;
}

static gboolean
on_rested(gpointer user_data)
{
    VmcLink *link = user_data;

    link->timer = 0;
    request_dial(link);
    return G_SOURCE_REMOVE;
}

static void
set_up(VmcLink *link, gboolean is_up)
{
    g_mutex_lock(&link->lock);
    link->is_up = is_up;
    g_mutex_unlock(&link->lock);
}

static void
rest(VmcLink *link, const char *reason)
{
    link->state = LINK_RESTING;
    link->n_attempts++;
    guint wait_ms =
        vmc_backoff_ms(link->n_attempts, link->tuning.backoff_min_ms,
                       link->tuning.backoff_max_ms, g_random_double());
    link->timer = g_timeout_add(wait_ms, on_rested, link);
    set_up(link, FALSE);
    if (link->has_been_told)
        return;
    link->has_been_told = TRUE;
    g_signal_emit(link, signals[SIGNAL_DOWN], 0, reason);
}

static gboolean
on_dial_late(gpointer user_data)
{
    VmcLink *link = user_data;
    g_autofree char *reason = g_strdup_printf(
        "no answer within %.3g s", link->tuning.connect_timeout_ms / 1000.0);

    link->timer = 0;
    vmc_dial_abandon(link->dial);
    g_clear_pointer(&link->dial, vmc_dial_unref);
    rest(link, reason);
    end_dial_turn();
    return G_SOURCE_REMOVE;
}

static gboolean
on_liveness(gpointer user_data)
{
    VmcLink *link = user_data;

    if (vmc_channel_is_alive(link->channel))
        return G_SOURCE_CONTINUE;
    link->timer = 0;
    go_down(link, "the connection is lost");
    return G_SOURCE_REMOVE;
}

/* Whole seconds, where they are, so that the timers of many links fire
 * together. */
static guint
add_liveness_timer(VmcLink *link)
{
    guint ms = link->tuning.liveness_ms;

    return ms % 1000 == 0 ? g_timeout_add_seconds(ms / 1000, on_liveness, link)
                          : g_timeout_add(ms, on_liveness, link);
}

static void
go_up(VmcLink *link, VmcChannel *channel)
{
    link->state = LINK_UP;
    link->channel = channel;
    link->up_since_us = g_get_monotonic_time();
    link->has_been_told = FALSE;
    vmc_link_lane_set_channel(link->lanes[VMC_LANE_CONTROL],
                              vmc_channel_ref(channel));
    for (guint i = 0; i < VMC_N_LANES; i++)
        vmc_link_lane_forgive(link->lanes[i]);
    link->timer = add_liveness_timer(link);
    set_up(link, TRUE);
    g_signal_emit(link, signals[SIGNAL_UP], 0);
}

/* Main thread: the dial is over. */
static gboolean
on_dialled(gpointer user_data)
{
    LinkTicket *ticket = user_data;
    VmcLink *link = ticket->link;
    g_autoptr(GError) error = NULL;

    if (link->dial == NULL || link->dial != ticket->dial)
        return G_SOURCE_REMOVE;
    stop_timer(link);
    VmcChannel *channel = vmc_dial_take(link->dial, &error);
    g_clear_pointer(&link->dial, vmc_dial_unref);
    if (channel != NULL)
        go_up(link, channel);
    else
        rest(link, error->message);
    end_dial_turn();
    return G_SOURCE_REMOVE;
}

/* The dial's thread. */
static void
post_dialled(VmcDial *dial, gpointer user_data)
{
    g_idle_add_full(G_PRIORITY_DEFAULT, on_dialled, ticket_new(user_data, dial),
                    ticket_free);
}

static void
forget_dial_thread(gpointer user_data)
{
    VmcLink *link = user_data;

    g_atomic_int_add(&link->n_dials, -1);
    g_object_unref(link);
}

/* Main thread; the driver calls it until the channel is closed. */
static void
on_event(VmcEventKind kind,
         const char *uuid,
         const char *detail,
         gpointer user_data)
{
    LinkTicket *ticket = user_data;
    VmcLink *link = ticket->link;

    if (link->state != LINK_UP || link->generation != ticket->generation)
        return;
    if (kind == VMC_EVENT_DISCONNECTED)
        go_down(link, detail != NULL ? detail : "the connection is lost");
    else
        g_signal_emit(link, signals[SIGNAL_EVENT], 0, (guint) kind, uuid,
                      detail);
}

static void
begin_dial(VmcLink *link)
{
    LinkTicket *ticket = ticket_new(link, NULL);

    link->state = LINK_DIALLING;
    ticket->generation = ++link->generation;
    link->timer =
        g_timeout_add(link->tuning.connect_timeout_ms, on_dial_late, link);
    g_atomic_int_inc(&link->n_dials);
    link->dial =
        vmc_dial_start(link->driver, link->uri, on_event, ticket, ticket_free,
                       post_dialled, g_object_ref(link), forget_dial_thread);
}

static void
request_dial(VmcLink *link)
{
    if (g_atomic_int_get(&link->n_dials) > N_DIALS_STUCK_MAX) {
        rest(link, "earlier attempts to connect are stuck");
        return;
    }
    link->state = LINK_QUEUED;
    g_queue_push_tail(&waiting, link);
    begin_next_dials();
}

/* ---- losing it ------------------------------------------------------------
 */

static void
let_go_of_channels(VmcLink *link)
{
    vmc_link_lane_set_channel(link->lanes[VMC_LANE_CONTROL], NULL);
    vmc_link_lane_set_channel(link->lanes[VMC_LANE_STATS], NULL);
    vmc_channel_discard(g_steal_pointer(&link->channel));
}

static void
go_down(VmcLink *link, const char *reason)
{
    gint64 up_us = g_get_monotonic_time() - link->up_since_us;

    stop_timer(link);
    /* A host that answers and is lost again at once is not well: the pauses
     * go on growing. */
    if (up_us > (gint64) link->tuning.backoff_max_ms * 1000)
        link->n_attempts = 0;
    let_go_of_channels(link);
    rest(link, reason);
}

/* Main thread: a call went wrong: is it the connection? */
static gboolean
on_suspicion(gpointer user_data)
{
    LinkTicket *ticket = user_data;
    VmcLink *link = ticket->link;

    if (link->state != LINK_UP)
        return G_SOURCE_REMOVE;
    if (!vmc_channel_is_alive(link->channel))
        go_down(link, "the connection is lost");
    else if (vmc_link_lane_is_suspect(link->lanes[VMC_LANE_CONTROL]))
        go_down(link, "it is connected, but does not answer");
    return G_SOURCE_REMOVE;
}

/* ---- calls ----------------------------------------------------------------
 */

/* (nullable): %NULL when there is no way to the host now. */
static VmcLinkLane *
find_lane(VmcLink *link, const VmcCall *call, GError **error)
{
    VmcLinkLane *lane = NULL;

    g_mutex_lock(&link->lock);
    if (link->is_up)
        lane = link->lanes[vmc_call_kind_lane(call->kind)];
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "'%s' was not sent: host '%s' is not connected, see "
                    "'vmctl host show %s'",
                    vmc_call_kind_to_name(call->kind), link->host_name,
                    link->host_name);
    g_mutex_unlock(&link->lock);
    return lane;
}

static guint
deadline_ms(VmcLink *link, VmcCallKind kind)
{
    guint ms = vmc_call_kind_deadline_ms(kind);
    guint max_ms = link->tuning.deadline_max_ms;

    return ms == 0 || max_ms == 0 ? ms : MIN(ms, max_ms);
}

gboolean
vmc_link_call(VmcLink *link,
              const VmcCall *call,
              VmcReply *reply,
              GCancellable *cancellable,
              GError **error)
{
    g_return_val_if_fail(VMC_IS_LINK(link) && call != NULL, FALSE);
    VmcLinkLane *lane = find_lane(link, call, error);
    if (lane == NULL)
        return FALSE;
    g_autoptr(VmcFlight) flight = vmc_flight_new(call);
    g_autoptr(GError) failure = NULL;
    if (vmc_link_lane_fly(lane, flight, deadline_ms(link, call->kind),
                          cancellable, reply, &failure))
        return TRUE;
    VmcError code = vmc_error_of(failure);
    if (code == VMC_ERROR_UNREACHABLE || code == VMC_ERROR_UNKNOWN)
        g_idle_add_full(G_PRIORITY_DEFAULT, on_suspicion,
                        ticket_new(link, NULL), ticket_free);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* ---- life -----------------------------------------------------------------
 */

VmcLinkTuning
vmc_link_tuning_default(void)
{
    return (VmcLinkTuning){.connect_timeout_ms = 10000,
                           .liveness_ms = 5000,
                           .backoff_min_ms = 500,
                           .backoff_max_ms = 30000,
                           .breaker_threshold = 3,
                           .breaker_open_ms = 5000,
                           .n_workers = 4,
                           .n_queued_max = 64,
                           .n_migrations_max = 16};
}

VmcLink *
vmc_link_new(const char *host_name, const char *uri)
{
    g_return_val_if_fail(host_name != NULL && uri != NULL, NULL);
    VmcLink *link = g_object_new(VMC_TYPE_LINK, NULL);

    link->driver = vmc_driver_for_uri(uri);
    link->host_name = g_strdup(host_name);
    link->uri = g_strdup(uri);
    return link;
}

void
vmc_link_set_tuning(VmcLink *link, const VmcLinkTuning *tuning)
{
    g_return_if_fail(VMC_IS_LINK(link) && tuning != NULL);
    g_return_if_fail(link->state == LINK_NEW);
    link->tuning = *tuning;
}

static void
make_lanes(VmcLink *link)
{
    static const VmcLaneChannel channels[VMC_N_LANES] = {
        [VMC_LANE_CONTROL] = VMC_LANE_CHANNEL_GIVEN,
        [VMC_LANE_STATS] = VMC_LANE_CHANNEL_SHARED,
        [VMC_LANE_MIGRATION] = VMC_LANE_CHANNEL_PRIVATE,
    };
    const VmcLinkTuning *tuning = &link->tuning;

    for (guint i = 0; i < VMC_N_LANES; i++) {
        /* A migration fails for reasons of the other host as well. */
        gboolean is_migration = i == VMC_LANE_MIGRATION;
        VmcLaneOptions options = {
            .channel = channels[i],
            .n_workers =
                is_migration ? tuning->n_migrations_max : tuning->n_workers,
            .n_queued_max = tuning->n_queued_max,
            .connect_timeout_ms = tuning->connect_timeout_ms,
            .breaker_threshold =
                is_migration ? G_MAXUINT : tuning->breaker_threshold,
            .breaker_open_ms = tuning->breaker_open_ms,
        };
        link->lanes[i] = vmc_link_lane_new(link->driver, link->host_name,
                                           link->uri, &options);
    }
}

void
vmc_link_start(VmcLink *link)
{
    g_return_if_fail(VMC_IS_LINK(link) && link->state == LINK_NEW);
    g_object_ref(link);
    make_lanes(link);
    request_dial(link);
}

static void
stop_dial(VmcLink *link)
{
    if (link->state == LINK_QUEUED)
        g_queue_remove(&waiting, link);
    if (link->dial == NULL)
        return;
    vmc_dial_abandon(link->dial);
    g_clear_pointer(&link->dial, vmc_dial_unref);
    end_dial_turn();
}

void
vmc_link_stop(VmcLink *link)
{
    g_return_if_fail(VMC_IS_LINK(link));
    if (link->state == LINK_NEW || link->state == LINK_STOPPED)
        return;
    stop_timer(link);
    stop_dial(link);
    link->state = LINK_STOPPED;
    set_up(link, FALSE);
    for (guint i = 0; i < VMC_N_LANES; i++)
        vmc_link_lane_close(link->lanes[i]);
    vmc_channel_discard(g_steal_pointer(&link->channel));
    g_object_unref(link);
}

const char *
vmc_link_get_host_name(VmcLink *link)
{
    g_return_val_if_fail(VMC_IS_LINK(link), NULL);
    return link->host_name;
}

const char *
vmc_link_get_uri(VmcLink *link)
{
    g_return_val_if_fail(VMC_IS_LINK(link), NULL);
    return link->uri;
}

gboolean
vmc_link_is_up(VmcLink *link)
{
    g_return_val_if_fail(VMC_IS_LINK(link), FALSE);
    g_mutex_lock(&link->lock);
    gboolean is_up = link->is_up;
    g_mutex_unlock(&link->lock);
    return is_up;
}

static void
vmc_link_finalize(GObject *object)
{
    VmcLink *link = VMC_LINK(object);

    for (guint i = 0; i < VMC_N_LANES; i++)
        g_clear_pointer(&link->lanes[i], vmc_link_lane_unref);
    g_mutex_clear(&link->lock);
    g_free(link->host_name);
    g_free(link->uri);
    G_OBJECT_CLASS(vmc_link_parent_class)->finalize(object);
}

static void
vmc_link_class_init(VmcLinkClass *klass)
{
    GType type = G_TYPE_FROM_CLASS(klass);

    G_OBJECT_CLASS(klass)->finalize = vmc_link_finalize;
    signals[SIGNAL_UP] = g_signal_new("up", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_DOWN] =
        g_signal_new("down", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[SIGNAL_EVENT] =
        g_signal_new("event", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_STRING);
}

static void
vmc_link_init(VmcLink *link)
{
    link->tuning = vmc_link_tuning_default();
    g_mutex_init(&link->lock);
}
