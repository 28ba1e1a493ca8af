/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/hypervisor/driver.h"

/*
 * The link to one host: its connections (one per lane, and one per
 * migration), its bounded workers, deadlines and circuit breakers. A call that
 * passes its deadline returns VMC_ERROR_UNKNOWN while the worker waits on; its
 * late reply is dropped. After several of them the lane's breaker opens, and
 * calls fail at once with VMC_ERROR_UNREACHABLE until one that may try
 * succeeds. When it is the lane of control, or when the connection is lost,
 * the link goes down and connects anew, with growing pauses.
 */

#define VMC_TYPE_LINK (vmc_link_get_type())
G_DECLARE_FINAL_TYPE(VmcLink, vmc_link, VMC, LINK, GObject)

/**
 * VmcLinkTuning:
 * @connect_timeout_ms: how long an attempt to connect may take
 * @liveness_ms: how often the connection is asked whether it still stands
 * @backoff_min_ms: pause after the first attempt that failed
 * @backoff_max_ms: the longest pause
 * @breaker_threshold: calls in a row without an answer that open a breaker
 * @breaker_open_ms: how long it stays open at first
 * @n_workers: calls at a time, in each lane
 * @n_queued_max: calls that may wait for a worker, in each lane
 * @n_migrations_max: migrations at a time
 * @deadline_max_ms: no call gets more time than this; 0: as call.c says
 */
typedef struct {
    guint connect_timeout_ms;
    guint liveness_ms;
    guint backoff_min_ms;
    guint backoff_max_ms;
    guint breaker_threshold;
    guint breaker_open_ms;
    guint n_workers;
    guint n_queued_max;
    guint n_migrations_max;
    guint deadline_max_ms;
} VmcLinkTuning;

/* The values a link has unless others are set. */
VmcLinkTuning vmc_link_tuning_default(void);

/**
 * vmc_link_new:
 * @host_name: name of the host, for messages
 * @uri: how it is reached
 *
 * Makes the link; connects in the background once vmc_link_start() is called.
 * Signals, on the main context: "up" (connected, events registered: resync
 * now), "down" (const char *reason: it was up, or the first attempt to connect
 * failed), "event" (VmcEventKind as guint, const char *uuid, const char
 * *detail; the strings may be %NULL).
 *
 * Returns: (transfer full): the link; once started it lives until it is
 * stopped
 */
VmcLink *vmc_link_new(const char *host_name, const char *uri);

/* Main thread, before vmc_link_start(). */
void vmc_link_set_tuning(VmcLink *link, const VmcLinkTuning *tuning);

/* Main thread. Connects, keeps connecting with backoff. */
void vmc_link_start(VmcLink *link);
/* Main thread. No signal comes after it, and calls under way return. Does not
 * wait for stuck workers. */
void vmc_link_stop(VmcLink *link);

/* Any thread. (transfer none) */
const char *vmc_link_get_host_name(VmcLink *link);
const char *vmc_link_get_uri(VmcLink *link);
gboolean vmc_link_is_up(VmcLink *link);

/**
 * vmc_link_call:
 * @link: a link
 * @call: what is asked
 * @reply: (out): what came back
 * @cancellable: (nullable): gives up waiting with %VMC_ERROR_CANCELLED
 * @error: an error of the driver; %VMC_ERROR_UNKNOWN past the deadline, or
 *   when the link was stopped under way; %VMC_ERROR_UNREACHABLE when not
 *   connected or otherwise not sent; %VMC_ERROR_BUSY when too many calls wait
 *
 * Blocks. Never call it on the main thread.
 *
 * Returns: whether the call succeeded
 */
gboolean vmc_link_call(VmcLink *link,
                       const VmcCall *call,
                       VmcReply *reply,
                       GCancellable *cancellable,
                       GError **error);

/**
 * vmc_link_probe:
 * @uri: how a host is reached
 * @domain_type: (nullable): "kvm" or "qemu": what guests shall run under there
 * @timeout_ms: how long to try
 * @cancellable: (nullable): gives up with %VMC_ERROR_CANCELLED
 * @ret_host: (out) (transfer full): what it says about itself
 * @error: the driver's; %VMC_ERROR_UNREACHABLE when there was no answer in
 *   time, though opening the connection may block on
 *
 * Connects, reads the host, and closes: what is asked of a host before it
 * joins the fleet. Blocks.
 *
 * Returns: whether the host answered
 */
gboolean vmc_link_probe(const char *uri,
                        const char *domain_type,
                        guint timeout_ms,
                        GCancellable *cancellable,
                        VmcHost **ret_host,
                        GError **error);

/**
 * vmc_link_ask:
 * @uri: how a host is reached
 * @call: what is asked; something that only reads
 * @timeout_ms: how long to try to connect; the call's own deadline comes on top
 * @cancellable: (nullable): gives up with %VMC_ERROR_CANCELLED
 * @reply: (out): what came back
 * @error: as vmc_link_probe()
 *
 * Connects, asks, and closes. Blocks.
 *
 * Returns: whether the host answered
 */
gboolean vmc_link_ask(const char *uri,
                      const VmcCall *call,
                      guint timeout_ms,
                      GCancellable *cancellable,
                      VmcReply *reply,
                      GError **error);
