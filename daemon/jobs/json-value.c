/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/json-value.h"

#include "core/error.h"

/* ---- copies ---------------------------------------------------------------
 */

static JsonNode *copy_node(JsonNode *node);

/* json_node_copy() would share the value. */
static JsonNode *
copy_value(JsonNode *node)
{
    JsonNode *copy = json_node_new(JSON_NODE_VALUE);
    GValue value = G_VALUE_INIT;

    json_node_get_value(node, &value);
    json_node_set_value(copy, &value);
    g_value_unset(&value);
    return copy;
}

static JsonArray *
copy_array(JsonArray *array)
{
    JsonArray *copy = json_array_new();

    for (guint i = 0; i < json_array_get_length(array); i++)
        json_array_add_element(copy,
                               copy_node(json_array_get_element(array, i)));
    return copy;
}

static JsonNode *
copy_node(JsonNode *node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT: {
        JsonNode *copy = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(copy,
                              vmc_json_object_copy(json_node_get_object(node)));
        return copy;
    }
    case JSON_NODE_ARRAY: {
        JsonNode *copy = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(copy, copy_array(json_node_get_array(node)));
        return copy;
    }
    case JSON_NODE_VALUE:
        return copy_value(node);
    case JSON_NODE_NULL:
        break;
    }
    return json_node_new(JSON_NODE_NULL);
}

static void
copy_member(JsonObject *object,
            const char *name,
            JsonNode *value,
            gpointer user_data)
{
    json_object_set_member(user_data, name, copy_node(value));
}

JsonObject *
vmc_json_object_copy(JsonObject *object)
{
    if (object == NULL)
        return NULL;

    JsonObject *copy = json_object_new();
    json_object_foreach_member(object, copy_member, copy);
    return copy;
}

/* ---- text -----------------------------------------------------------------
 */

char *
vmc_json_object_to_text(JsonObject *object)
{
    g_return_val_if_fail(object != NULL, NULL);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

JsonObject *
vmc_json_parse_object(const char *text, GError **error)
{
    g_return_val_if_fail(text != NULL, NULL);
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &local);

    if (local != NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "no JSON: %s",
                    local->message);
        return NULL;
    }
    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "no JSON object");
        return NULL;
    }
    return json_node_dup_object(node);
}

/* ---- members --------------------------------------------------------------
 */

/* The member, or NULL when it is absent or null. */
static JsonNode *
find_member(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node == NULL || JSON_NODE_HOLDS_NULL(node) ? NULL : node;
}

static gboolean
fail(GError **error, const char *member, const char *expected)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID, "'%s' is not %s", member,
                expected);
    return FALSE;
}

gboolean
vmc_json_read_string(JsonObject *object,
                     const char *member,
                     char **ret_value,
                     GError **error)
{
    JsonNode *node = find_member(object, member);

    if (node != NULL && json_node_get_value_type(node) != G_TYPE_STRING)
        return fail(error, member, "a string");
    *ret_value = node != NULL ? json_node_dup_string(node) : NULL;
    return TRUE;
}

gboolean
vmc_json_read_int(JsonObject *object,
                  const char *member,
                  gint64 fallback,
                  gint64 *ret_value,
                  GError **error)
{
    JsonNode *node = find_member(object, member);

    if (node == NULL) {
        *ret_value = fallback;
        return TRUE;
    }
    if (json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0)
        return fail(error, member, "a whole number");
    *ret_value = json_node_get_int(node);
    return TRUE;
}

gboolean
vmc_json_read_boolean(JsonObject *object,
                      const char *member,
                      gboolean fallback,
                      gboolean *ret_value,
                      GError **error)
{
    JsonNode *node = find_member(object, member);

    if (node != NULL && json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return fail(error, member, "true or false");
    *ret_value = node != NULL ? json_node_get_boolean(node) : fallback;
    return TRUE;
}

gboolean
vmc_json_read_object(JsonObject *object,
                     const char *member,
                     JsonObject **ret_value,
                     GError **error)
{
    JsonNode *node = find_member(object, member);

    if (node != NULL && !JSON_NODE_HOLDS_OBJECT(node))
        return fail(error, member, "an object");
    *ret_value =
        node != NULL ? vmc_json_object_copy(json_node_get_object(node)) : NULL;
    return TRUE;
}
