/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/driver.h"

/*
 * Where the events of one connection go: to its VmcEventFunc, until it is shut.
 * Counted, since events may be on their way when the connection is closed.
 */

typedef struct _VmcEventSink VmcEventSink;

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
 * On the default main context. Calls the event function, unless the sink is
 * shut.
 */
void vmc_event_sink_emit(VmcEventSink *sink,
                         VmcEventKind kind,
                         const char *uuid,
                         const char *detail);

/* Any thread. Has vmc_event_sink_emit() called soon. */
void vmc_event_sink_post(VmcEventSink *sink,
                         VmcEventKind kind,
                         const char *uuid,
                         const char *detail);

/**
 * vmc_event_sink_shut:
 * @sink: a sink
 *
 * Any thread. From its return on the event function is not running, unless it
 * is what calls this, and will not be called again.
 */
void vmc_event_sink_shut(VmcEventSink *sink);
