/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/placement.h"
#include "core/template.h"
#include "daemon/jobs/create-order.h"

/*
 * From a template and a fleet snapshot to all that a create job needs. Pure.
 */

/**
 * VmcCreateRequest:
 * @name: the new VM's name
 * @uuid: its UUID
 * @tmpl: what it is made from, overrides applied
 * @host: (nullable): the host it must go to
 * @start: start it at the end
 */
typedef struct {
    const char *name;
    const char *uuid;
    const VmcTemplate *tmpl;
    const char *host;
    gboolean start;
} VmcCreateRequest;

/**
 * VmcCreatePlan:
 * @placement: where it goes, and why; its host is %NULL when nowhere
 * @vm: the VM as the fleet shall show it while it is made
 * @order: (nullable): what the job does; %NULL when there is no host for it
 */
typedef struct {
    VmcPlacement *placement;
    VmcVm *vm;
    VmcCreateOrder *order;
} VmcCreatePlan;

/**
 * vmc_create_plan_new:
 * @fleet: the fleet
 * @request: what is wanted
 * @error: %VMC_ERROR_INVALID for a bad name, %VMC_ERROR_EXISTS for one that is
 *   taken, %VMC_ERROR_NOT_FOUND for a host that is not there,
 *   %VMC_ERROR_UNSUPPORTED for a pool without paths
 *
 * Returns: (transfer full): the plan
 */
VmcCreatePlan *vmc_create_plan_new(const VmcFleet *fleet,
                                   const VmcCreateRequest *request,
                                   GError **error);

/**
 * vmc_create_plan_check:
 * @plan: a plan
 * @error: %VMC_ERROR_REFUSED with the reason per host
 *
 * Returns: whether it has a host, and can be carried out
 */
gboolean vmc_create_plan_check(const VmcCreatePlan *plan, GError **error);

void vmc_create_plan_free(VmcCreatePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcCreatePlan, vmc_create_plan_free)
