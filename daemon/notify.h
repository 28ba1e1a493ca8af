/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Talk to the service manager, by the protocol of sd_notify(3): datagrams to
 * the socket that $NOTIFY_SOCKET names. Without one, nothing is sent and all
 * is well.
 */

/**
 * vmc_notify:
 * @state: lines as "READY=1"
 * @error: %VMC_ERROR_FAILED when the socket does not take them
 *
 * Never blocks.
 *
 * Returns: %TRUE when it was sent, or nobody wants to know
 */
gboolean vmc_notify(const char *state, GError **error);

/**
 * vmc_notify_watchdog_ms:
 *
 * Returns: how often the service manager is to be told "WATCHDOG=1", in ms:
 * half of what it allows; 0 when it does not want to be told
 */
guint vmc_notify_watchdog_ms(void);
