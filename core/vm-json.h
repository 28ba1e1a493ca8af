/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/json-record.h"
#include "core/vm.h"

/* VmcVm as a record of the fleet's JSON form: docs/fleet-format.md. */
extern const VmcRecordType vmc_vm_type;

/**
 * vmc_vm_to_json:
 * @vm: a VM
 *
 * Returns: (transfer full): an object
 */
JsonNode *vmc_vm_to_json(const VmcVm *vm);
VmcVm *vmc_vm_from_json(JsonNode *node, GError **error);
