/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "daemon/hypervisor/sim-domain.h"

/* A simulated domain as its host's state file keeps it. */

/* (transfer full) */
JsonObject *vmc_sim_domain_to_json(const VmcSimDomain *domain);

/**
 * vmc_sim_domain_from_json:
 * @object: as vmc_sim_domain_to_json() gives it
 * @host: where it will be
 * @error: %VMC_ERROR_DAMAGED
 *
 * Returns: (transfer full): the domain; what its guest was about to do is
 * done at once
 */
VmcSimDomain *vmc_sim_domain_from_json(JsonObject *object,
                                       VmcSimHost *host,
                                       GError **error);
