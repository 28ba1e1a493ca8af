/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "daemon/api/request.h"

/* The body of POST /v1/hosts. */
extern const VmcRecordType vmc_host_body_type;

/**
 * VmcHostBody:
 *
 * As #VmcHost has it.
 */
typedef struct {
    char *name;
    char *uri;
    char *migration_uri;
    char *domain_type; /* "kvm" or "qemu": goes before what the host says */
    GStrv labels;
    VmcResources reserved;
    VmcResources ceiling_milli;
} VmcHostBody;

gboolean vmc_route_list_hosts(VmcRequest *request, GError **error);
gboolean vmc_route_get_host(VmcRequest *request, GError **error);
gboolean vmc_route_add_host(VmcRequest *request, GError **error);
gboolean vmc_route_remove_host(VmcRequest *request, GError **error);
