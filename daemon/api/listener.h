/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "daemon/api/auth.h"

/*
 * The UNIX socket the API is reached by: a file whose owner and mode say who
 * may connect at all.
 */

typedef struct _VmcListener VmcListener;

/**
 * vmc_listener_open:
 * @path: where it shall be; its folder is made when missing
 * @rules: the group that may connect; everybody may when others may read
 * @error: %VMC_ERROR_BUSY when somebody listens there, %VMC_ERROR_EXISTS when
 *   something else than a socket is there, %VMC_ERROR_DENIED, …
 *
 * A socket nobody listens on, as a vmctld that was killed leaves, is taken
 * over. Until all is set up, nobody can connect.
 *
 * Returns: (transfer full): the listening socket
 */
VmcListener *vmc_listener_open(const char *path,
                               const VmcAuthRules *rules,
                               GError **error);

/* (transfer none) */
GSocket *vmc_listener_socket(VmcListener *listener);

/* Closes it, and removes the file unless another one has taken its place. */
void vmc_listener_free(VmcListener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcListener, vmc_listener_free)
