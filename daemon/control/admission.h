/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/control/live-fleet.h"
#include "daemon/settings.h"
#include "daemon/store/store.h"

/*
 * How hosts join and leave the fleet. A host joins when it has answered, is
 * stored, and only then shown; it leaves in the opposite order. Main thread
 * only; what blocks is done by threads.
 */

typedef struct _VmcAdmission VmcAdmission;

/**
 * vmc_admission_new:
 * @settings: how long a host may take
 * @store: where hosts are kept
 * @live_fleet: what they join
 *
 * Returns: (transfer full): what admits hosts
 */
VmcAdmission *vmc_admission_new(const VmcSettings *settings,
                                VmcStore *store,
                                VmcLiveFleet *live_fleet);

/* What is under way is given up; on return the store is not used any more. */
void vmc_admission_free(VmcAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcAdmission, vmc_admission_free)

/**
 * vmc_admission_merge:
 * @wanted: name, URIs, labels, what is reserved, the ceiling, and perhaps the
 *   domain type: all go before what the host says
 * @facts: what the host says of itself
 * @now_s: now, seconds of the epoch
 *
 * Returns: (transfer full): the host, up since now
 */
VmcHost *vmc_admission_merge(const VmcHost *wanted,
                             const VmcHost *facts,
                             gint64 now_s);

/**
 * vmc_admission_connect_all:
 * @self: what admits hosts
 *
 * Begins to connect to all hosts of the fleet, as it was stored.
 */
void vmc_admission_connect_all(VmcAdmission *self);

/**
 * vmc_admission_add_host_async:
 * @self: what admits hosts
 * @host: name, URIs, labels, what is reserved, and the ceiling
 * @cancellable: (nullable): gives up, unless the host was stored already
 * @callback: called when it is in the fleet, or is not going to be
 * @user_data: closure
 */
void vmc_admission_add_host_async(VmcAdmission *self,
                                  const VmcHost *host,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/**
 * vmc_admission_add_host_finish:
 * @self: what admits hosts
 * @result: what the callback got
 * @error: %VMC_ERROR_EXISTS when the name, the URI or the machine is in the
 *   fleet, %VMC_ERROR_UNREACHABLE when it does not answer, %VMC_ERROR_BUSY when
 *   it is being added, %VMC_ERROR_CANCELLED, an error of the store; nothing was
 *   added then
 *
 * Returns: (transfer full): the host as it is in the fleet
 */
VmcHost *vmc_admission_add_host_finish(VmcAdmission *self,
                                       GAsyncResult *result,
                                       GError **error);

/**
 * vmc_admission_remove_host_async:
 * @self: what admits hosts
 * @name: a host
 * @callback: called when it has gone, or is not going to
 * @user_data: closure
 */
void vmc_admission_remove_host_async(VmcAdmission *self,
                                     const char *name,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/**
 * vmc_admission_remove_host_finish:
 * @self: what admits hosts
 * @result: what the callback got
 * @error: %VMC_ERROR_NOT_FOUND, %VMC_ERROR_REFUSED when it has managed VMs,
 *   %VMC_ERROR_BUSY when a job is at work there, an error of the store
 *
 * Returns: whether it has gone
 */
gboolean vmc_admission_remove_host_finish(VmcAdmission *self,
                                          GAsyncResult *result,
                                          GError **error);
