/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/fleet.h"

/*
 * The numbers behind a VM or a host, as one table: rows of text for people,
 * made from a fleet snapshot alone, so that daemon and command say the same.
 */

/**
 * VmcExplainStyle:
 * @VMC_EXPLAIN_ROUNDED: for people: three digits and a unit, "-" for what is
 *   not known
 * @VMC_EXPLAIN_EXACT: for programs: the number in the unit of #VmcResource,
 *   nothing for what is not known
 *
 * How the amounts of a table are written. Notes are for people always.
 */
typedef enum {
    VMC_EXPLAIN_ROUNDED,
    VMC_EXPLAIN_EXACT,
} VmcExplainStyle;

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
 * @style: how amounts are written
 *
 * Per resource: size, V and where V came from, claim, demand, and what its
 * host has left.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_explain_vm(const VmcFleet *fleet,
                               const VmcVm *vm,
                               VmcExplainStyle style);

/**
 * vmc_explain_host:
 * @fleet: the fleet
 * @host: a host of it
 * @style: how amounts are written
 *
 * Per resource: physical, reserved, capacity, Σ claim, what is left, Σ size and
 * its ceiling; then every VM on it with its claims.
 *
 * Returns: (transfer full): the explanation
 */
VmcExplanation *vmc_explain_host(const VmcFleet *fleet,
                                 const VmcHost *host,
                                 VmcExplainStyle style);

/**
 * vmc_explain_weight_milli:
 * @fleet: the fleet
 * @claim: a claim
 *
 * The scalar that orders claims (the virtualization-factor model): each
 * resource as a share of the fleet's capacity, summed; only for order and
 * display.
 *
 * Returns: the sum in thousandths
 */
guint64 vmc_explain_weight_milli(const VmcFleet *fleet, VmcResources claim);

void vmc_explanation_free(VmcExplanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcExplanation, vmc_explanation_free)
