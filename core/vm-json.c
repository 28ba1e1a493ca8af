/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/vm-json.h"

#include "core/error.h"
#include "core/record-check.h"
#include "core/resources-json.h"

/* ---- factors ------------------------------------------------------------ */

static const char *
source_name(guint source)
{
    return vmc_factor_source_to_name((VmcFactorSource) source);
}

static const VmcEnumNames source_names = {VMC_N_FACTOR_SOURCES, source_name};

static const VmcField factor_fields[] = {
    VMC_FIELD(VmcFactor, value_milli, UINT, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcFactor, min_milli, UINT),
    VMC_FIELD(VmcFactor, max_milli, UINT),
    VMC_FIELD(VmcFactor,
              source,
              ENUM,
              VMC_FIELD_REQUIRED,
              VMC_FIELD_DETAIL(source_names)),
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

static const VmcRecordType factor_type = VMC_RECORD_TYPE(
    factor_fields, .omits = factor_omits, .finish = factor_finish);

#define FACTOR(resource, key)                                                  \
    {                                                                          \
        key, VMC_FIELD_RECORD, G_STRUCT_OFFSET(VmcFactors, of[resource]),      \
            VMC_FIELD_DETAIL(factor_type)                                      \
    }

static const VmcField factors_fields[VMC_N_RESOURCES] = {
    FACTOR(VMC_CPU, "cpu"),
    FACTOR(VMC_MEMORY, "memory"),
    FACTOR(VMC_DISK, "disk"),
    FACTOR(VMC_NETWORK, "network"),
};
static const VmcRecordType factors_type = VMC_RECORD_TYPE(factors_fields);

/* ---- wishes, triples ---------------------------------------------------- */

static const VmcField wish_fields[] = {
    VMC_FIELD(VmcWish, must, BOOLEAN),
    VMC_FIELD(VmcWish, avoid, BOOLEAN),
    VMC_FIELD(VmcWish, host, STRING),
    VMC_FIELD(VmcWish, label, STRING),
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
    VMC_RECORD_TYPE(wish_fields,
                    wish_new_empty,
                    (GDestroyNotify) vmc_wish_free,
                    .finish = wish_finish);

static const VmcField triple_fields[] = {
    VMC_FIELD(VmcTriple, requested, UINT64),
    VMC_FIELD(VmcTriple, plugged, UINT64),
    VMC_FIELD(VmcTriple, usable, UINT64),
};
static const VmcRecordType triple_type = VMC_RECORD_TYPE(triple_fields);

/* ---- VMs ---------------------------------------------------------------- */

static const char *
vm_state_name(guint state)
{
    return vmc_vm_state_to_name((VmcVmState) state);
}

static const VmcEnumNames vm_state_names = {VMC_N_VM_STATES, vm_state_name};

static const VmcField vm_fields[] = {
    VMC_FIELD(VmcVm, uuid, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcVm, name, STRING, VMC_FIELD_REQUIRED),
    VMC_FIELD(VmcVm, host, STRING),
    VMC_FIELD(VmcVm, destination, STRING),
    VMC_FIELD(VmcVm, state, ENUM, VMC_FIELD_DETAIL(vm_state_names)),
    VMC_FIELD(VmcVm, state_reason, STRING),
    VMC_FIELD(VmcVm, state_since_s, INT64),
    VMC_FIELD(VmcVm, is_managed, BOOLEAN),
    VMC_FIELD(VmcVm, template_name, STRING),
    VMC_FIELD(VmcVm, service_class, STRING),
    VMC_FIELD(VmcVm, size, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, size_min, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, size_max, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, factors, RECORD, VMC_FIELD_DETAIL(factors_type)),
    VMC_FIELD(VmcVm, vcpus, RECORD, VMC_FIELD_DETAIL(triple_type)),
    VMC_FIELD(VmcVm, memory_bytes, RECORD, VMC_FIELD_DETAIL(triple_type)),
    VMC_FIELD(VmcVm, demand, RECORD, VMC_FIELD_DETAIL(vmc_resources_type)),
    VMC_FIELD(VmcVm, demand_age_s, INT64),
    VMC_FIELD(VmcVm, resident_bytes, UINT64),
    VMC_FIELD(VmcVm, dirty_bytes_per_s, UINT64),
    VMC_FIELD(VmcVm, moved_at_s, INT64),
    VMC_FIELD(VmcVm, n_numa_nodes, UINT),
    VMC_FIELD(VmcVm, cpu_model, STRING),
    VMC_FIELD(VmcVm, machine, STRING),
    VMC_FIELD(VmcVm, pools, STRV),
    VMC_FIELD(VmcVm, networks, STRV),
    VMC_FIELD(VmcVm, bridges, STRV),
    VMC_FIELD(VmcVm, pending, STRING),
    VMC_FIELD(VmcVm, wishes, RECORDS, VMC_FIELD_DETAIL(wish_type)),
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

    if (!vmc_record_check_uuid(vm->uuid, error))
        return FALSE;
    if (vm->is_managed)
        return vmc_record_check_name(vm->name, error);
    if (*vm->name != '\0')
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, ".name: is empty");
    return FALSE;
}

const VmcRecordType vmc_vm_type = VMC_RECORD_TYPE(vm_fields,
                                                  vm_new_empty,
                                                  (GDestroyNotify) vmc_vm_unref,
                                                  .finish = vm_finish);

JsonNode *
vmc_vm_to_json(const VmcVm *vm)
{
    return vmc_record_to_json(&vmc_vm_type, vm);
}

VmcVm *
vmc_vm_from_json(JsonNode *node, GError **error)
{
    g_autoptr(VmcVm) vm = vm_new_empty();

    if (!vmc_record_from_json(&vmc_vm_type, node, vm, error))
        return NULL;
    return g_steal_pointer(&vm);
}
