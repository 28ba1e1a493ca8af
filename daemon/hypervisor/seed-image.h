/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vmc_seed_image_new:
 * @user_data: cloud-init's user-data
 * @meta_data: cloud-init's meta-data: YAML with instance-id and local-hostname
 * @error: %VMC_ERROR_UNSUPPORTED when xorriso is not installed,
 *   %VMC_ERROR_FAILED or %VMC_ERROR_NO_SPACE when it fails
 *
 * Makes a NoCloud seed: an ISO 9660 image named "cidata" with the two files.
 * Runs xorriso, and blocks until it has ended.
 *
 * Returns: (transfer full): the image
 */
GBytes *vmc_seed_image_new(const char *user_data,
                           const char *meta_data,
                           GError **error);
