/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store.h"

#include "core/error.h"
#include "tests/unit/store-fixture.h"

/* ---- what is kept ---------------------------------------------------------
 */

static void
test_fleet_survives(VmcStoreFixture *fixture, gconstpointer data)
{
    VmcStore *store = vmc_store_fixture_open(fixture);

    vmc_test_put_example(store);
    g_autofree char *before = vmc_test_fleet_text(store);
    vmc_store_close(store);

    store = vmc_store_fixture_open(fixture);
    g_autofree char *after = vmc_test_fleet_text(store);
    g_assert_cmpstr(before, ==, after);
    g_assert_nonnull(strstr(after, "web1"));
    g_assert_true(vmc_store_remove_vm(store, UUID_1, NULL));
    g_assert_true(vmc_store_remove_vm(store, UUID_1, NULL));
    g_assert_true(vmc_store_remove_host(store, "h1", NULL));
    vmc_store_close(store);

    store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, 0);
    vmc_store_close(store);
}

/* A host cannot go from under its VMs, nor a VM be on a host that is not. */
static void
test_references(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) stray = vmc_test_make_vm(UUID_2, "web2", "nowhere");

    vmc_test_put_example(store);
    g_assert_false(vmc_store_remove_host(store, "h1", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    g_clear_error(&error);
    g_assert_false(vmc_store_put_vm(store, stray, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'nowhere'"));
    g_clear_error(&error);
    vmc_test_put_host(store, "h1"); /* replacing it keeps its VMs */
    g_autofree char *text = vmc_test_fleet_text(store);
    g_assert_nonnull(strstr(text, "web1"));
}

static void
test_journal(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(vmc_store_last_job_id(store, &error), ==, 0);
    g_assert_no_error(error);
    vmc_test_put_job(store, 1, VMC_JOB_DONE);
    vmc_test_put_job(store, 2, VMC_JOB_RUNNING);
    vmc_test_put_job(store, 3, VMC_JOB_QUEUED);
    vmc_test_put_job(store, 4, VMC_JOB_UNKNOWN);

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
test_trim(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);

    vmc_test_put_job(store, 1, VMC_JOB_RUNNING);
    for (guint id = 2; id <= 9; id++)
        vmc_test_put_job(store, id, VMC_JOB_DONE);
    g_assert_true(vmc_store_trim_jobs(store, 2, NULL));
    g_autoptr(GPtrArray) left = vmc_store_load_jobs(store, 100, NULL);
    g_assert_cmpuint(left->len, ==, 3);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[0])->id, ==, 9);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[1])->id, ==, 8);
    g_assert_cmpuint(((VmcJobRecord *) left->pdata[2])->id, ==, 1);

    g_assert_true(vmc_store_trim_jobs(store, 0, NULL));
    g_assert_cmpuint(vmc_store_last_job_id(store, NULL), ==, 9);
}

static void
observe(VmcStore *store, VmcVm *vm)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new();
    g_autoptr(GPtrArray) vms = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(vms, vm);
    g_assert_true(vmc_store_observe(store, hosts, vms, &error));
    g_assert_no_error(error);
}

/* A VM whose host was removed meanwhile does not keep others from being
 * stored. */
static void
test_observe_without_host(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcHost) host = vmc_host_new("h1", "sim://h1");
    g_autoptr(VmcVm) stray = vmc_test_make_vm(UUID_1, "web1", "nowhere");
    g_autoptr(VmcVm) vm = vmc_test_make_vm(UUID_2, "web2", "h1");
    g_autoptr(GPtrArray) hosts = g_ptr_array_new();
    g_autoptr(GPtrArray) vms = g_ptr_array_new();

    g_ptr_array_add(hosts, host);
    g_ptr_array_add(vms, stray);
    g_ptr_array_add(vms, vm);
    g_assert_true(vmc_store_observe(store, hosts, vms, NULL));
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, 1);
    g_assert_nonnull(vmc_fleet_find_vm(fleet, UUID_2));
}

/* What a monitor saw never overwrites what an open job has stored. */
static void
test_observe_waits_for_job(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcJobRecord) record = vmc_test_make_job(1, VMC_JOB_QUEUED);
    g_autoptr(VmcVm) reserve = vmc_test_make_vm(UUID_1, "web1", "h1");
    g_autoptr(VmcVm) seen = vmc_test_make_vm(UUID_1, "web1", "h1");

    vmc_test_put_host(store, "h1");
    reserve->size.amount[VMC_CPU] = 8000;
    g_assert_true(vmc_store_submit_job(store, record, reserve, NULL));
    observe(store, seen);
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_find_vm(fleet, UUID_1)->size.amount[VMC_CPU], ==,
                     8000);

    vmc_test_put_job(store, 1, VMC_JOB_DONE);
    observe(store, seen);
    g_autoptr(VmcFleet) later = vmc_store_load_fleet(store, NULL);
    g_assert_cmpuint(vmc_fleet_find_vm(later, UUID_1)->size.amount[VMC_CPU], ==,
                     2000);
}

/* A job and what it reserves are stored together or not at all. */
static void
test_submit_is_atomic(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    g_autoptr(VmcJobRecord) record = vmc_test_make_job(1, VMC_JOB_QUEUED);
    g_autoptr(VmcVm) stray = vmc_test_make_vm(UUID_1, "web1", "nowhere");

    g_assert_false(vmc_store_submit_job(store, record, stray, NULL));
    g_autoptr(GPtrArray) jobs = vmc_store_load_jobs(store, 10, NULL);
    g_assert_cmpuint(jobs->len, ==, 0);
}

/* ---- threads --------------------------------------------------------------
 */

static gpointer
put_many(gpointer data)
{
    VmcStore *store = data;
    static gint next_id;

    for (guint i = 0; i < 25; i++)
        vmc_test_put_job(store, (guint64) g_atomic_int_add(&next_id, 1) + 1,
                         VMC_JOB_DONE);
    return NULL;
}

static void
test_many_threads(VmcStoreFixture *fixture, gconstpointer data)
{
    g_autoptr(VmcStore) store = vmc_store_fixture_open(fixture);
    GThread *threads[4];

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("writer", put_many, store);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autoptr(GPtrArray) jobs = vmc_store_load_jobs(store, 1000, NULL);
    g_assert_cmpuint(jobs->len, ==, 100);
}

#define ADD(name, func)                                                        \
    g_test_add("/store/" name, VmcStoreFixture, NULL,                          \
               vmc_store_fixture_set_up, func, vmc_store_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("fleet-survives", test_fleet_survives);
    ADD("references", test_references);
    ADD("journal", test_journal);
    ADD("trim", test_trim);
    ADD("observe-waits-for-job", test_observe_waits_for_job);
    ADD("observe-without-host", test_observe_without_host);
    ADD("submit-is-atomic", test_submit_is_atomic);
    ADD("many-threads", test_many_threads);
    return g_test_run();
}
