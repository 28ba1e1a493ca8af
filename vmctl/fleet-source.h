/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"
#include "core/planner/policy.h"
#include "vmctl/invocation.h"

/**
 * vmc_fleet_source_load:
 * @invocation: a parsed one, of a verb with the option --fleet
 * @error: %VMC_ERROR_NOT_FOUND when there is no such file, %VMC_ERROR_INVALID
 *   with the path of what is wrong in it, or as vmc_client_get()
 *
 * The fleet of the file that --fleet names, "-" for stdin; without --fleet that
 * of vmctld.
 *
 * Returns: (transfer full): the fleet
 */
VmcFleet *vmc_fleet_source_load(VmcInvocation *invocation, GError **error);

/**
 * vmc_fleet_source_read:
 * @path: a file, or "-" for stdin
 * @max_bytes: the most it may be
 * @error: %VMC_ERROR_NOT_FOUND, %VMC_ERROR_TOO_LARGE, or why it cannot be read
 *
 * Returns: (transfer full): its text
 */
char *vmc_fleet_source_read(const char *path, gsize max_bytes, GError **error);

/**
 * vmc_fleet_source_policy:
 * @invocation: a parsed one, of a verb with the option --policy
 * @error: %VMC_ERROR_NOT_FOUND when it is neither a policy that ships nor a
 *   file, %VMC_ERROR_INVALID with what is wrong in the file
 *
 * Returns: (transfer full): the policy that --policy names, "balance" without
 * it
 */
VmcPolicy *vmc_fleet_source_policy(const VmcInvocation *invocation,
                                   GError **error);
