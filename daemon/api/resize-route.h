/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "daemon/api/request.h"

/**
 * VmcResizeBody:
 *
 * Of POST /v1/vms/{vm}/resize.
 */
typedef struct {
    guint64 vcpus;
    guint64 memory_bytes;
    gboolean dry_run;
} VmcResizeBody;
extern const VmcRecordType vmc_resize_body_type;

gboolean vmc_route_resize_vm(VmcRequest *request, GError **error);
