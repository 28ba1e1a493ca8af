/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/libvirt-connection.h"

/*
 * The way of libvirt's events to the sink of a connection. libvirt calls back
 * on the default main context, and may do so, or free a callback, after the
 * connection was closed: so the sink is counted, and shut.
 */

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
