/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "daemon/api/request.h"

/**
 * vmc_vm_route_find:
 * @request: a request whose first parameter is a VM
 * @fleet: the fleet as it is now
 * @error: %VMC_ERROR_NOT_FOUND
 *
 * Returns: (transfer none): the VM, which lives as long as @fleet
 */
VmcVm *vmc_vm_route_find(VmcRequest *request,
                         const VmcFleet *fleet,
                         GError **error);

/**
 * vmc_vm_route_find_managed:
 * @request: a request whose first parameter is a VM
 * @fleet: the fleet as it is now
 * @error: %VMC_ERROR_NOT_FOUND, %VMC_ERROR_REFUSED when vmctl does not manage
 * it
 *
 * Returns: (transfer none): the VM, which lives as long as @fleet
 */
VmcVm *vmc_vm_route_find_managed(VmcRequest *request,
                                 const VmcFleet *fleet,
                                 GError **error);

/**
 * VmcPowerBody:
 * @force: -1 when it is not said
 * @timeout_s: 0 for the default
 *
 * Of POST /v1/vms/{vm}/stop, and without the time-out of …/reboot.
 */
typedef struct {
    gboolean force;
    guint timeout_s;
} VmcPowerBody;
extern const VmcRecordType vmc_stop_body_type;
extern const VmcRecordType vmc_reboot_body_type;

/**
 * VmcAdoptBody:
 *
 * Of POST /v1/vms/{vm}/adopt.
 */
typedef struct {
    char *service_class;
    guint64 vcpus_max;
    guint64 memory_max_bytes;
} VmcAdoptBody;
extern const VmcRecordType vmc_adopt_body_type;

/**
 * VmcRenameBody:
 *
 * Of POST /v1/vms/{vm}/rename.
 */
typedef struct {
    char *name;
} VmcRenameBody;
extern const VmcRecordType vmc_rename_body_type;

gboolean vmc_route_list_vms(VmcRequest *request, GError **error);
gboolean vmc_route_get_vm(VmcRequest *request, GError **error);
gboolean vmc_route_delete_vm(VmcRequest *request, GError **error);
gboolean vmc_route_start_vm(VmcRequest *request, GError **error);
gboolean vmc_route_stop_vm(VmcRequest *request, GError **error);
gboolean vmc_route_reboot_vm(VmcRequest *request, GError **error);
gboolean vmc_route_pause_vm(VmcRequest *request, GError **error);
gboolean vmc_route_resume_vm(VmcRequest *request, GError **error);
gboolean vmc_route_rename_vm(VmcRequest *request, GError **error);
gboolean vmc_route_adopt_vm(VmcRequest *request, GError **error);
