/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-file.h"

#include "daemon/store/store-lock.h"
#include "daemon/store/store-migrations.h"
#include "daemon/store/store-private.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A database is made under this name, and renamed once it is whole. So one in
 * its place that is empty has lost its content, and none was ever half made. */
#define YOUNG_SUFFIX ".new"

static gboolean
fail_with_errno(GError **error, int number, const char *path)
{
    vmc_store_set_errno(error, number, "open the state", path);
    return FALSE;
}

/* ---- a new one ------------------------------------------------------------
 */

/* It is in rollback mode yet, so all that it has is in the file itself. */
static void
remove_young(const char *path)
{
    g_autofree char *journal = g_strconcat(path, "-journal", NULL);

    g_unlink(journal);
    g_unlink(path);
}

static gboolean
write_fleet(VmcStore *store, const VmcFleet *fleet, GError **error)
{
    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        if (!vmc_store_put_host(store, vmc_fleet_host_at(fleet, i), error))
            return FALSE;
    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++)
        if (!vmc_store_put_vm(store, vmc_fleet_vm_at(fleet, i), error))
            return FALSE;
    return TRUE;
}

static gboolean
fill_young(const char *path, const VmcFleet *fleet, GError **error)
{
    g_autoptr(VmcStore) young = vmc_store_new(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_with_errno(error, errno, path);
    close(fd);
    return vmc_store_connect(young, error) && vmc_store_migrate(young, error) &&
           (fleet == NULL || write_fleet(young, fleet, error));
}

/* Returns: (transfer full): where it is; it is durable there. */
static char *
make_young(const char *path, const VmcFleet *fleet, GError **error)
{
    g_autofree char *young_path = g_strconcat(path, YOUNG_SUFFIX, NULL);

    remove_young(young_path); /* of one that was killed */
    if (fill_young(young_path, fleet, error))
        return g_steal_pointer(&young_path);
    g_prefix_error(error, "no new state was made: ");
    remove_young(young_path);
    return NULL;
}

/* The new names are durable, too. */
static gboolean
sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        fail_with_errno(error, errno, folder);
    if (fd >= 0)
        close(fd);
    return ok;
}

static gboolean
put_in_place(const char *young_path, const char *path, GError **error)
{
    if (g_rename(young_path, path) == 0)
        return sync_folder(path, error);
    fail_with_errno(error, errno, path);
    remove_young(young_path);
    return FALSE;
}

/* An empty fleet in the place of one that is lost would write over what is
 * known of its hosts, and its VMs would look like somebody else's. */
static gboolean
check_no_fleet(const char *path, GError **error)
{
    g_autofree char *ledger = vmc_host_ledger_path(path);
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) hosts = vmc_host_ledger_read(ledger, &local);
    g_autofree char *what = NULL;

    if (hosts != NULL && hosts->len == 0)
        return TRUE;
    if (hosts == NULL)
        what = g_strdup_printf("it is gone, and %s", local->message);
    else
        what = g_strdup_printf("it is gone, though '%s' knows of %u host%s",
                               ledger, hosts->len, hosts->len == 1 ? "" : "s");
    vmc_store_set_damaged(path, error, what);
    return FALSE;
}

static gboolean
make_new(const char *path, GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    g_autofree char *young_path = NULL;

    if (g_file_test(log, G_FILE_TEST_EXISTS)) {
        vmc_store_set_damaged(path, error, "only its log is left");
        return FALSE;
    }
    if (!check_no_fleet(path, error))
        return FALSE;
    young_path = make_young(path, NULL, error);
    return young_path != NULL && put_in_place(young_path, path, error);
}

/* ---- one that is there ----------------------------------------------------
 */

/* SQLite would take an empty file for a new database. */
static gboolean
check_old(const char *path, int fd, GError **error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return fail_with_errno(error, errno, path);
    if (info.st_size == 0) {
        vmc_store_set_damaged(path, error, "the file is empty");
        return FALSE;
    }
    return fchmod(fd, 0600) == 0 || fail_with_errno(error, errno, path);
}

gboolean
vmc_store_file_prepare(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? make_new(path, error)
                               : fail_with_errno(error, errno, path);
    gboolean ok = check_old(path, fd, error);
    close(fd);
    return ok;
}

/* ---- instead of one that is there -----------------------------------------
 */

static gboolean
is_taken(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);

    return g_file_test(name, G_FILE_TEST_EXISTS);
}

/* What @path and its ledger are called from now on: by the second, and counted
 * when there was one in that second already. Under the lock. */
static char *
make_aside(const char *path, gint64 now_s)
{
    g_autofree char *ledger = vmc_host_ledger_path(path);
    g_autofree char *suffix =
        g_strdup_printf(".damaged-%" G_GINT64_FORMAT, now_s);

    for (guint n = 2; is_taken(path, suffix) || is_taken(ledger, suffix); n++) {
        g_free(suffix);
        suffix = g_strdup_printf(".damaged-%" G_GINT64_FORMAT "-%u", now_s, n);
    }
    return g_strconcat(path, suffix, NULL);
}

/* Its log goes first, since another database must not find it. What is known
 * of the hosts goes along, since the next may have fewer. */
static gboolean
set_aside(const char *path, const char *aside, GError **error)
{
    static const char *const logs[] = {"-wal", "-shm"};
    g_autofree char *ledger = vmc_host_ledger_path(path);
    g_autofree char *ledger_aside =
        g_strconcat(ledger, aside + strlen(path), NULL);

    if (link(path, aside) != 0 && errno != ENOENT)
        return fail_with_errno(error, errno, aside);
    if (link(ledger, ledger_aside) != 0 && errno != ENOENT)
        return fail_with_errno(error, errno, ledger_aside);
    for (guint i = 0; i < G_N_ELEMENTS(logs); i++) {
        g_autofree char *from = g_strconcat(path, logs[i], NULL);
        g_autofree char *to = g_strconcat(aside, logs[i], NULL);
        if (g_rename(from, to) != 0 && errno != ENOENT)
            return fail_with_errno(error, errno, from);
    }
    return TRUE;
}

static gboolean
replace_locked(const char *path,
               const VmcFleet *fleet,
               const char *aside,
               GError **error)
{
    g_autofree char *young_path = make_young(path, fleet, error);

    if (young_path == NULL)
        return FALSE;
    if (set_aside(path, aside, error))
        return put_in_place(young_path, path, error);
    remove_young(young_path);
    return FALSE;
}

gboolean
vmc_store_replace(const char *path,
                  const VmcFleet *fleet,
                  gint64 now_s,
                  char **ret_aside,
                  GError **error)
{
    g_return_val_if_fail(path != NULL && fleet != NULL, FALSE);
    g_return_val_if_fail(ret_aside != NULL, FALSE);
    g_autofree char *aside = NULL;
    int lock_fd = vmc_store_lock(path, error);

    if (lock_fd < 0)
        return FALSE;
    aside = make_aside(path, now_s);
    gboolean ok = replace_locked(path, fleet, aside, error);
    close(lock_fd);
    if (ok)
        *ret_aside = g_file_test(aside, G_FILE_TEST_EXISTS)
                         ? g_steal_pointer(&aside)
                         : NULL;
    return ok;
}
