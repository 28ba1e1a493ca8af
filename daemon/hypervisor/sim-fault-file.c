/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-fault-file.h"

#include "daemon/hypervisor/sim-config.h"

#include <json-glib/json-glib.h>

/* ---- values ---------------------------------------------------------------
 */

VmcSimFault *
vmc_sim_fault_copy(const VmcSimFault *fault)
{
    VmcSimFault *copy = g_new(VmcSimFault, 1);

    *copy = *fault;
    copy->host = g_strdup(fault->host);
    copy->call = g_strdup(fault->call);
    copy->vm = g_strdup(fault->vm);
    copy->message = g_strdup(fault->message);
    return copy;
}

void
vmc_sim_fault_free(VmcSimFault *fault)
{
    if (fault == NULL)
        return;
    g_free((char *) fault->host);
    g_free((char *) fault->call);
    g_free((char *) fault->vm);
    g_free((char *) fault->message);
    g_free(fault);
}

static void
rule_free(gpointer data)
{
    VmcSimGuestRule *rule = data;

    g_free(rule->vm);
    g_free(rule->key);
    g_free(rule->value);
    g_free(rule);
}

static VmcSimFaultFile *
file_new(void)
{
    VmcSimFaultFile *file = g_new0(VmcSimFaultFile, 1);

    file->faults =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_sim_fault_free);
    file->guests = g_ptr_array_new_with_free_func(rule_free);
    return file;
}

void
vmc_sim_fault_file_free(VmcSimFaultFile *file)
{
    if (file == NULL)
        return;
    g_ptr_array_unref(file->faults);
    g_ptr_array_unref(file->guests);
    g_free(file);
}

/* ---- faults ---------------------------------------------------------------
 */

typedef gboolean (*SetMember)(VmcSimFault *fault,
                              JsonNode *value,
                              GError **error);

static gboolean
bad_value(JsonNode *value, const char *expected, GError **error)
{
    g_autofree char *text = json_to_string(value, FALSE);

    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "%s is not %s", text,
                expected);
    return FALSE;
}

static gboolean
read_text(JsonNode *value, const char **ret_text, GError **error)
{
    if (!JSON_NODE_HOLDS_VALUE(value) ||
        json_node_get_value_type(value) != G_TYPE_STRING)
        return bad_value(value, "a text", error);
    g_free((char *) *ret_text);
    *ret_text = json_node_dup_string(value);
    return TRUE;
}

static gboolean
read_count(JsonNode *value, guint *ret_count, GError **error)
{
    gint64 count = -1;

    if (JSON_NODE_HOLDS_VALUE(value) &&
        json_node_get_value_type(value) == G_TYPE_INT64)
        count = json_node_get_int(value);
    if (count < 0 || count > G_MAXINT)
        return bad_value(value, "a whole number", error);
    *ret_count = (guint) count;
    return TRUE;
}

static gboolean
set_kind(VmcSimFault *fault, JsonNode *value, GError **error)
{
    const char *name = json_node_get_string(value);

    for (guint i = 0; i < VMC_SIM_N_FAULTS; i++) {
        if (g_strcmp0(name, vmc_sim_fault_kind_to_name(i)) == 0) {
            fault->kind = (VmcSimFaultKind) i;
            return TRUE;
        }
    }
    return bad_value(value, "a kind of fault", error);
}

static gboolean
set_step(VmcSimFault *fault, JsonNode *value, GError **error)
{
    const char *name = json_node_get_string(value);

    for (guint i = 0; i < VMC_SIM_N_STEPS; i++) {
        if (g_strcmp0(name, vmc_sim_step_to_name(i)) == 0) {
            fault->step = (VmcSimStep) i;
            return TRUE;
        }
    }
    return bad_value(value, "a step of a call", error);
}

static gboolean
set_call(VmcSimFault *fault, JsonNode *value, GError **error)
{
    const char *name = json_node_get_string(value);
    VmcCallKind kind;

    if (name == NULL ||
        (!g_str_equal(name, "open") && !vmc_call_kind_from_name(name, &kind)))
        return bad_value(value, "a call", error);
    return read_text(value, &fault->call, error);
}

static gboolean
set_code(VmcSimFault *fault, JsonNode *value, GError **error)
{
    const char *slug = json_node_get_string(value);

    if (slug != NULL && vmc_error_from_slug(slug, &fault->code))
        return TRUE;
    return bad_value(value, "an error", error);
}

static gboolean
set_host(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_text(value, &fault->host, error);
}

static gboolean
set_vm(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_text(value, &fault->vm, error);
}

static gboolean
set_message(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_text(value, &fault->message, error);
}

static gboolean
set_nth(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_count(value, &fault->nth, error);
}

static gboolean
set_times(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_count(value, &fault->times, error);
}

static gboolean
set_ms(VmcSimFault *fault, JsonNode *value, GError **error)
{
    return read_count(value, &fault->ms, error);
}

typedef struct {
    const char *name;
    SetMember set;
} Member;

static const Member members[] = {
    {"kind", set_kind},       {"step", set_step},   {"host", set_host},
    {"call", set_call},       {"vm", set_vm},       {"nth", set_nth},
    {"ms", set_ms},           {"times", set_times}, {"code", set_code},
    {"message", set_message},
};

static gboolean
set_member(VmcSimFault *fault,
           const char *name,
           JsonNode *value,
           GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (g_str_equal(members[i].name, name))
            return members[i].set(fault, value, error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "a fault has no member '%s'", name);
    return FALSE;
}

/* ---- entries --------------------------------------------------------------
 */

typedef gboolean (*ReadEntry)(VmcSimFaultFile *file,
                              JsonObject *entry,
                              GError **error);

static gboolean
read_fault(VmcSimFaultFile *file, JsonObject *entry, GError **error)
{
    g_autoptr(VmcSimFault) fault = g_new0(VmcSimFault, 1);
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    json_object_iter_init(&iter, entry);
    while (json_object_iter_next(&iter, &name, &value))
        if (!set_member(fault, name, value, error))
            return FALSE;
    if (!json_object_has_member(entry, "kind")) {
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID,
                            "a fault needs a 'kind'");
        return FALSE;
    }
    g_ptr_array_add(file->faults, g_steal_pointer(&fault));
    return TRUE;
}

static char *
text_of(JsonNode *value)
{
    if (JSON_NODE_HOLDS_VALUE(value) &&
        json_node_get_value_type(value) == G_TYPE_STRING)
        return json_node_dup_string(value);
    return json_to_string(value, FALSE);
}

static gboolean
read_guest(VmcSimFaultFile *file, JsonObject *entry, GError **error)
{
    const char *vm =
        json_object_get_string_member_with_default(entry, "vm", "");
    VmcSimTraits scratch = {0};
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;

    json_object_iter_init(&iter, entry);
    while (json_object_iter_next(&iter, &key, &node)) {
        g_autofree char *value = text_of(node);
        if (g_str_equal(key, "vm"))
            continue;
        if (!vmc_sim_traits_set(&scratch, key, value, error))
            return FALSE;
        VmcSimGuestRule *rule = g_new(VmcSimGuestRule, 1);
        rule->vm = g_strdup(vm);
        rule->key = g_strdup(key);
        rule->value = g_steal_pointer(&value);
        g_ptr_array_add(file->guests, rule);
    }
    return TRUE;
}

static gboolean
read_entries(VmcSimFaultFile *file,
             JsonObject *root,
             const char *name,
             ReadEntry read_entry,
             GError **error)
{
    if (!json_object_has_member(root, name))
        return TRUE;
    JsonNode *node = json_object_get_member(root, name);
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return bad_value(node, "a list", error);
    JsonArray *entries = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonNode *entry = json_array_get_element(entries, i);
        gboolean ok = JSON_NODE_HOLDS_OBJECT(entry)
                          ? read_entry(file, json_node_get_object(entry), error)
                          : bad_value(entry, "an object", error);
        if (!ok) {
            g_prefix_error(error, "%s[%u]: ", name, i);
            return FALSE;
        }
    }
    return TRUE;
}

static VmcSimFaultFile *
read_root(JsonNode *root, GError **error)
{
    g_autoptr(VmcSimFaultFile) file = file_new();

    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, VMC_ERROR, VMC_ERROR_INVALID,
                            "it is not a JSON object");
        return NULL;
    }
    JsonObject *object = json_node_get_object(root);
    if (!read_entries(file, object, "faults", read_fault, error) ||
        !read_entries(file, object, "guests", read_guest, error))
        return NULL;
    return g_steal_pointer(&file);
}

VmcSimFaultFile *
vmc_sim_fault_file_read(const char *path, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) failure = NULL;

    if (!json_parser_load_from_file(parser, path, &failure)) {
        if (vmc_error_of(failure) == VMC_ERROR_NOT_FOUND)
            return file_new();
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "could not read faults from '%s': %s", path,
                    failure->message);
        return NULL;
    }
    VmcSimFaultFile *file = read_root(json_parser_get_root(parser), error);
    if (file == NULL)
        g_prefix_error(error, "could not read faults from '%s': ", path);
    return file;
}
