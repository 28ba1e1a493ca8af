/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet-json.h"

#include "core/error.h"
#include "core/json-record.h"
#include "core/json-text.h"

#include <string.h>

#define FIELD(type, member, kind, ...)                                         \
    {                                                                          \
#member, VMC_FIELD_##kind, G_STRUCT_OFFSET(type, member), __VA_ARGS__  \
    }
#define RECORD_TYPE(fields, ...)                                               \
    {                                                                          \
        fields, G_N_ELEMENTS(fields), __VA_ARGS__                              \
    }
#define REQUIRED .is_required = TRUE
#define DETAIL(what) .detail = &what

/* ---- resources, triples ------------------------------------------------- */

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
const VmcRecordType vmc_resources_type = RECORD_TYPE(resources_fields);

static const VmcField ceiling_fields[VMC_N_RESOURCES] = {
    AMOUNT(VMC_CPU, "cpu"),
    AMOUNT(VMC_MEMORY, "memory"),
    AMOUNT(VMC_DISK, "disk"),
    AMOUNT(VMC_NETWORK, "network"),
};
const VmcRecordType vmc_ceiling_type = RECORD_TYPE(ceiling_fields);

static const VmcField triple_fields[] = {
    FIELD(VmcTriple, requested, UINT64),
    FIELD(VmcTriple, plugged, UINT64),
    FIELD(VmcTriple, usable, UINT64),
};
static const VmcRecordType triple_type = RECORD_TYPE(triple_fields);

/* ---- factors ------------------------------------------------------------ */

static const char *
source_name(guint source)
{
    return vmc_factor_source_to_name((VmcFactorSource) source);
}

static const VmcEnumNames source_names = {VMC_N_FACTOR_SOURCES, source_name};

static const VmcField factor_fields[] = {
    FIELD(VmcFactor, value_milli, UINT, REQUIRED),
    FIELD(VmcFactor, min_milli, UINT),
    FIELD(VmcFactor, max_milli, UINT),
    FIELD(VmcFactor, source, ENUM, REQUIRED, DETAIL(source_names)),
};

/* A fixed factor has no range. */
static gboolean
factor_omits(const VmcField *field, gconstpointer record)
{
    const VmcFactor *factor = record;

    return !factor->is_auto &&
           (field->offset == G_STRUCT_OFFSET(VmcFactor, min_milli) ||
            field->offset == G_STRUCT_OFFSET(VmcFactor, max_milli));
}

static gboolean
factor_finish(gpointer record, JsonObject *object, GError **error)
{
    VmcFactor *factor = record;
    gboolean has_min = json_object_has_member(object, "min_milli");

    if (has_min != json_object_has_member(object, "max_milli")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    ".%s: is missing, but required where the other end is",
                    has_min ? "max_milli" : "min_milli");
        return FALSE;
    }
    factor->is_auto = has_min;
    if (!has_min)
        factor->min_milli = factor->max_milli = factor->value_milli;
    if (factor->min_milli >= VMC_FACTOR_MIN_MILLI &&
        factor->min_milli <= factor->value_milli &&
        factor->value_milli <= factor->max_milli &&
        factor->max_milli <= VMC_FACTOR_MAX_MILLI)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".value_milli: expected %d to %d, and within the range if "
                "there is one, found %u",
                VMC_FACTOR_MIN_MILLI, VMC_FACTOR_MAX_MILLI,
                factor->value_milli);
    return FALSE;
}

static const VmcRecordType factor_type =
    RECORD_TYPE(factor_fields, .omits = factor_omits, .finish = factor_finish);

#define FACTOR(resource, key)                                                  \
    {                                                                          \
        key, VMC_FIELD_RECORD, G_STRUCT_OFFSET(VmcFactors, of[resource]),      \
            DETAIL(factor_type)                                                \
    }

static const VmcField factors_fields[VMC_N_RESOURCES] = {
    FACTOR(VMC_CPU, "cpu"),
    FACTOR(VMC_MEMORY, "memory"),
    FACTOR(VMC_DISK, "disk"),
    FACTOR(VMC_NETWORK, "network"),
};
static const VmcRecordType factors_type = RECORD_TYPE(factors_fields);

/* ---- wishes, pools ------------------------------------------------------ */

static const VmcField wish_fields[] = {
    FIELD(VmcWish, must, BOOLEAN),
    FIELD(VmcWish, avoid, BOOLEAN),
    FIELD(VmcWish, host, STRING),
    FIELD(VmcWish, label, STRING),
};

static gpointer
wish_new_empty(void)
{
    return vmc_wish_new(FALSE, FALSE, NULL, NULL);
}

static gboolean
wish_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcWish *wish = record;

    if ((wish->host == NULL) != (wish->label == NULL))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ": a wish has either a host or a label");
    return FALSE;
}

static const VmcRecordType wish_type =
    RECORD_TYPE(wish_fields,
                wish_new_empty,
                (GDestroyNotify) vmc_wish_free,
                .finish = wish_finish);

static const VmcField pool_fields[] = {
    FIELD(VmcPool, name, STRING, REQUIRED),
    FIELD(VmcPool, path, STRING),
    FIELD(VmcPool, capacity_bytes, UINT64),
    FIELD(VmcPool, free_bytes, UINT64),
};

static gpointer
pool_new_empty(void)
{
    return vmc_pool_new("", NULL);
}

static const VmcRecordType pool_type =
    RECORD_TYPE(pool_fields, pool_new_empty, (GDestroyNotify) vmc_pool_free);

/* ---- what hosts and VMs have in common ---------------------------------- */

static gboolean
check_name(const char *name, GError **error)
{
    if (vmc_vm_name_check(name, error))
        return TRUE;
    g_prefix_error(error, ".name: ");
    return FALSE;
}

static gboolean
check_uuid(const char *uuid, GError **error)
{
    if (g_uuid_string_is_valid(uuid))
        return TRUE;
    g_autofree char *shown = vmc_error_quote(uuid);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".uuid: '%s' is not a UUID", shown);
    return FALSE;
}

/* ---- hosts -------------------------------------------------------------- */

static const char *
host_state_name(guint state)
{
    return vmc_host_state_to_name((VmcHostState) state);
}

static const VmcEnumNames host_state_names = {VMC_N_HOST_STATES,
                                              host_state_name};

static const VmcField host_fields[] = {
    FIELD(VmcHost, name, STRING, REQUIRED),
    FIELD(VmcHost, uri, STRING, REQUIRED),
    FIELD(VmcHost, uuid, STRING),
    FIELD(VmcHost, migration_uri, STRING),
    FIELD(VmcHost, state, ENUM, DETAIL(host_state_names)),
    FIELD(VmcHost, state_reason, STRING),
    FIELD(VmcHost, state_since_s, INT64),
    FIELD(VmcHost, labels, STRV),
    FIELD(VmcHost, physical, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcHost, reserved, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcHost, ceiling_milli, RECORD, DETAIL(vmc_ceiling_type)),
    FIELD(VmcHost, arch, STRING),
    FIELD(VmcHost, cpu_model, STRING),
    FIELD(VmcHost, domain_type, STRING),
    FIELD(VmcHost, hypervisor_version, STRING),
    FIELD(VmcHost, n_cores, UINT),
    FIELD(VmcHost, n_threads, UINT),
    FIELD(VmcHost, n_numa_nodes, UINT),
    FIELD(VmcHost, cpu_models, STRV),
    FIELD(VmcHost, machines, STRV),
    FIELD(VmcHost, pools, RECORDS, DETAIL(pool_type)),
    FIELD(VmcHost, networks, STRV),
    FIELD(VmcHost, bridges, STRV),
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

    return check_name(host->name, error) &&
           (host->uuid == NULL || check_uuid(host->uuid, error));
}

static const VmcRecordType host_type =
    RECORD_TYPE(host_fields,
                host_new_empty,
                (GDestroyNotify) vmc_host_unref,
                .finish = host_finish);

/* ---- VMs ---------------------------------------------------------------- */

static const char *
vm_state_name(guint state)
{
    return vmc_vm_state_to_name((VmcVmState) state);
}

static const VmcEnumNames vm_state_names = {VMC_N_VM_STATES, vm_state_name};

static const VmcField vm_fields[] = {
    FIELD(VmcVm, uuid, STRING, REQUIRED),
    FIELD(VmcVm, name, STRING, REQUIRED),
    FIELD(VmcVm, host, STRING),
    FIELD(VmcVm, destination, STRING),
    FIELD(VmcVm, state, ENUM, DETAIL(vm_state_names)),
    FIELD(VmcVm, state_reason, STRING),
    FIELD(VmcVm, state_since_s, INT64),
    FIELD(VmcVm, is_managed, BOOLEAN),
    FIELD(VmcVm, template_name, STRING),
    FIELD(VmcVm, service_class, STRING),
    FIELD(VmcVm, size, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcVm, size_min, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcVm, size_max, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcVm, factors, RECORD, DETAIL(factors_type)),
    FIELD(VmcVm, vcpus, RECORD, DETAIL(triple_type)),
    FIELD(VmcVm, memory_bytes, RECORD, DETAIL(triple_type)),
    FIELD(VmcVm, demand, RECORD, DETAIL(vmc_resources_type)),
    FIELD(VmcVm, demand_age_s, INT64),
    FIELD(VmcVm, resident_bytes, UINT64),
    FIELD(VmcVm, pending, STRING),
    FIELD(VmcVm, wishes, RECORDS, DETAIL(wish_type)),
};

static gpointer
vm_new_empty(void)
{
    return vmc_vm_new("", "");
}

/* A domain that was found has whatever name libvirt let it have. */
static gboolean
vm_finish(gpointer record, JsonObject *object, GError **error)
{
    const VmcVm *vm = record;

    if (!check_uuid(vm->uuid, error))
        return FALSE;
    if (vm->is_managed)
        return check_name(vm->name, error);
    if (*vm->name != '\0')
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, ".name: is empty");
    return FALSE;
}

static const VmcRecordType vm_type = RECORD_TYPE(vm_fields,
                                                 vm_new_empty,
                                                 (GDestroyNotify) vmc_vm_unref,
                                                 .finish = vm_finish);

/* ---- fleets ------------------------------------------------------------- */

typedef struct {
    guint format;
    GPtrArray *hosts;
    GPtrArray *vms;
} Draft;

static void
draft_clear(Draft *draft)
{
    g_clear_pointer(&draft->hosts, g_ptr_array_unref);
    g_clear_pointer(&draft->vms, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Draft, draft_clear)

static gboolean
draft_finish(gpointer record, JsonObject *object, GError **error)
{
    const Draft *draft = record;

    if (draft->format == VMC_FLEET_FORMAT_VERSION)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ".format: this vmctl reads version %d, found %u",
                VMC_FLEET_FORMAT_VERSION, draft->format);
    return FALSE;
}

static const VmcField draft_fields[] = {
    FIELD(Draft, format, UINT, REQUIRED),
    FIELD(Draft, hosts, RECORDS, REQUIRED, DETAIL(host_type)),
    FIELD(Draft, vms, RECORDS, REQUIRED, DETAIL(vm_type)),
};
static const VmcRecordType draft_type =
    RECORD_TYPE(draft_fields, .finish = draft_finish);

/* Remembers @key as taken; FALSE when it was. A NULL is never taken. */
static gboolean
claim_key(GHashTable *taken, const char *key)
{
    return key == NULL || g_hash_table_add(taken, g_ascii_strdown(key, -1));
}

static GHashTable *
keys_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static gboolean
taken(const char *list,
      guint index,
      const char *member,
      const char *key,
      GError **error)
{
    g_autofree char *shown = vmc_error_quote(key);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "%s[%u].%s: '%s' stands there twice", list, index, member,
                shown);
    return FALSE;
}

static gboolean
add_hosts(VmcFleet **fleet, const GPtrArray *hosts, GError **error)
{
    g_autoptr(GHashTable) uuids = keys_new();

    for (guint i = 0; i < hosts->len; i++) {
        VmcHost *host = hosts->pdata[i];
        if (vmc_fleet_find_host(*fleet, host->name) != NULL)
            return taken("hosts", i, "name", host->name, error);
        if (!claim_key(uuids, host->uuid))
            return taken("hosts", i, "uuid", host->uuid, error);
        VmcFleet *changed = vmc_fleet_with_host(*fleet, host);
        vmc_fleet_unref(*fleet);
        *fleet = changed;
    }
    return TRUE;
}

static gboolean
check_host_exists(const VmcFleet *fleet,
                  guint index,
                  const char *member,
                  const char *host_name,
                  GError **error)
{
    if (host_name == NULL || vmc_fleet_find_host(fleet, host_name) != NULL)
        return TRUE;
    g_autofree char *shown = vmc_error_quote(host_name);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "vms[%u].%s: there is no host '%s'", index, member, shown);
    return FALSE;
}

static gboolean
add_vms(VmcFleet **fleet, const GPtrArray *vms, GError **error)
{
    g_autoptr(GHashTable) uuids = keys_new();
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < vms->len; i++) {
        VmcVm *vm = vms->pdata[i];
        if (!claim_key(uuids, vm->uuid))
            return taken("vms", i, "uuid", vm->uuid, error);
        if (vm->is_managed && !g_hash_table_add(names, vm->name))
            return taken("vms", i, "name", vm->name, error);
        if (!check_host_exists(*fleet, i, "host", vm->host, error) ||
            !check_host_exists(*fleet, i, "destination", vm->destination,
                               error))
            return FALSE;
        VmcFleet *changed = vmc_fleet_with_vm(*fleet, vm);
        vmc_fleet_unref(*fleet);
        *fleet = changed;
    }
    return TRUE;
}

/* ---- public ------------------------------------------------------------- */

JsonNode *
vmc_fleet_to_json(const VmcFleet *fleet)
{
    g_return_val_if_fail(fleet != NULL, NULL);
    g_auto(Draft) draft = {.format = VMC_FLEET_FORMAT_VERSION,
                           .hosts = g_ptr_array_new(),
                           .vms = g_ptr_array_new()};

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        g_ptr_array_add(draft.hosts, vmc_fleet_host_at(fleet, i));
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++)
        g_ptr_array_add(draft.vms, vmc_fleet_vm_at(fleet, i));
    return vmc_record_to_json(&draft_type, &draft);
}

VmcFleet *
vmc_fleet_from_json(JsonNode *node, GError **error)
{
    g_return_val_if_fail(node != NULL, NULL);
    g_auto(Draft) draft = {0};
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();

    if (!vmc_record_from_json(&draft_type, node, &draft, error) ||
        !add_hosts(&fleet, draft.hosts, error) ||
        !add_vms(&fleet, draft.vms, error))
        return NULL;
    return g_steal_pointer(&fleet);
}

VmcFleet *
vmc_fleet_parse(const char *text, gssize length, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(JsonNode) node =
        vmc_json_parse(text, length, VMC_FLEET_MAX_BYTES, error);

    return node != NULL ? vmc_fleet_from_json(node, error) : NULL;
}

JsonNode *
vmc_host_to_json(const VmcHost *host)
{
    return vmc_record_to_json(&host_type, host);
}

VmcHost *
vmc_host_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcHost) host = host_new_empty();

    if (!vmc_record_from_json(&host_type, node, host, error))
        return NULL;
    return g_steal_pointer(&host);
}

JsonNode *
vmc_vm_to_json(const VmcVm *vm)
{
    return vmc_record_to_json(&vm_type, vm);
}

VmcVm *
vmc_vm_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcVm) vm = vm_new_empty();

    if (!vmc_record_from_json(&vm_type, node, vm, error))
        return NULL;
    return g_steal_pointer(&vm);
}

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
