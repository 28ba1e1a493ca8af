/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include "daemon/store/host-ledger.h"
#include "daemon/store/store.h"

/*
 * What the files of the store share: the connection, and SQL with GErrors.
 * Everything below expects the mutex to be held; vmc_store_write() and
 * vmc_store_read() take it.
 */

struct _VmcStore {
    char *path;
    int lock_fd;
    dev_t device; /* of the file that is open; 0: not to be looked for */
    ino_t inode;
    sqlite3 *db;
    GMutex mutex;          /* over db: one statement or transaction at a time */
    VmcHostLedger *ledger; /* (nullable): none while a database is made; under
                            * mutex */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* Without lock and connection. (transfer full) */
VmcStore *vmc_store_new(const char *path);

/* To a file that is there. */
gboolean vmc_store_connect(VmcStore *store, GError **error);

/**
 * vmc_store_set_error:
 * @store: the store
 * @error: where to
 * @doing: what was tried, as "write to"
 *
 * Turns the connection's last error into one of ours, with what would help.
 */
void vmc_store_set_error(VmcStore *store, GError **error, const char *doing);

/**
 * vmc_store_set_errno:
 * @error: where to
 * @number: an errno
 * @doing: what was tried, as "open the state"
 * @path: with which file
 *
 * As vmc_store_set_error(), for what is not SQLite's.
 */
void vmc_store_set_errno(GError **error,
                         int number,
                         const char *doing,
                         const char *path);

/* %VMC_ERROR_DAMAGED: what is wrong, and that --rebuild helps. */
void vmc_store_set_damaged(const char *path, GError **error, const char *what);

/* One or several statements without parameters and rows. */
gboolean vmc_store_exec(VmcStore *store, const char *sql, GError **error);

/* (transfer full) (nullable) */
sqlite3_stmt *vmc_store_prepare(VmcStore *store,
                                const char *sql,
                                GError **error);

/* Binds the next text, in order from 1; %NULL binds NULL. */
void vmc_store_bind(sqlite3_stmt *statement, int index, const char *text);

/* Goes to the next row; @ret_row is FALSE when there is none left. */
gboolean vmc_store_next(VmcStore *store,
                        sqlite3_stmt *statement,
                        gboolean *ret_row,
                        GError **error);

/* Runs a statement that gives no rows. */
gboolean vmc_store_finish(VmcStore *store,
                          sqlite3_stmt *statement,
                          GError **error);

/* The first column of the first row, or @fallback. */
gboolean vmc_store_read_int(VmcStore *store,
                            const char *sql,
                            gint64 fallback,
                            gint64 *ret_value,
                            GError **error);

/* (transfer none): a text column, "" for NULL */
const char *vmc_store_column(sqlite3_stmt *statement, int column);

typedef gboolean (*VmcStoreFunc)(VmcStore *store,
                                 gpointer user_data,
                                 GError **error);

/* Runs @func in a transaction that is durable on return, or without effect. */
gboolean vmc_store_write(VmcStore *store,
                         VmcStoreFunc func,
                         gpointer user_data,
                         GError **error);

/* Runs @func over one consistent view. */
gboolean vmc_store_read(VmcStore *store,
                        VmcStoreFunc func,
                        gpointer user_data,
                        GError **error);

/* In the transaction of vmc_store_read(): writes the ledger of the hosts that
 * are stored, unless it says the same, and keeps it from here on. */
gboolean vmc_store_begin_ledger(VmcStore *store,
                                gpointer unused,
                                GError **error);

/* In the transaction of vmc_store_write(). */
gboolean vmc_store_write_vm(VmcStore *store, const VmcVm *vm, GError **error);

/**
 * vmc_store_digest:
 * @columns: (array zero-terminated=1): all other columns of a row, as text
 *
 * SQLite finds a broken page, but not a byte that changed within a value, so
 * each row carries its own digest.
 *
 * Returns: (transfer full): the digest
 */
char *vmc_store_digest(const char *const *columns);
