/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/bench/btrplace-instance.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NODES_OF_ZONE 250

/* ---- JSON ---------------------------------------------------------------- */

static JsonNode *
read_gzip(const char *path, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileInputStream) raw = g_file_read(file, NULL, error);
    g_autoptr(JsonParser) parser = json_parser_new();

    if (raw == NULL)
        return NULL;
    g_autoptr(GZlibDecompressor) gunzip =
        g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) stream =
        g_converter_input_stream_new(G_INPUT_STREAM(raw), G_CONVERTER(gunzip));
    if (!json_parser_load_from_stream(parser, stream, NULL, error))
        return NULL;
    return json_parser_steal_root(parser);
}

/* The object at a path of members, NULL when there is none. */
static JsonObject *
object_at(JsonObject *object, const char *const *path)
{
    for (; *path != NULL && object != NULL; path++) {
        JsonNode *node = json_object_get_member(object, *path);
        object = node != NULL && JSON_NODE_HOLDS_OBJECT(node)
                     ? json_node_get_object(node)
                     : NULL;
    }
    return object;
}

#define OBJECT_AT(object, ...)                                                 \
    object_at(object, (const char *const[]){__VA_ARGS__, NULL})

/* The index that a member's name is, or G_MAXUINT. */
static guint
index_of(const char *name, guint n)
{
    char *end;
    const guint64 value = g_ascii_strtoull(name, &end, 10);

    return *end == '\0' && value < n ? (guint) value : G_MAXUINT;
}

/* ---- amounts ------------------------------------------------------------- */

static void
read_amounts(JsonObject *view,
             const char *member,
             const char *fallback,
             gint64 *amounts,
             guint n,
             guint column)
{
    JsonObject *object = OBJECT_AT(view, member);
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    for (guint i = 0; i < n; i++)
        amounts[i * BTRPLACE_N_COLUMNS + column] =
            json_object_get_int_member_with_default(view, fallback, 0);
    if (object == NULL)
        return;
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, &node)) {
        const guint i = index_of(name, n);
        if (i != G_MAXUINT)
            amounts[i * BTRPLACE_N_COLUMNS + column] = json_node_get_int(node);
    }
}

static gint
column_of(JsonObject *object, const char *member)
{
    const char *resource =
        json_object_get_string_member_with_default(object, member, "");

    if (g_str_equal(resource, "uCpu"))
        return BTRPLACE_CPU;
    return g_str_equal(resource, "memory") ? BTRPLACE_MEMORY : -1;
}

static void
read_views(BtrplaceInstance *instance, JsonArray *views)
{
    for (guint i = 0; i < json_array_get_length(views); i++) {
        JsonObject *view = json_array_get_object_element(views, i);
        const gint column = column_of(view, "rcId");
        if (column < 0)
            continue;
        read_amounts(view, "nodes", "defCapacity", instance->capacity,
                     instance->n_nodes, (guint) column);
        read_amounts(view, "vms", "defConsumption", instance->need,
                     instance->n_vms, (guint) column);
    }
}

/* Load that is to be raised: "preserve" so much of a resource for a VM. */
static void
read_constraints(BtrplaceInstance *instance, JsonArray *constraints)
{
    for (guint i = 0; i < json_array_get_length(constraints); i++) {
        JsonObject *object = json_array_get_object_element(constraints, i);
        const gint column = column_of(object, "rc");
        const gint64 vm =
            json_object_get_int_member_with_default(object, "vm", -1);
        if (column >= 0 && vm >= 0 && vm < instance->n_vms)
            instance->need[vm * BTRPLACE_N_COLUMNS + column] =
                json_object_get_int_member(object, "amount");
    }
}

/* ---- places -------------------------------------------------------------- */

static void
read_mapping(BtrplaceInstance *instance, JsonObject *mapping)
{
    JsonObject *online = OBJECT_AT(mapping, "onlineNodes");
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    for (guint vm = 0; vm < instance->n_vms; vm++)
        instance->host[vm] = VMC_NOWHERE;
    json_object_iter_init(&iter, online);
    while (json_object_iter_next(&iter, &name, &node)) {
        const guint host = index_of(name, instance->n_nodes);
        JsonArray *running = json_object_get_array_member(
            json_node_get_object(node), "runningVMs");
        if (host == G_MAXUINT)
            continue;
        instance->is_online[host] = TRUE;
        for (guint i = 0; i < json_array_get_length(running); i++) {
            const gint64 vm = json_array_get_int_element(running, i);
            if (vm >= 0 && vm < instance->n_vms)
                instance->host[vm] = (gint32) host;
        }
    }
}

/* ---- groups -------------------------------------------------------------- */

/* A number for each key, in the order they first come. */
static guint
number_of(GHashTable *numbers, const char *key)
{
    gpointer number;

    if (g_hash_table_lookup_extended(numbers, key, NULL, &number))
        return GPOINTER_TO_UINT(number);
    const guint next = g_hash_table_size(numbers);
    g_hash_table_insert(numbers, g_strdup(key), GUINT_TO_POINTER(next));
    return next;
}

static const char *
text_of(JsonObject *object, const char *member)
{
    return json_object_get_string_member_with_default(object, member, "");
}

static void
read_groups(BtrplaceInstance *instance, JsonObject *attributes)
{
    g_autoptr(GHashTable) applications =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) tiers =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint vm = 0; vm < instance->n_vms; vm++) {
        g_autofree char *member = g_strdup_printf("%u", vm);
        JsonObject *object = OBJECT_AT(attributes, "vms", member);
        if (object == NULL)
            continue;
        g_autofree char *name = g_strdup(text_of(object, "entropy_id"));
        char *dot = strrchr(name, '.');
        if (dot != NULL)
            *dot = '\0';
        g_autofree char *tier = g_strdup_printf(
            "%s %s %d", name, text_of(object, "template"),
            (int) json_object_get_int_member_with_default(object, "boot", 0));
        instance->application[vm] = number_of(applications, name);
        instance->tier[vm] = number_of(tiers, tier);
    }
    instance->n_applications = g_hash_table_size(applications);
    instance->n_tiers = g_hash_table_size(tiers);
}

/* Servers are named N1 and on; a zone is 250 of them. */
static void
read_zones(BtrplaceInstance *instance, JsonObject *attributes)
{
    for (guint host = 0; host < instance->n_nodes; host++) {
        g_autofree char *member = g_strdup_printf("%u", host);
        JsonObject *object = OBJECT_AT(attributes, "nodes", member);
        const char *name = object != NULL ? text_of(object, "entropy_id") : "";
        const int number = *name == 'N' ? atoi(name + 1) : (int) host + 1;
        instance->zone[host] = (guint32) (MAX(number, 1) - 1) / NODES_OF_ZONE;
        instance->n_zones = MAX(instance->n_zones, instance->zone[host] + 1);
    }
}

/* ---- life ---------------------------------------------------------------- */

static BtrplaceInstance *
instance_new(guint n_nodes, guint n_vms)
{
    BtrplaceInstance *instance = g_new0(BtrplaceInstance, 1);

    instance->n_nodes = n_nodes;
    instance->n_vms = n_vms;
    instance->capacity = g_new0(gint64, n_nodes * BTRPLACE_N_COLUMNS);
    instance->need = g_new0(gint64, n_vms * BTRPLACE_N_COLUMNS);
    instance->host = g_new0(gint32, n_vms);
    instance->is_online = g_new0(gboolean, n_nodes);
    instance->zone = g_new0(guint32, n_nodes);
    instance->tier = g_new0(guint, n_vms);
    instance->application = g_new0(guint, n_vms);
    return instance;
}

void
btrplace_instance_free(BtrplaceInstance *instance)
{
    if (instance == NULL)
        return;
    g_free(instance->capacity);
    g_free(instance->need);
    g_free(instance->host);
    g_free(instance->is_online);
    g_free(instance->zone);
    g_free(instance->tier);
    g_free(instance->application);
    g_free(instance);
}

BtrplaceInstance *
btrplace_instance_read(const char *path, GError **error)
{
    g_autoptr(JsonNode) root = read_gzip(path, error);

    if (root == NULL)
        return NULL;
    JsonObject *top =
        JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    JsonObject *model = top != NULL ? OBJECT_AT(top, "model") : NULL;
    JsonObject *mapping = model != NULL ? OBJECT_AT(model, "mapping") : NULL;
    JsonObject *attributes =
        model != NULL ? OBJECT_AT(model, "attributes") : NULL;
    JsonObject *nodes =
        attributes != NULL ? OBJECT_AT(attributes, "nodes") : NULL;
    JsonObject *vms = attributes != NULL ? OBJECT_AT(attributes, "vms") : NULL;
    if (mapping == NULL || nodes == NULL || vms == NULL ||
        OBJECT_AT(mapping, "onlineNodes") == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "'%s' is no instance of the BtrPlace benchmark", path);
        return NULL;
    }
    BtrplaceInstance *instance =
        instance_new(json_object_get_size(nodes), json_object_get_size(vms));
    read_views(instance, json_object_get_array_member(model, "views"));
    read_constraints(instance,
                     json_object_get_array_member(top, "constraints"));
    read_mapping(instance, mapping);
    read_groups(instance, attributes);
    read_zones(instance, attributes);
    return instance;
}

/* ---- what is made of it -------------------------------------------------- */

/* The zone that an application has to stay in, by its first VM that runs. */
static guint32 *
zones_of_applications(const BtrplaceInstance *instance)
{
    guint32 *zones = g_new0(guint32, instance->n_applications);

    for (guint vm = instance->n_vms; vm-- > 0;)
        if (instance->host[vm] != VMC_NOWHERE)
            zones[instance->application[vm]] =
                instance->zone[instance->host[vm]];
    return zones;
}

/* By what the needs of each zone are to be multiplied. */
static double *
factors_of_zones(const BtrplaceInstance *instance,
                 const guint32 *zone_of,
                 double part)
{
    const guint n_cells = instance->n_zones * BTRPLACE_N_COLUMNS;
    g_autofree double *need = g_new0(double, n_cells);
    g_autofree double *capacity = g_new0(double, n_cells);
    double *factors = g_new(double, instance->n_zones);

    for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++) {
        for (guint vm = 0; vm < instance->n_vms; vm++)
            need[zone_of[instance->application[vm]] * BTRPLACE_N_COLUMNS + c] +=
                (double) instance->need[vm * BTRPLACE_N_COLUMNS + c];
        for (guint host = 0; host < instance->n_nodes; host++)
            if (instance->is_online[host])
                capacity[instance->zone[host] * BTRPLACE_N_COLUMNS + c] +=
                    (double) instance->capacity[host * BTRPLACE_N_COLUMNS + c];
    }
    for (guint zone = 0; zone < instance->n_zones; zone++) {
        factors[zone] = G_MAXDOUBLE;
        for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
            factors[zone] = MIN(
                factors[zone], part * capacity[zone * BTRPLACE_N_COLUMNS + c] /
                                   MAX(need[zone * BTRPLACE_N_COLUMNS + c], 1));
    }
    return factors;
}

void
btrplace_instance_fill(BtrplaceInstance *instance, double percent)
{
    g_autofree guint32 *zone_of = zones_of_applications(instance);
    g_autofree double *factors =
        factors_of_zones(instance, zone_of, percent / 100);

    for (guint vm = 0; vm < instance->n_vms; vm++)
        for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++) {
            gint64 *need = &instance->need[vm * BTRPLACE_N_COLUMNS + c];
            *need = (gint64) floor(
                (double) *need * factors[zone_of[instance->application[vm]]] +
                0.5);
        }
}

static void
fill_model(const BtrplaceInstance *instance, VmcModel *model)
{
    for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
        vmc_model_set_column(model, c, &(VmcColumn){.flags = VMC_COLUMN_HARD});
    for (guint host = 0; host < instance->n_nodes; host++) {
        for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
            vmc_model_set_host(
                model, host, c,
                instance->capacity[host * BTRPLACE_N_COLUMNS + c],
                VMC_UNLIMITED, 0);
        if (!instance->is_online[host])
            vmc_model_set_host_flags(model, host, VMC_MODEL_HOST_DOWN);
    }
    for (guint vm = 0; vm < instance->n_vms; vm++) {
        for (guint c = 0; c < BTRPLACE_N_COLUMNS; c++)
            vmc_model_set_need(model, vm, c,
                               instance->need[vm * BTRPLACE_N_COLUMNS + c]);
        vmc_model_set_start(model, vm, instance->host[vm]);
        vmc_model_set_move(model, vm, 1, -1);
    }
}

/* A rule for each group of at least two. */
static void
add_rules(const BtrplaceInstance *instance,
          VmcModel *model,
          const guint *group_of,
          guint n_groups,
          VmcRule rule)
{
    g_autoptr(GPtrArray) groups =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);

    for (guint i = 0; i < n_groups; i++)
        g_ptr_array_add(groups, g_array_new(FALSE, FALSE, sizeof(guint32)));
    for (guint32 vm = 0; vm < instance->n_vms; vm++)
        g_array_append_val((GArray *) groups->pdata[group_of[vm]], vm);
    for (guint i = 0; i < n_groups; i++) {
        const GArray *vms = groups->pdata[i];
        if (vms->len < 2)
            continue;
        rule.members = vmc_model_add_group(
            model, (const guint32 *) (gconstpointer) vms->data, vms->len);
        vmc_model_add_rule(model, &rule);
    }
}

VmcModel *
btrplace_instance_to_model(const BtrplaceInstance *instance)
{
    g_autoptr(GError) error = NULL;
    VmcModel *model =
        vmc_model_new(instance->n_nodes, instance->n_vms, BTRPLACE_N_COLUMNS);
    const guint zones =
        vmc_model_add_level(model, instance->zone, instance->n_zones);

    fill_model(instance, model);
    add_rules(
        instance, model, instance->tier, instance->n_tiers,
        (VmcRule){.kind = VMC_RULE_APART, .is_hard = TRUE, .leaders = -1});
    add_rules(instance, model, instance->application, instance->n_applications,
              (VmcRule){.kind = VMC_RULE_TOGETHER,
                        .is_hard = TRUE,
                        .level = zones,
                        .leaders = -1});
    vmc_model_seal(model, &error);
    g_assert_no_error(error);
    return model;
}
