/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/store/store.h"

/**
 * vmc_store_migrate:
 * @store: an open store
 * @error: %VMC_ERROR_UNSUPPORTED when a newer vmctld wrote it,
 *   %VMC_ERROR_DAMAGED when it is a database of something else
 *
 * Brings the schema to the newest version, all steps in one transaction.
 *
 * Returns: %FALSE on error; the schema is then what it was
 */
gboolean vmc_store_migrate(VmcStore *store, GError **error);

/**
 * vmc_store_newest_version:
 *
 * Returns: the version of the schema this build writes
 */
gint64 vmc_store_newest_version(void);
