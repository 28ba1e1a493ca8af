/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vmc_nearest:
 * @word: what somebody typed
 * @words: (element-type utf8): what there is
 *
 * Returns: (transfer none) (nullable): the one of @words it was probably meant
 * to be: at most a third of its letters added, left out, changed or swapped
 */
const char *vmc_nearest(const char *word, GPtrArray *words);
