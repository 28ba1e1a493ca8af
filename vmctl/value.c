/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/value.h"

#include "core/error.h"
#include "core/factor.h"
#include "core/resources.h"
#include "core/units.h"

#include <string.h>

typedef gboolean (*CheckFunc)(const char *text, GError **error);

typedef struct {
    CheckFunc check;          /* (nullable) */
    const char *const *words; /* (nullable) */
} ValueRow;

/* ---- numbers ------------------------------------------------------------- */

static gboolean
parse_count(const char *text, guint64 *ret_count, GError **error)
{
    if (g_ascii_isdigit(*text) &&
        g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, ret_count, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is not a whole number from 1 on", text);
    return FALSE;
}

static gboolean
check_count(const char *text, GError **error)
{
    guint64 count = 0;

    return parse_count(text, &count, error);
}

static gboolean
check_number(const char *text, GError **error)
{
    if (g_ascii_isdigit(*text) &&
        g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, NULL, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is not a whole number from 0 on", text);
    return FALSE;
}

static gboolean
parse_size(const char *text, guint64 *ret_bytes, GError **error)
{
    guint64 bytes = 0;

    if (!vmc_units_parse_bytes(text, &bytes, error))
        return FALSE;
    if (bytes == 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is nothing: a size must be more than 0", text);
        return FALSE;
    }
    *ret_bytes = bytes;
    return TRUE;
}

static gboolean
check_size(const char *text, GError **error)
{
    guint64 bytes = 0;

    return parse_size(text, &bytes, error);
}

gboolean
vmc_value_is_change(const char *text)
{
    return *text == '+' || *text == '-';
}

static gboolean
check_count_change(const char *text, GError **error)
{
    return check_count(vmc_value_is_change(text) ? text + 1 : text, error);
}

static gboolean
check_size_change(const char *text, GError **error)
{
    return check_size(vmc_value_is_change(text) ? text + 1 : text, error);
}

static gboolean
check_rate(const char *text, GError **error)
{
    guint64 bits_per_s = 0;

    return vmc_units_parse_bits_per_s(text, &bits_per_s, error);
}

static gboolean
check_seconds(const char *text, GError **error)
{
    if (g_ascii_isdigit(*text) &&
        g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32 / 1000, NULL, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is not a whole number of seconds", text);
    return FALSE;
}

static gboolean
check_job(const char *text, GError **error)
{
    if (g_ascii_isdigit(*text) &&
        g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, NULL, NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no job: jobs have numbers, see 'vmctl job list'",
                text);
    return FALSE;
}

gboolean
vmc_value_apply(VmcValueKind kind,
                const char *text,
                guint64 now,
                guint64 *ret_number,
                GError **error)
{
    gboolean is_change = vmc_value_is_change(text);
    const char *digits = is_change ? text + 1 : text;
    guint64 number = 0;

    if (kind == VMC_VALUE_COUNT_CHANGE ? !parse_count(digits, &number, error)
                                       : !parse_size(digits, &number, error))
        return FALSE;
    if (is_change &&
        (*text == '-' ? number >= now : number > G_MAXINT64 - now)) {
        g_autofree char *present =
            kind == VMC_VALUE_COUNT_CHANGE
                ? g_strdup_printf("%" G_GUINT64_FORMAT, now)
                : vmc_units_format_bytes_short(now);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' cannot be counted from the present %s", text,
                    present);
        return FALSE;
    }
    if (is_change)
        number = *text == '-' ? now - number : now + number;
    *ret_number = number;
    return TRUE;
}

/* ---- words --------------------------------------------------------------- */

static const char *const format_words[] = {"table", "json", "plain", NULL};
static const char *const policy_words[] = {"balance", "pack", NULL};
static const char *const class_words[] = {"gold", "silver", "bronze", NULL};
static const char *const resource_words[] = {
    "cpu=", "memory=", "disk=", "network=", NULL};

static gboolean
check_format(const char *text, GError **error)
{
    if (g_strv_contains(format_words, text))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no format: it is 'table', 'json' or 'plain'", text);
    return FALSE;
}

static gboolean
check_class(const char *text, GError **error)
{
    if (g_strv_contains(class_words, text))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no service class: it is 'gold', 'silver' or 'bronze'",
                text);
    return FALSE;
}

/* ---- name=value ---------------------------------------------------------- */

gboolean
vmc_value_split(const char *text,
                char **ret_name,
                const char **ret_value,
                GError **error)
{
    const char *sign = strchr(text, '=');

    if (sign == NULL || sign == text) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' should be NAME=VALUE", text);
        return FALSE;
    }
    *ret_name = g_strndup(text, (gsize) (sign - text));
    *ret_value = sign + 1;
    return TRUE;
}

static gboolean
check_setting(const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *value = NULL;

    return vmc_value_split(text, &name, &value, error);
}

static gboolean
check_disk_size(const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *value = NULL;

    return vmc_value_split(text, &name, &value, error) &&
           check_size(value, error);
}

static gboolean
split_resource(const char *text,
               VmcResource *ret_resource,
               const char **ret_value,
               GError **error)
{
    g_autofree char *name = NULL;

    if (!vmc_value_split(text, &name, ret_value, error))
        return FALSE;
    if (vmc_resource_from_name(name, ret_resource))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' is no resource: it is 'cpu', 'memory', 'disk' or "
                "'network'",
                name);
    return FALSE;
}

static gboolean
check_factor(const char *text, GError **error)
{
    VmcResource resource = VMC_CPU;
    const char *value = NULL;
    VmcFactor factor;

    return split_resource(text, &resource, &value, error) &&
           vmc_factor_parse(value, VMC_FACTOR_FROM_VM, &factor, error);
}

static gboolean
check_ceiling(const char *text, GError **error)
{
    VmcResource resource = VMC_CPU;
    const char *value = NULL;
    guint64 milli = 0;

    return split_resource(text, &resource, &value, error) &&
           vmc_units_parse_milli(value, &milli, error);
}

static gboolean
check_reserve(const char *text, GError **error)
{
    VmcResource resource = VMC_CPU;
    const char *value = NULL;
    guint64 amount = 0;

    return split_resource(text, &resource, &value, error) &&
           vmc_resource_parse(resource, value, &amount, error);
}

/* ---- the table ----------------------------------------------------------- */

static const ValueRow rows[VMC_N_VALUE_KINDS] = {
    [VMC_VALUE_COUNT] = {check_count, NULL},
    [VMC_VALUE_NUMBER] = {check_number, NULL},
    [VMC_VALUE_POLICY] = {NULL, policy_words},
    [VMC_VALUE_COUNT_CHANGE] = {check_count_change, NULL},
    [VMC_VALUE_SIZE] = {check_size, NULL},
    [VMC_VALUE_SIZE_CHANGE] = {check_size_change, NULL},
    [VMC_VALUE_RATE] = {check_rate, NULL},
    [VMC_VALUE_SECONDS] = {check_seconds, NULL},
    [VMC_VALUE_FORMAT] = {check_format, format_words},
    [VMC_VALUE_CLASS] = {check_class, class_words},
    [VMC_VALUE_FACTOR] = {check_factor, resource_words},
    [VMC_VALUE_CEILING] = {check_ceiling, resource_words},
    [VMC_VALUE_RESERVE] = {check_reserve, resource_words},
    [VMC_VALUE_DISK_SIZE] = {check_disk_size, NULL},
    [VMC_VALUE_SETTING] = {check_setting, NULL},
    [VMC_VALUE_JOB] = {check_job, NULL},
    [VMC_VALUE_OPEN_JOB] = {check_job, NULL},
};

gboolean
vmc_value_check(VmcValueKind kind, const char *text, GError **error)
{
    g_return_val_if_fail(kind < VMC_N_VALUE_KINDS, FALSE);
    return rows[kind].check == NULL || rows[kind].check(text, error);
}

const char *const *
vmc_value_words(VmcValueKind kind)
{
    g_return_val_if_fail(kind < VMC_N_VALUE_KINDS, NULL);
    return rows[kind].words;
}
