/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/api/request.h"

/**
 * vmc_route_open_console:
 * @request: GET /v1/vms/{vm}/console with the handshake of a WebSocket
 * @error: %VMC_ERROR_NOT_FOUND, %VMC_ERROR_REFUSED when the VM is not managed
 *   or does not run
 *
 * Opens the serial console of a VM; then the connection becomes a WebSocket
 * whose binary frames are what goes to and fro.
 *
 * Returns: whether it is being opened
 */
gboolean vmc_route_open_console(VmcRequest *request, GError **error);
