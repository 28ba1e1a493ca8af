/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/json-record.h"

#include "core/error.h"
#include "core/json-text.h"

#include <string.h>

/* ---- writing ------------------------------------------------------------ */

/* GLib formats into a text of its own first: too slow for a million numbers. */
static void
print_uint(GString *text, guint64 value)
{
    char digits[20];
    gsize at = sizeof digits;

    do {
        digits[--at] = (char) ('0' + value % 10);
        value /= 10;
    } while (value > 0);
    g_string_append_len(text, digits + at, (gssize) (sizeof digits - at));
}

static void
print_int(GString *text, gint64 value)
{
    if (value < 0)
        g_string_append_c(text, '-');
    print_uint(text, value < 0 ? 0 - (guint64) value : (guint64) value);
}

static void
print_strv(GString *text, const char *const *strv)
{
    g_string_append_c(text, '[');
    for (gsize i = 0; strv != NULL && strv[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        vmc_json_print_string(text, strv[i]);
    }
    g_string_append_c(text, ']');
}

static void
print_string_map(GString *text, GHashTable *map)
{
    g_autoptr(GList) keys = g_hash_table_get_keys(map);

    keys = g_list_sort(keys, (GCompareFunc) strcmp);
    g_string_append_c(text, '{');
    for (GList *key = keys; key != NULL; key = key->next) {
        if (key != keys)
            g_string_append_c(text, ',');
        vmc_json_print_string(text, key->data);
        g_string_append_c(text, ':');
        vmc_json_print_string(text, g_hash_table_lookup(map, key->data));
    }
    g_string_append_c(text, '}');
}

static void
print_records(GString *text,
              const VmcRecordType *type,
              const GPtrArray *records)
{
    g_string_append_c(text, '[');
    for (guint i = 0; records != NULL && i < records->len; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        vmc_record_print(text, type, records->pdata[i], VMC_FIELDS_ALL);
    }
    g_string_append_c(text, ']');
}

static void
print_value(GString *text, const VmcField *field, gconstpointer at)
{
    switch (field->kind) {
    case VMC_FIELD_STRING:
        vmc_json_print_string(text, *(char *const *) at);
        return;
    case VMC_FIELD_BOOLEAN:
        g_string_append(text, *(const gboolean *) at ? "true" : "false");
        return;
    case VMC_FIELD_INT64:
        print_int(text, *(const gint64 *) at);
        return;
    case VMC_FIELD_UINT:
        print_uint(text, *(const guint *) at);
        return;
    case VMC_FIELD_UINT64:
        print_uint(text, MIN(*(const guint64 *) at, G_MAXINT64));
        return;
    case VMC_FIELD_STRV:
        print_strv(text, *(const char *const *const *) at);
        return;
    case VMC_FIELD_STRING_MAP:
        print_string_map(text, *(GHashTable *const *) at);
        return;
    case VMC_FIELD_ENUM: {
        const VmcEnumNames *names = field->detail;
        vmc_json_print_string(text, names->to_name(*(const guint *) at));
        return;
    }
    case VMC_FIELD_RECORD:
        vmc_record_print(text, field->detail, at, VMC_FIELDS_ALL);
        return;
    case VMC_FIELD_RECORDS:
        print_records(text, field->detail, *(GPtrArray *const *) at);
        return;
    default:
        g_return_if_reached();
    }
}

/* Strings and maps that are NULL. */
static gboolean
is_left_out(const VmcRecordType *type,
            const VmcField *field,
            gconstpointer record)
{
    const char *at = (const char *) record + field->offset;
    gboolean is_pointer =
        field->kind == VMC_FIELD_STRING || field->kind == VMC_FIELD_STRING_MAP;

    return (is_pointer && *(gconstpointer const *) at == NULL) ||
           (type->omits != NULL && type->omits(field, record));
}

/* ---- reading ------------------------------------------------------------ */

static const char *
describe(JsonNode *node)
{
    if (JSON_NODE_HOLDS_NULL(node))
        return "null";
    if (JSON_NODE_HOLDS_OBJECT(node))
        return "an object";
    if (JSON_NODE_HOLDS_ARRAY(node))
        return "an array";
    GType type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING)
        return "a string";
    if (type == G_TYPE_BOOLEAN)
        return "true or false";
    return type == G_TYPE_INT64 ? "a whole number"
                                : "a number with a point or an exponent";
}

static gboolean
expected(const char *what, JsonNode *node, GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, ": expected %s, found %s",
                what, describe(node));
    return FALSE;
}

static gboolean
read_whole(JsonNode *node, gint64 min, gint64 max, gint64 *ret, GError **error)
{
    if (!JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_INT64)
        return expected("a whole number", node, error);
    gint64 value = json_node_get_int(node);
    if (value < min || value > max) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    ": expected a whole number from %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT ", found %" G_GINT64_FORMAT,
                    min, max, value);
        return FALSE;
    }
    *ret = value;
    return TRUE;
}

static gboolean
holds_string(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_STRING;
}

static gboolean
read_string(const VmcField *field, JsonNode *node, char **at, GError **error)
{
    if (JSON_NODE_HOLDS_NULL(node) && !field->is_required) {
        g_clear_pointer(at, g_free);
        return TRUE;
    }
    if (!holds_string(node))
        return expected("a string", node, error);
    const gint64 length = (gint64) strlen(json_node_get_string(node));
    if (length < field->min || (field->max > 0 && length > field->max)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    ": expected a string of %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT " bytes, found %" G_GINT64_FORMAT,
                    field->min, field->max, length);
        return FALSE;
    }
    g_free(*at);
    *at = json_node_dup_string(node);
    return TRUE;
}

static gboolean
read_boolean(JsonNode *node, gboolean *at, GError **error)
{
    if (!JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return expected("true or false", node, error);
    *at = json_node_get_boolean(node);
    return TRUE;
}

static gboolean
check_entries(const VmcField *field, guint n_entries, GError **error)
{
    if (field->max == 0 || n_entries <= field->max)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ": expected at most %" G_GINT64_FORMAT " entries, found %u",
                field->max, n_entries);
    return FALSE;
}

static gboolean
read_strv(const VmcField *field, JsonNode *node, GStrv *at, GError **error)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return expected("an array of strings", node, error);
    JsonArray *array = json_node_get_array(node);
    if (!check_entries(field, json_array_get_length(array), error))
        return FALSE;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        if (!holds_string(element)) {
            expected("a string", element, error);
            g_prefix_error(error, "[%u]", i);
            return FALSE;
        }
        g_strv_builder_add(builder, json_node_get_string(element));
    }
    g_strfreev(*at);
    *at = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean
read_string_map(const VmcField *field,
                JsonNode *node,
                GHashTable **at,
                GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return expected("an object of strings", node, error);
    JsonObject *object = json_node_get_object(node);
    if (!check_entries(field, json_object_get_size(object), error))
        return FALSE;
    g_autoptr(GHashTable) map =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &member)) {
        if (!holds_string(member)) {
            expected("a string", member, error);
            g_autofree char *shown = vmc_error_quote(name);
            g_prefix_error(error, ".%s", shown);
            return FALSE;
        }
        g_hash_table_insert(map, g_strdup(name), json_node_dup_string(member));
    }
    g_clear_pointer(at, g_hash_table_unref);
    *at = g_steal_pointer(&map);
    return TRUE;
}

static gboolean
read_enum(const VmcEnumNames *names, JsonNode *node, guint *at, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);

    if (!holds_string(node))
        return expected("a string", node, error);
    for (guint i = 0; i < names->n_values; i++) {
        if (g_str_equal(names->to_name(i), json_node_get_string(node))) {
            *at = i;
            return TRUE;
        }
        g_string_append_printf(all, "%s'%s'", i > 0 ? ", " : "",
                               names->to_name(i));
    }
    g_autofree char *shown = vmc_error_quote(json_node_get_string(node));
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                ": expected one of %s, found '%s'", all->str, shown);
    return FALSE;
}

static gboolean read_record(const VmcRecordType *type,
                            JsonNode *node,
                            gpointer record,
                            GError **error);

static gboolean
read_records(const VmcField *field,
             JsonNode *node,
             GPtrArray **at,
             GError **error)
{
    const VmcRecordType *type = field->detail;

    if (!JSON_NODE_HOLDS_ARRAY(node))
        return expected("an array of objects", node, error);
    JsonArray *array = json_node_get_array(node);
    if (!check_entries(field, json_array_get_length(array), error))
        return FALSE;
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func(type->element_free);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        gpointer element = type->element_new();
        g_ptr_array_add(records, element);
        if (!read_record(type, json_array_get_element(array, i), element,
                         error)) {
            g_prefix_error(error, "[%u]", i);
            return FALSE;
        }
    }
    g_clear_pointer(at, g_ptr_array_unref);
    *at = g_steal_pointer(&records);
    return TRUE;
}

static gboolean
read_number(const VmcField *field, JsonNode *node, gpointer at, GError **error)
{
    gint64 value = 0;
    gboolean is_signed = field->kind == VMC_FIELD_INT64;
    gint64 min = is_signed && field->max == 0 ? G_MININT64 : field->min;
    gint64 max =
        field->kind == VMC_FIELD_UINT ? (gint64) G_MAXUINT : G_MAXINT64;

    if (field->max > 0)
        max = field->max;
    if (!read_whole(node, min, max, &value, error))
        return FALSE;
    if (field->kind == VMC_FIELD_UINT)
        *(guint *) at = (guint) value;
    else if (is_signed)
        *(gint64 *) at = value;
    else
        *(guint64 *) at = (guint64) value;
    return TRUE;
}

static gboolean
read_field(const VmcField *field, JsonNode *node, gpointer at, GError **error)
{
    switch (field->kind) {
    case VMC_FIELD_STRING:
        return read_string(field, node, at, error);
    case VMC_FIELD_BOOLEAN:
        return read_boolean(node, at, error);
    case VMC_FIELD_INT64:
    case VMC_FIELD_UINT:
    case VMC_FIELD_UINT64:
        return read_number(field, node, at, error);
    case VMC_FIELD_STRV:
        return read_strv(field, node, at, error);
    case VMC_FIELD_STRING_MAP:
        return read_string_map(field, node, at, error);
    case VMC_FIELD_ENUM:
        return read_enum(field->detail, node, at, error);
    case VMC_FIELD_RECORD:
        return read_record(field->detail, node, at, error);
    case VMC_FIELD_RECORDS:
        return read_records(field, node, at, error);
    default:
        g_return_val_if_reached(FALSE);
    }
}

static const VmcField *
find_field(const VmcRecordType *type, const char *name)
{
    for (gsize i = 0; i < type->n_fields; i++)
        if (g_str_equal(type->fields[i].name, name))
            return &type->fields[i];
    return NULL;
}

static gboolean
check_required(const VmcRecordType *type, JsonObject *object, GError **error)
{
    for (gsize i = 0; i < type->n_fields; i++) {
        const VmcField *field = &type->fields[i];
        if (!field->is_required || json_object_has_member(object, field->name))
            continue;
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    ".%s: is missing, but required", field->name);
        return FALSE;
    }
    return TRUE;
}

/* Errors begin with "." or "[" and a path, or with ": ": the caller puts where
 * it stands before it. */
static gboolean
read_record(const VmcRecordType *type,
            JsonNode *node,
            gpointer record,
            GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return expected("an object", node, error);
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, &member)) {
        const VmcField *field = find_field(type, name);
        if (field == NULL) {
            g_autofree char *shown = vmc_error_quote(name);
            g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                        ".%s: there is no such member", shown);
            return FALSE;
        }
        if (!read_field(field, member, (char *) record + field->offset,
                        error)) {
            g_prefix_error(error, ".%s", name);
            return FALSE;
        }
    }
    JsonObject *object = json_node_get_object(node);
    return check_required(type, object, error) &&
           (type->finish == NULL || type->finish(record, object, error));
}

/* ---- public ------------------------------------------------------------- */

void
vmc_record_print(GString *text,
                 const VmcRecordType *type,
                 gconstpointer record,
                 VmcFields fields)
{
    g_return_if_fail(text != NULL && type != NULL && record != NULL);
    char before = '{';

    for (gsize i = 0; i < type->n_fields; i++) {
        const VmcField *field = &type->fields[i];
        if ((fields & VMC_FIELDS_AT(i)) == 0 ||
            is_left_out(type, field, record))
            continue;
        g_string_append_c(text, before);
        vmc_json_print_string(text, field->name);
        g_string_append_c(text, ':');
        print_value(text, field, (const char *) record + field->offset);
        before = ',';
    }
    g_string_append(text, before == '{' ? "{}" : "}");
}

char *
vmc_record_to_text(const VmcRecordType *type, gconstpointer record)
{
    GString *text = g_string_new(NULL);

    vmc_record_print(text, type, record, VMC_FIELDS_ALL);
    return g_string_free(text, FALSE);
}

JsonNode *
vmc_record_to_json(const VmcRecordType *type, gconstpointer record)
{
    g_autofree char *text = vmc_record_to_text(type, record);

    return json_from_string(text, NULL);
}

gboolean
vmc_record_choose_fields(const VmcRecordType *type,
                         const char *names,
                         VmcFields *ret_fields,
                         GError **error)
{
    g_return_val_if_fail(type != NULL && names != NULL, FALSE);
    g_auto(GStrv) split = g_strsplit(*names != '\0' ? names : ",", ",", -1);
    VmcFields fields = 0;

    for (guint i = 0; split[i] != NULL; i++) {
        const VmcField *field = find_field(type, split[i]);
        if (field == NULL) {
            g_autofree char *shown = vmc_error_quote(split[i]);
            g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                        "there is no field '%s': give names of fields, with "
                        "commas between them",
                        shown);
            return FALSE;
        }
        fields |= VMC_FIELDS_AT(field - type->fields);
    }
    *ret_fields = fields;
    return TRUE;
}

gboolean
vmc_record_from_json(const VmcRecordType *type,
                     JsonNode *node,
                     gpointer record,
                     GError **error)
{
    g_return_val_if_fail(type != NULL && node != NULL && record != NULL, FALSE);
    g_autoptr(GError) wrong = NULL;

    if (read_record(type, node, record, &wrong))
        return TRUE;
    /* of ".size.cpu: …" the outermost dot goes, of ": expected …" the colon */
    const char *message = wrong->message;
    message += g_str_has_prefix(message, ": ") ? 2 : *message == '.' ? 1 : 0;
    g_set_error(error, VMC_ERROR, wrong->code, "%s", message);
    return FALSE;
}
