/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store.h"

#include "core/error.h"
#include "daemon/store/store-file.h"
#include "daemon/store/store-lock.h"
#include "daemon/store/store-migrations.h"
#include "daemon/store/store-private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

/* ---- the connection -------------------------------------------------------
 */

gboolean
vmc_store_connect(VmcStore *store, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) {
        vmc_store_set_error(store, error, "open");
        return FALSE;
    }
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return TRUE;
}

/* WAL with FULL: a commit is on the disk when it returns. */
static gboolean
configure_database(VmcStore *store, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        vmc_store_prepare(store, "PRAGMA journal_mode = WAL", error);
    gboolean row;

    if (statement == NULL || !vmc_store_next(store, statement, &row, error))
        return FALSE;
    if (!row || !g_str_equal(vmc_store_column(statement, 0), "wal")) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                    "the state '%s' can not be journalled (no WAL) where it "
                    "is: put it on a local file system",
                    store->path);
        return FALSE;
    }
    return vmc_store_exec(store,
                          "PRAGMA synchronous = FULL;"
                          "PRAGMA foreign_keys = ON",
                          error);
}

/* ---- the integrity check --------------------------------------------------
 */

/* Runs a check that gives one row "ok", or no row, when all is well. */
static gboolean
check_pragma(VmcStore *store, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(store, sql, error);
    gboolean row;

    if (statement == NULL || !vmc_store_next(store, statement, &row, error))
        return FALSE;
    if (!row || g_str_equal(vmc_store_column(statement, 0), "ok"))
        return TRUE;
    vmc_store_set_damaged(store->path, error, vmc_store_column(statement, 0));
    return FALSE;
}

static gboolean
check_row(VmcStore *store, sqlite3_stmt *statement, GError **error)
{
    int digest_at = sqlite3_column_count(statement) - 1;
    g_autoptr(GPtrArray) columns = g_ptr_array_new();

    for (int i = 0; i < digest_at; i++)
        g_ptr_array_add(columns, (char *) vmc_store_column(statement, i));
    g_ptr_array_add(columns, NULL);

    g_autofree char *digest =
        vmc_store_digest((const char *const *) columns->pdata);
    if (g_str_equal(digest, vmc_store_column(statement, digest_at)))
        return TRUE;
    g_autofree char *what =
        g_strdup_printf("what is stored of '%s' has changed by itself",
                        vmc_store_column(statement, 0));
    vmc_store_set_damaged(store->path, error, what);
    return FALSE;
}

static gboolean
check_rows(VmcStore *store, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(store, sql, error);
    gboolean row;

    if (statement == NULL)
        return FALSE;
    while (vmc_store_next(store, statement, &row, error)) {
        if (!row)
            return TRUE;
        if (!check_row(store, statement, error))
            return FALSE;
    }
    return FALSE;
}

static gboolean
check_content(VmcStore *store, GError **error)
{
    return check_rows(store, "SELECT * FROM hosts", error) &&
           check_rows(store, "SELECT * FROM vms", error) &&
           check_rows(store, "SELECT * FROM jobs", error);
}

/* ---- public ---------------------------------------------------------------
 */

/* Whoever removes the file of a database that is open removes all that is
 * written to it from then on. */
static gboolean
remember_file(VmcStore *store, GError **error)
{
    struct stat info;

    if (stat(store->path, &info) != 0) {
        vmc_store_set_errno(error, errno, "open the state", store->path);
        return FALSE;
    }
    store->device = info.st_dev;
    store->inode = info.st_ino;
    return TRUE;
}

static gboolean
open_store(VmcStore *store, GError **error)
{
    store->lock_fd = vmc_store_lock(store->path, error);
    return store->lock_fd >= 0 && vmc_store_file_prepare(store->path, error) &&
           vmc_store_connect(store, error) &&
           configure_database(store, error) &&
           check_pragma(store, "PRAGMA integrity_check(1)", error) &&
           check_pragma(store, "PRAGMA foreign_key_check", error) &&
           vmc_store_migrate(store, error) && check_content(store, error) &&
           remember_file(store, error) &&
           vmc_store_read(store, vmc_store_begin_ledger, NULL, error);
}

VmcStore *
vmc_store_new(const char *path)
{
    VmcStore *store = g_new0(VmcStore, 1);

    g_mutex_init(&store->mutex);
    store->path = g_strdup(path);
    store->lock_fd = -1;
    return store;
}

VmcStore *
vmc_store_open(const char *path, GError **error)
{
    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);
    g_autoptr(VmcStore) store = vmc_store_new(path);

    if (!open_store(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

void
vmc_store_close(VmcStore *store)
{
    if (store == NULL)
        return;
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd); /* last: another may open it from here on */
    vmc_host_ledger_free(store->ledger);
    g_mutex_clear(&store->mutex);
    g_free(store->path);
    g_free(store);
}
