/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-agent.h"

#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"

#include <json-glib/json-glib.h>
#include <libvirt/libvirt-qemu.h>

#include <string.h>

/* Onlining memory works through many blocks in one answer. */
#define ANSWER_S 3
#define ONLINE_ANSWER_S 15

#define FILE_BYTES_MAX 16384
#define BYTES_PER_KIB 1024

/* ---- asking -------------------------------------------------------------- */

/* What @dom's agent returns for @command, an object with "return". */
static JsonNode *
ask(virDomainPtr dom, const char *command, int answer_s, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) root = NULL;
    JsonNode *result = NULL;

    text = virDomainQemuAgentCommand(dom, command, answer_s, 0);
    if (text == NULL) {
        vmc_libvirt_error_set(error, "the guest agent of '%s' does not do it",
                              virDomainGetName(dom));
        return NULL;
    }
    root = json_from_string(text, NULL);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        result = json_object_get_member(json_node_get_object(root), "return");
    if (result != NULL)
        return json_node_copy(result);
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "the guest agent of '%s' gave no answer that can be read",
                virDomainGetName(dom));
    return NULL;
}

static JsonNode *
ask_with_int(virDomainPtr dom,
             const char *command,
             const char *argument,
             gint64 value,
             GError **error)
{
    g_autofree char *text = g_strdup_printf(
        "{\"execute\":\"%s\",\"arguments\":{\"%s\":%" G_GINT64_FORMAT "}}",
        command, argument, value);

    return ask(dom, text, ANSWER_S, error);
}

/* An object's member as a number, or @fallback. The guest is not trusted to
 * send the right types. */
static gint64
get_int(JsonNode *node, const char *member, gint64 fallback)
{
    JsonNode *value = NULL;

    if (JSON_NODE_HOLDS_OBJECT(node))
        value = json_object_get_member(json_node_get_object(node), member);
    if (value == NULL || json_node_get_value_type(value) != G_TYPE_INT64)
        return fallback;
    return json_node_get_int(value);
}

static const char *
get_string(JsonNode *node, const char *member)
{
    JsonNode *value = NULL;

    if (JSON_NODE_HOLDS_OBJECT(node))
        value = json_object_get_member(json_node_get_object(node), member);
    if (value == NULL || json_node_get_value_type(value) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(value);
}

static gboolean
get_flag(JsonNode *node, const char *member)
{
    JsonNode *value = NULL;

    if (JSON_NODE_HOLDS_OBJECT(node))
        value = json_object_get_member(json_node_get_object(node), member);
    return value != NULL && json_node_get_value_type(value) == G_TYPE_BOOLEAN &&
           json_node_get_boolean(value);
}

/* ---- vCPUs --------------------------------------------------------------- */

guint
vmc_agent_count_cpu_list(const char *list)
{
    g_auto(GStrv) ranges = g_strsplit(list, ",", -1);
    guint n_cpus = 0;

    for (guint i = 0; ranges[i] != NULL; i++) {
        const char *dash = strchr(ranges[i], '-');
        guint64 first = g_ascii_strtoull(ranges[i], NULL, 10);
        guint64 last =
            dash != NULL ? g_ascii_strtoull(dash + 1, NULL, 10) : first;

        if (ranges[i][0] != '\0' && last >= first)
            n_cpus += (guint) (last - first + 1);
    }
    return n_cpus;
}

/* Where there is no agent this fails, and so does the call that follows. */
void
vmc_agent_limit_answer(virDomainPtr dom)
{
    (void) virDomainAgentSetResponseTimeout(dom, ANSWER_S, 0);
}

gboolean
vmc_agent_count_vcpus(virDomainPtr dom, guint *ret_online, GError **error)
{
    g_auto(VmcTypedParams) params = {0};
    unsigned int n_params = 0;
    const char *online = NULL;

    vmc_agent_limit_answer(dom);
    if (virDomainGetGuestVcpus(dom, &params.items, &n_params, 0) < 0)
        return vmc_libvirt_error_set(error,
                                     "the guest agent of '%s' does not answer",
                                     virDomainGetName(dom));
    params.n = (int) n_params;
    if (virTypedParamsGetString(params.items, params.n, "online", &online) != 1)
        online = "";
    *ret_online = vmc_agent_count_cpu_list(online);
    return TRUE;
}

gboolean
vmc_agent_set_vcpus(virDomainPtr dom, guint count, GError **error)
{
    vmc_agent_limit_answer(dom);
    if (virDomainSetVcpusFlags(
            dom, count, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_VCPU_GUEST) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error,
                                 "cannot set %u vCPUs online in the guest '%s'",
                                 count, virDomainGetName(dom));
}

/* ---- memory numbers ------------------------------------------------------ */

static gboolean
find_kib(const char *text, const char *key, guint64 *ret_bytes)
{
    const char *at = strstr(text, key);

    if (at == NULL)
        return FALSE;
    *ret_bytes = g_ascii_strtoull(at + strlen(key), NULL, 10) * BYTES_PER_KIB;
    return TRUE;
}

gboolean
vmc_agent_parse_meminfo(const char *text, VmcGuestMemory *ret_memory)
{
    VmcGuestMemory memory = {0};

    if (!find_kib(text, "MemTotal:", &memory.total_bytes))
        return FALSE;
    (void) find_kib(text, "MemAvailable:", &memory.usable_bytes);
    *ret_memory = memory;
    return TRUE;
}

static char *
read_opened(virDomainPtr dom, gint64 handle, GError **error)
{
    g_autofree char *command = g_strdup_printf(
        "{\"execute\":\"guest-file-read\",\"arguments\":{\"handle\":"
        "%" G_GINT64_FORMAT ",\"count\":%d}}",
        handle, FILE_BYTES_MAX);
    g_autoptr(JsonNode) answer = ask(dom, command, ANSWER_S, error);
    const char *base64 = NULL;
    g_autofree guchar *bytes = NULL;
    gsize n_bytes = 0;

    if (answer == NULL)
        return NULL;
    base64 = get_string(answer, "buf-b64");
    if (base64 != NULL)
        bytes = g_base64_decode(base64, &n_bytes);
    return g_strndup(bytes != NULL ? (const char *) bytes : "", n_bytes);
}

/* The beginning of a file, be it one of the kernel's that tell no size. */
static char *
read_guest_file(virDomainPtr dom, const char *path, GError **error)
{
    g_autofree char *command =
        g_strdup_printf("{\"execute\":\"guest-file-open\",\"arguments\":"
                        "{\"path\":\"%s\",\"mode\":\"r\"}}",
                        path);
    g_autoptr(JsonNode) opened = ask(dom, command, ANSWER_S, error);
    g_autoptr(JsonNode) closed = NULL;
    char *text = NULL;
    gint64 handle = 0;

    if (opened == NULL)
        return NULL;
    if (json_node_get_value_type(opened) == G_TYPE_INT64)
        handle = json_node_get_int(opened);
    text = read_opened(dom, handle, error);
    closed = ask_with_int(dom, "guest-file-close", "handle", handle, NULL);
    return text;
}

gboolean
vmc_agent_read_memory(virDomainPtr dom,
                      VmcGuestMemory *ret_memory,
                      GError **error)
{
    g_autofree char *text = read_guest_file(dom, "/proc/meminfo", error);

    if (text == NULL)
        return FALSE;
    if (vmc_agent_parse_meminfo(text, ret_memory))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "the guest '%s' has no MemTotal in its /proc/meminfo",
                virDomainGetName(dom));
    return FALSE;
}

/* ---- the boot ------------------------------------------------------------ */

char *
vmc_agent_read_boot(virDomainPtr dom, GError **error)
{
    g_autofree char *text =
        read_guest_file(dom, "/proc/sys/kernel/random/boot_id", error);

    if (text == NULL)
        return NULL;
    if (g_uuid_string_is_valid(g_strstrip(text)))
        return g_steal_pointer(&text);
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "the guest '%s' does not say which boot of it this is",
                virDomainGetName(dom));
    return NULL;
}

/* ---- memory blocks ------------------------------------------------------- */

gboolean
vmc_agent_read_block_size(virDomainPtr dom, guint64 *ret_bytes, GError **error)
{
    g_autoptr(JsonNode) answer = ask(
        dom, "{\"execute\":\"guest-get-memory-block-info\"}", ANSWER_S, error);
    gint64 bytes = 0;

    if (answer == NULL)
        return FALSE;
    bytes = get_int(answer, "size", 0);
    if (bytes > 0) {
        *ret_bytes = (guint64) bytes;
        return TRUE;
    }
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "the guest '%s' has no memory blocks", virDomainGetName(dom));
    return FALSE;
}

/* The command that takes every block online that is not, NULL when all are. */
static char *
make_online_command(JsonArray *blocks)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(blocks); i++) {
        JsonNode *block = json_array_get_element(blocks, i);
        gint64 index = get_int(block, "phys-index", -1);

        if (index < 0 || get_flag(block, "online"))
            continue;
        g_string_append_printf(
            list, "%s{\"phys-index\":%" G_GINT64_FORMAT ",\"online\":true}",
            list->len > 0 ? "," : "", index);
    }
    if (list->len == 0)
        return NULL;
    return g_strdup_printf("{\"execute\":\"guest-set-memory-blocks\","
                           "\"arguments\":{\"mem-blks\":[%s]}}",
                           list->str);
}

static gboolean
check_onlined(virDomainPtr dom, JsonNode *answer, GError **error)
{
    JsonArray *results = NULL;
    guint n_failed = 0;

    if (!JSON_NODE_HOLDS_ARRAY(answer))
        return TRUE;
    results = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(results); i++)
        if (g_strcmp0(
                get_string(json_array_get_element(results, i), "response"),
                "success") != 0)
            n_failed++;
    if (n_failed == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_PARTIAL,
                "%u of %u memory blocks of the guest '%s' stay offline",
                n_failed, json_array_get_length(results),
                virDomainGetName(dom));
    return FALSE;
}

gboolean
vmc_agent_online_memory(virDomainPtr dom, GError **error)
{
    g_autoptr(JsonNode) blocks =
        ask(dom, "{\"execute\":\"guest-get-memory-blocks\"}", ANSWER_S, error);
    g_autofree char *command = NULL;
    g_autoptr(JsonNode) answer = NULL;

    if (blocks == NULL)
        return FALSE;
    if (JSON_NODE_HOLDS_ARRAY(blocks))
        command = make_online_command(json_node_get_array(blocks));
    if (command == NULL)
        return TRUE;
    answer = ask(dom, command, ONLINE_ANSWER_S, error);
    return answer != NULL && check_onlined(dom, answer, error);
}
