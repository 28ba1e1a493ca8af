/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/host-ledger.h"

#include "core/error.h"
#include "tests/unit/store-fixture.h"

#include <glib/gstdio.h>

#include <string.h>

/* What operators said of hosts outlives the database, and what hosts say of
 * themselves costs no write. */

static VmcHost *
new_host(const char *name)
{
    VmcHost *host = vmc_host_new(name, "qemu+ssh://root@kvm1/system");
    const char *labels[] = {"rack=r1", "ssd", NULL};

    host->migration_uri = g_strdup("qemu+tcp://kvm1/system");
    g_strfreev(host->labels);
    host->labels = g_strdupv((GStrv) labels);
    host->reserved = VMC_RESOURCES(1000, 1 << 30, 0, 0);
    host->ceiling_milli = VMC_RESOURCES(8000, 0, 0, 0);
    host->domain_type = g_strdup("qemu");
    host->n_cores = 8;
    host->state = VMC_HOST_UP;
    return host;
}

static char *
path_of(VmcStoreFixture *fixture)
{
    return vmc_host_ledger_path(fixture->path);
}

/* (transfer full) */
static GPtrArray *
read_ledger(VmcStoreFixture *fixture)
{
    g_autofree char *path = path_of(fixture);
    g_autoptr(GError) error = NULL;
    GPtrArray *hosts = vmc_host_ledger_read(path, &error);

    g_assert_no_error(error);
    return hosts;
}

static guint
count_hosts(VmcStoreFixture *fixture)
{
    g_autoptr(GPtrArray) hosts = read_ledger(fixture);

    return hosts->len;
}

static guint64
inode(VmcStoreFixture *fixture)
{
    g_autofree char *path = path_of(fixture);
    GStatBuf info;

    g_assert_cmpint(g_stat(path, &info), ==, 0);
    return info.st_ino;
}

static void
put(VmcStore *store, const VmcHost *host)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_store_put_host(store, host, &error));
    g_assert_no_error(error);
}

/* ---- what is in it ------------------------------------------------------- */

static void
test_words(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");

    g_assert_cmpuint(count_hosts(fixture), ==, 0);
    put(store, host);
    g_autoptr(GPtrArray) hosts = read_ledger(fixture);
    const VmcHost *read = hosts->pdata[0];
    g_assert_cmpuint(hosts->len, ==, 1);
    g_assert_cmpstr(read->name, ==, "kvm1");
    g_assert_cmpstr(read->uri, ==, host->uri);
    g_assert_cmpstr(read->migration_uri, ==, host->migration_uri);
    g_assert_true(g_strv_equal((const char *const *) read->labels,
                               (const char *const *) host->labels));
    g_assert_true(vmc_resources_equal(read->reserved, host->reserved));
    g_assert_true(
        vmc_resources_equal(read->ceiling_milli, host->ceiling_milli));
    g_assert_cmpstr(read->domain_type, ==, "qemu");
    g_assert_cmpuint(read->n_cores, ==, 0);
}

static void
test_drained(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");

    host->state = VMC_HOST_DRAINED;
    host->state_reason = g_strdup("new disks");
    put(store, host);
    g_autoptr(GPtrArray) hosts = read_ledger(fixture);
    const VmcHost *read = hosts->pdata[0];
    g_assert_cmpint(read->state, ==, VMC_HOST_DRAINED);
    g_assert_cmpstr(read->state_reason, ==, "new disks");
}

/* ---- when it is written -------------------------------------------------- */

/* That a host is up, or has another core, is seen every few seconds. */
static void
test_sightings(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    put(store, host);
    guint64 before = inode(fixture);
    g_autoptr(VmcHost) changed = vmc_host_copy(host);
    changed->state = VMC_HOST_UNREACHABLE;
    changed->state_reason = g_strdup("no route");
    changed->n_cores = 16;
    g_ptr_array_add(seen, changed);
    g_assert_true(vmc_store_observe(store, seen, none, NULL));
    g_assert_cmpuint(inode(fixture), ==, before);

    changed->labels[1][0] = 'x';
    g_assert_true(vmc_store_observe(store, seen, none, NULL));
    g_assert_cmpuint(inode(fixture), !=, before);
}

static void
test_removed(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) one = new_host("kvm1");
    g_autoptr(VmcHost) two = new_host("kvm2");

    put(store, one);
    put(store, two);
    g_assert_cmpuint(count_hosts(fixture), ==, 2);
    g_assert_true(vmc_store_remove_host(store, "kvm1", NULL));
    g_autoptr(GPtrArray) hosts = read_ledger(fixture);
    g_assert_cmpuint(hosts->len, ==, 1);
    g_assert_cmpstr(((VmcHost *) hosts->pdata[0])->name, ==, "kvm2");
}

/* One that was lost, or is behind, is made again at the next start. */
static void
test_made_again(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");
    g_autofree char *path = path_of(fixture);

    put(store, host);
    vmc_store_close(store);
    g_assert_cmpint(g_unlink(path), ==, 0);
    vmc_store_close(vmc_store_fixture_open(fixture));
    g_assert_cmpuint(count_hosts(fixture), ==, 1);
}

/* ---- when it cannot be --------------------------------------------------- */

/* A host that a rebuild would not know of is not added. */
static void
test_cannot_be_written(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");
    g_autofree char *path = path_of(fixture);
    g_autofree char *in_the_way = g_build_filename(path, "folder", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(in_the_way, 0700), ==, 0);
    g_assert_false(vmc_store_put_host(store, host, &error));
    g_assert_nonnull(strstr(error->message, "hosts.json"));
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, 0);

    g_assert_cmpint(g_rmdir(in_the_way), ==, 0);
    g_assert_cmpint(g_rmdir(path), ==, 0);
    put(store, host);
    g_assert_cmpuint(count_hosts(fixture), ==, 1);
}

static void
test_damaged(VmcStoreFixture *fixture, gconstpointer data)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"version\":2,\"hosts\":[]}",
        "{\"version\":1,\"hosts\":[{\"name\":\"kvm1\"}]}",
        "{\"version\":1,\"hosts\":[{\"name\":\"a b\",\"uri\":\"x\"}]}",
        "{\"version\":1,\"hosts\":[],\"more\":1}",
    };
    g_autofree char *path = path_of(fixture);

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        g_assert_null(vmc_host_ledger_read(path, &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_DAMAGED);
        g_test_message("%s", error->message);
        vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED, "--rebuild");
    }
}

/* An empty fleet is not begun where there was one. */
static void
test_database_gone(VmcStoreFixture *fixture, gconstpointer data)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    VmcStore *store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");

    put(store, host);
    vmc_store_close(store);
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(fixture->path, suffixes[i], NULL);
        g_unlink(path);
    }
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_DAMAGED, "knows of 1 host");
    g_assert_cmpuint(count_hosts(fixture), ==, 1);
}

/* A rebuild with fewer hosts leaves a copy of what was known of the others. */
static void
test_replaced(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = new_host("kvm1");
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    g_autofree char *aside = NULL;

    put(store, host);
    vmc_store_close(store);
    g_assert_true(vmc_store_replace(fixture->path, empty, 7, &aside, NULL));
    g_assert_cmpuint(count_hosts(fixture), ==, 1);
    vmc_store_close(vmc_store_fixture_open(fixture));
    g_assert_cmpuint(count_hosts(fixture), ==, 0);
    g_autofree char *copy =
        g_build_filename(fixture->dir, "hosts.json.damaged-7", NULL);
    g_autoptr(GPtrArray) kept = vmc_host_ledger_read(copy, NULL);
    g_assert_cmpuint(kept->len, ==, 1);
}

#define ADD(name, func)                                                        \
    g_test_add("/host-ledger/" name, VmcStoreFixture, NULL,                    \
               vmc_store_fixture_set_up, func, vmc_store_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("words", test_words);
    ADD("drained", test_drained);
    ADD("sightings", test_sightings);
    ADD("removed", test_removed);
    ADD("made-again", test_made_again);
    ADD("cannot-be-written", test_cannot_be_written);
    ADD("damaged", test_damaged);
    ADD("database-gone", test_database_gone);
    ADD("replaced", test_replaced);
    return g_test_run();
}
