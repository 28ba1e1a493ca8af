/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/daemon-fixture.h"

#include "daemon/control/admission.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "daemon/jobs/json-value.h"
#include "tests/unit/sim-xml.h"

#include <glib/gstdio.h>

#define PATIENCE_S 60

/* ---- waiting --------------------------------------------------------------
 */

static gboolean
give_up(gpointer data)
{
    g_error("the test waits for something that does not come");
    return G_SOURCE_REMOVE;
}

static gboolean
look_again(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

void
vmc_fixture_wait_until(VmcConditionFunc func, gpointer data)
{
    guint give_up_id = g_timeout_add_seconds(PATIENCE_S, give_up, NULL);
    guint look_id = g_timeout_add(5, look_again, NULL);

    while (!func(data))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(give_up_id);
    g_source_remove(look_id);
}

/* ---- begun and ended ------------------------------------------------------
 */

static void
connect_host(VmcDaemonFixture *fixture, const char *name, const char *uri)
{
    g_autoptr(VmcLink) link = vmc_link_new(name, uri);
    VmcLinkTuning tuning = vmc_link_tuning_default();

    tuning.liveness_ms = 50;
    tuning.backoff_min_ms = 10;
    tuning.backoff_max_ms = 50;
    tuning.deadline_max_ms = fixture->deadline_max_ms;
    vmc_link_set_tuning(link, &tuning);
    vmc_live_fleet_set_link(fixture->live_fleet, name, link);
    vmc_link_start(link);
}

static void
connect_all(VmcDaemonFixture *fixture)
{
    GHashTableIter iter;
    gpointer name, uri;

    g_hash_table_iter_init(&iter, fixture->uris);
    while (g_hash_table_iter_next(&iter, &name, &uri))
        connect_host(fixture, name, uri);
}

static void
disconnect_all(VmcDaemonFixture *fixture)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, fixture->uris);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        g_autoptr(VmcLink) link =
            vmc_live_fleet_link(fixture->live_fleet, name);
        if (link == NULL)
            continue;
        vmc_link_stop(link);
        vmc_live_fleet_set_link(fixture->live_fleet, name, NULL);
    }
}

static void
begin_monitor(VmcDaemonFixture *fixture)
{
    VmcMonitorOptions options = {.live_fleet = fixture->live_fleet,
                                 .store = fixture->store,
                                 .poll_interval_ms = 500};

    if (fixture->has_monitor)
        fixture->monitor = vmc_monitor_new(&options);
}

void
vmc_daemon_fixture_begin(VmcDaemonFixture *fixture)
{
    g_autoptr(GError) error = NULL;

    fixture->store = vmc_store_open(fixture->path, &error);
    g_assert_no_error(error);
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(fixture->store, &error);
    g_assert_no_error(error);
    fixture->live_fleet = vmc_live_fleet_new(fleet);
    begin_monitor(fixture);
    connect_all(fixture);

    VmcJobQueueOptions options = {.store = fixture->store,
                                  .live_fleet = fixture->live_fleet,
                                  .settings = fixture->settings,
                                  .find_kind = fixture->find_kind};
    fixture->queue = vmc_job_queue_new_full(&options);
    g_assert_true(vmc_job_queue_recover(fixture->queue, &error));
    g_assert_no_error(error);
}

static gboolean
is_gone(gpointer data)
{
    return *(gpointer *) data == NULL;
}

/* Nobody else may keep it; a source that is on its way may, for a moment. */
static void
drop(gpointer *object)
{
    gpointer last = *object;

    g_object_add_weak_pointer(last, object);
    g_object_unref(last);
    vmc_fixture_wait_until(is_gone, object);
}

void
vmc_daemon_fixture_end(VmcDaemonFixture *fixture)
{
    vmc_job_queue_shutdown(fixture->queue);
    g_clear_pointer(&fixture->monitor, vmc_monitor_free);
    disconnect_all(fixture);
    drop((gpointer *) &fixture->queue);
    drop((gpointer *) &fixture->live_fleet);
    vmc_store_close(fixture->store);
    fixture->store = NULL;
}

void
vmc_daemon_fixture_init(VmcDaemonFixture *fixture, const char *dir)
{
    fixture->dir = g_strdup(dir);
    fixture->path = g_build_filename(fixture->dir, "vmctl.db", NULL);
    fixture->settings = vmc_settings_new();
    fixture->uris =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void
vmc_daemon_fixture_set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    g_autofree char *dir = g_dir_make_tmp("vmctl-daemon-XXXXXX", NULL);

    g_assert_nonnull(dir);
    vmc_daemon_fixture_init(fixture, dir);
    vmc_daemon_fixture_begin(fixture);
}

static void
remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

void
vmc_daemon_fixture_tear_down(VmcDaemonFixture *fixture, gconstpointer data)
{
    if (fixture->queue != NULL)
        vmc_daemon_fixture_end(fixture);
    vmc_sim_fault_clear();
    vmc_sim_world_reset();
    remove_folder(fixture->dir);
    g_hash_table_unref(fixture->uris);
    vmc_settings_free(fixture->settings);
    g_free(fixture->path);
    g_free(fixture->dir);
}

/* ---- simulated hosts ------------------------------------------------------
 */

typedef struct {
    VmcDaemonFixture *fixture;
    const char *name;
    VmcVmState vm_state;
} Sought;

static gboolean
host_is_up(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcLink) link =
        vmc_live_fleet_link(sought->fixture->live_fleet, sought->name);
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(sought->fixture->live_fleet);

    return vmc_link_is_up(link) &&
           (!sought->fixture->has_monitor ||
            vmc_fleet_find_host(fleet, sought->name)->state == VMC_HOST_UP);
}

void
vmc_daemon_fixture_wait_for_host(VmcDaemonFixture *fixture, const char *name)
{
    Sought sought = {fixture, name, VMC_VM_UNKNOWN};

    vmc_fixture_wait_until(host_is_up, &sought);
}

void
vmc_daemon_fixture_add_sim_host(VmcDaemonFixture *fixture,
                                const char *name,
                                const char *parameters)
{
    g_autoptr(GError) error = NULL;
    char *uri = g_strdup_printf("sim://%s?%s", name,
                                parameters != NULL ? parameters : "");
    g_autoptr(VmcHost) wanted = vmc_host_new(name, uri);
    VmcHost *facts = NULL;

    g_hash_table_insert(fixture->uris, g_strdup(name), uri);
    vmc_link_probe(uri, NULL, 10000, NULL, &facts, &error);
    g_assert_no_error(error);
    g_autoptr(VmcHost) host = vmc_admission_merge(wanted, facts, 1);
    vmc_host_unref(facts);
    host->state = VMC_HOST_UNREACHABLE; /* until the monitor has read it */
    if (!fixture->has_monitor)
        host->state = VMC_HOST_UP;
    g_assert_true(vmc_store_put_host(fixture->store, host, &error));
    g_assert_no_error(error);
    vmc_live_fleet_put_host(fixture->live_fleet, host);
    connect_host(fixture, name, uri);
    vmc_daemon_fixture_wait_for_host(fixture, name);
}

/* Over a connection of its own, so that it works whatever links do. */
static gboolean
perform(VmcDaemonFixture *fixture,
        const char *host,
        const VmcCall *call,
        VmcReply *reply,
        GError **error)
{
    const char *uri = g_hash_table_lookup(fixture->uris, host);
    VmcConnection *connection = vmc_sim_driver.open(uri, NULL, NULL, error);
    gboolean ok = connection != NULL &&
                  vmc_sim_driver.perform(connection, call, reply, error);

    if (connection != NULL)
        vmc_sim_driver.close(connection);
    return ok;
}

void
vmc_daemon_fixture_perform(VmcDaemonFixture *fixture,
                           const char *host,
                           const VmcCall *call)
{
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    perform(fixture, host, call, &reply, &error);
    g_assert_no_error(error);
}

void
vmc_daemon_fixture_call(VmcDaemonFixture *fixture,
                        const char *host,
                        VmcCallKind kind,
                        const char *uuid)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, uuid);

    vmc_daemon_fixture_perform(fixture, host, call);
}

VmcDomainFacts *
vmc_daemon_fixture_look(VmcDaemonFixture *fixture,
                        const char *host,
                        const char *uuid)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_DOMAIN, uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    if (perform(fixture, host, call, &reply, &error))
        return vmc_domain_facts_ref(reply.domain);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    return vmc_domain_facts_new(uuid, NULL);
}

void
vmc_daemon_fixture_define(VmcDaemonFixture *fixture,
                          const char *host,
                          const char *uuid,
                          const char *name)
{
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);
    g_autoptr(VmcCall) define = vmc_call_new(VMC_CALL_DEFINE, uuid);
    g_autoptr(VmcCall) adopt = vmc_call_new(VMC_CALL_SET_METADATA, uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_auto(VmcReply) nothing = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    vm->state = VMC_VM_SHUT_OFF;
    vm->size = VMC_RESOURCES(1000, G_GUINT64_CONSTANT(512) << 20, 0, 0);
    define->xml = sim_xml_new(uuid, name);
    adopt->metadata = vmc_vm_ref(vm);
    g_assert_true(vmc_store_put_vm(fixture->store, vm, &error));
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
    perform(fixture, host, define, &reply, &error);
    g_assert_no_error(error);
    perform(fixture, host, adopt, &nothing, &error);
    g_assert_no_error(error);
}

static gboolean
vm_is(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(sought->fixture, sought->name);

    return vm != NULL && vm->state == sought->vm_state;
}

void
vmc_daemon_fixture_wait_for_vm(VmcDaemonFixture *fixture,
                               const char *uuid,
                               VmcVmState state)
{
    Sought sought = {fixture, uuid, state};

    vmc_fixture_wait_until(vm_is, &sought);
}

/* ---- what is in it --------------------------------------------------------
 */

void
vmc_daemon_fixture_add_host(VmcDaemonFixture *fixture, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = g_strdup_printf("sim://%s", name);
    g_autoptr(VmcHost) host = vmc_host_new(name, uri);

    g_assert_true(vmc_store_put_host(fixture->store, host, &error));
    g_assert_no_error(error);
    vmc_live_fleet_put_host(fixture->live_fleet, host);
}

void
vmc_daemon_fixture_add_vm(VmcDaemonFixture *fixture,
                          const char *uuid,
                          const char *name,
                          const char *host)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->size = VMC_RESOURCES(2000, G_GUINT64_CONSTANT(1) << 30, 0, 0);
    g_assert_true(vmc_store_put_vm(fixture->store, vm, &error));
    g_assert_no_error(error);
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
}

VmcVm *
vmc_daemon_fixture_vm(VmcDaemonFixture *fixture, const char *uuid)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    VmcVm *vm = vmc_fleet_find_vm(fleet, uuid);

    return vm != NULL ? vmc_vm_ref(vm) : NULL;
}

/* ---- jobs -----------------------------------------------------------------
 */

guint64
vmc_daemon_fixture_submit(VmcDaemonFixture *fixture,
                          const char *kind,
                          const char *vm_uuid,
                          const char *intent_json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) intent =
        vmc_json_parse_object(intent_json != NULL ? intent_json : "{}", &error);
    g_assert_no_error(error);
    g_autoptr(VmcVm) vm =
        vm_uuid != NULL ? vmc_daemon_fixture_vm(fixture, vm_uuid) : NULL;
    VmcJobRecord *record = vmc_job_record_new(
        kind, vm_uuid, vm != NULL ? vm->name : vm_uuid, intent);

    guint64 id = vmc_job_queue_submit(fixture->queue, record, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(id, >, 0);
    return id;
}

typedef struct {
    VmcJobQueue *queue;
    guint64 id;
    VmcJobState state;
    gboolean or_final;
} Awaited;

static gboolean
has_come(gpointer data)
{
    Awaited *awaited = data;
    g_autoptr(VmcJobRecord) record =
        vmc_job_queue_get(awaited->queue, awaited->id);

    g_assert_nonnull(record);
    if (awaited->or_final)
        return vmc_job_state_is_final(record->state) &&
               (record->vm_uuid == NULL ||
                vmc_job_queue_find_open(awaited->queue, record->vm_uuid) !=
                    awaited->id);
    return record->state == awaited->state;
}

VmcJobRecord *
vmc_daemon_fixture_finish(VmcDaemonFixture *fixture, guint64 id)
{
    Awaited awaited = {fixture->queue, id, VMC_JOB_DONE, TRUE};

    vmc_fixture_wait_until(has_come, &awaited);
    return vmc_job_queue_get(fixture->queue, id);
}

void
vmc_daemon_fixture_wait_for(VmcDaemonFixture *fixture,
                            guint64 id,
                            VmcJobState state)
{
    Awaited awaited = {fixture->queue, id, state, FALSE};

    vmc_fixture_wait_until(has_come, &awaited);
}

gboolean
vmc_fixture_trail_has(const VmcJobRecord *record, const char *text)
{
    for (guint i = 0; i < record->trail->len; i++) {
        const VmcJobNote *note = g_ptr_array_index(record->trail, i);
        if (strstr(note->text, text) != NULL)
            return TRUE;
    }
    return FALSE;
}

void
vmc_fixture_assert_ended(const VmcJobRecord *record, VmcJobState state)
{
    if (record->error_message != NULL)
        g_test_message("%s", record->error_message);
    for (guint i = 0; record->state != state && i < record->trail->len; i++)
        g_test_message("%s", ((VmcJobNote *) record->trail->pdata[i])->text);
    g_assert_cmpstr(vmc_job_state_to_name(record->state), ==,
                    vmc_job_state_to_name(state));
}
