/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/factor.h"

#include "core/error.h"
#include "core/name-table.h"
#include "core/units.h"

#include <string.h>

static const char *const source_names[VMC_N_FACTOR_SOURCES] = {
    [VMC_FACTOR_FROM_FLEET] = "fleet",
    [VMC_FACTOR_FROM_CLASS] = "class",
    [VMC_FACTOR_FROM_TEMPLATE] = "template",
    [VMC_FACTOR_FROM_VM] = "vm",
};

static const struct {
    const char *name;
    guint32 cpu_milli;
} classes[] = {{"gold", 1000}, {"silver", 500}, {"bronze", 250}};

const char *
vmc_factor_source_to_name(VmcFactorSource source)
{
    g_return_val_if_fail(source < VMC_N_FACTOR_SOURCES, NULL);
    return source_names[source];
}

gboolean
vmc_factor_source_from_name(const char *name, VmcFactorSource *ret_source)
{
    return vmc_names_find(source_names, name, ret_source);
}

VmcFactor
vmc_factor_fixed(guint32 value_milli, VmcFactorSource source)
{
    return (VmcFactor){.value_milli = value_milli,
                       .min_milli = value_milli,
                       .max_milli = value_milli,
                       .source = source};
}

static gboolean
parse_value(const char *text, guint32 *ret_milli, GError **error)
{
    guint64 milli;

    if (!vmc_units_parse_milli(text, &milli, error)) {
        g_prefix_error(error, "factor: ");
        return FALSE;
    }
    if (milli < VMC_FACTOR_MIN_MILLI || milli > VMC_FACTOR_MAX_MILLI) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "factor '%s' is outside 0.01 to 4", text);
        return FALSE;
    }
    *ret_milli = (guint32) milli;
    return TRUE;
}

static gboolean
parse_auto_range(const char *range, VmcFactor *factor, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(range, "..", 2);

    if (g_strv_length(ends) != 2) {
        g_autofree char *shown = vmc_error_quote(range);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "factor range '%s' is not MIN..MAX, as auto:0.1..1", shown);
        return FALSE;
    }
    if (!parse_value(ends[0], &factor->min_milli, error) ||
        !parse_value(ends[1], &factor->max_milli, error))
        return FALSE;
    if (factor->min_milli > factor->max_milli) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "factor range '%s' has its minimum above its maximum",
                    range);
        return FALSE;
    }
    return TRUE;
}

gboolean
vmc_factor_parse(const char *text,
                 VmcFactorSource source,
                 VmcFactor *ret_factor,
                 GError **error)
{
    g_return_val_if_fail(text != NULL && ret_factor != NULL, FALSE);

    if (!g_str_has_prefix(text, "auto")) {
        guint32 milli;
        if (!parse_value(text, &milli, error))
            return FALSE;
        *ret_factor = vmc_factor_fixed(milli, source);
        return TRUE;
    }
    VmcFactor factor = {.is_auto = TRUE,
                        .min_milli = VMC_FACTOR_MIN_MILLI,
                        .max_milli = 1000,
                        .source = source};
    const char *rest = text + strlen("auto");
    if (*rest != '\0' && *rest != ':') {
        g_autofree char *shown = vmc_error_quote(text);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "factor '%s' is neither a number nor auto nor "
                    "auto:MIN..MAX",
                    shown);
        return FALSE;
    }
    if (*rest == ':' && !parse_auto_range(rest + 1, &factor, error))
        return FALSE;
    factor.value_milli = factor.max_milli;
    *ret_factor = factor;
    return TRUE;
}

char *
vmc_factor_format(const VmcFactor *factor)
{
    g_return_val_if_fail(factor != NULL, NULL);
    if (!factor->is_auto)
        return vmc_units_format_millicores(factor->value_milli);
    g_autofree char *min = vmc_units_format_millicores(factor->min_milli);
    g_autofree char *max = vmc_units_format_millicores(factor->max_milli);
    return g_strdup_printf("auto:%s..%s", min, max);
}

VmcFactors
vmc_factors_default(void)
{
    VmcFactors factors;

    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        factors.of[i] = vmc_factor_fixed(1000, VMC_FACTOR_FROM_FLEET);
    return factors;
}

gboolean
vmc_factors_of_class(const char *service_class, VmcFactors *ret_factors)
{
    g_return_val_if_fail(service_class != NULL && ret_factors != NULL, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (!g_str_equal(classes[i].name, service_class))
            continue;
        for (guint r = 0; r < VMC_N_RESOURCES; r++)
            ret_factors->of[r] =
                vmc_factor_fixed(r == VMC_CPU ? classes[i].cpu_milli : 1000,
                                 VMC_FACTOR_FROM_CLASS);
        return TRUE;
    }
    return FALSE;
}

VmcResources
vmc_factors_claim(const VmcFactors *factors,
                  VmcResources size,
                  guint64 resident_bytes)
{
    guint64 memory_bytes = size.amount[VMC_MEMORY];
    VmcResources claim;

    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        claim.amount[i] = vmc_resource_scale_milli(size.amount[i],
                                                   factors->of[i].value_milli);
    claim.amount[VMC_MEMORY] =
        MAX(claim.amount[VMC_MEMORY], MIN(resident_bytes, memory_bytes));
    return claim;
}
