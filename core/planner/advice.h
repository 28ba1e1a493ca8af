/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/fleet.h"

typedef struct _VmcAdvice VmcAdvice;

/**
 * vmc_advice_new:
 * @fleet: a fleet
 * @vm: a VM of it, or a new one on no host
 *
 * What the rules of a fleet have to say about one VM, for whoever decides where
 * it goes by other means.
 *
 * Returns: (transfer full) (nullable): the advice; %NULL when no rule must hold
 */
VmcAdvice *vmc_advice_new(const VmcFleet *fleet, const VmcVm *vm);
void vmc_advice_free(VmcAdvice *advice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcAdvice, vmc_advice_free)

/**
 * vmc_advice_refusal:
 * @advice: (nullable): an advice
 * @host_name: a host of its fleet
 *
 * Returns: (transfer full) (nullable): the rule that forbids the VM to go
 * there, as "rule 'db-apart' keeps it apart from a VM there"; %NULL when none
 * does, or it is there already
 */
char *vmc_advice_refusal(const VmcAdvice *advice, const char *host_name);
