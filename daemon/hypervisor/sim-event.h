/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/driver.h"

/*
 * Where the events of one connection go: from any thread to the main context,
 * until it is closed.
 */

typedef struct _VmcSimSink VmcSimSink;

VmcSimSink *vmc_sim_sink_new(VmcEventFunc func, gpointer user_data);
VmcSimSink *vmc_sim_sink_ref(VmcSimSink *sink);
void vmc_sim_sink_unref(VmcSimSink *sink);

/* Any thread; does not wait until it has arrived. */
void vmc_sim_sink_post(VmcSimSink *sink,
                       VmcEventKind kind,
                       const char *uuid,
                       const char *detail);

/* Waits for an event that is being delivered; none comes after it. */
void vmc_sim_sink_close(VmcSimSink *sink);

/**
 * vmc_sim_later:
 * @delay_ms: when
 * @func: what, on the main context
 * @data: closure
 * @data_free: frees it
 *
 * Any thread. How a simulated thing happens by itself.
 */
void vmc_sim_later(guint delay_ms,
                   GSourceFunc func,
                   gpointer data,
                   GDestroyNotify data_free);
