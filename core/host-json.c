/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/host-json.h"

#include "core/record-check.h"
#include "core/resources-json.h"

/* ---- pools -------------------------------------------------------------- */

static const VmcField pool_fields[] = {
    VMC_FIELD(VmcPool, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcPool, path, STRING),
    VMC_FIELD(VmcPool, capacity_bytes, UINT64),
    VMC_FIELD(VmcPool, free_bytes, UINT64),
};

static gpointer
pool_new_empty(void)
{
    return vmc_pool_new("", NULL);
}

static const VmcRecordType pool_type = VMC_RECORD_TYPE(
    pool_fields, pool_new_empty, (GDestroyNotify) vmc_pool_free);

/* ---- hosts -------------------------------------------------------------- */

static const char *
host_state_name(guint state)
{
    return vmc_host_state_to_name((VmcHostState) state);
}

static const VmcEnumNames host_state_names = {VMC_N_HOST_STATES,
                                              host_state_name};

static const VmcField host_fields[] = {
    VMC_FIELD(VmcHost, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcHost, uri, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcHost, uuid, STRING),
    VMC_FIELD(VmcHost, migration_uri, STRING),
    VMC_FIELD(VmcHost, state, ENUM, VMC_FIELD_DETAIL(host_state_names)),
    VMC_FIELD(VmcHost, state_reason, STRING),
    VMC_FIELD(VmcHost, state_since_s, INT64),
    VMC_FIELD(VmcHost, labels, STRV),
    VMC_FIELD(VmcHost, physical, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcHost, reserved, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(
        VmcHost, ceiling_milli, RECORD, VMC_FIELD_DETAIL(vmc_ceiling_type)),
    VMC_FIELD(VmcHost, arch, STRING),
    VMC_FIELD(VmcHost, cpu_model, STRING),
    VMC_FIELD(VmcHost, domain_type, STRING),
    VMC_FIELD(VmcHost, hypervisor_version, STRING),
    VMC_FIELD(VmcHost, n_cores, UINT),
    VMC_FIELD(VmcHost, n_threads, UINT),
    VMC_FIELD(VmcHost, n_numa_nodes, UINT),
    VMC_FIELD(VmcHost, cpu_models, STRV),
    VMC_FIELD(VmcHost, machines, STRV),
    VMC_FIELD(VmcHost, pools, RECORDS, VMC_FIELD_DETAIL(pool_type)),
    VMC_FIELD(VmcHost, networks, STRV),
    VMC_FIELD(VmcHost, bridges, STRV),
};

static gpointer
host_new_empty(void)
{
    return vmc_host_new("", "");
}

static gboolean
host_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcHost *host = record;

    return vmc_record_check_name(host->name, error) &&
           (host->uuid == NULL || vmc_record_check_uuid(host->uuid, error));
}

const VmcRecordType vmc_host_type =
    VMC_RECORD_TYPE(host_fields,
                    host_new_empty,
                    (GDestroyNotify) vmc_host_unref,
                    .finish = host_finish);

JsonNode *
vmc_host_to_json(const VmcHost *host)
{
    return vmc_record_to_json(&vmc_host_type, host);
}

VmcHost *
vmc_host_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcHost) host = host_new_empty();

    if (!vmc_record_from_json(&vmc_host_type, node, host, error))
        return NULL;
    return g_steal_pointer(&host);
}
