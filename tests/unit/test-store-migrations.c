/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-migrations.h"

#include "core/error.h"
#include "daemon/store/store-private.h"
#include "tests/unit/store-fixture.h"

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
test_new_has_newest_version(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);

    g_assert_cmpint(read_version(store), ==, vmc_store_newest_version());
    g_assert_cmpint(vmc_store_newest_version(), >=, 2);
}

/* From a version of before the journal: what it holds stays. */
static void
test_migration(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    g_autofree char *before = vmc_test_fleet_text(store);
    g_assert_true(vmc_store_exec(
        store, "DROP TABLE jobs; PRAGMA user_version = 1", NULL));
    vmc_store_close(store);

    store = vmc_store_fixture_open(fixture);
    g_autofree char *after = vmc_test_fleet_text(store);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(read_version(store), ==, vmc_store_newest_version());
    vmc_test_put_job(store, 1, VMC_JOB_QUEUED);
    vmc_store_close(store);
}

/* A migration that cannot be done leaves the old version as it was. */
static void
test_migration_fails_whole(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    g_assert_true(vmc_store_exec(store,
                                 "DROP TABLE jobs; PRAGMA user_version = 1;"
                                 "CREATE VIEW jobs AS SELECT 1",
                                 NULL));
    vmc_store_close(store);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_FAILED, "from version 1");

    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "DROP VIEW jobs", NULL, NULL, NULL), ==,
                    SQLITE_OK);
    sqlite3_close(db);
    vmc_store_close(vmc_store_fixture_open(fixture));
}

static void
test_newer_version(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    g_assert_true(vmc_store_exec(store, "PRAGMA user_version = 999", NULL));
    vmc_store_close(store);
    vmc_store_fixture_open_fails(fixture, VMC_ERROR_UNSUPPORTED,
                                 "newer vmctld");
}

#define ADD(name, func)                                                        \
    g_test_add("/store-migrations/" name, VmcStoreFixture, NULL,               \
               vmc_store_fixture_set_up, func, vmc_store_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("new-has-newest-version", test_new_has_newest_version);
    ADD("migration", test_migration);
    ADD("migration-fails-whole", test_migration_fails_whole);
    ADD("newer-version", test_newer_version);
    return g_test_run();
}
