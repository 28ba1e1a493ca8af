/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store.h"

#include "core/error.h"
#include "daemon/store/store-lock.h"
#include "daemon/store/store-migrations.h"
#include "daemon/store/store-private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

/* ---- the file -------------------------------------------------------------
 */

static gboolean
fail_with_errno(GError **error, int number, const char *path)
{
    g_autoptr(GError) io_error =
        g_error_new_literal(G_IO_ERROR, g_io_error_from_errno(number), "");

    g_set_error(error, VMC_ERROR, vmc_error_of(io_error),
                "cannot open the state '%s': %s: make the file, its folder "
                "and file system writable for vmctld",
                path, g_strerror(number));
    return FALSE;
}

/* SQLite takes an empty file for a new database. One that we did not make just
 * now has lost its content. */
static gboolean
check_size(VmcStore *store, int fd, GError **error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return fail_with_errno(error, errno, store->path);
    if (info.st_size > 0)
        return TRUE;
    vmc_store_set_damaged(store, error, "the file is empty");
    return FALSE;
}

static gboolean
prepare_old_file(VmcStore *store, int fd, GError **error)
{
    if (!check_size(store, fd, error))
        return FALSE;
    if (fchmod(fd, 0600) < 0)
        return fail_with_errno(error, errno, store->path);
    return TRUE;
}

/* Makes the database 0600, which its -wal and -shm take over. */
static gboolean
prepare_file(VmcStore *store, GError **error)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = open(store->path, flags, 0600);
    gboolean is_new = fd >= 0;

    if (fd < 0 && errno == EEXIST)
        fd = open(store->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail_with_errno(error, errno, store->path);

    gboolean ok = is_new || prepare_old_file(store, fd, error);
    close(fd);
    return ok;
}

/* ---- the connection -------------------------------------------------------
 */

static gboolean
connect_database(VmcStore *store, GError **error)
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
    vmc_store_set_damaged(store, error, vmc_store_column(statement, 0));
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
    vmc_store_set_damaged(store, error, what);
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

static gboolean
open_store(VmcStore *store, GError **error)
{
    store->lock_fd = vmc_store_lock(store->path, error);
    return store->lock_fd >= 0 && prepare_file(store, error) &&
           connect_database(store, error) && configure_database(store, error) &&
           check_pragma(store, "PRAGMA integrity_check(1)", error) &&
           check_pragma(store, "PRAGMA foreign_key_check", error) &&
           vmc_store_migrate(store, error) && check_content(store, error);
}

VmcStore *
vmc_store_open(const char *path, GError **error)
{
    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);
    g_autoptr(VmcStore) store = g_new0(VmcStore, 1);

    g_mutex_init(&store->mutex);
    store->path = g_strdup(path);
    store->lock_fd = -1;
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
    g_mutex_clear(&store->mutex);
    g_free(store->path);
    g_free(store);
}

static gboolean
move_aside(const char *path, const char *suffix, GError **error)
{
    g_autofree char *aside = g_strconcat(path, suffix, NULL);

    if (g_rename(path, aside) == 0 || errno == ENOENT)
        return TRUE;
    return fail_with_errno(error, errno, path);
}

char *
vmc_store_set_aside(const char *path, gint64 now_s, GError **error)
{
    g_return_val_if_fail(path != NULL, NULL);
    g_autofree char *suffix =
        g_strdup_printf(".damaged-%" G_GINT64_FORMAT, now_s);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    g_autofree char *shm = g_strconcat(path, "-shm", NULL);
    int lock_fd = vmc_store_lock(path, error);

    if (lock_fd < 0)
        return NULL;
    gboolean ok = move_aside(path, suffix, error) &&
                  move_aside(wal, suffix, error) &&
                  move_aside(shm, suffix, error);
    close(lock_fd);
    return ok ? g_strconcat(path, suffix, NULL) : NULL;
}
