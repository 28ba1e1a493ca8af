/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-config.h"

#include "core/error.h"
#include "core/units.h"

#include <string.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)

typedef enum {
    PARAMETER_COUNT,
    PARAMETER_BYTES,
    PARAMETER_BITS_PER_S,
    PARAMETER_FLAG,
    PARAMETER_TEXT,
    PARAMETER_LIST,
} ParameterKind;

typedef struct {
    const char *key;
    ParameterKind kind;
    gsize offset;
} Parameter;

#define HOST(member) G_STRUCT_OFFSET(VmcSimConfig, member)
#define GUEST(member) G_STRUCT_OFFSET(VmcSimTraits, member)

/* docs/simulated-driver.md describes them. */
static const Parameter host_parameters[] = {
    {"cores", PARAMETER_COUNT, HOST(n_cores)},
    {"memory", PARAMETER_BYTES, HOST(memory_bytes)},
    {"disk", PARAMETER_BYTES, HOST(disk_bytes)},
    {"network", PARAMETER_BITS_PER_S, HOST(network_bits_per_s)},
    {"domain_type", PARAMETER_TEXT, HOST(domain_type)},
    {"pools", PARAMETER_LIST, HOST(pools)},
    {"images", PARAMETER_LIST, HOST(images)},
    {"networks", PARAMETER_LIST, HOST(networks)},
    {"bridges", PARAMETER_LIST, HOST(bridges)},
    {"cpu_models", PARAMETER_LIST, HOST(cpu_models)},
    {"machines", PARAMETER_LIST, HOST(machines)},
    {"shared_pools", PARAMETER_FLAG, HOST(shared_pools)},
    {"vms", PARAMETER_COUNT, HOST(n_vms)},
    {"vm_vcpus", PARAMETER_COUNT, HOST(vm_vcpus)},
    {"vm_memory", PARAMETER_BYTES, HOST(vm_memory_bytes)},
    {"vms_managed", PARAMETER_FLAG, HOST(vms_managed)},
    {"latency_ms", PARAMETER_COUNT, HOST(latency_ms)},
    {"open_ms", PARAMETER_COUNT, HOST(open_ms)},
    {"boot_ms", PARAMETER_COUNT, HOST(boot_ms)},
    {"guest_ms", PARAMETER_COUNT, HOST(guest_ms)},
    {"job_wait_ms", PARAMETER_COUNT, HOST(job_wait_ms)},
    {"migration_mib_per_s", PARAMETER_COUNT, HOST(migration_mib_per_s)},
    {"state", PARAMETER_TEXT, HOST(state_path)},
    {"faults", PARAMETER_TEXT, HOST(faults_path)},
};

static const Parameter guest_parameters[] = {
    {"agent", PARAMETER_FLAG, GUEST(agent)},
    {"acpi", PARAMETER_FLAG, GUEST(acpi)},
    {"balloon", PARAMETER_FLAG, GUEST(balloon)},
    {"virtio_mem", PARAMETER_FLAG, GUEST(virtio_mem)},
    {"online_cpus", PARAMETER_FLAG, GUEST(online_cpus)},
    {"online_memory", PARAMETER_FLAG, GUEST(online_memory)},
    {"unplug_cpus", PARAMETER_FLAG, GUEST(unplug_cpus)},
    {"unplug_dimms", PARAMETER_FLAG, GUEST(unplug_dimms)},
    {"used_memory", PARAMETER_BYTES, GUEST(used_memory_bytes)},
    {"dirty_rate", PARAMETER_BYTES, GUEST(dirty_bytes_per_s)},
    {"cpu_percent", PARAMETER_COUNT, GUEST(cpu_percent)},
    {"traffic", PARAMETER_BITS_PER_S, GUEST(traffic_bits_per_s)},
};

/* ---- values ---------------------------------------------------------------
 */

static gboolean
parse_count(const char *text, guint *ret_count, GError **error)
{
    guint64 count;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &count, NULL)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is not a whole number", text);
        return FALSE;
    }
    *ret_count = (guint) count;
    return TRUE;
}

static gboolean
parse_flag(const char *text, gboolean *ret_flag, GError **error)
{
    if (g_str_equal(text, "yes") || g_str_equal(text, "true"))
        *ret_flag = TRUE;
    else if (g_str_equal(text, "no") || g_str_equal(text, "false"))
        *ret_flag = FALSE;
    else {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' is neither 'yes' nor 'no'", text);
        return FALSE;
    }
    return TRUE;
}

static void
replace_text(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

static void
replace_list(GStrv *list, const char *value)
{
    g_strfreev(*list);
    *list = g_strsplit(value, ",", -1);
}

static gboolean
set_parameter(gpointer base,
              const Parameter *parameter,
              const char *value,
              GError **error)
{
    gpointer member = G_STRUCT_MEMBER_P(base, parameter->offset);

    switch (parameter->kind) {
    case PARAMETER_COUNT:
        return parse_count(value, member, error);
    case PARAMETER_BYTES:
        return vmc_units_parse_bytes(value, member, error);
    case PARAMETER_BITS_PER_S:
        return vmc_units_parse_bits_per_s(value, member, error);
    case PARAMETER_FLAG:
        return parse_flag(value, member, error);
    case PARAMETER_TEXT:
        replace_text(member, value);
        return TRUE;
    case PARAMETER_LIST:
        replace_list(member, value);
        return TRUE;
    default:
        g_return_val_if_reached(FALSE);
    }
}

static const Parameter *
find_parameter(const Parameter *parameters, gsize n, const char *key)
{
    for (gsize i = 0; i < n; i++)
        if (g_str_equal(parameters[i].key, key))
            return &parameters[i];
    return NULL;
}

gboolean
vmc_sim_traits_set(VmcSimTraits *traits,
                   const char *key,
                   const char *value,
                   GError **error)
{
    g_return_val_if_fail(traits != NULL && key != NULL && value != NULL, FALSE);
    const Parameter *parameter =
        find_parameter(guest_parameters, G_N_ELEMENTS(guest_parameters), key);
    if (parameter == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "a simulated guest has no parameter '%s'", key);
        return FALSE;
    }
    if (set_parameter(traits, parameter, value, error))
        return TRUE;
    g_prefix_error(error, "parameter '%s': ", key);
    return FALSE;
}

/* ---- the URI --------------------------------------------------------------
 */

static VmcSimConfig *
config_new(const char *name)
{
    VmcSimConfig *config = g_new0(VmcSimConfig, 1);

    config->name = g_strdup(name);
    config->n_cores = 8;
    config->memory_bytes = 32 * GIB;
    config->disk_bytes = 1024 * GIB;
    config->network_bits_per_s = G_GUINT64_CONSTANT(10000000000);
    config->domain_type = g_strdup("kvm");
    replace_list(&config->pools, "default");
    replace_list(&config->networks, "default");
    replace_list(&config->bridges, "br0");
    replace_list(&config->cpu_models, "qemu64,Westmere,Skylake-Server,EPYC");
    replace_list(&config->machines, "pc-q35-7.2,pc-i440fx-7.2,q35,pc");
    config->vm_vcpus = 1;
    config->vm_memory_bytes = GIB;
    config->guest_ms = 20;
    config->boot_ms = 50;
    config->migration_mib_per_s = 4096;
    config->guest = (VmcSimTraits){.cpu_percent = 5,
                                   .agent = TRUE,
                                   .acpi = TRUE,
                                   .balloon = TRUE,
                                   .virtio_mem = TRUE,
                                   .online_cpus = TRUE,
                                   .online_memory = TRUE,
                                   .unplug_cpus = TRUE,
                                   .unplug_dimms = TRUE};
    return config;
}

static gboolean
set_by_key(VmcSimConfig *config,
           const char *key,
           const char *value,
           GError **error)
{
    const Parameter *parameter =
        find_parameter(host_parameters, G_N_ELEMENTS(host_parameters), key);

    if (parameter == NULL)
        return vmc_sim_traits_set(&config->guest, key, value, error);
    if (set_parameter(config, parameter, value, error))
        return TRUE;
    g_prefix_error(error, "parameter '%s': ", key);
    return FALSE;
}

static gboolean
set_all(VmcSimConfig *config, const char *query, GError **error)
{
    GUriParamsIter iter;
    char *key;
    char *value;
    GError *failure = NULL;
    gboolean ok = TRUE;

    g_uri_params_iter_init(&iter, query, -1, "&", G_URI_PARAMS_NONE);
    while (ok && g_uri_params_iter_next(&iter, &key, &value, &failure)) {
        ok = set_by_key(config, key, value, error);
        g_free(key);
        g_free(value);
    }
    if (failure == NULL)
        return ok;
    g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID, failure->message);
    g_error_free(failure);
    return FALSE;
}

static gboolean
check_config(const VmcSimConfig *config, GError **error)
{
    const char *problem = NULL;

    if (config->n_cores == 0 || config->memory_bytes == 0)
        problem = "a host needs cores and memory";
    else if (!g_str_equal(config->domain_type, "kvm") &&
             !g_str_equal(config->domain_type, "qemu"))
        problem = "'domain_type' is 'kvm' or 'qemu'";
    else if (config->migration_mib_per_s == 0)
        problem = "'migration_mib_per_s' must not be 0";
    if (problem != NULL)
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID, problem);
    return problem == NULL;
}

VmcSimConfig *
vmc_sim_config_parse(const char *uri, GError **error)
{
    g_return_val_if_fail(uri != NULL, NULL);
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_ENCODED_QUERY, NULL);
    const char *name = parsed != NULL ? g_uri_get_host(parsed) : NULL;
    if (name == NULL || *name == '\0') {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'%s' names no simulated host; write it like "
                    "sim://kvm1?cores=8&memory=32GiB",
                    uri);
        return NULL;
    }
    g_autoptr(VmcSimConfig) config = config_new(name);
    const char *query = g_uri_get_query(parsed);
    if ((query != NULL && !set_all(config, query, error)) ||
        !check_config(config, error)) {
        g_prefix_error(error, "host '%s': ", name);
        return NULL;
    }
    return g_steal_pointer(&config);
}

void
vmc_sim_config_free(VmcSimConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->name);
    g_free(config->domain_type);
    g_strfreev(config->pools);
    g_strfreev(config->images);
    g_strfreev(config->networks);
    g_strfreev(config->bridges);
    g_strfreev(config->cpu_models);
    g_strfreev(config->machines);
    g_free(config->state_path);
    g_free(config->faults_path);
    g_free(config);
}
