/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store.h"

#include "core/error.h"
#include "core/fleet-json.h"
#include "daemon/store/store-migrations.h"
#include "daemon/store/store-private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a store in a folder of its own ---------------------------------------
 */

typedef struct {
    char *dir;
    char *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = g_dir_make_tmp("vmctl-store-XXXXXX", NULL);
    g_assert_nonnull(fixture->dir);
    fixture->path = g_build_filename(fixture->dir, "vmctl.db", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(fixture->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        g_unlink(path);
    }
    g_rmdir(fixture->dir);
    g_free(fixture->dir);
    g_free(fixture->path);
}

static VmcStore *
open_store(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    VmcStore *store = vmc_store_open(fixture->path, &error);

    g_assert_no_error(error);
    return store;
}

static void
put_host(VmcStore *store, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = g_strdup_printf("sim://%s", name);
    g_autoptr(VmcHost) host = vmc_host_new(name, uri);

    g_assert_true(vmc_store_put_host(store, host, &error));
    g_assert_no_error(error);
}

static VmcVm *
make_vm(const char *uuid, const char *name, const char *host)
{
    VmcVm *vm = vmc_vm_new(uuid, name);

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->size = VMC_RESOURCES(2000, 1 << 30, 0, 0);
    return vm;
}

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

/* h1 with web1 on it. */
static void
put_example(VmcStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) vm = make_vm(UUID_1, "web1", "h1");

    put_host(store, "h1");
    g_assert_true(vmc_store_put_vm(store, vm, &error));
    g_assert_no_error(error);
}

static VmcJobRecord *
make_job(guint64 id, VmcJobState state)
{
    VmcJobRecord *record = vmc_job_record_new("start", UUID_1, "web1", NULL);

    record->id = id;
    record->state = state;
    return record;
}

static void
put_job(VmcStore *store, guint64 id, VmcJobState state)
{
    g_autoptr(VmcJobRecord) record = make_job(id, state);
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_store_put_job(store, record, &error));
    g_assert_no_error(error);
}

static char *
fleet_text(VmcStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, &error);

    g_assert_no_error(error);
    g_autoptr(JsonNode) node = vmc_fleet_to_json(fleet);
    return json_to_string(node, FALSE);
}

static void
assert_open_fails(Fixture *fixture, VmcError code, const char *advice)
{
    g_autoptr(GError) error = NULL;
    VmcStore *store = vmc_store_open(fixture->path, &error);

    g_assert_null(store);
    g_assert_error(error, VMC_ERROR, (int) code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, advice));
}

/* ---- what is kept ---------------------------------------------------------
 */

static void
test_fleet_survives(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);

    put_example(store);
    g_autofree char *before = fleet_text(store);
    vmc_store_close(store);

    store = open_store(fixture);
    g_autofree char *after = fleet_text(store);
    g_assert_cmpstr(before, ==, after);
    g_assert_nonnull(strstr(after, "web1"));
    g_assert_true(vmc_store_remove_vm(store, UUID_1, NULL));
    g_assert_true(vmc_store_remove_vm(store, UUID_1, NULL));
    g_assert_true(vmc_store_remove_host(store, "h1", NULL));
    vmc_store_close(store);

    store = open_store(fixture);
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, 0);
    vmc_store_close(store);
}

/* A host cannot go from under its VMs, nor a VM be on a host that is not. */
static void
test_references(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) stray = make_vm(UUID_2, "web2", "nowhere");

    put_example(store);
    g_assert_false(vmc_store_remove_host(store, "h1", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    g_clear_error(&error);
    g_assert_false(vmc_store_put_vm(store, stray, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'nowhere'"));
    g_clear_error(&error);
    put_host(store, "h1"); /* replacing it keeps its VMs */
    g_autofree char *text = fleet_text(store);
    g_assert_nonnull(strstr(text, "web1"));
}

static void
test_journal(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(vmc_store_last_job_id(store, &error), ==, 0);
    g_assert_no_error(error);
    put_job(store, 1, VMC_JOB_DONE);
    put_job(store, 2, VMC_JOB_RUNNING);
    put_job(store, 3, VMC_JOB_QUEUED);
    put_job(store, 4, VMC_JOB_UNKNOWN);

    g_autoptr(GPtrArray) all = vmc_store_load_jobs(store, 3, &error);
    g_assert_cmpuint(all->len, ==, 3);
    g_assert_cmpuint(((VmcJobRecord *) all->pdata[0])->id, ==, 4);
    g_autoptr(GPtrArray) open = vmc_store_load_open_jobs(store, &error);
    g_assert_cmpuint(open->len, ==, 2);
    g_assert_cmpuint(((VmcJobRecord *) open->pdata[0])->id, ==, 3);
    g_assert_cmpuint(((VmcJobRecord *) open->pdata[1])->id, ==, 2);
}

/* Old jobs go, open ones stay, and no id is given twice. */
static void
test_trim(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);

    put_job(store, 1, VMC_JOB_RUNNING);
    for (guint id = 2; id <= 9; id++)
        put_job(store, id, VMC_JOB_DONE);
    g_assert_true(vmc_store_trim_jobs(store, 2, NULL));
    g_autoptr(GPtrArray) left = vmc_store_load_jobs(store, 100, NULL);
    g_assert_cmpuint(left->len, ==, 3);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[0])->id, ==, 9);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[1])->id, ==, 8);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[2])->id, ==, 1);

    g_assert_true(vmc_store_trim_jobs(store, 0, NULL));
    g_assert_cmpuint(vmc_store_last_job_id(store, NULL), ==, 9);
}

/* What a monitor saw never overwrites what an open job has stored. */
static void
test_observe_waits_for_job(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);
    g_autoptr(VmcJobRecord) record = make_job(1, VMC_JOB_QUEUED);
    g_autoptr(VmcVm) reserve = make_vm(UUID_1, "web1", "h1");
    g_autoptr(VmcVm) seen = make_vm(UUID_1, "web1", "h1");

    put_host(store, "h1");
    reserve->size.amount[VMC_CPU] = 8000;
    g_assert_true(vmc_store_submit_job(store, record, reserve, NULL));
    g_assert_true(vmc_store_observe_vm(store, seen, NULL));
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_find_vm(fleet, UUID_1)->size.amount[VMC_CPU], ==,
                     8000);

    put_job(store, 1, VMC_JOB_DONE);
    g_assert_true(vmc_store_observe_vm(store, seen, NULL));
    g_autoptr(VmcFleet) later = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_find_vm(later, UUID_1)->size.amount[VMC_CPU], ==,
                     2000);
}

/* A job and what it reserves are stored together or not at all. */
static void
test_submit_is_atomic(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);
    g_autoptr(VmcJobRecord) record = make_job(1, VMC_JOB_QUEUED);
    g_autoptr(VmcVm) stray = make_vm(UUID_1, "web1", "nowhere");

    g_assert_false(vmc_store_submit_job(store, record, stray, NULL));
    g_autoptr(GPtrArray) jobs = vmc_store_load_jobs(store, 10, NULL);
    g_assert_cmpuint(jobs->len, ==, 0);
}

/* ---- the file -------------------------------------------------------------
 */

static void
test_mode(Fixture *fixture, gconstpointer data)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    mode_t old = umask(0);
    g_autoptr(VmcStore) store = open_store(fixture);

    put_example(store);
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
test_second_open(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);
    g_autofree char *pid = g_strdup_printf("process %d", (int) getpid());

    assert_open_fails(fixture, VMC_ERROR_BUSY, pid);
    vmc_store_close(store);
    vmc_store_close(open_store(fixture));
}

static void
test_no_folder(Fixture *fixture, gconstpointer data)
{
    Fixture missing = {NULL, g_build_filename(fixture->dir, "no", "db", NULL)};

    assert_open_fails(&missing, VMC_ERROR_NOT_FOUND, "--state-dir");
    g_free(missing.path);
}

/* Runs @func in a child, since it changes what cannot be changed back. */
static void
run_in_child(void (*func)(Fixture *fixture), Fixture *fixture)
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
open_unprivileged(Fixture *fixture)
{
    if (geteuid() == 0)
        g_assert_cmpint(setuid(65534), ==, 0);
    assert_open_fails(fixture, VMC_ERROR_DENIED, "writable");
}

static void
test_read_only_folder(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(g_chmod(fixture->dir, 0555), ==, 0);
    run_in_child(open_unprivileged, fixture);
    g_assert_cmpint(g_chmod(fixture->dir, 0755), ==, 0);
}

/* The folder and the lock are fine, the database is not. */
static void
test_read_only_file(Fixture *fixture, gconstpointer data)
{
    g_autofree char *lock = g_strconcat(fixture->path, ".lock", NULL);

    vmc_store_close(open_store(fixture));
    g_assert_cmpint(g_chmod(fixture->dir, 0777), ==, 0);
    g_assert_cmpint(g_chmod(lock, 0666), ==, 0);
    g_assert_cmpint(g_chmod(fixture->path, 0444), ==, 0);
    run_in_child(open_unprivileged, fixture);
}

static void
mount_over(Fixture *fixture, unsigned long flags, const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", fixture->dir, "tmpfs", flags, options) < 0)
        _exit(77);
}

static void
open_on_read_only_fs(Fixture *fixture)
{
    mount_over(fixture, MS_RDONLY, "size=1m");
    assert_open_fails(fixture, VMC_ERROR_DENIED, "--state-dir");
}

static void
test_read_only_fs(Fixture *fixture, gconstpointer data)
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
        g_autoptr(VmcJobRecord) record = make_job(id, VMC_JOB_QUEUED);
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
test_full_database(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);

    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 60", NULL));
    check_full(store);
    /* room again, and it goes on */
    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 6000", NULL));
    put_job(store, 200000, VMC_JOB_QUEUED);
}

static void
fill_small_fs(Fixture *fixture)
{
    mount_over(fixture, 0, "size=512k");
    VmcStore *store = open_store(fixture);
    check_full(store);
    vmc_store_close(store);
    /* and it opens again, full as the disk is */
    vmc_store_close(open_store(fixture));
}

static void
test_full_fs(Fixture *fixture, gconstpointer data)
{
    run_in_child(fill_small_fs, fixture);
}

/* ---- damage ---------------------------------------------------------------
 */

static void
test_garbage(Fixture *fixture, gconstpointer data)
{
    g_autofree char *garbage = g_strnfill(9000, 'g');

    g_assert_true(g_file_set_contents(fixture->path, garbage, -1, NULL));
    assert_open_fails(fixture, VMC_ERROR_DAMAGED, "vmctld --rebuild");
}

/* An empty file is a database that lost everything, not a new one. */
static void
test_emptied(Fixture *fixture, gconstpointer data)
{
    vmc_store_close(open_store(fixture));
    g_assert_cmpint(truncate(fixture->path, 0), ==, 0);
    assert_open_fails(fixture, VMC_ERROR_DAMAGED, "vmctld --rebuild");
}

static void
test_foreign_database(Fixture *fixture, gconstpointer data)
{
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db,
                                 "CREATE TABLE other(x);"
                                 "PRAGMA application_id = 7",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    sqlite3_close(db);
    assert_open_fails(fixture, VMC_ERROR_DAMAGED, "not a database of vmctl");
}

/* Whichever byte changes by itself, the store says so or holds what it held:
 * it never gives out something else. */
static void
test_flipped_bytes(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);
    g_autofree char *content = NULL;
    gsize length;
    guint n_refused = 0;

    put_example(store);
    put_job(store, 1, VMC_JOB_RUNNING);
    g_autofree char *before = fleet_text(store);
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
        g_autofree char *after = fleet_text(store);
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
test_changed_value(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);

    put_example(store);
    g_assert_true(vmc_store_exec(
        store, "UPDATE vms SET json = replace(json, 'web1', 'web2')", NULL));
    vmc_store_close(store);
    assert_open_fails(fixture, VMC_ERROR_DAMAGED, UUID_1);
}

static void
test_set_aside(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(fixture->path, "broken", -1, NULL));
    g_autofree char *aside = vmc_store_set_aside(fixture->path, 1234, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_suffix(aside, "vmctl.db.damaged-1234"));
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(aside, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "broken");

    VmcStore *store = open_store(fixture);
    g_assert_null(vmc_store_set_aside(fixture->path, 1235, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_BUSY);
    vmc_store_close(store);
}

/* ---- versions -------------------------------------------------------------
 */

static gint64
read_version(VmcStore *store)
{
    gint64 version = -1;

    g_assert_true(
        vmc_store_read_int(store, "PRAGMA user_version", 0, &version, NULL));
    return version;
}

static void
test_new_has_newest_version(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);

    g_assert_cmpint(read_version(store), ==, vmc_store_newest_version());
    g_assert_cmpint(vmc_store_newest_version(), >=, 2);
}

/* From a version of before the journal: what it holds stays. */
static void
test_migration(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);

    put_example(store);
    g_autofree char *before = fleet_text(store);
    g_assert_true(vmc_store_exec(
        store, "DROP TABLE jobs; PRAGMA user_version = 1", NULL));
    vmc_store_close(store);

    store = open_store(fixture);
    g_autofree char *after = fleet_text(store);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(read_version(store), ==, vmc_store_newest_version());
    put_job(store, 1, VMC_JOB_QUEUED);
    vmc_store_close(store);
}

/* A migration that cannot be done leaves the old version as it was. */
static void
test_migration_fails_whole(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);

    put_example(store);
    g_assert_true(vmc_store_exec(store,
                                 "DROP TABLE jobs; PRAGMA user_version = 1;"
                                 "CREATE VIEW jobs AS SELECT 1",
                                 NULL));
    vmc_store_close(store);
    assert_open_fails(fixture, VMC_ERROR_FAILED, "from version 1");

    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "DROP VIEW jobs", NULL, NULL, NULL), ==,
                    SQLITE_OK);
    sqlite3_close(db);
    vmc_store_close(open_store(fixture));
}

static void
test_newer_version(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = open_store(fixture);

    g_assert_true(vmc_store_exec(store, "PRAGMA user_version = 999", NULL));
    vmc_store_close(store);
    assert_open_fails(fixture, VMC_ERROR_UNSUPPORTED, "newer vmctld");
}

/* ---- a crash --------------------------------------------------------------
 */

static gboolean
write_and_die(VmcStore *store, gpointer user_data, GError **error)
{
    g_autoptr(VmcVm) vm = make_vm(UUID_2, "web2", "h1");

    g_assert_true(vmc_store_write_vm(store, vm, error));
    g_assert_cmpint(sqlite3_db_cacheflush(store->db), ==, SQLITE_OK);
    _exit(0);
}

static void
die_in_transaction(Fixture *fixture)
{
    VmcStore *store = open_store(fixture);

    put_example(store);
    vmc_store_write(store, write_and_die, NULL, NULL);
    _exit(1);
}

/* What was put is there, what was half put is not, and the lock is free. */
static void
test_killed_in_transaction(Fixture *fixture, gconstpointer data)
{
    run_in_child(die_in_transaction, fixture);
    g_autoptr(VmcStore) store = open_store(fixture);
    g_autofree char *text = fleet_text(store);
    g_assert_nonnull(strstr(text, "web1"));
    g_assert_null(strstr(text, "web2"));
}

/* ---- threads --------------------------------------------------------------
 */

static gpointer
put_many(gpointer data)
{
    VmcStore *store = data;
    static gint next_id;

    for (guint i = 0; i < 25; i++)
        put_job(store, (guint64) g_atomic_int_add(&next_id, 1) + 1,
                VMC_JOB_DONE);
    return NULL;
}

static void
test_many_threads(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = open_store(fixture);
    GThread *threads[4];

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("writer", put_many, store);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autoptr(GPtrArray) jobs = vmc_store_load_jobs(store, 1000, NULL);
    g_assert_cmpuint(jobs->len, ==, 100);
}

#define ADD(name, func)                                                        \
    g_test_add("/store/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("fleet-survives", test_fleet_survives);
    ADD("references", test_references);
    ADD("journal", test_journal);
    ADD("trim", test_trim);
    ADD("observe-waits-for-job", test_observe_waits_for_job);
    ADD("submit-is-atomic", test_submit_is_atomic);
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
    ADD("set-aside", test_set_aside);
    ADD("new-has-newest-version", test_new_has_newest_version);
    ADD("migration", test_migration);
    ADD("migration-fails-whole", test_migration_fails_whole);
    ADD("newer-version", test_newer_version);
    ADD("killed-in-transaction", test_killed_in_transaction);
    ADD("many-threads", test_many_threads);
    return g_test_run();
}
