/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vmc_store_lock:
 * @path: the database that is to be locked; the lock is a file beside it
 * @error: %VMC_ERROR_BUSY naming the process that has it, %VMC_ERROR_DENIED,
 *   %VMC_ERROR_NOT_FOUND when the folder is missing, %VMC_ERROR_NO_SPACE
 *
 * Only one vmctld may use a state. The lock goes with the process, however it
 * ends; the file stays.
 *
 * Returns: a file descriptor that holds the lock until it is closed, or -1
 */
int vmc_store_lock(const char *path, GError **error);
