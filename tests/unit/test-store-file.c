/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store.h"

#include "core/error.h"
#include "daemon/store/store-private.h"
#include "tests/unit/store-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the file -------------------------------------------------------------
 */

static void
test_mode(VmcStoreFixture *fixture, gconstpointer data)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    mode_t old = umask(0);
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(fixture->path, suffixes[i], NULL);
        GStatBuf info;
        g_test_message("%s", path);
        g_assert_cmpint(g_stat(path, &info), ==, 0);
        g_assert_cmphex(info.st_mode & 0777, ==, 0600);
    }
    umask(old);
}

static void
test_second_open(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);
    g_autofree char *pid = g_strdup_printf("process %d", (int) getpid());

    vmc_store_fixture_open_fails(fixture, VMC_ERROR_BUSY, pid);
    vmc_store_close(store);
    vmc_store_close(vmc_store_fixture_open(fixture));
}

static void
test_no_folder(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStoreFixture missing = {
        NULL, g_build_filename(fixture->dir, "no", "db", NULL)};

    vmc_store_fixture_open_fails(&missing, VMC_ERROR_NOT_FOUND, "--state-dir");
    g_free(missing.path);
}

/* Runs @func in a child, since it changes what cannot be changed back. */
static void
run_in_child(void (*func)(VmcStoreFixture *fixture), VmcStoreFixture *fixture)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        func(fixture);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        g_test_skip("needs root and mount namespaces");
    else
        g_assert_cmpint(status, ==, 0);
}

static void
open_unprivileged(VmcStoreFixture *fixture)
{
    if (geteuid() == 0)
        g_assert_cmpint(setuid(65534), ==, 0);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DENIED, "writable");
}

static void
test_read_only_folder(VmcStoreFixture *fixture, gconstpointer data)
{
    g_assert_cmpint(g_chmod(fixture->dir, 0555), ==, 0);
    run_in_child(open_unprivileged, fixture);
    g_assert_cmpint(g_chmod(fixture->dir, 0755), ==, 0);
}

/* The folder and the lock are fine, the database is not. */
static void
test_read_only_file(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *lock = g_strconcat(fixture->path, ".lock", NULL);

    vmc_store_close(vmc_store_fixture_open(fixture));
    g_assert_cmpint(g_chmod(fixture->dir, 0777), ==, 0);
    g_assert_cmpint(g_chmod(lock, 0666), ==, 0);
    g_assert_cmpint(g_chmod(fixture->path, 0444), ==, 0);
    run_in_child(open_unprivileged, fixture);
}

static void
mount_over(VmcStoreFixture *fixture, unsigned long flags, const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", fixture->dir, "tmpfs", flags, options) < 0)
        _exit(77);
}

static void
open_on_read_only_fs(VmcStoreFixture *fixture)
{
    mount_over(fixture, MS_RDONLY, "size=1m");
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DENIED, "--state-dir");
}

static void
test_read_only_fs(VmcStoreFixture *fixture, gconstpointer data)
{
    run_in_child(open_on_read_only_fs, fixture);
}

/* ---- a full disk ----------------------------------------------------------
 */

/* Journals until the disk is full; gives the last id that was written. */
static guint64
fill(VmcStore *store, GError **error)
{
    g_autofree char *padding = g_strnfill(4000, 'x');

    for (guint64 id = 1; id < 100000; id++) {
        g_autoptr(VmcJobRecord) record = vmc_test_make_job(id, VMC_JOB_QUEUED);
        vmc_job_record_note(record, 1, "job", padding);
        if (!vmc_store_put_job(store, record, error))
            return id - 1;
    }
    g_assert_not_reached();
}

/* A write that fails changes nothing, and the store can still be used. */
static void
check_full(VmcStore *store)
{
    g_autoptr(GError) error = NULL;
    guint64 last = fill(store, &error);

    g_assert_error(error, VMC_ERROR, VMC_ERROR_NO_SPACE);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, "free some space"));
    g_assert_cmpuint(last, >, 0);
    g_autoptr(GPtrArray) jobs = vmc_store_load_open_jobs(store, NULL);
    g_assert_nonnull(jobs);
    g_assert_cmpuint(jobs->len, ==, last);
}

static void
test_full_database(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);

    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 60", NULL));
    check_full(store);
    /* room again, and it goes on */
    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 6000", NULL));
    vmc_test_put_job(store, 200000, VMC_JOB_QUEUED);
}

static void
fill_small_fs(VmcStoreFixture *fixture)
{
    mount_over(fixture, 0, "size=512k");
    VmcStore *store = vmc_store_fixture_open(fixture);
    check_full(store);
    vmc_store_close(store);
    /* and it opens again, full as the disk is */
    vmc_store_close(vmc_store_fixture_open(fixture));
}

static void
test_full_fs(VmcStoreFixture *fixture, gconstpointer data)
{
    run_in_child(fill_small_fs, fixture);
}

/* ---- damage ---------------------------------------------------------------
 */

static void
test_garbage(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *garbage = g_strnfill(9000, 'g');

    g_assert_true(g_file_set_contents(fixture->path, garbage, -1, NULL));
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED,
                                 "vmctld --rebuild");
}

/* An empty file is a database that lost everything, not a new one. */
static void
test_emptied(VmcStoreFixture *fixture, gconstpointer data)
{
    vmc_store_close(vmc_store_fixture_open(fixture));
    g_assert_cmpint(truncate(fixture->path, 0), ==, 0);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED,
                                 "vmctld --rebuild");
}

static void
test_foreign_database(VmcStoreFixture *fixture, gconstpointer data)
{
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db,
                                 "CREATE TABLE other(x);"
                                 "PRAGMA application_id = 7",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    sqlite3_close(db);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED,
                                 "not a database of vmctl");
}

/* Whichever byte changes by itself, the store says so or holds what it held:
 * it never gives out something else. */
static void
test_flipped_bytes(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);
    g_autofree char *content = NULL;
    gsize length;
    guint n_refused = 0;

    vmc_test_put_example(store);
    vmc_test_put_job(store, 1, VMC_JOB_RUNNING);
    g_autofree char *before = vmc_test_fleet_text(store);
    vmc_store_close(store);
    g_assert_true(g_file_get_contents(fixture->path, &content, &length, NULL));

    for (gsize at = 0; at < length; at += 41) {
        g_autoptr(GError) error = NULL;
        content[at] ^= 0x5a;
        g_assert_true(
            g_file_set_contents(fixture->path, content, (gssize) length, NULL));
        content[at] ^= 0x5a;
        store = vmc_store_open(fixture->path, &error);
        if (store == NULL) {
            n_refused++;
            continue;
        }
        g_autofree char *after = vmc_test_fleet_text(store);
        g_autoptr(GPtrArray) jobs = vmc_store_load_open_jobs(store, NULL);
        vmc_store_close(store);
        g_assert_cmpstr(before, ==, after);
        g_assert_cmpuint(jobs->len, ==, 1);
    }
    g_test_message("%u flips refused", n_refused);
    g_assert_cmpuint(n_refused, >, 10);
}

/* SQLite alone would not see this one. */
static void
test_changed_value(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    g_assert_true(vmc_store_exec(
        store, "UPDATE vms SET json = replace(json, 'web1', 'web2')", NULL));
    vmc_store_close(store);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED, UUID_1);
}

/* A log without its database is no new state either: it holds what was last
 * written, and would be played into any database that came there. */
static void
test_only_log_left(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *log = g_strconcat(fixture->path, "-wal", NULL);

    g_assert_true(g_file_set_contents(log, "log", -1, NULL));
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED,
                                 "vmctld --rebuild");
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

/* What is written to a file that nobody can find any more is lost. */
static void
test_removed_while_open(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autofree char *away = g_strconcat(fixture->path, ".away", NULL);
    g_autoptr(VmcHost) host = vmc_host_new("h2", "sim://h2");
    g_autoptr(GError) error = NULL;

    vmc_test_put_host(store, "h1");
    g_assert_cmpint(g_rename(fixture->path, away), ==, 0);
    g_assert_false(vmc_store_put_host(store, host, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_DAMAGED);
    g_assert_nonnull(strstr(error->message, "vmctld --rebuild"));
    g_assert_cmpint(g_rename(away, fixture->path), ==, 0);
    vmc_test_put_host(store, "h2"); /* put back, it is as before */
}

/* ---- a new one ------------------------------------------------------------
 */

/* Killed while it made one: the next makes it anew. */
static void
test_half_made(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *young = g_strconcat(fixture->path, ".new", NULL);

    g_assert_true(g_file_set_contents(young, "half", -1, NULL));
    vmc_store_close(vmc_store_fixture_open(fixture));
    g_assert_false(g_file_test(young, G_FILE_TEST_EXISTS));
}

static guint
count_files(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n_files = 0;

    while (g_dir_read_name(dir) != NULL)
        n_files++;
    return n_files;
}

static void
fill_up(const char *path)
{
    g_autofree char *zeros = g_malloc0(4096);
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(zeros, 4096, 1, file) == 1)
        ;
    fclose(file);
}

static void
make_on_full_fs(VmcStoreFixture *fixture)
{
    g_autofree char *filler = g_build_filename(fixture->dir, "filler", NULL);

    mount_over(fixture, 0, "size=512k");
    fill_up(filler);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_NO_SPACE, "free some");
    g_assert_cmpuint(count_files(fixture->dir), ==, 2); /* with the lock */
    g_unlink(filler);
    vmc_store_close(vmc_store_fixture_open(fixture));
}

/* No state can be made: no half of one is left, which the next start would
 * take for a damaged one. */
static void
test_new_on_full_fs(VmcStoreFixture *fixture, gconstpointer data)
{
    run_in_child(make_on_full_fs, fixture);
}

/* ---- in the place of another ----------------------------------------------
 */

static VmcFleet *
other_fleet(void)
{
    g_autoptr(VmcFleet) none = vmc_fleet_new();
    g_autoptr(VmcHost) host = vmc_host_new("h7", "sim://h7");
    g_autoptr(VmcVm) vm = vmc_test_make_vm(UUID_2, "web7", "h7");
    g_autoptr(VmcFleet) fleet = vmc_fleet_with_host(none, host);

    return vmc_fleet_with_vm(fleet, vm);
}

static char *
replace(VmcStoreFixture *fixture, gint64 now_s)
{
    g_autoptr(VmcFleet) fleet = other_fleet();
    g_autoptr(GError) error = NULL;
    char *aside = NULL;

    g_assert_true(
        vmc_store_replace(fixture->path, fleet, now_s, &aside, &error));
    g_assert_no_error(error);
    return aside;
}

static void
assert_holds(VmcStoreFixture *fixture, const char *name)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autofree char *text = vmc_test_fleet_text(store);

    g_assert_nonnull(strstr(text, name));
}

static void
test_replace(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *log = g_strconcat(fixture->path, "-wal", NULL);

    g_assert_true(g_file_set_contents(fixture->path, "broken", -1, NULL));
    g_assert_true(g_file_set_contents(log, "its log", -1, NULL));
    g_autofree char *aside = replace(fixture, 1234);
    g_assert_true(g_str_has_suffix(aside, "vmctl.db.damaged-1234"));
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(aside, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "broken");
    g_assert_false(g_file_test(log, G_FILE_TEST_EXISTS));
    assert_holds(fixture, "web7");
}

/* Whoever repairs twice within a second keeps what stood there both times. */
static void
test_replace_again(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autofree char *kept = NULL;

    g_assert_true(g_file_set_contents(fixture->path, "broken", -1, NULL));
    g_autofree char *first = replace(fixture, 1234);
    g_autofree char *second = replace(fixture, 1234);
    g_assert_true(g_str_has_suffix(second, "vmctl.db.damaged-1234-2"));
    g_assert_true(g_file_get_contents(first, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "broken");
    assert_holds(fixture, "web7");
}

static void
test_replace_nothing(VmcStoreFixture *fixture, gconstpointer data)
{
    g_assert_null(replace(fixture, 1234));
    assert_holds(fixture, "web7");
}

static void
replace_fails(VmcStoreFixture *fixture, VmcError code)
{
    g_autoptr(VmcFleet) fleet = other_fleet();
    g_autoptr(GError) error = NULL;
    char *aside = NULL;

    g_assert_false(
        vmc_store_replace(fixture->path, fleet, 1234, &aside, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
    g_assert_null(aside);
}

static void
test_replace_in_use(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);

    replace_fails(fixture, VMC_ERROR_BUSY);
}

static void
replace_on_full_fs(VmcStoreFixture *fixture)
{
    g_autofree char *filler = g_build_filename(fixture->dir, "filler", NULL);

    mount_over(fixture, 0, "size=512k");
    VmcStore *store = vmc_store_fixture_open(fixture);
    vmc_test_put_example(store);
    vmc_store_close(store);
    fill_up(filler);
    replace_fails(fixture, VMC_ERROR_NO_SPACE);
    /* with the lock, and what was said of the hosts */
    g_assert_cmpuint(count_files(fixture->dir), ==, 4);
    g_unlink(filler);
    assert_holds(fixture, "web1");
}

/* The old one stays, and nothing beside it. */
static void
test_replace_on_full_fs(VmcStoreFixture *fixture, gconstpointer data)
{
    run_in_child(replace_on_full_fs, fixture);
}

/* ---- a crash --------------------------------------------------------------
 */

static gboolean
write_and_die(VmcStore *store, gpointer user_data, GError **error)
{
    g_autoptr(VmcVm) vm = vmc_test_make_vm(UUID_2, "web2", "h1");

    g_assert_true(vmc_store_write_vm(store, vm, error));
    g_assert_cmpint(sqlite3_db_cacheflush(store->db), ==, SQLITE_OK);
    _exit(0);
}

static void
die_in_transaction(VmcStoreFixture *fixture)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    vmc_store_write(store, write_and_die, NULL, NULL);
    _exit(1);
}

/* What was put is there, what was half put is not, and the lock is free. */
static void
test_killed_in_transaction(VmcStoreFixture *fixture, gconstpointer data)
{
    run_in_child(die_in_transaction, fixture);
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autofree char *text = vmc_test_fleet_text(store);
    g_assert_nonnull(strstr(text, "web1"));
    g_assert_null(strstr(text, "web2"));
}

#define ADD(name, func)                                                        \
    g_test_add("/store-file/" name, VmcStoreFixture, NULL,                     \
               vmc_store_fixture_set_up, func, vmc_store_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("mode", test_mode);
    ADD("second-open", test_second_open);
    ADD("no-folder", test_no_folder);
    ADD("read-only-folder", test_read_only_folder);
    ADD("read-only-file", test_read_only_file);
    ADD("read-only-fs", test_read_only_fs);
    ADD("full-database", test_full_database);
    ADD("full-fs", test_full_fs);
    ADD("garbage", test_garbage);
    ADD("emptied", test_emptied);
    ADD("foreign-database", test_foreign_database);
    ADD("flipped-bytes", test_flipped_bytes);
    ADD("changed-value", test_changed_value);
    ADD("only-log-left", test_only_log_left);
    ADD("removed-while-open", test_removed_while_open);
    ADD("half-made", test_half_made);
    ADD("new-on-full-fs", test_new_on_full_fs);
    ADD("replace", test_replace);
    ADD("replace-again", test_replace_again);
    ADD("replace-nothing", test_replace_nothing);
    ADD("replace-in-use", test_replace_in_use);
    ADD("replace-on-full-fs", test_replace_on_full_fs);
    ADD("killed-in-transaction", test_killed_in_transaction);
    return g_test_run();
}
