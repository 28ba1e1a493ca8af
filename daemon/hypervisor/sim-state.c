/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-state.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-domain-json.h"
#include "daemon/hypervisor/sim-migration.h"
#include "daemon/hypervisor/sim-world.h"

#define STATE_VERSION 1

/* ---- writing --------------------------------------------------------------
 */

static JsonObject *
migration_to_json(VmcSimMigration *migration)
{
    VmcSimMigrationRecord record = vmc_sim_migration_record(migration);
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "uuid", record.uuid);
    json_object_set_string_member(object, "source", record.source);
    json_object_set_string_member(object, "destination", record.destination);
    json_object_set_int_member(object, "remaining_bytes",
                               (gint64) record.remaining_bytes);
    json_object_set_int_member(object, "bytes_per_s",
                               (gint64) record.bytes_per_s);
    json_object_set_int_member(object, "dirty_bytes_per_s",
                               (gint64) record.dirty_bytes_per_s);
    return object;
}

static JsonObject *
pool_to_json(const VmcSimPool *pool)
{
    JsonObject *volumes = json_object_new();
    GHashTableIter iter;
    gpointer name;
    gpointer size_bytes;

    g_hash_table_iter_init(&iter, pool->volumes);
    while (g_hash_table_iter_next(&iter, &name, &size_bytes))
        json_object_set_int_member(volumes, name, *(const gint64 *) size_bytes);
    return volumes;
}

/* A domain that is still coming in is not there yet: the migration that brings
 * it is begun anew. */
static void
add_domain(const VmcSimDomain *domain, JsonArray *domains, JsonArray *moves)
{
    if (domain->state == VMC_RUN_PAUSED_INCOMING)
        return;
    json_array_add_object_element(domains, vmc_sim_domain_to_json(domain));
    if (domain->migration != NULL &&
        vmc_sim_migration_is_source(domain->migration, domain))
        json_array_add_object_element(moves,
                                      migration_to_json(domain->migration));
}

static JsonObject *
host_to_json(const VmcSimHost *host)
{
    JsonObject *object = json_object_new();
    JsonObject *pools = json_object_new();
    JsonArray *domains = json_array_new();
    JsonArray *moves = json_array_new();
    GHashTableIter iter;
    gpointer domain;

    g_hash_table_iter_init(&iter, host->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain))
        add_domain(domain, domains, moves);
    for (guint i = 0; i < host->pools->len; i++) {
        const VmcSimPool *pool = g_ptr_array_index(host->pools, i);
        json_object_set_object_member(pools, pool->name, pool_to_json(pool));
    }
    json_object_set_string_member(object, "uri", host->uri);
    json_object_set_array_member(object, "domains", domains);
    json_object_set_array_member(object, "migrations", moves);
    json_object_set_object_member(object, "pools", pools);
    return object;
}

static void
write_file(const char *path, JsonObject *hosts)
{
    g_autoptr(JsonObject) root = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(GError) error = NULL;

    json_object_set_int_member(root, "version", STATE_VERSION);
    json_object_set_object_member(root, "hosts", json_object_ref(hosts));
    json_node_set_object(node, root);
    g_autofree char *text = json_to_string(node, /* pretty= */ TRUE);
    if (!g_file_set_contents_full(path, text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        g_critical("could not save simulated hosts: %s", error->message);
}

static void
save_file(const char *path)
{
    g_autoptr(JsonObject) hosts = json_object_new();
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, vmc_sim_world_hosts());
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        VmcSimHost *host = data;
        if (g_strcmp0(host->config->state_path, path) != 0)
            continue;
        json_object_set_object_member(hosts, host->config->name,
                                      host_to_json(host));
        host->is_changed = FALSE;
    }
    write_file(path, hosts);
}

void
vmc_sim_state_save(void)
{
    GHashTable *hosts = vmc_sim_world_hosts();
    GHashTableIter iter;
    gpointer data;

    g_hash_table_iter_init(&iter, hosts);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        VmcSimHost *host = data;
        if (host->is_changed && host->config->state_path != NULL)
            save_file(host->config->state_path);
    }
}

/* ---- reading --------------------------------------------------------------
 */

static void
restore_migration(JsonObject *object)
{
    VmcSimMigrationRecord record = {
        .uuid = json_object_get_string_member(object, "uuid"),
        .source = json_object_get_string_member(object, "source"),
        .destination = json_object_get_string_member(object, "destination"),
        .remaining_bytes =
            (guint64) json_object_get_int_member(object, "remaining_bytes"),
        .bytes_per_s =
            (guint64) json_object_get_int_member(object, "bytes_per_s"),
        .dirty_bytes_per_s =
            (guint64) json_object_get_int_member(object, "dirty_bytes_per_s"),
    };

    vmc_sim_migration_restore(&record);
}

static void
read_volumes(VmcSimPool *pool, JsonObject *volumes)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, volumes);
    while (json_object_iter_next(&iter, &name, &node)) {
        gint64 size_bytes = json_node_get_int(node);
        g_hash_table_insert(pool->volumes, g_strdup(name),
                            g_memdup2(&size_bytes, sizeof size_bytes));
    }
}

static void
read_pools(VmcSimHost *host, JsonObject *pools)
{
    for (guint i = 0; i < host->pools->len; i++) {
        VmcSimPool *pool = g_ptr_array_index(host->pools, i);
        if (json_object_has_member(pools, pool->name))
            read_volumes(pool,
                         json_object_get_object_member(pools, pool->name));
    }
}

static gboolean
read_domains(VmcSimHost *host, JsonArray *domains, GError **error)
{
    for (guint i = 0; i < json_array_get_length(domains); i++) {
        VmcSimDomain *domain = vmc_sim_domain_from_json(
            json_array_get_object_element(domains, i), host, error);
        if (domain == NULL)
            return FALSE;
        vmc_sim_host_add(host, domain);
    }
    return TRUE;
}

static JsonObject *
get_root(JsonParser *parser, GError **error)
{
    JsonNode *node = json_parser_get_root(parser);
    JsonObject *root = NULL;

    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        root = json_node_get_object(node);
    if (root != NULL && json_object_has_member(root, "hosts") &&
        json_object_get_int_member_with_default(root, "version", 0) ==
            STATE_VERSION)
        return json_object_get_object_member(root, "hosts");
    g_set_error_literal(error, VMC_ERROR, VMC_ERROR_DAMAGED,
                        "it is not the state of simulated hosts");
    return NULL;
}

/* All hosts of the file come to life with the first that asks for it, so that
 * the next save keeps them. */
static gboolean
wake_others(JsonObject *hosts, const char *path, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, hosts);
    while (json_object_iter_next(&iter, &name, &node)) {
        const char *uri =
            json_object_get_string_member(json_node_get_object(node), "uri");
        if (vmc_sim_world_find(name) == NULL &&
            vmc_sim_world_wake_host(uri, error) == NULL)
            return FALSE;
    }
    return TRUE;
}

static void
restore_migrations(JsonArray *moves)
{
    for (guint i = 0; i < json_array_get_length(moves); i++)
        restore_migration(json_array_get_object_element(moves, i));
}

static gboolean
read_host(VmcSimHost *host,
          JsonObject *hosts,
          gboolean *ret_was_saved,
          GError **error)
{
    const char *name = host->config->name;

    *ret_was_saved = json_object_has_member(hosts, name);
    if (*ret_was_saved) {
        JsonObject *object = json_object_get_object_member(hosts, name);
        if (!read_domains(host, json_object_get_array_member(object, "domains"),
                          error))
            return FALSE;
        read_pools(host, json_object_get_object_member(object, "pools"));
    }
    if (!wake_others(hosts, host->config->state_path, error))
        return FALSE;
    if (*ret_was_saved)
        restore_migrations(json_object_get_array_member(
            json_object_get_object_member(hosts, name), "migrations"));
    return TRUE;
}

/* Else saving would fail, later, and nobody could be told. */
static gboolean
check_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "state=%s: there is no folder '%s'", path, folder);
    return FALSE;
}

gboolean
vmc_sim_state_load(VmcSimHost *host, gboolean *ret_was_saved, GError **error)
{
    const char *path = host->config->state_path;
    g_autoptr(JsonParser) parser = json_parser_new_immutable();

    *ret_was_saved = FALSE;
    if (path == NULL)
        return TRUE;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return check_folder(path, error);
    gboolean ok = json_parser_load_from_file(parser, path, error);
    JsonObject *hosts = ok ? get_root(parser, error) : NULL;
    if (hosts != NULL && read_host(host, hosts, ret_was_saved, error))
        return TRUE;
    g_prefix_error(error, "could not read simulated hosts from '%s': ", path);
    return FALSE;
}
