/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/error.h"

#include <string.h>

/* What is refused is refused with one line that says where the fault is. */
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
