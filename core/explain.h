/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/fleet.h"

/*
 * The numbers behind a VM or a host, as one table: rows of text for people,
 * made from a fleet snapshot alone, so that daemon and command say the same.
 */

/**
 * VmcExplanation:
 * @title: what it is about, one line
 * @columns: headings
 * @rows: (element-type GStrv): cells, as many as @columns
 * @notes: what does not fit the table: state, placement, what is pending
 */
typedef struct {
    char *title;
    GStrv columns;
    GPtrArray *rows;
    GStrv notes;
} VmcExplanation;

/**
 * vmc_explain_vm:
 * @fleet: the fleet
 * @vm: a VM of it
 *
 * Per resource: size, V and where V came from, claim, demand, and what its
 * host has left.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_explain_vm(const VmcFleet *fleet, const VmcVm *vm);

/**
 * vmc_explain_host:
 * @fleet: the fleet
 * @host: a host of it
 *
 * Per resource: physical, reserved, capacity, Σ claim, what is left, Σ size and
 * its ceiling; then every VM on it with its claims.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_explain_host(const VmcFleet *fleet, const VmcHost *host);

/**
 * vmc_explain_weight_milli:
 * @fleet: the fleet
 * @claim: a claim
 *
 * The scalar that orders claims (design: the virtualization-factor model): each
 * resource as a share of the fleet's capacity, summed; only for order and
 * display.
 *
 * Returns: the sum in thousandths
 */
guint64 vmc_explain_weight_milli(const VmcFleet *fleet, VmcResources claim);

void vmc_explanation_free(VmcExplanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcExplanation, vmc_explanation_free)
