/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmctl/output.h"

/**
 * vmc_sizes_print:
 * @output: how; not JSON
 * @sizes: an object with "vcpus" and "memory_bytes", each with "requested",
 *   "plugged" and "usable"; "size_min" and "size_max" if it has them
 *
 * The three numbers of a live resize, all of them, for both resources that can
 * be resized.
 */
void vmc_sizes_print(const VmcOutput *output, JsonObject *sizes);

/**
 * vmc_sizes_say_rounding:
 * @what: for example "memory"
 * @asked_bytes: what was asked for
 * @given_bytes: what vmctld made of it
 *
 * Announces a rounding; says nothing when both are the same.
 */
void vmc_sizes_say_rounding(const char *what,
                            guint64 asked_bytes,
                            guint64 given_bytes);
