/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "daemon/api/request.h"

/**
 * VmcCreateBody:
 *
 * Of POST /v1/vms.
 */
typedef struct {
    char *name;
    char *tmpl; /* "template" */
    GHashTable *overrides;
    char *host;
    gboolean start;
    gboolean dry_run;
} VmcCreateBody;
extern const VmcRecordType vmc_create_body_type;

gboolean vmc_route_create_vm(VmcRequest *request, GError **error);
