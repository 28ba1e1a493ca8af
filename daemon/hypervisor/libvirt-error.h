/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/error.h"

/**
 * vmc_libvirt_error_map:
 * @code: a virErrorNumber
 * @system_errno: errno where libvirt carries one, else 0
 * @message: (nullable): libvirt's text, the only place where some causes stand
 *
 * Returns: the nearest code of #VMC_ERROR. libvirt's "operation timeout" (68)
 * is %VMC_ERROR_BUSY when the lock of the domain could not be got, else
 * %VMC_ERROR_UNKNOWN: a device that did not go in time may still go, so only
 * looking again tells
 */
VmcError vmc_libvirt_error_map(int code, int system_errno, const char *message);

/**
 * vmc_libvirt_error_set:
 * @error: (nullable): where to put it
 * @...: format and arguments: what could not be done, as "cannot start 'web1'"
 *
 * Makes an error of what libvirt said last in this thread. A macro, since that
 * has to be kept before the arguments are evaluated: as harmless a function as
 * virDomainGetName() forgets it.
 *
 * Returns: %FALSE, for `return vmc_libvirt_error_set(…)`
 */
#define vmc_libvirt_error_set(error, ...)                                      \
    (vmc_libvirt_error_keep(), vmc_libvirt_error_set_kept((error), __VA_ARGS__))

/* For vmc_libvirt_error_set() alone. */
void vmc_libvirt_error_keep(void);
gboolean vmc_libvirt_error_set_kept(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
