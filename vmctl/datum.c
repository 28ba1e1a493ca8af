/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/datum.h"

#include "core/units.h"

#include <string.h>

/* ---- reading ------------------------------------------------------------- */

JsonNode *
vmc_json_find(JsonObject *object, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    JsonNode *node = NULL;

    for (guint i = 0; names[i] != NULL; i++) {
        if (object == NULL)
            return NULL;
        node = json_object_get_member(object, names[i]);
        if (node == NULL)
            return NULL;
        object =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    }
    return node == NULL || JSON_NODE_HOLDS_NULL(node) ? NULL : node;
}

const char *
vmc_json_text(JsonObject *object, const char *path)
{
    JsonNode *node = vmc_json_find(object, path);

    if (node == NULL || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

gint64
vmc_json_number(JsonObject *object, const char *path)
{
    JsonNode *node = vmc_json_find(object, path);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return 0;
    return json_node_get_int(node);
}

gboolean
vmc_json_flag(JsonObject *object, const char *path)
{
    JsonNode *node = vmc_json_find(object, path);

    return node != NULL && json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
           json_node_get_boolean(node);
}

JsonObject *
vmc_json_object(JsonObject *object, const char *path)
{
    JsonNode *node = vmc_json_find(object, path);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    return json_node_get_object(node);
}

JsonArray *
vmc_json_array(JsonObject *object, const char *path)
{
    JsonNode *node = vmc_json_find(object, path);

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    return json_node_get_array(node);
}

JsonObject *
vmc_json_array_object(JsonArray *array, guint index)
{
    JsonNode *node = json_array_get_element(array, index);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* ---- showing ------------------------------------------------------------- */

typedef char *(*NumberFormatter)(guint64 number);

static char *
format_time(guint64 time_s)
{
    g_autoptr(GDateTime) time = NULL;

    if (time_s == 0)
        return NULL;
    time = g_date_time_new_from_unix_local((gint64) time_s);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
}

static char *
format_permille(guint64 milli)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT "%%", (milli + 5) / 10);
}

static const NumberFormatter number_formatters[VMC_N_DATUM_KINDS] = {
    [VMC_DATUM_BYTES] = vmc_units_format_bytes_short,
    [VMC_DATUM_MILLICORES] = vmc_units_format_millicores,
    [VMC_DATUM_RATE] = vmc_units_format_bits_per_s,
    [VMC_DATUM_TIME] = format_time,
    [VMC_DATUM_PERMILLE] = format_permille,
};

static char *
format_number(VmcDatumKind kind, gint64 number, gboolean exact)
{
    if (exact || number < 0 || number_formatters[kind] == NULL)
        return g_strdup_printf("%" G_GINT64_FORMAT, number);
    return number_formatters[kind]((guint64) number);
}

static char *
format_array(JsonArray *array, const char *separator)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (json_node_get_value_type(node) != G_TYPE_STRING)
            continue;
        if (text->len > 0)
            g_string_append(text, separator);
        g_string_append(text, json_node_get_string(node));
    }
    return g_string_free(text, FALSE);
}

static char *
format_node(const VmcDatum *datum, JsonNode *node, gboolean exact)
{
    if (JSON_NODE_HOLDS_ARRAY(node))
        return format_array(json_node_get_array(node), exact ? "," : ", ");
    if (!JSON_NODE_HOLDS_VALUE(node))
        return NULL;
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return g_strdup(json_node_get_string(node));
    case G_TYPE_BOOLEAN:
        return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
    case G_TYPE_INT64:
        return format_number(datum->kind, json_node_get_int(node), exact);
    default:
        return NULL;
    }
}

char *
vmc_datum_format(const VmcDatum *datum, JsonObject *item, gboolean exact)
{
    JsonNode *node = NULL;

    if (datum->func != NULL)
        return datum->func(datum, item, exact);
    node = vmc_json_find(item, datum->path);
    return node == NULL ? NULL : format_node(datum, node, exact);
}

/* ---- states -------------------------------------------------------------- */

typedef struct {
    const char *state;
    VmcStyle style;
} StateStyle;

/* Of hosts, VMs, jobs and candidates; what is not here is plain. */
static const StateStyle state_styles[] = {
    {"up", VMC_STYLE_GOOD},         {"running", VMC_STYLE_GOOD},
    {"done", VMC_STYLE_GOOD},       {"chosen", VMC_STYLE_GOOD},
    {"degraded", VMC_STYLE_WARN},   {"draining", VMC_STYLE_WARN},
    {"drained", VMC_STYLE_WARN},    {"creating", VMC_STYLE_WARN},
    {"paused", VMC_STYLE_WARN},     {"partial", VMC_STYLE_WARN},
    {"queued", VMC_STYLE_DIM},      {"shut-off", VMC_STYLE_DIM},
    {"cancelled", VMC_STYLE_DIM},   {"refused", VMC_STYLE_DIM},
    {"unreachable", VMC_STYLE_BAD}, {"error", VMC_STYLE_BAD},
    {"crashed", VMC_STYLE_BAD},     {"unknown", VMC_STYLE_BAD},
    {"failed", VMC_STYLE_BAD},
};

VmcStyle
vmc_datum_style(const VmcDatum *datum, const char *text)
{
    if (datum->kind != VMC_DATUM_STATE || text == NULL)
        return VMC_STYLE_NONE;
    for (guint i = 0; i < G_N_ELEMENTS(state_styles); i++)
        if (g_str_equal(state_styles[i].state, text))
            return state_styles[i].style;
    return VMC_STYLE_NONE;
}
