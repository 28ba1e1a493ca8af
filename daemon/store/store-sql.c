/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-private.h"

#include "core/error.h"

#include <gio/gio.h>

#include <errno.h>
#include <sys/stat.h>

/* ---- errors ---------------------------------------------------------------
 */

typedef struct {
    int primary; /* SQLite's primary result code */
    VmcError code;
    const char *advice;
} SqlError;

static const SqlError sql_errors[] = {
    {SQLITE_FULL, VMC_ERROR_NO_SPACE,
     "free some space there; nothing was changed"},
    {SQLITE_CORRUPT, VMC_ERROR_DAMAGED,
     "run vmctld --rebuild to make it again from the hosts"},
    {SQLITE_NOTADB, VMC_ERROR_DAMAGED,
     "run vmctld --rebuild to make it again from the hosts"},
    {SQLITE_READONLY, VMC_ERROR_DENIED,
     "make the file, its folder and file system writable for vmctld"},
    {SQLITE_PERM, VMC_ERROR_DENIED,
     "make the file, its folder and file system writable for vmctld"},
    {SQLITE_CANTOPEN, VMC_ERROR_DENIED,
     "make the file, its folder and file system writable for vmctld"},
    {SQLITE_BUSY, VMC_ERROR_BUSY, "end the program that has it open"},
    {SQLITE_LOCKED, VMC_ERROR_BUSY, "end the program that has it open"},
};

static const SqlError *
find_error(VmcStore *store)
{
    int primary = sqlite3_errcode(store->db) & 0xff;

    /* the log of the WAL may fail to grow in more than one way */
    if (primary == SQLITE_IOERR && sqlite3_system_errno(store->db) == ENOSPC)
        primary = SQLITE_FULL;
    if (primary == SQLITE_IOERR && sqlite3_system_errno(store->db) == EROFS)
        primary = SQLITE_READONLY;
    for (guint i = 0; i < G_N_ELEMENTS(sql_errors); i++)
        if (sql_errors[i].primary == primary)
            return &sql_errors[i];
    return NULL;
}

void
vmc_store_set_error(VmcStore *store, GError **error, const char *doing)
{
    const SqlError *known = find_error(store);
    const char *message = sqlite3_errmsg(store->db);

    /* where a disk is full, it was written to, whatever it was for */
    if (known != NULL && known->code == VMC_ERROR_NO_SPACE)
        doing = "write to";
    if (known == NULL)
        g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                    "cannot %s the state '%s': %s", doing, store->path,
                    message);
    else
        g_set_error(error, VMC_ERROR, known->code,
                    "cannot %s the state '%s': %s: %s", doing, store->path,
                    message, known->advice);
}

static const char *
advice_for_errno(int number)
{
    switch (number) {
    case ENOENT:
        return "make the state folder, or name another with --state-dir";
    case ENOSPC:
    case EDQUOT:
        return "free some space there";
    default:
        return "make the file, its folder and file system writable for "
               "vmctld, or name another folder with --state-dir";
    }
}

void
vmc_store_set_errno(GError **error,
                    int number,
                    const char *doing,
                    const char *path)
{
    g_autoptr(GError) io_error =
        g_error_new_literal(G_IO_ERROR, g_io_error_from_errno(number), "");

    g_set_error(error, VMC_ERROR, vmc_error_of(io_error),
                "cannot %s '%s': %s: %s", doing, path, g_strerror(number),
                advice_for_errno(number));
}

void
vmc_store_set_damaged(const char *path, GError **error, const char *what)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_DAMAGED,
                "the state '%s' is damaged: %s: run vmctld --rebuild to make "
                "it again from the hosts",
                path, what);
}

/* ---- statements -----------------------------------------------------------
 */

gboolean
vmc_store_exec(VmcStore *store, const char *sql, GError **error)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    vmc_store_set_error(store, error, "write to");
    return FALSE;
}

sqlite3_stmt *
vmc_store_prepare(VmcStore *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    vmc_store_set_error(store, error, "read");
    return NULL;
}

void
vmc_store_bind(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
}

gboolean
vmc_store_next(VmcStore *store,
               sqlite3_stmt *statement,
               gboolean *ret_row,
               GError **error)
{
    int result = sqlite3_step(statement);

    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        vmc_store_set_error(store, error, "read");
        return FALSE;
    }
    *ret_row = result == SQLITE_ROW;
    return TRUE;
}

gboolean
vmc_store_finish(VmcStore *store, sqlite3_stmt *statement, GError **error)
{
    if (sqlite3_step(statement) == SQLITE_DONE)
        return TRUE;
    vmc_store_set_error(store, error, "write to");
    return FALSE;
}

gboolean
vmc_store_read_int(VmcStore *store,
                   const char *sql,
                   gint64 fallback,
                   gint64 *ret_value,
                   GError **error)
{
    g_autoptr(sqlite3_stmt) statement = vmc_store_prepare(store, sql, error);
    gboolean row;

    if (statement == NULL || !vmc_store_next(store, statement, &row, error))
        return FALSE;
    *ret_value = row ? sqlite3_column_int64(statement, 0) : fallback;
    return TRUE;
}

const char *
vmc_store_column(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *) sqlite3_column_text(statement, column);

    return text != NULL ? text : "";
}

/* ---- transactions ---------------------------------------------------------
 */

static gboolean
check_file(VmcStore *store, GError **error)
{
    struct stat info;

    if (store->device == 0 ||
        (stat(store->path, &info) == 0 && info.st_dev == store->device &&
         info.st_ino == store->inode))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_DAMAGED,
                "the state '%s' was removed or replaced while vmctld uses it: "
                "stop vmctld, then put it back, or run vmctld --rebuild to "
                "make it again from the hosts",
                store->path);
    return FALSE;
}

static gboolean
run_transaction(VmcStore *store,
                const char *begin,
                VmcStoreFunc func,
                gpointer user_data,
                GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&store->mutex);

    if (!vmc_store_exec(store, begin, error))
        return FALSE;
    if (func(store, user_data, error) && vmc_store_exec(store, "COMMIT", error))
        return TRUE;
    /* SQLite has rolled back by itself after some errors: that is fine */
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

gboolean
vmc_store_write(VmcStore *store,
                VmcStoreFunc func,
                gpointer user_data,
                GError **error)
{
    return check_file(store, error) &&
           run_transaction(store, "BEGIN IMMEDIATE", func, user_data, error);
}

gboolean
vmc_store_read(VmcStore *store,
               VmcStoreFunc func,
               gpointer user_data,
               GError **error)
{
    return run_transaction(store, "BEGIN", func, user_data, error);
}

/* ---- digests --------------------------------------------------------------
 */

char *
vmc_store_digest(const char *const *columns)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

    for (; *columns != NULL; columns++) {
        g_checksum_update(checksum, (const guchar *) *columns, -1);
        /* a separator, so that text can not move from column to column */
        g_checksum_update(checksum, (const guchar *) "\n", 1);
    }
    return g_strdup(g_checksum_get_string(checksum));
}
