/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/fleet-build.h"

/**
 * VmcFleetStep:
 * @vm: index of the VM that moves
 * @from: where it was, or −1
 * @to: where it went, or −1
 * @term: the term that the step improves most, −1 for none
 * @misplaced: (nullable): why it must not be on @from
 * @over: a hard column that was above capacity on @from, −1 for none
 * @hot: the column whose demand was highest on @from, −1 for none
 * @over_before: share of @over on @from, in thousandths of capacity
 * @hot_before: share of @hot on @from
 * @hot_before_there: share of @hot on @to
 * @rule: a hard rule about the VM that did not hold, −1 for none
 *
 * What is to be said of one step. vmc_fleet_why_look() fills all from
 * @misplaced on, before the step.
 */
typedef struct {
    guint vm;
    gint32 from;
    gint32 to;
    gint term;
    char *misplaced;
    gint over;
    gint hot;
    gint64 over_before;
    gint64 hot_before;
    gint64 hot_before_there;
    gint32 rule;
} VmcFleetStep;

/**
 * vmc_fleet_why_look:
 * @fm: a fleet model
 * @state: where VMs are before the step
 * @step: (inout): vm, from and to are there
 */
void vmc_fleet_why_look(const VmcFleetModel *fm,
                        const VmcState *state,
                        VmcFleetStep *step);
void vmc_fleet_why_clear(VmcFleetStep *step);

/**
 * vmc_fleet_why:
 * @fm: a fleet model
 * @state: where VMs are after the step
 * @step: what was seen before it, and its term
 * @ret_otherwise: (out) (transfer full): what would stay as it is without it
 *
 * Returns: (transfer full): why the step is made, one sentence
 */
char *vmc_fleet_why(const VmcFleetModel *fm,
                    const VmcState *state,
                    const VmcFleetStep *step,
                    char **ret_otherwise);

/**
 * vmc_fleet_why_not:
 * @fm: a fleet model
 * @state: where VMs are when all is done
 * @vm: index of a VM
 *
 * Returns: (transfer full) (nullable): why @vm is not where it should be: it
 * found no host, or cannot leave the one it is on; %NULL when all is well
 */
char *vmc_fleet_why_not(const VmcFleetModel *fm,
                        const VmcState *state,
                        guint vm);

/**
 * vmc_fleet_why_full:
 * @fm: a fleet model
 * @state: where VMs are when all is done
 * @host: index of a host
 * @ret_vm: (out): index of the VM there that takes most of it
 *
 * Returns: (transfer full) (nullable): that @host stays too full, and of what;
 * %NULL when it is not, or has no VMs that could go
 */
char *vmc_fleet_why_full(const VmcFleetModel *fm,
                         const VmcState *state,
                         guint host,
                         guint *ret_vm);

/**
 * vmc_fleet_why_cramped:
 * @fm: a fleet model in which a VM has the size it shall get
 * @state: a state of it
 * @vm: that VM, on a host that is too full for it
 *
 * Returns: (transfer full): one sentence: why there is no room for it to grow
 */
char *vmc_fleet_why_cramped(const VmcFleetModel *fm,
                            const VmcState *state,
                            guint vm);
