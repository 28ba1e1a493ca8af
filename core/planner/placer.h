/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/planner/state.h"

/*
 * Finds the best host for one VM after the other. Where there are many hosts,
 * they are kept in the order in which a typical VM likes them, and only a few
 * are looked at for each; those that a rule leaves, where it leaves few.
 */

typedef struct _VmcPlacer VmcPlacer;

/**
 * VmcPlacerChoice:
 * @host: a host, or %VMC_NOWHERE
 * @delta: what the VM adds to the score there
 */
typedef struct {
    gint32 host;
    double delta;
} VmcPlacerChoice;

/**
 * vmc_placer_new:
 * @state: (transfer none): a state
 *
 * Returns: (transfer full): a placer that looks at all hosts each time, until
 * it is told what to expect
 */
VmcPlacer *vmc_placer_new(VmcState *state);
void vmc_placer_free(VmcPlacer *placer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPlacer, vmc_placer_free)

/**
 * vmc_placer_expect:
 * @placer: a placer
 * @typical: a VM that stands for those that come next
 *
 * Puts the hosts in order, where there are many: worth it when more than a few
 * VMs come. From then on the placer must be told of whatever moves.
 */
void vmc_placer_expect(VmcPlacer *placer, guint typical);

/**
 * vmc_placer_choose:
 * @placer: a placer
 * @vm: a VM
 *
 * Returns: the host that fits @vm and makes the score best, of equals the
 * first, and not the one it is on: of all or, where there are many, of those
 * that are liked best and fit
 */
VmcPlacerChoice vmc_placer_choose(VmcPlacer *placer, guint vm);

/**
 * vmc_placer_choose_in:
 * @placer: a placer
 * @vm: a VM
 * @level: a level
 * @domain: one of its domains
 *
 * Returns: the best of all hosts of @domain
 */
VmcPlacerChoice vmc_placer_choose_in(const VmcPlacer *placer,
                                     guint vm,
                                     guint level,
                                     guint32 domain);

/**
 * vmc_placer_try:
 * @placer: a placer
 * @vm: a VM
 * @host: a host
 *
 * Returns: the choice of @host, if @vm fits there
 */
VmcPlacerChoice vmc_placer_try(const VmcPlacer *placer, guint vm, guint host);

/**
 * vmc_placer_put:
 * @placer: a placer
 * @vm: a VM
 * @choice: a host that was chosen for it
 */
void vmc_placer_put(VmcPlacer *placer, guint vm, const VmcPlacerChoice *choice);

/**
 * vmc_placer_notice:
 * @placer: a placer
 * @host: a host to or from which something has moved
 */
void vmc_placer_notice(VmcPlacer *placer, guint host);

/**
 * vmc_placer_has_order:
 * @placer: a placer
 *
 * Returns: whether hosts are in an order, because there are many
 */
gboolean vmc_placer_has_order(const VmcPlacer *placer);

/**
 * vmc_placer_liking:
 * @placer: a placer that has an order
 * @host: a host
 *
 * Returns: how the typical VM likes it: more is better; -INFINITY when it has
 * no room
 */
double vmc_placer_liking(const VmcPlacer *placer, guint host);
