/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/call.h"

typedef enum {
    VMC_EVENT_DOMAIN_CHANGED, /* uuid: read it again */
    VMC_EVENT_DOMAIN_GONE,    /* uuid */
    VMC_EVENT_DEVICE,         /* uuid: memory device changed, went or stayed */
    VMC_EVENT_AGENT,          /* uuid: agent came or went */
    VMC_EVENT_MIGRATION,      /* uuid: iteration or end */
    VMC_EVENT_DISCONNECTED,   /* the connection is lost */
} VmcEventKind;

/* Detail of the %VMC_EVENT_DOMAIN_CHANGED that says the machine was reset: by
 * a guest that reboots, or by %VMC_CALL_RESET. */
#define VMC_EVENT_DETAIL_RESET "reset"

/**
 * VmcEventFunc:
 * @kind: what happened
 * @uuid: (nullable): to which domain
 * @detail: (nullable): in words, for the log
 * @user_data: closure
 *
 * Called on the default main context; must not block.
 */
typedef void (*VmcEventFunc)(VmcEventKind kind,
                             const char *uuid,
                             const char *detail,
                             gpointer user_data);

typedef struct _VmcConnection VmcConnection;

/**
 * VmcDriver:
 * @name: "libvirt" or "simulated"
 * @open: connects; blocks; %VMC_ERROR_UNREACHABLE, %VMC_ERROR_DENIED. Events
 *   go to @event_func (nullable) until close
 * @close: closes; may be called in any thread. No event comes after it when it
 *   is called on the main thread; from another one, at most those that were
 *   under way
 * @is_alive: whether the connection still stands, as far as is known; does not
 *   block
 * @perform: carries one call out; blocks; any thread, several at a time. On
 *   failure @reply is untouched, and the code of the error says what is known:
 *   %VMC_ERROR_UNREACHABLE: it never got there, nothing has happened;
 *   %VMC_ERROR_UNKNOWN: the answer was lost, it may have happened;
 *   %VMC_ERROR_BUSY: something else holds the domain, as a migration;
 *   %VMC_ERROR_NOT_FOUND: no such domain, pool, volume or device;
 *   %VMC_ERROR_PARTIAL: it happened in part: read the domain again;
 *   %VMC_ERROR_REFUSED, %VMC_ERROR_INVALID, %VMC_ERROR_NO_SPACE,
 *   %VMC_ERROR_CANCELLED (a migration that was aborted),
 *   %VMC_ERROR_UNSUPPORTED and %VMC_ERROR_FAILED as their names say
 *
 * A way to reach hypervisors: one per kind, no state of its own.
 */
typedef struct {
    const char *name;
    VmcConnection *(*open)(const char *uri,
                           VmcEventFunc event_func,
                           gpointer user_data,
                           GError **error);
    void (*close)(VmcConnection *connection);
    gboolean (*is_alive)(VmcConnection *connection);
    gboolean (*perform)(VmcConnection *connection,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error);
} VmcDriver;

extern const VmcDriver vmc_sim_driver;

/**
 * vmc_driver_for_uri:
 * @uri: "sim://…" for the simulated driver, else a libvirt URI
 *
 * Returns: (transfer none): the driver
 */
const VmcDriver *vmc_driver_for_uri(const char *uri);
