/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/store-fixture.h"

#include "core/fleet-json.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

void
vmc_store_fixture_set_up(VmcStoreFixture *fixture, gconstpointer data)
{
    fixture->dir = g_dir_make_tmp("vmctl-store-XXXXXX", NULL);
    g_assert_nonnull(fixture->dir);
    fixture->path = g_build_filename(fixture->dir, "vmctl.db", NULL);
}

void
vmc_store_fixture_tear_down(VmcStoreFixture *fixture, gconstpointer data)
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

VmcStore *
vmc_store_fixture_open(VmcStoreFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    VmcStore *store = vmc_store_open(fixture->path, &error);

    g_assert_no_error(error);
    return store;
}

void
vmc_test_put_host(VmcStore *store, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = g_strdup_printf("sim://%s", name);
    g_autoptr(VmcHost) host = vmc_host_new(name, uri);

    g_assert_true(vmc_store_put_host(store, host, &error));
    g_assert_no_error(error);
}

VmcVm *
vmc_test_make_vm(const char *uuid, const char *name, const char *host)
{
    VmcVm *vm = vmc_vm_new(uuid, name);

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->size = VMC_RESOURCES(2000, 1 << 30, 0, 0);
    return vm;
}

void
vmc_test_put_example(VmcStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) vm = vmc_test_make_vm(UUID_1, "web1", "h1");

    vmc_test_put_host(store, "h1");
    g_assert_true(vmc_store_put_vm(store, vm, &error));
    g_assert_no_error(error);
}

VmcJobRecord *
vmc_test_make_job(guint64 id, VmcJobState state)
{
    VmcJobRecord *record = vmc_job_record_new("start", UUID_1, "web1", NULL);

    record->id = id;
    record->state = state;
    return record;
}

void
vmc_test_put_job(VmcStore *store, guint64 id, VmcJobState state)
{
    g_autoptr(VmcJobRecord) record = vmc_test_make_job(id, state);
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_store_put_job(store, record, &error));
    g_assert_no_error(error);
}

char *
vmc_test_fleet_text(VmcStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, &error);

    g_assert_no_error(error);
    g_autoptr(JsonNode) node = vmc_fleet_to_json(fleet);
    return json_to_string(node, FALSE);
}

void
vmc_store_fixture_open_fails(VmcStoreFixture *fixture,
                             VmcError code,
                             const char *advice)
{
    g_autoptr(GError) error = NULL;
    VmcStore *store = vmc_store_open(fixture->path, &error);

    g_assert_null(store);
    g_assert_error(error, VMC_ERROR, (int) code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, advice));
}
