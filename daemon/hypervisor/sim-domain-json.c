/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-domain-json.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "daemon/hypervisor/sim-guest.h"
#include "daemon/hypervisor/sim-host.h"

typedef enum { MEMBER_FLAG, MEMBER_COUNT, MEMBER_BYTES } MemberKind;

typedef struct {
    const char *name;
    MemberKind kind;
    gsize offset;
} Member;

#define DOMAIN(kind, member)                                                   \
    {                                                                          \
#member, kind, G_STRUCT_OFFSET(VmcSimDomain, member)                   \
    }

/* Numbers that are kept as they are. */
static const Member members[] = {
    DOMAIN(MEMBER_FLAG, is_kvm),
    DOMAIN(MEMBER_FLAG, is_persistent),
    DOMAIN(MEMBER_FLAG, is_managed),
    DOMAIN(MEMBER_FLAG, has_agent_channel),
    DOMAIN(MEMBER_BYTES, disk_bytes),
    DOMAIN(MEMBER_BYTES, network_bits_per_s),
    DOMAIN(MEMBER_FLAG, shape.is_running),
    DOMAIN(MEMBER_FLAG, shape.can_unplug_vcpus),
    DOMAIN(MEMBER_COUNT, shape.vcpus_max),
    DOMAIN(MEMBER_COUNT, shape.vcpus_floor),
    DOMAIN(MEMBER_COUNT, shape.vcpus_plugged),
    DOMAIN(MEMBER_COUNT, shape.vcpus_config),
    DOMAIN(MEMBER_BYTES, shape.boot_bytes),
    DOMAIN(MEMBER_BYTES, shape.max_bytes),
    DOMAIN(MEMBER_BYTES, shape.balloon_bytes),
    DOMAIN(MEMBER_BYTES, shape.balloon_config_bytes),
    DOMAIN(MEMBER_FLAG, shape.has_virtio_mem),
    DOMAIN(MEMBER_BYTES, shape.virtio_mem_size_bytes),
    DOMAIN(MEMBER_BYTES, shape.virtio_mem_block_bytes),
    DOMAIN(MEMBER_BYTES, shape.virtio_mem_requested_bytes),
    DOMAIN(MEMBER_BYTES, shape.virtio_mem_current_bytes),
    DOMAIN(MEMBER_BYTES, shape.virtio_mem_config_bytes),
    DOMAIN(MEMBER_COUNT, shape.dimm_slots_free),
    DOMAIN(MEMBER_COUNT, shape.dimm_slots_config_free),
    DOMAIN(MEMBER_COUNT, guest.n_boots),
    DOMAIN(MEMBER_FLAG, guest.is_booted),
    DOMAIN(MEMBER_FLAG, guest.is_poisoned),
    DOMAIN(MEMBER_COUNT, guest.n_online),
    DOMAIN(MEMBER_COUNT, guest.n_dark),
    DOMAIN(MEMBER_BYTES, guest.off_us),
    DOMAIN(MEMBER_BYTES, guest.balloon_target_bytes),
    DOMAIN(MEMBER_BYTES, guest.offline_bytes),
    DOMAIN(MEMBER_FLAG, guest.traits.agent),
    DOMAIN(MEMBER_FLAG, guest.traits.acpi),
    DOMAIN(MEMBER_FLAG, guest.traits.balloon),
    DOMAIN(MEMBER_FLAG, guest.traits.virtio_mem),
    DOMAIN(MEMBER_FLAG, guest.traits.online_cpus),
    DOMAIN(MEMBER_FLAG, guest.traits.online_memory),
    DOMAIN(MEMBER_FLAG, guest.traits.unplug_cpus),
    DOMAIN(MEMBER_FLAG, guest.traits.unplug_dimms),
    DOMAIN(MEMBER_BYTES, guest.traits.used_memory_bytes),
    DOMAIN(MEMBER_BYTES, guest.traits.dirty_bytes_per_s),
    DOMAIN(MEMBER_COUNT, guest.traits.cpu_percent),
    DOMAIN(MEMBER_BYTES, guest.traits.traffic_bits_per_s),
};

/* ---- writing --------------------------------------------------------------
 */

static void
set_number(JsonObject *object, const VmcSimDomain *domain, const Member *member)
{
    const void *value = G_STRUCT_MEMBER_P(domain, member->offset);

    if (member->kind == MEMBER_FLAG)
        json_object_set_boolean_member(object, member->name,
                                       *(const gboolean *) value);
    else if (member->kind == MEMBER_COUNT)
        json_object_set_int_member(object, member->name,
                                   *(const guint *) value);
    else
        json_object_set_int_member(object, member->name,
                                   (gint64) * (const guint64 *) value);
}

static void
set_text(JsonObject *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_string_member(object, name, text);
}

static void
set_list(JsonObject *object, const char *name, GStrv list)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; list != NULL && list[i] != NULL; i++)
        json_array_add_string_element(array, list[i]);
    json_object_set_array_member(object, name, array);
}

static void
set_dimms(JsonObject *object, const char *name, GPtrArray *dimms)
{
    JsonObject *sizes = json_object_new();

    for (guint i = 0; dimms != NULL && i < dimms->len; i++) {
        const VmcDimm *dimm = g_ptr_array_index(dimms, i);
        json_object_set_int_member(sizes, dimm->alias,
                                   (gint64) dimm->size_bytes);
    }
    json_object_set_object_member(object, name, sizes);
}

JsonObject *
vmc_sim_domain_to_json(const VmcSimDomain *domain)
{
    JsonObject *object = json_object_new();

    set_text(object, "uuid", domain->uuid);
    set_text(object, "name", domain->name);
    /* a start goes on when whoever asked for it is gone */
    set_text(object, "state",
             vmc_run_state_to_name(domain->state == VMC_RUN_STARTING
                                       ? VMC_RUN_RUNNING
                                       : domain->state));
    set_text(object, "machine", domain->machine);
    set_text(object, "cpu_model", domain->cpu_model);
    set_text(object, "leaving", domain->guest.leaving);
    set_list(object, "pools", domain->pools);
    set_list(object, "disks", domain->disks);
    set_list(object, "networks", domain->networks);
    set_list(object, "bridges", domain->bridges);
    set_dimms(object, "dimms", domain->shape.dimms);
    set_dimms(object, "dimms_config", domain->shape.dimms_config);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        set_number(object, domain, &members[i]);
    if (domain->metadata != NULL)
        json_object_set_member(object, "metadata",
                               vmc_vm_to_json(domain->metadata));
    return object;
}

/* ---- reading --------------------------------------------------------------
 */

static void
get_number(JsonObject *object, VmcSimDomain *domain, const Member *member)
{
    void *value = G_STRUCT_MEMBER_P(domain, member->offset);

    if (!json_object_has_member(object, member->name))
        return;
    if (member->kind == MEMBER_FLAG)
        *(gboolean *) value =
            json_object_get_boolean_member(object, member->name);
    else if (member->kind == MEMBER_COUNT)
        *(guint *) value =
            (guint) json_object_get_int_member(object, member->name);
    else
        *(guint64 *) value =
            (guint64) json_object_get_int_member(object, member->name);
}

static char *
get_text(JsonObject *object, const char *name)
{
    return g_strdup(
        json_object_get_string_member_with_default(object, name, NULL));
}

static GStrv
get_list(JsonObject *object, const char *name)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (json_object_has_member(object, name)) {
        JsonArray *array = json_object_get_array_member(object, name);
        for (guint i = 0; i < json_array_get_length(array); i++)
            g_strv_builder_add(builder,
                               json_array_get_string_element(array, i));
    }
    return g_strv_builder_end(builder);
}

static GPtrArray *
get_dimms(JsonObject *object, const char *name)
{
    GPtrArray *dimms = NULL;
    JsonObjectIter iter;
    const char *alias;
    JsonNode *node;

    if (!json_object_has_member(object, name))
        return NULL;
    dimms = vmc_dimms_new();
    json_object_iter_init(&iter, json_object_get_object_member(object, name));
    while (json_object_iter_next(&iter, &alias, &node))
        g_ptr_array_add(dimms,
                        vmc_dimm_new(alias, (guint64) json_node_get_int(node)));
    return dimms;
}

static VmcSimDomain *
read_identity(JsonObject *object, GError **error)
{
    const char *uuid =
        json_object_get_string_member_with_default(object, "uuid", NULL);
    const char *name =
        json_object_get_string_member_with_default(object, "name", NULL);
    const char *state =
        json_object_get_string_member_with_default(object, "state", "");
    VmcRunState run_state;

    if (uuid == NULL || name == NULL ||
        !vmc_run_state_from_name(state, &run_state)) {
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_DAMAGED,
                            "a domain lacks UUID, name or state");
        return NULL;
    }
    VmcSimDomain *domain = vmc_sim_domain_new(uuid, name);
    domain->state = run_state;
    return domain;
}

static void
read_devices(JsonObject *object, VmcSimDomain *domain)
{
    domain->machine = get_text(object, "machine");
    domain->cpu_model = get_text(object, "cpu_model");
    domain->guest.leaving = get_text(object, "leaving");
    domain->pools = get_list(object, "pools");
    domain->disks = get_list(object, "disks");
    domain->networks = get_list(object, "networks");
    domain->bridges = get_list(object, "bridges");
    domain->shape.dimms = get_dimms(object, "dimms");
    domain->shape.dimms_config = get_dimms(object, "dimms_config");
}

VmcSimDomain *
vmc_sim_domain_from_json(JsonObject *object, VmcSimHost *host, GError **error)
{
    g_autoptr(VmcSimDomain) domain = read_identity(object, error);

    if (domain == NULL)
        return NULL;
    domain->host = host;
    domain->guest.traits = host->config->guest;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        get_number(object, domain, &members[i]);
    read_devices(object, domain);
    if (json_object_has_member(object, "metadata")) {
        domain->metadata =
            vmc_vm_from_json(json_object_get_member(object, "metadata"), error);
        if (domain->metadata == NULL)
            return NULL;
    }
    vmc_sim_guest_catch_up(domain);
    return g_steal_pointer(&domain);
}
