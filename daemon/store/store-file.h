/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/store/store.h"

/*
 * The database as a file: how it comes to its place, whole or not at all.
 */

/**
 * vmc_store_file_prepare:
 * @path: where the database is to be; its lock is held
 * @error: %VMC_ERROR_DAMAGED when there is one that has lost its content,
 *   %VMC_ERROR_DENIED, %VMC_ERROR_NO_SPACE; then nothing was made
 *
 * Makes a new one where there is none; else sees to it that it can be written,
 * and be read by nobody else, which its -wal and -shm take over.
 *
 * Returns: %TRUE when there is one
 */
gboolean vmc_store_file_prepare(const char *path, GError **error);
