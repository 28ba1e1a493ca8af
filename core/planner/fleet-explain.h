/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/explain.h"
#include "core/planner/policy.h"

/**
 * vmc_fleet_explain:
 * @fleet: the fleet
 * @policy: what is preferred
 * @error: %VMC_ERROR_TOO_LARGE
 *
 * What the planner thinks of a fleet as it is: each term of the score, and what
 * should hold and does not.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_fleet_explain(const VmcFleet *fleet,
                                  const VmcPolicy *policy,
                                  GError **error);

/**
 * vmc_fleet_explain_moves:
 * @fleet: the fleet
 * @policy: what is preferred
 * @vm: a VM of it
 * @error: %VMC_ERROR_TOO_LARGE
 *
 * Every other host for one VM: why it is refused, or whether the move would
 * pay: its cost is part of what the score changes by.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_fleet_explain_moves(const VmcFleet *fleet,
                                        const VmcPolicy *policy,
                                        const VmcVm *vm,
                                        GError **error);
