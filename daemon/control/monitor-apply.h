/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/host-read.h"
#include "daemon/control/monitor.h"

/*
 * What a reading of a host means for the fleet: the rules of who is believed.
 * Main thread only; writes to the store go through a thread of its own.
 */

typedef struct _VmcMonitorApply VmcMonitorApply;

/**
 * VmcLookAgainFunc:
 * @host: a host
 * @uuid: what it should be asked about once more
 * @user_data: closure
 */
typedef void (*VmcLookAgainFunc)(const char *host,
                                 const char *uuid,
                                 gpointer user_data);

/**
 * vmc_monitor_apply_new:
 * @options: (transfer none): what it works with; must outlive it
 * @look_again: what is called when a domain has to be read again
 * @user_data: closure
 *
 * Returns: (transfer full): the rules, without any sighting
 */
VmcMonitorApply *vmc_monitor_apply_new(const VmcMonitorOptions *options,
                                       VmcLookAgainFunc look_again,
                                       gpointer user_data);

/* Waits for the write that is under way, and drops the rest: what was seen will
 * be seen again. */
void vmc_monitor_apply_free(VmcMonitorApply *self);

/* A host has said what it has. */
void vmc_monitor_apply_read(VmcMonitorApply *self, VmcHostRead *read);

/* A host does not answer. */
void vmc_monitor_apply_down(VmcMonitorApply *self,
                            const char *host,
                            const char *reason);

/* A host is not in the fleet any more. */
void vmc_monitor_apply_gone(VmcMonitorApply *self, const char *host);
