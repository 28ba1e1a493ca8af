/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/invocation.h"

/**
 * vmc_candidates_ask:
 * @invocation: how it is printed
 * @path: (transfer full): of the request
 * @body: (transfer full): the request, for a dry run
 * @error: return location for a #GError
 *
 * Asks where a VM would go, and prints every host with the reason it would be
 * taken or not.
 *
 * Returns: %FALSE when there is no answer, and when no host would be taken
 */
gboolean vmc_candidates_ask(VmcInvocation *invocation,
                            char *path,
                            JsonObject *body,
                            GError **error);
