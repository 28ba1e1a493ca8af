/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/jobs/job-run.h"
#include "daemon/jobs/reconcile.h"

/**
 * VmcSettlement:
 * @where: where the VM is
 * @facts: (nullable): the VM as that host sees it
 *
 * How a migration ended.
 */
typedef struct {
    VmcWhereabouts where;
    VmcDomainFacts *facts;
} VmcSettlement;

void vmc_settlement_clear(VmcSettlement *settlement);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcSettlement, vmc_settlement_clear)

/**
 * VmcMove:
 * @run: the job
 * @from: the source
 * @to: the destination
 * @should_run: the VM ran before
 */
typedef struct {
    VmcJobRun *run;
    const char *from;
    const char *to;
    gboolean should_run;
} VmcMove;

/**
 * vmc_migrate_settle:
 * @move: a migration that is over, or whose end is not known
 * @ret_settlement: (out): where the VM is; set on failure as far as it is known
 * @error: %VMC_ERROR_UNKNOWN when a host did not answer for too long;
 *   %VMC_ERROR_FAILED when a person must look; %VMC_ERROR_CANCELLED when vmctld
 *   is to end
 *
 * Asks both hosts and does what vmc_reconcile() says, until one copy is left
 * and nothing beside it.
 *
 * Returns: whether it is settled
 */
gboolean vmc_migrate_settle(const VmcMove *move,
                            VmcSettlement *ret_settlement,
                            GError **error);

/**
 * vmc_migrate_hand_over:
 * @move: a migration whose source says that it is at the destination
 *
 * Writes down that the destination is told to run it, and tells it to. Whether
 * it does is for vmc_migrate_settle() to see.
 */
void vmc_migrate_hand_over(const VmcMove *move);
