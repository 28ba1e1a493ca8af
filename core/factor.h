/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/resources.h"

#define VMC_FACTOR_MIN_MILLI 10   /* 0.01 */
#define VMC_FACTOR_MAX_MILLI 4000 /* 4 */

/**
 * VmcFactorSource:
 * @VMC_FACTOR_FROM_FLEET: the fleet's default
 * @VMC_FACTOR_FROM_CLASS: the VM's service class
 * @VMC_FACTOR_FROM_TEMPLATE: the VM's template
 * @VMC_FACTOR_FROM_VM: given for this VM
 *
 * Where a virtualization factor came from; a later one wins.
 */
typedef enum {
    VMC_FACTOR_FROM_FLEET,
    VMC_FACTOR_FROM_CLASS,
    VMC_FACTOR_FROM_TEMPLATE,
    VMC_FACTOR_FROM_VM,
    VMC_N_FACTOR_SOURCES
} VmcFactorSource;

/**
 * VmcFactor:
 * @value_milli: V in thousandths: the fixed number, or for an automatic factor
 *   the one in force now
 * @is_auto: whether V follows forecast demand
 * @min_milli: for an automatic factor, the least it may be
 * @max_milli: for an automatic factor, the most it may be
 * @source: where it came from
 *
 * A virtualization factor: the share of a size that host capacity sets aside.
 */
typedef struct {
    guint32 value_milli;
    gboolean is_auto;
    guint32 min_milli;
    guint32 max_milli;
    VmcFactorSource source;
} VmcFactor;

/**
 * VmcFactors:
 * @of: one factor per resource
 */
typedef struct {
    VmcFactor of[VMC_N_RESOURCES];
} VmcFactors;

const char *vmc_factor_source_to_name(VmcFactorSource source);
gboolean vmc_factor_source_from_name(const char *name,
                                     VmcFactorSource *ret_source);

/**
 * vmc_factor_fixed:
 * @value_milli: V in thousandths
 * @source: where it came from
 *
 * Returns: a fixed factor
 */
VmcFactor vmc_factor_fixed(guint32 value_milli, VmcFactorSource source);

/**
 * vmc_factor_parse:
 * @text: "0.5", or "auto", or "auto:0.1..1"
 * @source: where it stands
 * @ret_factor: (out): the factor; an automatic one starts at its maximum,
 *   since without measured demand nothing may be promised twice
 * @error: %VMC_ERROR_INVALID when @text is neither or out of 0.01 … 4
 *
 * Returns: %TRUE when @ret_factor was set
 */
gboolean vmc_factor_parse(const char *text,
                          VmcFactorSource source,
                          VmcFactor *ret_factor,
                          GError **error);

/**
 * vmc_factor_format:
 * @factor: a factor
 *
 * Returns: (transfer full): text that vmc_factor_parse() takes
 */
char *vmc_factor_format(const VmcFactor *factor);

/**
 * vmc_factors_default:
 *
 * Returns: 1.0 for every resource, from the fleet
 */
VmcFactors vmc_factors_default(void);

/**
 * vmc_factors_of_class:
 * @service_class: "gold", "silver" or "bronze"
 * @ret_factors: (out): cpu 1.0, 0.5 or 0.25, the rest 1.0
 *
 * Returns: %FALSE when there is no such class
 */
gboolean vmc_factors_of_class(const char *service_class,
                              VmcFactors *ret_factors);

/**
 * vmc_factors_claim:
 * @factors: the factors of a VM
 * @size: its size
 * @resident_bytes: the memory measured resident on the host, or 0
 *
 * claim = size × V for every resource (the virtualization-factor model); a
 * memory claim is never less than what is resident of the VM's memory. What the
 * hypervisor's process holds beyond the size, for itself or because the VM was
 * larger, is for the reserve of the host.
 *
 * Returns: the claim
 */
VmcResources vmc_factors_claim(const VmcFactors *factors,
                               VmcResources size,
                               guint64 resident_bytes);
