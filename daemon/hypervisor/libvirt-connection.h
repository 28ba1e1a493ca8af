/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/console-set.h"
#include "daemon/hypervisor/event-sink.h"

#include <libvirt/libvirt.h>

/*
 * A connection to one libvirtd, for several threads at a time.
 *
 * libvirt lets threads share a handle, but a call of one thread that meets a
 * longer one of another may then sleep until the next keepalive, some seconds
 * (9.0 loses the wake-up of its event loop). So each call gets a handle to
 * itself: the first one, which events come by as well, or an extra one, opened
 * when it is needed and kept.
 */

/* How VmcConnection looks within the libvirt driver. */
struct _VmcConnection {
    virConnectPtr first;
    char *uri;
    VmcEventSink *sink;      /* where events go */
    GArray *callback_ids;    /* of int: events registered */
    VmcConsoleSet *consoles; /* open consoles */

    GMutex lock;       /* guards what follows */
    guint n_on_first;  /* calls that have the first handle */
    GPtrArray *extras; /* (element-type virConnect) idle ones */
};

/**
 * vmc_libvirt_init:
 *
 * Sets libvirt up for this process: its event loop becomes part of the default
 * main context, and it no longer writes errors to stderr. Call it once on the
 * main thread, before the first connection. Without an event loop that runs,
 * keepalive ends connections.
 */
void vmc_libvirt_init(void);

/**
 * vmc_libvirt_connection_open:
 * @uri: libvirt URI
 * @event_func: (nullable): gets the events
 * @user_data: closure of @event_func
 * @error: %VMC_ERROR_UNREACHABLE, %VMC_ERROR_DENIED, or %VMC_ERROR_INVALID
 *   when no driver of libvirt knows @uri
 *
 * Blocks until connected.
 *
 * Returns: (transfer full): the connection
 */
VmcConnection *vmc_libvirt_connection_open(const char *uri,
                                           VmcEventFunc event_func,
                                           gpointer user_data,
                                           GError **error);

/**
 * vmc_libvirt_connection_close:
 * @connection: (transfer full): a connection no call is under way on
 *
 * Ends its events and its consoles, then says goodbye to the host, which takes
 * until keepalive gives up (30 s) when the host hangs: not for the main
 * thread then. Do not call it holding a lock that the event function takes.
 */
void vmc_libvirt_connection_close(VmcConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcConnection, vmc_libvirt_connection_close)

gboolean vmc_libvirt_connection_is_alive(VmcConnection *connection);

/**
 * vmc_libvirt_dial:
 * @uri: libvirt URI
 * @error: as vmc_libvirt_connection_open()
 *
 * Returns: (transfer full): a handle of its own, with keepalive
 */
virConnectPtr vmc_libvirt_dial(const char *uri, GError **error);

/* A handle for one call: never %NULL. (transfer none) */
virConnectPtr vmc_libvirt_connection_take(VmcConnection *connection);

/* Gives back what vmc_libvirt_connection_take() gave. */
void vmc_libvirt_connection_give(VmcConnection *connection, virConnectPtr conn);

/**
 * vmc_libvirt_find_domain:
 * @conn: a handle
 * @uuid: UUID of a domain
 * @error: %VMC_ERROR_NOT_FOUND when it has none
 *
 * Returns: (transfer full): the domain
 */
virDomainPtr vmc_libvirt_find_domain(virConnectPtr conn,
                                     const char *uuid,
                                     GError **error);
