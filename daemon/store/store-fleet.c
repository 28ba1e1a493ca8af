/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-private.h"

#include "core/error.h"
#include "core/fleet-json.h"

/* ---- writing --------------------------------------------------------------
 */

static gboolean
write_host(VmcStore *store, const VmcHost *host, GError **error)
{
    g_autofree char *json = vmc_record_to_text(&vmc_host_type, host);
    const char *columns[] = {host->name, json, NULL};
    g_autofree char *digest = vmc_store_digest(columns);
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(
        store,
        "INSERT INTO hosts(name, json, digest) VALUES (?1, ?2, ?3)"
        " ON CONFLICT(name) DO UPDATE SET json = ?2, digest = ?3",
        error);

    if (statement == NULL)
        return FALSE;
    vmc_store_bind(statement, 1, host->name);
    vmc_store_bind(statement, 2, json);
    vmc_store_bind(statement, 3, digest);
    if (!vmc_store_finish(store, statement, error))
        return FALSE;
    if (store->ledger != NULL)
        vmc_host_ledger_put(store->ledger, host);
    return TRUE;
}

/* Before the commit: a ledger that is ahead of the database is put right by
 * the next write, or at the next start; one that is behind would be missed. */
static gboolean
save_ledger(VmcStore *store, GError **error)
{
    return store->ledger == NULL || vmc_host_ledger_save(store->ledger, error);
}

/* SQLite does not say which key it misses: only these two can. */
static void
explain_missing_host(VmcStore *store, const VmcVm *vm, GError **error)
{
    if (sqlite3_extended_errcode(store->db) != SQLITE_CONSTRAINT_FOREIGNKEY)
        return;
    g_clear_error(error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                "cannot store VM '%s': no host '%s'%s%s%s is stored", vm->name,
                vm->host != NULL ? vm->host : "",
                vm->destination != NULL ? " or '" : "",
                vm->destination != NULL ? vm->destination : "",
                vm->destination != NULL ? "'" : "");
}

gboolean
vmc_store_write_vm(VmcStore *store, const VmcVm *vm, GError **error)
{
    g_autofree char *json = vmc_record_to_text(&vmc_vm_type, vm);
    const char *columns[] = {vm->uuid, vm->host != NULL ? vm->host : "",
                             vm->destination != NULL ? vm->destination : "",
                             json, NULL};
    g_autofree char *digest = vmc_store_digest(columns);
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(
        store,
        "INSERT INTO vms(uuid, host, destination, json, digest)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(uuid) DO UPDATE"
        " SET host = ?2, destination = ?3, json = ?4, digest = ?5",
        error);

    if (statement == NULL)
        return FALSE;
    vmc_store_bind(statement, 1, vm->uuid);
    vmc_store_bind(statement, 2, vm->host);
    vmc_store_bind(statement, 3, vm->destination);
    vmc_store_bind(statement, 4, json);
    vmc_store_bind(statement, 5, digest);
    if (vmc_store_finish(store, statement, error))
        return TRUE;
    explain_missing_host(store, vm, error);
    return FALSE;
}

static gboolean
write_vm(VmcStore *store, gpointer user_data, GError **error)
{
    return vmc_store_write_vm(store, user_data, error);
}

static gboolean
put_host(VmcStore *store, gpointer user_data, GError **error)
{
    return write_host(store, user_data, error) && save_ledger(store, error);
}

/* ---- what was seen --------------------------------------------------------
 */

typedef struct {
    const GPtrArray *hosts;
    const GPtrArray *vms;
} Seen;

static gboolean
is_held(VmcStore *store, const VmcVm *vm, gboolean *ret_held, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(
        store,
        "SELECT id FROM jobs"
        " WHERE state IN ('queued', 'running') AND vm_uuid = ?",
        error);

    if (statement == NULL)
        return FALSE;
    vmc_store_bind(statement, 1, vm->uuid);
    return vmc_store_next(store, statement, ret_held, error);
}

static gboolean
write_seen_vm(VmcStore *store, const VmcVm *vm, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean held;

    if (!is_held(store, vm, &held, error))
        return FALSE;
    if (held || vmc_store_write_vm(store, vm, &local) ||
        g_error_matches(local, VMC_ERROR, VMC_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean
write_seen(VmcStore *store, gpointer user_data, GError **error)
{
    const Seen *seen = user_data;

    for (guint i = 0; i < seen->hosts->len; i++)
        if (!write_host(store, seen->hosts->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < seen->vms->len; i++)
        if (!write_seen_vm(store, seen->vms->pdata[i], error))
            return FALSE;
    return save_ledger(store, error);
}

/* ---- removing -------------------------------------------------------------
 */

static gboolean
remove_by_key(VmcStore *store, const char *sql, const char *key, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(store, sql, error);

    if (statement == NULL)
        return FALSE;
    vmc_store_bind(statement, 1, key);
    return vmc_store_finish(store, statement, error);
}

static gboolean
delete_host(VmcStore *store, gpointer user_data, GError **error)
{
    if (remove_by_key(store, "DELETE FROM hosts WHERE name = ?", user_data,
                      error)) {
        if (store->ledger != NULL)
            vmc_host_ledger_remove(store->ledger, user_data);
        return save_ledger(store, error);
    }
    if (sqlite3_extended_errcode(store->db) == SQLITE_CONSTRAINT_FOREIGNKEY) {
        g_clear_error(error);
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "host '%s' still has VMs: migrate or delete them first",
                    (const char *) user_data);
    }
    return FALSE;
}

static gboolean
delete_vm(VmcStore *store, gpointer user_data, GError **error)
{
    return remove_by_key(store, "DELETE FROM vms WHERE uuid = ?", user_data,
                         error);
}

/* ---- reading --------------------------------------------------------------
 */

typedef gboolean (*RowFunc)(JsonNode *node, VmcFleet **fleet, GError **error);

static gboolean
add_host(JsonNode *node, VmcFleet **fleet, GError **error)
{
    g_autoptr(VmcHost) host = vmc_host_from_json(node, error);

    if (host == NULL)
        return FALSE;
    VmcFleet *next = vmc_fleet_with_host(*fleet, host);
    vmc_fleet_unref(*fleet);
    *fleet = next;
    return TRUE;
}

static gboolean
add_vm(JsonNode *node, VmcFleet **fleet, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_vm_from_json(node, error);

    if (vm == NULL)
        return FALSE;
    VmcFleet *next = vmc_fleet_with_vm(*fleet, vm);
    vmc_fleet_unref(*fleet);
    *fleet = next;
    return TRUE;
}

/* The row's JSON is ours and its digest was right: what does not parse was
 * written by a fault of ours, or has been damaged since. */
static gboolean
read_row(VmcStore *store,
         sqlite3_stmt *statement,
         RowFunc func,
         VmcFleet **fleet,
         GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonNode) node =
        json_from_string(vmc_store_column(statement, 0), &local);

    if (node != NULL && func(node, fleet, &local))
        return TRUE;
    vmc_store_set_damaged(store->path, error,
                          local != NULL ? local->message : "no JSON");
    return FALSE;
}

static gboolean
read_rows(VmcStore *store,
          const char *sql,
          RowFunc func,
          VmcFleet **fleet,
          GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(store, sql, error);
    gboolean row;

    if (statement == NULL)
        return FALSE;
    while (vmc_store_next(store, statement, &row, error)) {
        if (!row)
            return TRUE;
        if (!read_row(store, statement, func, fleet, error))
            return FALSE;
    }
    return FALSE;
}

static gboolean
read_fleet(VmcStore *store, gpointer user_data, GError **error)
{
    return read_rows(store, "SELECT json FROM hosts", add_host, user_data,
                     error) &&
           read_rows(store, "SELECT json FROM vms", add_vm, user_data, error);
}

gboolean
vmc_store_begin_ledger(VmcStore *store, gpointer unused, GError **error)
{
    g_autofree char *path = vmc_host_ledger_path(store->path);
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();

    if (!read_rows(store, "SELECT json FROM hosts", add_host, &fleet, error))
        return FALSE;
    store->ledger = vmc_host_ledger_new(path);
    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        vmc_host_ledger_put(store->ledger, vmc_fleet_host_at(fleet, i));
    return vmc_host_ledger_save(store->ledger, error);
}

/* ---- public ---------------------------------------------------------------
 */

VmcFleet *
vmc_store_load_fleet(VmcStore *store, GError **error)
{
    g_return_val_if_fail(store != NULL, NULL);
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();

    if (!vmc_store_read(store, read_fleet, &fleet, error))
        return NULL;
    return g_steal_pointer(&fleet);
}

gboolean
vmc_store_put_host(VmcStore *store, const VmcHost *host, GError **error)
{
    g_return_val_if_fail(store != NULL && host != NULL, FALSE);
    return vmc_store_write(store, put_host, (gpointer) host, error);
}

gboolean
vmc_store_remove_host(VmcStore *store, const char *name, GError **error)
{
    g_return_val_if_fail(store != NULL && name != NULL, FALSE);
    return vmc_store_write(store, delete_host, (gpointer) name, error);
}

gboolean
vmc_store_put_vm(VmcStore *store, const VmcVm *vm, GError **error)
{
    g_return_val_if_fail(store != NULL && vm != NULL, FALSE);
    return vmc_store_write(store, write_vm, (gpointer) vm, error);
}

gboolean
vmc_store_observe(VmcStore *store,
                  const GPtrArray *hosts,
                  const GPtrArray *vms,
                  GError **error)
{
    g_return_val_if_fail(store != NULL, FALSE);
    g_return_val_if_fail(hosts != NULL && vms != NULL, FALSE);
    Seen seen = {hosts, vms};

    return vmc_store_write(store, write_seen, &seen, error);
}

gboolean
vmc_store_remove_vm(VmcStore *store, const char *uuid, GError **error)
{
    g_return_val_if_fail(store != NULL && uuid != NULL, FALSE);
    return vmc_store_write(store, delete_vm, (gpointer) uuid, error);
}
