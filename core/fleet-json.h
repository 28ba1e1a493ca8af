/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/fleet.h"
#include "core/host-json.h"
#include "core/resources-json.h"
#include "core/vm-json.h"

/*
 * The JSON form of a fleet, its hosts and its VMs: docs/fleet-format.md. Exact
 * round trip; unknown members are refused, so that a misspelt one is seen.
 * Errors are %VMC_ERROR_INVALID and begin with the path of what is wrong, as
 * "vms[3].size.memory_bytes: ".
 */

#define VMC_FLEET_FORMAT_VERSION 1
#define VMC_FLEET_MAX_BYTES (256 * 1024 * 1024)

/* (transfer full): what vmc_fleet_to_json() makes, as text on one line */
char *vmc_fleet_to_text(const VmcFleet *fleet);

/**
 * vmc_fleet_to_json:
 * @fleet: a fleet
 *
 * Returns: (transfer full): an object {"format", "hosts", "vms"}, and "groups"
 * and "rules" when it has any
 */
JsonNode *vmc_fleet_to_json(const VmcFleet *fleet);

/**
 * vmc_fleet_from_json:
 * @node: what vmc_fleet_to_json() made
 * @error: also when a name or UUID stands twice, or a VM is on a host or a rule
 *   about a group that is not in the fleet
 *
 * Returns: (transfer full): the fleet
 */
VmcFleet *vmc_fleet_from_json(JsonNode *node, GError **error);

/**
 * vmc_fleet_parse:
 * @text: JSON text
 * @length: its length, or -1
 * @error: as vmc_fleet_from_json(), or %VMC_ERROR_INVALID with the line when it
 *   is not JSON; %VMC_ERROR_TOO_LARGE beyond %VMC_FLEET_MAX_BYTES
 *
 * Returns: (transfer full): the fleet
 */
VmcFleet *vmc_fleet_parse(const char *text, gssize length, GError **error);
