/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/units.h"

#include "core/error.h"

#include <stdio.h>
#include <string.h>

/* A number as written: digits without the point, and how many of them stood
 * behind it. No floating point: what people write in decimal stays exact. */
typedef struct {
    guint64 digits;
    guint n_decimals;
} Decimal;

typedef struct {
    const char *suffix; /* lower case */
    guint64 factor;
} Unit;

#define KIB (G_GUINT64_CONSTANT(1) << 10)
#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define TIB (G_GUINT64_CONSTANT(1) << 40)
#define PIB (G_GUINT64_CONSTANT(1) << 50)
#define EIB (G_GUINT64_CONSTANT(1) << 60)
#define KILO G_GUINT64_CONSTANT(1000)
#define MEGA (KILO * 1000)
#define GIGA (MEGA * 1000)
#define TERA (GIGA * 1000)
#define PETA (TERA * 1000)
#define EXA (PETA * 1000)

static const Unit byte_units[] = {
    {"", 1},      {"b", 1},     {"k", KIB},   {"kib", KIB}, {"kb", KILO},
    {"m", MIB},   {"mib", MIB}, {"mb", MEGA}, {"g", GIB},   {"gib", GIB},
    {"gb", GIGA}, {"t", TIB},   {"tib", TIB}, {"tb", TERA}, {"p", PIB},
    {"pib", PIB}, {"pb", PETA}, {"e", EIB},   {"eib", EIB}, {"eb", EXA},
    {NULL, 0},
};

static const Unit rate_units[] = {
    {"", 1},     {"k", KILO}, {"m", MEGA}, {"g", GIGA}, {"t", TERA},
    {"ki", KIB}, {"mi", MIB}, {"gi", GIB}, {"ti", TIB}, {NULL, 0},
};

static const Unit core_units[] = {{"", 1000}, {"m", 1}, {NULL, 0}};

static const Unit milli_units[] = {{"", 1000}, {NULL, 0}};

/* ---- parsing ------------------------------------------------------------ */

static gboolean
append_digit(Decimal *number, char digit)
{
    return g_uint64_checked_mul(&number->digits, number->digits, 10) &&
           g_uint64_checked_add(&number->digits, number->digits,
                                (guint64) (digit - '0'));
}

/* Reads "12.5" and leaves *text behind it. FALSE: no number, or too long. */
static gboolean
scan_decimal(const char **text, Decimal *ret_number)
{
    Decimal number = {0, 0};
    gboolean seen_point = FALSE;
    gboolean seen_digit = FALSE;
    const char *p = *text;

    for (; g_ascii_isdigit(*p) || (*p == '.' && !seen_point); p++) {
        if (*p == '.') {
            seen_point = TRUE;
            continue;
        }
        if (!append_digit(&number, *p))
            return FALSE;
        number.n_decimals += seen_point ? 1 : 0;
        seen_digit = TRUE;
    }
    if (!seen_digit || p[-1] == '.')
        return FALSE;
    *text = p;
    *ret_number = number;
    return TRUE;
}

static const Unit *
find_unit(const Unit *units, const char *suffix)
{
    for (const Unit *unit = units; unit->suffix != NULL; unit++)
        if (g_ascii_strcasecmp(unit->suffix, suffix) == 0)
            return unit;
    return NULL;
}

static guint64
greatest_common_divisor(guint64 a, guint64 b)
{
    while (b != 0) {
        guint64 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* digits × factor ÷ 10^n_decimals, exact or not at all. What digits and
 * divisor share is cancelled first, so that only a result that does not fit
 * overflows. */
static gboolean
scale(Decimal number, guint64 factor, guint64 *ret_value)
{
    guint64 divisor = 1;

    for (guint i = 0; i < number.n_decimals; i++)
        if (!g_uint64_checked_mul(&divisor, divisor, 10))
            return FALSE;
    guint64 shared = greatest_common_divisor(number.digits, divisor);
    divisor /= shared;
    if (factor % divisor != 0)
        return FALSE;
    guint64 value;
    if (!g_uint64_checked_mul(&value, number.digits / shared, factor / divisor))
        return FALSE;
    *ret_value = value;
    return TRUE;
}

static gboolean
parse_quantity(const char *text,
               const Unit *units,
               const char *what,
               const char *example,
               guint64 *ret_value,
               GError **error)
{
    const char *rest = text;
    Decimal number;

    if (strlen(text) > 64 || !scan_decimal(&rest, &number)) {
        g_autofree char *shown = vmc_error_quote(text);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is not %s; write it like %s", shown, what, example);
        return FALSE;
    }
    while (*rest == ' ')
        rest++;
    const Unit *unit = find_unit(units, rest);
    if (unit == NULL) {
        g_autofree char *shown = vmc_error_quote(text);
        g_autofree char *shown_unit = vmc_error_quote(rest);
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' has the unknown unit '%s'; write it like %s", shown,
                    shown_unit, example);
        return FALSE;
    }
    if (!scale(number, unit->factor, ret_value)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' cannot be held exactly: too large or too fine; "
                    "write it like %s",
                    text, example);
        return FALSE;
    }
    return TRUE;
}

gboolean
vmc_units_parse_bytes(const char *text, guint64 *ret_bytes, GError **error)
{
    g_return_val_if_fail(text != NULL && ret_bytes != NULL, FALSE);
    return parse_quantity(text, byte_units, "a size", "4GiB or 512M", ret_bytes,
                          error);
}

/* "1Gbit/s", "1Gbps" and "1G" are one thing: the rate's own ending goes. */
static char *
strip_rate_suffix(const char *text)
{
    static const char *const endings[] = {"bit/s", "bps"};
    gsize length = strlen(text);

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        gsize n = strlen(endings[i]);
        if (length > n &&
            g_ascii_strcasecmp(text + length - n, endings[i]) == 0)
            return g_strndup(text, length - n);
    }
    return g_strdup(text);
}

gboolean
vmc_units_parse_bits_per_s(const char *text,
                           guint64 *ret_bits_per_s,
                           GError **error)
{
    g_return_val_if_fail(text != NULL && ret_bits_per_s != NULL, FALSE);
    g_autofree char *bare = strip_rate_suffix(text);
    return parse_quantity(bare, rate_units, "a bandwidth",
                          "1Gbit/s or 100Mbit/s", ret_bits_per_s, error);
}

gboolean
vmc_units_parse_millicores(const char *text,
                           guint64 *ret_millicores,
                           GError **error)
{
    g_return_val_if_fail(text != NULL && ret_millicores != NULL, FALSE);
    return parse_quantity(text, core_units, "a number of CPUs",
                          "2, 0.5 or 1500m", ret_millicores, error);
}

gboolean
vmc_units_parse_milli(const char *text, guint64 *ret_milli, GError **error)
{
    g_return_val_if_fail(text != NULL && ret_milli != NULL, FALSE);
    return parse_quantity(text, milli_units, "a number", "0.25 or 4", ret_milli,
                          error);
}

/* ---- printing ----------------------------------------------------------- */

static const Unit byte_print_units[] = {
    {"EiB", EIB}, {"PiB", PIB}, {"TiB", TIB}, {"GiB", GIB},
    {"MiB", MIB}, {"KiB", KIB}, {NULL, 0},
};

static const Unit rate_print_units[] = {
    {"Tbit/s", TERA}, {"Gbit/s", GIGA}, {"Mbit/s", MEGA},
    {"kbit/s", KILO}, {NULL, 0},
};

static char *
format_exact(guint64 value, const Unit *units, const char *base_suffix)
{
    for (const Unit *unit = units; unit->suffix != NULL; unit++)
        if (value >= unit->factor && value % unit->factor == 0)
            return g_strdup_printf("%" G_GUINT64_FORMAT "%s",
                                   value / unit->factor, unit->suffix);
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", value, base_suffix);
}

char *
vmc_units_format_bytes(guint64 bytes)
{
    return format_exact(bytes, byte_print_units, "B");
}

char *
vmc_units_format_bits_per_s(guint64 bits_per_s)
{
    return format_exact(bits_per_s, rate_print_units, "bit/s");
}

char *
vmc_units_format_bytes_short(guint64 bytes)
{
    for (const Unit *unit = byte_print_units; unit->suffix != NULL; unit++) {
        const double amount = (double) bytes / (double) unit->factor;

        /* %g would write 1000 and more, up to 1023, with an exponent */
        if (bytes >= unit->factor)
            return g_strdup_printf(amount < 999.5 ? "%.3g%s" : "%.0f%s", amount,
                                   unit->suffix);
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "B", bytes);
}

char *
vmc_units_format_millicores(guint64 millicores)
{
    char fraction[8];

    if (millicores % 1000 == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT, millicores / 1000);
    g_snprintf(fraction, sizeof fraction, "%03u",
               (unsigned) (millicores % 1000));
    for (gsize n = strlen(fraction); n > 0 && fraction[n - 1] == '0'; n--)
        fraction[n - 1] = '\0';
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%s", millicores / 1000,
                           fraction);
}
