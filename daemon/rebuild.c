/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/rebuild.h"

#include "core/error.h"
#include "core/fleet.h"
#include "daemon/clock.h"
#include "daemon/control/admission.h"
#include "daemon/control/observe.h"
#include "daemon/hypervisor/driver.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/store/store.h"

#include <gio/gio.h>

#include <string.h>

typedef struct {
    const VmcSettings *settings;
    const char *const *hosts;
    char *path;
    VmcFleet *fleet; /* what was found so far */
    guint n_managed;
} Rebuild;

/* ---- which hosts --------------------------------------------------------- */

static VmcHost *
parse_host(const VmcSettings *settings, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name =
        equals != NULL ? g_strndup(text, (gsize) (equals - text)) : NULL;

    if (name == NULL || equals[1] == '\0') {
        g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                    "'--host %s': give a name and a URI, as "
                    "'--host kvm1=qemu+ssh://root@kvm1/system'",
                    text);
        return NULL;
    }
    if (!vmc_vm_name_check(name, error)) {
        g_prefix_error(error, "'--host %s': ", text);
        return NULL;
    }
    VmcHost *host = vmc_host_new(name, equals + 1);
    host->reserved = settings->reserved;
    host->ceiling_milli = settings->ceiling_milli;
    return host;
}

static GPtrArray *
parse_hosts(const Rebuild *rebuild, GError **error)
{
    g_autoptr(GPtrArray) hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_host_unref);

    for (guint i = 0; rebuild->hosts[i] != NULL; i++) {
        VmcHost *host = parse_host(rebuild->settings, rebuild->hosts[i], error);
        if (host == NULL)
            return NULL;
        g_ptr_array_add(hosts, host);
    }
    return g_steal_pointer(&hosts);
}

/* Also sees to it that no vmctld has the database. */
static GPtrArray *
stored_hosts(VmcStore *store, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_store_load_fleet(store, error);
    GPtrArray *hosts;

    if (fleet == NULL)
        return NULL;
    hosts = g_ptr_array_new_with_free_func((GDestroyNotify) vmc_host_unref);
    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        g_ptr_array_add(hosts, vmc_host_ref(vmc_fleet_host_at(fleet, i)));
    return hosts;
}

/* A database that is damaged is what this is for; any other trouble is not. */
static gboolean
is_expected(const GError *error)
{
    return g_error_matches(error, VMC_ERROR, VMC_ERROR_DAMAGED);
}

static GPtrArray *
find_hosts(const Rebuild *rebuild, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(VmcStore) store = vmc_store_open(rebuild->path, &cause);
    g_autoptr(GPtrArray) hosts = NULL;

    if (store == NULL && !is_expected(cause)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (rebuild->hosts != NULL)
        return parse_hosts(rebuild, error);
    if (store != NULL)
        hosts = stored_hosts(store, &cause);
    if (hosts != NULL && hosts->len > 0)
        return g_steal_pointer(&hosts);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' does not say which hosts there are%s%s: give each as "
                "'--host NAME=URI'",
                rebuild->path, cause != NULL ? ": " : "",
                cause != NULL ? cause->message : "");
    return NULL;
}

/* ---- what they know ------------------------------------------------------ */

static gboolean
refuse_twin(const VmcVm *vm, const VmcVm *twin, GError **error)
{
    g_set_error(
        error, VMC_ERROR, VMC_ERROR_REFUSED,
        "VM '%s' (%s) is on host '%s' and, as '%s', on host '%s': undefine "
        "the one that is wrong with virsh, then rebuild again",
        vm->name, vm->uuid, vm->host, twin->name, twin->host);
    return FALSE;
}

/* After a migration that was cut off, a domain can be on two hosts; if only one
 * of them runs, that is the one. */
static gboolean
take_vm(Rebuild *rebuild, VmcVm *vm, GError **error)
{
    VmcVm *twin = vmc_fleet_find_vm(rebuild->fleet, vm->uuid);

    if (twin == NULL)
        twin = vmc_fleet_find_vm(rebuild->fleet, vm->name);
    if (twin != NULL) {
        if (!g_str_equal(twin->uuid, vm->uuid) ||
            (twin->state == VMC_VM_SHUT_OFF) == (vm->state == VMC_VM_SHUT_OFF))
            return refuse_twin(vm, twin, error);
        if (vm->state == VMC_VM_SHUT_OFF)
            return TRUE;
    } else {
        rebuild->n_managed++;
    }
    VmcFleet *fleet = vmc_fleet_with_vm(rebuild->fleet, vm);
    vmc_fleet_unref(rebuild->fleet);
    rebuild->fleet = fleet;
    return TRUE;
}

static gboolean
take_domains(Rebuild *rebuild,
             const VmcHost *host,
             const GPtrArray *domains,
             GError **error)
{
    for (guint i = 0; i < domains->len; i++) {
        const VmcObservation observation = {.facts = domains->pdata[i],
                                            .host = host->name,
                                            .now_s = vmc_clock_now_s()};
        if (!observation.facts->is_managed)
            continue;
        g_autoptr(VmcVm) vm = vmc_vm_observe(&observation);
        if (!take_vm(rebuild, vm, error))
            return FALSE;
    }
    return TRUE;
}

static void
take_host(Rebuild *rebuild, const VmcHost *wanted, const VmcHost *facts)
{
    g_autoptr(VmcHost) host =
        vmc_admission_merge(wanted, facts, vmc_clock_now_s());
    VmcFleet *fleet = vmc_fleet_with_host(rebuild->fleet, host);

    vmc_fleet_unref(rebuild->fleet);
    rebuild->fleet = fleet;
}

static gboolean
ask(const VmcDriver *driver,
    VmcConnection *connection,
    VmcCallKind kind,
    VmcReply *reply,
    GError **error)
{
    g_autoptr(VmcCall) call = vmc_call_new(kind, NULL);

    return driver->perform(connection, call, reply, error);
}

static gboolean
read_host(Rebuild *rebuild, const VmcHost *wanted, GError **error)
{
    const VmcDriver *driver = vmc_driver_for_uri(wanted->uri);
    VmcConnection *connection = driver->open(wanted->uri, NULL, NULL, error);
    g_auto(VmcReply) host = VMC_REPLY_INIT;
    g_auto(VmcReply) domains = VMC_REPLY_INIT;
    gboolean ok = FALSE;

    if (connection != NULL) {
        ok = ask(driver, connection, VMC_CALL_READ_HOST, &host, error) &&
             ask(driver, connection, VMC_CALL_LIST_DOMAINS, &domains, error);
        driver->close(connection);
    }
    if (!ok) {
        g_prefix_error(error, "nothing was rebuilt: host '%s': ", wanted->name);
        return FALSE;
    }
    take_host(rebuild, wanted, host.host);
    return take_domains(rebuild, wanted, domains.domains, error);
}

/* ---- the new database ---------------------------------------------------- */

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

static char *
replace_database(const Rebuild *rebuild, GError **error)
{
    g_autofree char *aside = NULL;

    if (g_file_test(rebuild->path, G_FILE_TEST_EXISTS)) {
        aside = vmc_store_set_aside(rebuild->path, vmc_clock_now_s(), error);
        if (aside == NULL)
            return NULL;
    }
    g_autoptr(VmcStore) store = vmc_store_open(rebuild->path, error);
    if (store == NULL || !write_fleet(store, rebuild->fleet, error)) {
        if (aside != NULL)
            g_prefix_error(error, "the old database is at '%s': ", aside);
        return NULL;
    }
    const guint n_hosts = vmc_fleet_n_hosts(rebuild->fleet);
    return g_strdup_printf(
        "rebuilt '%s': %u host%s, %u managed VM%s%s%s%s", rebuild->path,
        n_hosts, n_hosts == 1 ? "" : "s", rebuild->n_managed,
        rebuild->n_managed == 1 ? "" : "s",
        aside != NULL ? "; the old database is kept as '" : "",
        aside != NULL ? aside : "", aside != NULL ? "'" : "");
}

static char *
run(Rebuild *rebuild, GError **error)
{
    g_autoptr(GPtrArray) hosts = find_hosts(rebuild, error);

    if (hosts == NULL)
        return NULL;
    for (guint i = 0; i < hosts->len; i++)
        if (!read_host(rebuild, hosts->pdata[i], error))
            return NULL;
    return replace_database(rebuild, error);
}

/* ---- in a thread: libvirt's events want a main loop that runs ------------ */

static void
run_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *none)
{
    GError *error = NULL;
    char *summary = run(data, &error);

    if (summary != NULL)
        g_task_return_pointer(task, summary, g_free);
    else
        g_task_return_error(task, error);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_main_loop_quit(user_data);
}

char *
vmc_rebuild(const VmcSettings *settings,
            const char *const *hosts,
            GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_done, loop);
    Rebuild rebuild = {
        .settings = settings,
        .hosts = hosts,
        .path = g_build_filename(settings->state_dir, "vmctl.db", NULL),
        .fleet = vmc_fleet_new(),
    };

    vmc_libvirt_init();
    g_task_set_task_data(task, &rebuild, NULL);
    g_task_run_in_thread(task, run_in_thread);
    g_main_loop_run(loop);
    char *summary = g_task_propagate_pointer(task, error);
    vmc_fleet_unref(rebuild.fleet);
    g_free(rebuild.path);
    return summary;
}
