/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/units.h"
#include "tests/fuzz/fuzz.h"

#include "core/error.h"
#include "core/factor.h"

#include <string.h>

/* Quantities: what is taken is printed so that it is taken again as the same;
 * what is not gets one line that says why. */

const char *const vmc_fuzz_seeds = "corpus/units";

typedef struct {
    gboolean (*parse)(const char *text, guint64 *ret_value, GError **error);
    char *(*format)(guint64 value);
} Quantity;

static const Quantity quantities[] = {
    {vmc_units_parse_bytes, vmc_units_format_bytes},
    {vmc_units_parse_bits_per_s, vmc_units_format_bits_per_s},
    {vmc_units_parse_millicores, vmc_units_format_millicores},
    {vmc_units_parse_milli, NULL},
};

static void
check_error(const GError *error)
{
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strchr(error->message, '\n'));
}

static void
try_quantity(const Quantity *quantity, const char *text)
{
    g_autoptr(GError) error = NULL;
    guint64 value = 0, again = 0;

    if (!quantity->parse(text, &value, &error)) {
        check_error(error);
        return;
    }
    g_assert_no_error(error);
    if (quantity->format == NULL)
        return;
    g_autofree char *printed = quantity->format(value);
    g_assert_true(quantity->parse(printed, &again, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(again, ==, value);
}

static void
try_factor(const char *text)
{
    g_autoptr(GError) error = NULL;
    VmcFactor factor, again;

    if (!vmc_factor_parse(text, VMC_FACTOR_FROM_VM, &factor, &error)) {
        check_error(error);
        return;
    }
    g_assert_cmpuint(factor.min_milli, >=, VMC_FACTOR_MIN_MILLI);
    g_assert_cmpuint(factor.max_milli, <=, VMC_FACTOR_MAX_MILLI);
    g_autofree char *printed = vmc_factor_format(&factor);
    g_assert_true(
        vmc_factor_parse(printed, VMC_FACTOR_FROM_VM, &again, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(again.value_milli, ==, factor.value_milli);
    g_assert_cmpuint(again.min_milli, ==, factor.min_milli);
    g_assert_true(again.is_auto == factor.is_auto);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);

    for (gsize i = 0; i < G_N_ELEMENTS(quantities); i++)
        try_quantity(&quantities[i], text);
    try_factor(text);
    return 0;
}
