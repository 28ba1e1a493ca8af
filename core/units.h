/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Quantities as people write them. Parsing is exact: a fraction that is not a
 * whole number of the base unit is refused, and so is what does not fit 64
 * bits. Printing never lies: the largest unit that shows the value exactly.
 */

/**
 * vmc_units_parse_bytes:
 * @text: a size such as "4GiB", "512M", "1.5TiB", "1GB" or "1048576"; "K",
 *   "M", "G", "T", "P" alone and with "iB" are powers of 1024, with "B" powers
 *   of 1000; letter case does not matter; no unit means bytes
 * @ret_bytes: (out): the size in bytes
 * @error: %VMC_ERROR_INVALID when @text is no size, is negative, is not a
 *   whole number of bytes or does not fit 64 bits
 *
 * Returns: %TRUE when @ret_bytes was set
 */
gboolean vmc_units_parse_bytes(const char *text,
                               guint64 *ret_bytes,
                               GError **error);

/**
 * vmc_units_parse_bits_per_s:
 * @text: a rate such as "1Gbit/s", "100Mbit/s", "2.5G" or "1000000"; prefixes
 *   are powers of 1000 ("Ki", "Mi", "Gi" of 1024); "bit/s" and "bps" are the
 *   same; no unit means bit/s
 * @ret_bits_per_s: (out): the rate in bit/s
 * @error: %VMC_ERROR_INVALID as vmc_units_parse_bytes()
 *
 * Returns: %TRUE when @ret_bits_per_s was set
 */
gboolean vmc_units_parse_bits_per_s(const char *text,
                                    guint64 *ret_bits_per_s,
                                    GError **error);

/**
 * vmc_units_parse_millicores:
 * @text: CPUs such as "2", "0.5" or "1500m"
 * @ret_millicores: (out): thousandths of a CPU
 * @error: %VMC_ERROR_INVALID as vmc_units_parse_bytes()
 *
 * Returns: %TRUE when @ret_millicores was set
 */
gboolean vmc_units_parse_millicores(const char *text,
                                    guint64 *ret_millicores,
                                    GError **error);

/**
 * vmc_units_parse_milli:
 * @text: a plain decimal number with at most three places, as "0.25" or "4"
 * @ret_milli: (out): the number in thousandths
 * @error: %VMC_ERROR_INVALID as vmc_units_parse_bytes()
 *
 * Returns: %TRUE when @ret_milli was set
 */
gboolean vmc_units_parse_milli(const char *text,
                               guint64 *ret_milli,
                               GError **error);

/**
 * vmc_units_format_bytes:
 * @bytes: a size in bytes
 *
 * The exact form: parsing it gives @bytes back.
 *
 * Returns: (transfer full): for example "4GiB", "1536MiB", "1000B"
 */
char *vmc_units_format_bytes(guint64 bytes);

/**
 * vmc_units_format_bytes_short:
 * @bytes: a size in bytes
 *
 * For tables and people: three digits, rounded to nearest.
 *
 * Returns: (transfer full): for example "4GiB", "1.46GiB"
 */
char *vmc_units_format_bytes_short(guint64 bytes);

/**
 * vmc_units_format_bits_per_s:
 * @bits_per_s: a rate in bit/s
 *
 * Returns: (transfer full): the exact form, for example "1Gbit/s"
 */
char *vmc_units_format_bits_per_s(guint64 bits_per_s);

/**
 * vmc_units_format_millicores:
 * @millicores: thousandths of a CPU
 *
 * Returns: (transfer full): the exact form, for example "2" or "0.25"
 */
char *vmc_units_format_millicores(guint64 millicores);
