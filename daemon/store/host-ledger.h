/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/host.h"

/*
 * What operators said of hosts, in a file beside the database: where they are,
 * their labels, reserves and ceilings, what guests run under there, and whether
 * they were drained. libvirt keeps nothing for a host, as it keeps metadata for
 * a domain, so that a lost database is made again from here and from the hosts.
 *
 * Not for threads: the store's mutex orders its use.
 */

typedef struct _VmcHostLedger VmcHostLedger;

/**
 * vmc_host_ledger_path:
 * @database_path: the database
 *
 * Returns: (transfer full): where its ledger is
 */
char *vmc_host_ledger_path(const char *database_path);

/**
 * vmc_host_ledger_read:
 * @path: a ledger
 * @error: %VMC_ERROR_DAMAGED when it makes no sense, or as when a file is read
 *
 * Returns: (transfer full) (element-type VmcHost): the hosts in it, of which
 * nothing else is known; none when there is no such file
 */
GPtrArray *vmc_host_ledger_read(const char *path, GError **error);

/**
 * vmc_host_ledger_new:
 * @path: where it is, or is to be
 *
 * Returns: (transfer full): a ledger without hosts, whatever the file says
 */
VmcHostLedger *vmc_host_ledger_new(const char *path);
void vmc_host_ledger_free(VmcHostLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcHostLedger, vmc_host_ledger_free)

/* Adds a host, or replaces the one of its name. */
void vmc_host_ledger_put(VmcHostLedger *ledger, const VmcHost *host);
void vmc_host_ledger_remove(VmcHostLedger *ledger, const char *name);

/**
 * vmc_host_ledger_save:
 * @ledger: a ledger
 * @error: %VMC_ERROR_NO_SPACE, %VMC_ERROR_DENIED; then the file is as it was
 *
 * Puts it in the place of the file, durably, if anything in it has changed.
 *
 * Returns: %TRUE when the file says the same
 */
gboolean vmc_host_ledger_save(VmcHostLedger *ledger, GError **error);
