/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/fleet-writer.h"

#include "daemon/store/store-private.h"
#include "tests/unit/store-fixture.h"

#define N_VMS 1000

typedef struct {
    VmcStoreFixture files;
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    VmcFleetWriter *writer;
    guint n_commits;  /* under the store's mutex */
    gint n_rollbacks; /* atomic */
} Fixture;

static int
on_commit(void *user_data)
{
    Fixture *fixture = user_data;

    fixture->n_commits++;
    return 0;
}

static void
on_rollback(void *user_data)
{
    Fixture *fixture = user_data;

    g_atomic_int_inc(&fixture->n_rollbacks);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcHost) host = vmc_host_new("h1", "sim://h1");

    vmc_store_fixture_set_up(&fixture->files, NULL);
    fixture->store = vmc_store_fixture_open(&fixture->files);
    vmc_test_put_host(fixture->store, "h1");
    fixture->live_fleet = vmc_live_fleet_new(NULL);
    vmc_live_fleet_put_host(fixture->live_fleet, host);
    fixture->writer = vmc_fleet_writer_new(fixture->store, fixture->live_fleet);
    sqlite3_commit_hook(fixture->store->db, on_commit, fixture);
    sqlite3_rollback_hook(fixture->store->db, on_rollback, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vmc_fleet_writer_free(fixture->writer);
    g_object_unref(fixture->live_fleet);
    vmc_store_close(fixture->store);
    vmc_store_fixture_tear_down(&fixture->files, NULL);
}

/* Shows a VM with so many vCPUs in the fleet, and has it stored. */
static void
see(Fixture *fixture, guint number, guint n_vcpus)
{
    g_autofree char *uuid =
        g_strdup_printf("00000000-0000-4000-8000-%012u", number);
    g_autofree char *name = g_strdup_printf("web%u", number);
    g_autoptr(VmcVm) vm = vmc_test_make_vm(uuid, name, "h1");

    vm->size.amount[VMC_CPU] = 1000 * (guint64) n_vcpus;
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
    vmc_fleet_writer_put_vm(fixture->writer, vm);
}

static VmcFleet *
stored(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    VmcFleet *fleet = vmc_store_load_fleet(fixture->store, &error);

    g_assert_no_error(error);
    return fleet;
}

static void
wait_for_n_vms(Fixture *fixture, guint n)
{
    for (guint found = 0; found != n;) {
        g_autoptr(VmcFleet) fleet = stored(fixture);
        found = vmc_fleet_n_vms(fleet);
        g_thread_yield();
    }
}

/* What comes while the store is busy is written together. */
static void
test_batches(Fixture *fixture, gconstpointer data)
{
    g_mutex_lock(&fixture->store->mutex);
    for (guint i = 0; i < N_VMS; i++)
        see(fixture, i, 1);
    fixture->n_commits = 0;
    g_mutex_unlock(&fixture->store->mutex);
    wait_for_n_vms(fixture, N_VMS);
    /* the first few before the store was busy, then two that are full; each
     * look at the store is a transaction too, but commits nothing */
    g_mutex_lock(&fixture->store->mutex);
    g_test_message("%u commits", fixture->n_commits);
    g_assert_cmpuint(fixture->n_commits, <=, 4);
    g_mutex_unlock(&fixture->store->mutex);
}

/* Of one VM the last sight counts. */
static void
test_last_counts(Fixture *fixture, gconstpointer data)
{
    g_mutex_lock(&fixture->store->mutex);
    for (guint n_vcpus = 1; n_vcpus <= 9; n_vcpus++)
        see(fixture, 1, n_vcpus);
    see(fixture, 2, 1);
    g_mutex_unlock(&fixture->store->mutex);
    wait_for_n_vms(fixture, 2);
    g_autoptr(VmcFleet) fleet = stored(fixture);
    const VmcVm *vm =
        vmc_fleet_find_vm(fleet, "00000000-0000-4000-8000-000000000001");
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 9000);
}

/* A job begins, makes of a VM what it becomes, and ends. */
static void
work_on(Fixture *fixture, VmcVm *vm)
{
    vmc_test_put_job(fixture->store, 1, VMC_JOB_RUNNING);
    g_assert_true(vmc_store_put_vm(fixture->store, vm, NULL));
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
    vmc_test_put_job(fixture->store, 1, VMC_JOB_DONE);
}

static guint64
stored_cpu(Fixture *fixture)
{
    g_autoptr(VmcFleet) fleet = stored(fixture);

    return vmc_fleet_find_vm(fleet, UUID_1)->size.amount[VMC_CPU];
}

/* What a job has made of a VM since it was seen is not taken back. */
static void
test_newer_stays(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcVm) seen = vmc_test_make_vm(UUID_1, "web1", "h1");
    g_autoptr(VmcVm) newer = vmc_test_make_vm(UUID_1, "web1", "h1");

    newer->size.amount[VMC_CPU] = 7000;
    work_on(fixture, newer);
    vmc_fleet_writer_put_vm(fixture->writer, seen); /* as if it came late */
    see(fixture, 2, 1); /* is written later, or in the same transaction */
    wait_for_n_vms(fixture, 2);
    g_assert_cmpuint(stored_cpu(fixture), ==, 7000);
}

/* A VM that was deleted after it was seen does not come back. */
static void
test_gone_stays_gone(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcVm) gone = vmc_test_make_vm(UUID_2, "web2", "h1");

    vmc_fleet_writer_put_vm(fixture->writer, gone);
    see(fixture, 1, 1); /* is written later, or in the same transaction */
    wait_for_n_vms(fixture, 1);
    g_autoptr(VmcFleet) fleet = stored(fixture);
    g_assert_null(vmc_fleet_find_vm(fleet, UUID_2));
}

/* What did not fit is dropped, and what comes when there is room is stored. */
static void
test_full_disk(Fixture *fixture, gconstpointer data)
{
    g_assert_true(
        vmc_store_exec(fixture->store, "PRAGMA max_page_count = 1", NULL));
    g_mutex_lock(&fixture->store->mutex);
    for (guint i = 0; i < N_VMS; i++)
        see(fixture, i, 1);
    g_mutex_unlock(&fixture->store->mutex);
    while (g_atomic_int_get(&fixture->n_rollbacks) == 0)
        g_thread_yield();
    g_assert_true(
        vmc_store_exec(fixture->store, "PRAGMA max_page_count = 9999", NULL));
    see(fixture, N_VMS, 1);
    for (gboolean has_it = FALSE; !has_it;) {
        g_autoptr(VmcFleet) fleet = stored(fixture);
        has_it = vmc_fleet_find_vm(
                     fleet, "00000000-0000-4000-8000-000000001000") != NULL;
    }
}

#define ADD(name, func)                                                        \
    g_test_add("/fleet-writer/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("batches", test_batches);
    ADD("last-counts", test_last_counts);
    ADD("newer-stays", test_newer_stays);
    ADD("gone-stays-gone", test_gone_stays_gone);
    ADD("full-disk", test_full_disk);
    return g_test_run();
}
