/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/units.h"

#include <glib.h>

#include "core/error.h"

typedef gboolean (*ParseFunc)(const char *, guint64 *, GError **);

typedef struct {
    const char *text;
    guint64 value;
} Good;

static void
assert_parses(ParseFunc parse, const Good *cases, gsize n_cases)
{
    for (gsize i = 0; i < n_cases; i++) {
        g_autoptr(GError) error = NULL;
        guint64 value = 0;

        g_test_message("%s", cases[i].text);
        g_assert_true(parse(cases[i].text, &value, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(value, ==, cases[i].value);
    }
}

/* What people write for sizes means what they mean. */
static void
test_bytes_good(void)
{
    static const Good cases[] = {
        {"0", 0},
        {"1048576", 1048576},
        {"4GiB", G_GUINT64_CONSTANT(4) << 30},
        {"4 GiB", G_GUINT64_CONSTANT(4) << 30},
        {"512M", G_GUINT64_CONSTANT(512) << 20},
        {"1.5T", G_GUINT64_CONSTANT(3) << 39},
        {"1.50kib", 1536},
        {"1GB", 1000000000},
        {"0.001kB", 1},
        {"18446744073709551615", G_MAXUINT64},
        {"15.5EiB", (G_GUINT64_CONSTANT(31) << 59)},
    };

    assert_parses(vmc_units_parse_bytes, cases, G_N_ELEMENTS(cases));
}

static void
test_rates_and_cores_good(void)
{
    static const Good rates[] = {{"1Gbit/s", 1000000000},
                                 {"100Mbps", 100000000},
                                 {"2.5G", 2500000000},
                                 {"1Kibit/s", 1024},
                                 {"42", 42}};
    static const Good cores[] = {{"2", 2000}, {"0.5", 500}, {"1500m", 1500}};
    static const Good milli[] = {{"0.25", 250}, {"4", 4000}};

    assert_parses(vmc_units_parse_bits_per_s, rates, G_N_ELEMENTS(rates));
    assert_parses(vmc_units_parse_millicores, cores, G_N_ELEMENTS(cores));
    assert_parses(vmc_units_parse_milli, milli, G_N_ELEMENTS(milli));
}

/* Nonsense, overflow and fractions of a byte are refused, never rounded. */
static void
test_bad(void)
{
    static const char *const cases[] = {
        "",
        "GiB",
        "-1",
        "1.",
        ".",
        "1..5",
        "1XiB",
        "4GiBs",
        "0.5B",
        "16EiB",
        "0.3KiB",
        "1e3",
        "0x10",
        "1 G i B",
        "18446744073709551616",
        "+1",
        "nan",
        "1,5G",
        "111111111111111111111111111111111111111111111111111111111111111111",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 value = 77;

        g_test_message("%s", cases[i]);
        g_assert_false(vmc_units_parse_bytes(cases[i], &value, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
        g_assert_cmpuint(value, ==, 77);
    }
}

/* The exact form reads back as the same number, for awkward ones too. */
static void
test_format_round_trip(void)
{
    static const guint64 values[] = {
        0,    1,          1000,        1023,
        1024, 1536 << 20, G_MAXUINT64, (G_GUINT64_CONSTANT(1) << 60)};

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *bytes = vmc_units_format_bytes(values[i]);
        g_autofree char *rate = vmc_units_format_bits_per_s(values[i]);
        guint64 back = 0;

        g_assert_true(vmc_units_parse_bytes(bytes, &back, NULL));
        g_assert_cmpuint(back, ==, values[i]);
        g_assert_true(vmc_units_parse_bits_per_s(rate, &back, NULL));
        g_assert_cmpuint(back, ==, values[i]);
    }
}

static void
test_format_reads_well(void)
{
    g_autofree char *exact =
        vmc_units_format_bytes(G_GUINT64_CONSTANT(3) << 29);
    g_autofree char *brief =
        vmc_units_format_bytes_short(G_GUINT64_CONSTANT(3) << 29);
    g_autofree char *cores = vmc_units_format_millicores(2250);
    g_autofree char *rate = vmc_units_format_bits_per_s(2500000000);

    g_assert_cmpstr(exact, ==, "1536MiB");
    g_assert_cmpstr(brief, ==, "1.5GiB");
    g_assert_cmpstr(cores, ==, "2.25");
    g_assert_cmpstr(rate, ==, "2500Mbit/s");
}

/* Three digits, rounded, and never an exponent. */
static void
test_format_short(void)
{
    static const struct {
        guint64 bytes;
        const char *text;
    } cases[] = {
        {0, "0B"},
        {1023, "1023B"},
        {1024, "1KiB"},
        {G_GUINT64_CONSTANT(1004) << 30, "1004GiB"},
        {(G_GUINT64_CONSTANT(1) << 40) - 1, "1024GiB"},
        {G_GUINT64_CONSTANT(16375) << 20, "16GiB"},
        {G_GUINT64_CONSTANT(4171510507), "3.89GiB"},
        {G_MAXUINT64, "16EiB"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = vmc_units_format_bytes_short(cases[i].bytes);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/format-short", test_format_short);
    g_test_add_func("/units/bytes", test_bytes_good);
    g_test_add_func("/units/rates-and-cores", test_rates_and_cores_good);
    g_test_add_func("/units/bad", test_bad);
    g_test_add_func("/units/format-round-trip", test_format_round_trip);
    g_test_add_func("/units/format-reads-well", test_format_reads_well);
    return g_test_run();
}
