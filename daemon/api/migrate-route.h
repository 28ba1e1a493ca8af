/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "daemon/api/request.h"

/**
 * VmcMigrateBody:
 *
 * Of POST /v1/vms/{vm}/migrate.
 */
typedef struct {
    char *to;
    guint64 bandwidth_mib_per_s;
    gboolean dry_run;
} VmcMigrateBody;
extern const VmcRecordType vmc_migrate_body_type;

gboolean vmc_route_migrate_vm(VmcRequest *request, GError **error);
