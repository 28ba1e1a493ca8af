/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A fuzz target is a .c file that defines these two. Built with
 * --enable-fuzzers, libFuzzer runs it; else fuzz-main.c does, for a fixed
 * number of inputs that are the same on every run.
 */

/* The folder of tests/ its seeds are in: each file in it and below it. */
extern const char *const vmc_fuzz_seeds;

/* Does with the input what the program would, and asserts what must hold.
 * libFuzzer gives the name. Returns: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is no good is refused in one line that can be shown. */
static inline void
vmc_fuzz_check_refusal(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_true(error->domain == VMC_ERROR);
    g_assert_true(error->code == VMC_ERROR_INVALID ||
                  error->code == VMC_ERROR_TOO_LARGE);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strchr(error->message, '\n'));
}
