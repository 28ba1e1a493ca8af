/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/fleet.h"
#include "core/template.h"

/*
 * Where VMs go. The planner's interface: a request and a fleet snapshot in, a
 * placement with the reason for every host out; no clock, no I/O.
 */

/**
 * VmcPlacementRequest:
 * @vm_name: for messages
 * @vm_uuid: (nullable): a VM of the fleet that is to be moved or grown: what
 *   it uses now on a host is not counted against it there
 * @size: what it is given
 * @claim: what is set aside for it
 * @wishes: (nullable) (element-type VmcWish): where it should or must (not) go
 * @pools: (nullable): pools that must exist on the host
 * @networks: (nullable): libvirt networks that must exist on the host
 * @bridges: (nullable): bridges that must exist on the host
 * @cpu_model: (nullable): CPU model the host must be able to give
 * @machine: (nullable): machine type the host must know
 * @domain_type: (nullable): "kvm" when it cannot do without
 * @template_name: (nullable): the template of a new VM, which rules may be
 *   about
 */
typedef struct {
    const char *vm_name;
    const char *vm_uuid;
    VmcResources size;
    VmcResources claim;
    GPtrArray *wishes;
    GStrv pools;
    GStrv networks;
    GStrv bridges;
    const char *cpu_model;
    const char *machine;
    const char *domain_type;
    const char *template_name;
} VmcPlacementRequest;

/**
 * VmcCandidateVerdict:
 * @VMC_CANDIDATE_CHOSEN: the VM goes there
 * @VMC_CANDIDATE_FEASIBLE: it could, but another fits better
 * @VMC_CANDIDATE_REFUSED: it cannot; the reason says why
 */
typedef enum {
    VMC_CANDIDATE_CHOSEN,
    VMC_CANDIDATE_FEASIBLE,
    VMC_CANDIDATE_REFUSED,
} VmcCandidateVerdict;

/**
 * VmcCandidate:
 * @host: name of the host
 * @verdict: what became of it
 * @n_unmet: for those not refused, how many wishes that should hold do not
 * @score_milli: for those not refused, what is left after placement of the
 *   resource that gets tightest, in thousandths of capacity; less is a better
 *   fit
 * @reason: in words, as "memory: claims 4GiB, 3GiB of 32GiB left"
 */
typedef struct {
    char *host;
    VmcCandidateVerdict verdict;
    guint n_unmet;
    gint64 score_milli;
    char *reason;
} VmcCandidate;

/**
 * vmc_candidate_verdict_to_name:
 * @verdict: a verdict
 *
 * Returns: (transfer none): "chosen", "feasible" or "refused"
 */
const char *vmc_candidate_verdict_to_name(VmcCandidateVerdict verdict);

/**
 * VmcPlacement:
 * @host: (nullable): the chosen host; %NULL when none can take it
 * @candidates: (element-type VmcCandidate): every host of the fleet
 */
typedef struct {
    char *host;
    GPtrArray *candidates;
} VmcPlacement;

/**
 * vmc_placement_find:
 * @fleet: the fleet
 * @request: what is to be placed
 *
 * Best fit: of the hosts that can take it by state, wishes, hardware, claim,
 * ceiling and the rules of the fleet, those with the fewest unmet wishes, of
 * these the one with the least room left. Ties go by name.
 *
 * Returns: (transfer full): the placement
 */
VmcPlacement *vmc_placement_find(const VmcFleet *fleet,
                                 const VmcPlacementRequest *request);

/**
 * vmc_placement_check:
 * @fleet: the fleet
 * @request: what is to be placed
 * @host_name: the host it is wanted on
 * @error: %VMC_ERROR_REFUSED with the reason, %VMC_ERROR_NOT_FOUND
 *
 * Returns: whether @host_name can take it
 */
gboolean vmc_placement_check(const VmcFleet *fleet,
                             const VmcPlacementRequest *request,
                             const char *host_name,
                             GError **error);

/**
 * vmc_placement_to_error:
 * @placement: one without a host
 * @request: what was asked
 *
 * Returns: (transfer full): %VMC_ERROR_REFUSED that says for every host why
 */
GError *vmc_placement_to_error(const VmcPlacement *placement,
                               const VmcPlacementRequest *request);

void vmc_placement_free(VmcPlacement *placement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcPlacement, vmc_placement_free)
