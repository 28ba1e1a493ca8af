/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/template-parts.h"

#include "core/error.h"
#include "core/units.h"

#include <string.h>

#define MAX_VCPUS 255
#define MAX_MEMORY_BYTES (G_GUINT64_CONSTANT(4) << 40)
#define MIN_NETWORK_BITS_PER_S (G_GUINT64_CONSTANT(1000000))
#define MAX_USER_DATA_BYTES ((gsize) 64 * 1024)
#define MAX_CMDLINE_BYTES ((gsize) 1024)

typedef gboolean (*ApplyFunc)(VmcTemplate *tmpl,
                              const VmcOverride *override,
                              GError **error);

#define INVALID(error, ...)                                                    \
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, __VA_ARGS__)

#define REFUSED(error, ...)                                                    \
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED, __VA_ARGS__)

/* ---- amounts ------------------------------------------------------------- */

static gboolean
check_cpu(guint64 millicores, GError **error)
{
    if (millicores > 0 && millicores % VMC_MILLICORES_PER_CPU == 0 &&
        millicores <= (guint64) MAX_VCPUS * VMC_MILLICORES_PER_CPU)
        return TRUE;
    g_autofree char *text = vmc_units_format_millicores(millicores);
    INVALID(error, "%s vCPUs cannot be; expected a whole number from 1 to %d",
            text, MAX_VCPUS);
    return FALSE;
}

static gboolean
check_memory(guint64 bytes, GError **error)
{
    if (bytes > 0 && bytes % VMC_TEMPLATE_MEMORY_BLOCK_BYTES == 0 &&
        bytes <= MAX_MEMORY_BYTES)
        return TRUE;
    g_autofree char *text = vmc_units_format_bytes(bytes);
    INVALID(error,
            "%s of memory cannot be; expected a multiple of 128MiB, the block "
            "in which guests take and give memory, up to 4TiB",
            text);
    return FALSE;
}

static gboolean
check_network(guint64 bits_per_s, GError **error)
{
    if (bits_per_s >= MIN_NETWORK_BITS_PER_S)
        return TRUE;
    g_autofree char *text = vmc_units_format_bits_per_s(bits_per_s);
    INVALID(error, "a network of %s is too slow; expected at least 1Mbit/s",
            text);
    return FALSE;
}

gboolean
vmc_template_check_amount(VmcResource resource, guint64 amount, GError **error)
{
    switch (resource) {
    case VMC_CPU:
        return check_cpu(amount, error);
    case VMC_MEMORY:
        return check_memory(amount, error);
    case VMC_NETWORK:
        return check_network(amount, error);
    case VMC_DISK:
    case VMC_N_RESOURCES:
    default:
        g_return_val_if_reached(FALSE);
    }
}

static gboolean
parse_in_range(VmcResource resource,
               const VmcOverride *override,
               guint64 min,
               guint64 max,
               guint64 *ret_amount,
               GError **error)
{
    guint64 amount;

    if (!vmc_resource_parse(resource, override->value, &amount, error)) {
        g_prefix_error(error, "parameter '%s': ", override->parameter);
        return FALSE;
    }
    if (amount < min || amount > max) {
        g_autofree char *least = vmc_resource_format(resource, min);
        g_autofree char *most = vmc_resource_format(resource, max);
        REFUSED(error,
                "parameter '%s': '%s' is outside what the template allows, %s "
                "to %s",
                override->parameter, override->value, least, most);
        return FALSE;
    }
    *ret_amount = amount;
    return TRUE;
}

static gboolean
apply_to_range(VmcRange *range,
               VmcResource resource,
               const VmcOverride *override,
               GError **error)
{
    guint64 amount;

    if (!parse_in_range(resource, override, range->min, range->max, &amount,
                        error))
        return FALSE;
    if (!vmc_template_check_amount(resource, amount, error)) {
        g_prefix_error(error, "parameter '%s': ", override->parameter);
        return FALSE;
    }
    range->initial = amount;
    return TRUE;
}

static gboolean
apply_vcpus(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    return apply_to_range(&tmpl->cpu, VMC_CPU, override, error);
}

static gboolean
apply_memory(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    return apply_to_range(&tmpl->memory, VMC_MEMORY, override, error);
}

static gboolean
apply_network(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    if (!apply_to_range(&tmpl->network, VMC_NETWORK, override, error))
        return FALSE;
    vmc_template_share_network(tmpl);
    return TRUE;
}

/* ---- class and factors --------------------------------------------------- */

void
vmc_template_apply_class(VmcTemplate *tmpl)
{
    VmcFactors factors;

    if (tmpl->service_class == NULL ||
        !vmc_factors_of_class(tmpl->service_class, &factors))
        return;
    for (guint i = 0; i < VMC_N_RESOURCES; i++)
        if (tmpl->factors.of[i].source <= VMC_FACTOR_FROM_CLASS)
            tmpl->factors.of[i] = factors.of[i];
}

static gboolean
apply_class(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    VmcFactors factors;

    if (!vmc_factors_of_class(override->value, &factors)) {
        INVALID(error,
                "parameter 'class': there is no service class '%.64s'; "
                "expected gold, silver or bronze",
                override->value);
        return FALSE;
    }
    g_free(tmpl->service_class);
    tmpl->service_class = g_strdup(override->value);
    vmc_template_apply_class(tmpl);
    return TRUE;
}

/* An automatic factor's limits are the template's word on how little may be
 * set aside: what is given for a VM stays within them. */
static gboolean
apply_factor(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    VmcResource resource;
    VmcFactor factor;

    if (!vmc_resource_from_name(strchr(override->parameter, '.') + 1,
                                &resource))
        g_return_val_if_reached(FALSE); /* the schema names the same four */
    const VmcFactor *old = &tmpl->factors.of[resource];
    if (!vmc_factor_parse(override->value, VMC_FACTOR_FROM_VM, &factor,
                          error)) {
        g_prefix_error(error, "parameter '%s': ", override->parameter);
        return FALSE;
    }
    if (old->is_auto && (factor.min_milli < old->min_milli ||
                         factor.max_milli > old->max_milli)) {
        g_autofree char *limits = vmc_factor_format(old);
        REFUSED(error,
                "parameter '%s': '%s' is outside what the template allows, %s",
                override->parameter, override->value, limits);
        return FALSE;
    }
    tmpl->factors.of[resource] = factor;
    return TRUE;
}

/* ---- disks --------------------------------------------------------------- */

/* The schema of parameters and the check of the template see to it that the
 * disk is there. */
static VmcTemplateDisk *
disk_of(VmcTemplate *tmpl, const VmcOverride *override)
{
    return vmc_template_find_disk(tmpl, strchr(override->parameter, '.') + 1);
}

static gboolean
apply_disk(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    VmcTemplateDisk *disk = disk_of(tmpl, override);
    guint64 size_bytes;

    if (!parse_in_range(VMC_DISK, override, disk->size_bytes,
                        disk->size_max_bytes, &size_bytes, error))
        return FALSE;
    if (size_bytes % (1 << 20) != 0) {
        INVALID(error,
                "parameter '%s': '%s' is no multiple of 1MiB; expected one",
                override->parameter, override->value);
        return FALSE;
    }
    disk->size_bytes = size_bytes;
    return TRUE;
}

static gboolean
is_volume_name(const char *text)
{
    gsize n_good = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._+:@~-");

    return g_ascii_isalnum(*text) && text[n_good] == '\0' && n_good <= 127;
}

static gboolean
apply_image(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    VmcTemplateDisk *disk = disk_of(tmpl, override);

    if (!is_volume_name(override->value)) {
        INVALID(error,
                "parameter '%s': '%.64s' is no volume name; expected one such "
                "as debian-12.qcow2, without '/'",
                override->parameter, override->value);
        return FALSE;
    }
    g_free(disk->image);
    disk->image = g_strdup(override->value);
    return TRUE;
}

/* ---- texts --------------------------------------------------------------- */

/* XML, in which these end up, has no way to hold control characters. */
static gboolean
check_text(const VmcOverride *override, gsize max_bytes, GError **error)
{
    const char *text = override->value;
    gboolean is_good = g_utf8_validate(text, -1, NULL);

    if (strlen(text) > max_bytes) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_TOO_LARGE,
                    "parameter '%s' is longer than %" G_GSIZE_FORMAT
                    " bytes; expected a shorter text",
                    override->parameter, max_bytes);
        return FALSE;
    }
    for (const char *p = text; is_good && *p != '\0'; p++)
        is_good = !g_ascii_iscntrl(*p) || strchr("\t\n\r", *p) != NULL;
    if (!is_good)
        INVALID(error,
                "parameter '%s' holds control characters or is not UTF-8; "
                "expected plain text",
                override->parameter);
    return is_good;
}

static gboolean
apply_cmdline(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    if (!check_text(override, MAX_CMDLINE_BYTES, error))
        return FALSE;
    g_free(tmpl->cmdline);
    tmpl->cmdline = g_strdup(override->value);
    return TRUE;
}

static gboolean
apply_user_data(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    if (!check_text(override, MAX_USER_DATA_BYTES, error))
        return FALSE;
    g_free(tmpl->user_data);
    tmpl->user_data =
        *override->value != '\0' ? g_strdup(override->value) : NULL;
    return TRUE;
}

/* ---- public -------------------------------------------------------------- */

static const struct {
    const char *name; /* with '.' at its end: a prefix */
    ApplyFunc apply;
} parameters[] = {
    {"vcpus", apply_vcpus},         {"memory", apply_memory},
    {"network", apply_network},     {"class", apply_class},
    {"factor.", apply_factor},      {"disk.", apply_disk},
    {"image.", apply_image},        {"cmdline", apply_cmdline},
    {"user-data", apply_user_data},
};

static ApplyFunc
find_parameter(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (g_str_has_suffix(parameters[i].name, ".")
                ? g_str_has_prefix(name, parameters[i].name)
                : g_str_equal(name, parameters[i].name))
            return parameters[i].apply;
    return NULL;
}

static gboolean
apply(VmcTemplate *tmpl, const VmcOverride *override, GError **error)
{
    ApplyFunc func = find_parameter(override->parameter);

    if (!g_strv_contains((const char *const *) tmpl->overridable,
                         override->parameter) ||
        func == NULL) {
        g_autofree char *allowed = g_strjoinv(", ", tmpl->overridable);
        REFUSED(error,
                "template '%s' does not allow parameter '%.64s'; it allows %s",
                tmpl->name, override->parameter,
                *allowed != '\0' ? allowed : "none");
        return FALSE;
    }
    return func(tmpl, override, error);
}

VmcTemplate *
vmc_template_override(const VmcTemplate *tmpl,
                      GPtrArray *overrides,
                      GError **error)
{
    g_return_val_if_fail(tmpl != NULL, NULL);
    g_autoptr(VmcTemplate) result = vmc_template_copy(tmpl);

    for (guint i = 0; overrides != NULL && i < overrides->len; i++)
        if (!apply(result, overrides->pdata[i], error))
            return NULL;
    return g_steal_pointer(&result);
}
