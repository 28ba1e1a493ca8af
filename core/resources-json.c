/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resources-json.h"

#define AMOUNT(resource, key)                                                  \
    {                                                                          \
        key, VMC_FIELD_UINT64, G_STRUCT_OFFSET(VmcResources, amount[resource]) \
    }

static const VmcField resources_fields[VMC_N_RESOURCES] = {
    AMOUNT(VMC_CPU, "cpu_millicores"),
    AMOUNT(VMC_MEMORY, "memory_bytes"),
    AMOUNT(VMC_DISK, "disk_bytes"),
    AMOUNT(VMC_NETWORK, "network_bits_per_s"),
};
const VmcRecordType vmc_resources_type = VMC_RECORD_TYPE(resources_fields);

static const VmcField ceiling_fields[VMC_N_RESOURCES] = {
    AMOUNT(VMC_CPU, "cpu"),
    AMOUNT(VMC_MEMORY, "memory"),
    AMOUNT(VMC_DISK, "disk"),
    AMOUNT(VMC_NETWORK, "network"),
};
const VmcRecordType vmc_ceiling_type = VMC_RECORD_TYPE(ceiling_fields);

JsonNode *
vmc_resources_to_json(VmcResources resources)
{
    return vmc_record_to_json(&vmc_resources_type, &resources);
}

gboolean
vmc_resources_from_json(JsonNode *node,
                        VmcResources *ret_resources,
                        GError **error)
{
    g_return_val_if_fail(ret_resources != NULL, FALSE);
    VmcResources resources = {0};

    if (!vmc_record_from_json(&vmc_resources_type, node, &resources, error))
        return FALSE;
    *ret_resources = resources;
    return TRUE;
}
