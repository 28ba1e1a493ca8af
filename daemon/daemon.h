/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/settings.h"

/*
 * vmctld without its main(): all parts, put together in the order they need
 * each other. Main thread only.
 */

typedef struct _VmcDaemon VmcDaemon;

/**
 * vmc_daemon_start:
 * @settings: (transfer full): what the operator set
 * @error: %VMC_ERROR_BUSY when another vmctld has the state or the socket,
 *   %VMC_ERROR_DAMAGED, %VMC_ERROR_DENIED, …; nothing is left running then
 *
 * Opens the state, takes up what the last vmctld left open, begins to connect
 * to the hosts, and listens. The main loop does the rest.
 *
 * Returns: (transfer full): the daemon
 */
VmcDaemon *vmc_daemon_start(VmcSettings *settings, GError **error);

/**
 * VmcDaemonFunc:
 * @user_data: closure
 */
typedef void (*VmcDaemonFunc)(gpointer user_data);

/**
 * vmc_daemon_stop:
 * @daemon: a daemon
 * @stopped: called when it may be freed
 * @user_data: closure
 *
 * Takes no more clients, lets jobs stop at their next step, and gives answers
 * that are under way a moment to be sent.
 */
void vmc_daemon_stop(VmcDaemon *daemon,
                     VmcDaemonFunc stopped,
                     gpointer user_data);

void vmc_daemon_free(VmcDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcDaemon, vmc_daemon_free)
