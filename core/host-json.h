/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/host.h"
#include "core/json-record.h"

/* VmcHost as a record of the fleet's JSON form: docs/fleet-format.md. */
extern const VmcRecordType vmc_host_type;

/**
 * vmc_host_to_json:
 * @host: a host
 *
 * Returns: (transfer full): an object
 */
JsonNode *vmc_host_to_json(const VmcHost *host);
VmcHost *vmc_host_from_json(JsonNode *node, GError **error);
