/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/sim-domain.h"

/* Counts what it has used since it was last counted, until @now_us (monotonic);
 * before its traits or its vCPUs change. */
void vmc_sim_guest_meter(VmcSimDomain *domain, gint64 now_us);
