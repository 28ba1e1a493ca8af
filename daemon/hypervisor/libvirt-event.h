/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/libvirt-connection.h"

/*
 * The way of libvirt's events to the VmcEventFunc of a connection. libvirt
 * calls back on the default main context, and may do so, or free a callback,
 * after the connection was closed: so the sink is counted, and shut.
 */

/* (transfer full): gives events to @event_func (nullable) until shut */
VmcEventSink *vmc_event_sink_new(VmcEventFunc event_func, gpointer user_data);
VmcEventSink *vmc_event_sink_ref(VmcEventSink *sink);
void vmc_event_sink_unref(VmcEventSink *sink);

/**
 * vmc_event_sink_emit:
 * @sink: a sink
 * @kind: what happened
 * @uuid: (nullable): to which domain
 * @detail: (nullable): in words
 *
 * Calls the event function, unless the sink is shut.
 */
void vmc_event_sink_emit(VmcEventSink *sink,
                         VmcEventKind kind,
                         const char *uuid,
                         const char *detail);

/**
 * vmc_event_sink_shut:
 * @sink: a sink
 *
 * The event function is not running, unless it is what calls this, and will
 * not be called again.
 */
void vmc_event_sink_shut(VmcEventSink *sink);

/**
 * vmc_libvirt_events_register:
 * @connection: with a sink; its callback_ids are filled
 * @error: when even lifecycle events are not to be had
 *
 * Returns: whether events will come
 */
gboolean vmc_libvirt_events_register(VmcConnection *connection, GError **error);

/* Takes back what vmc_libvirt_events_register() did. */
void vmc_libvirt_events_deregister(VmcConnection *connection);
