/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/rebuild.h"

#include "core/error.h"
#include "core/fleet.h"
#include "daemon/clock.h"
#include "daemon/control/admission.h"
#include "daemon/control/observe.h"
#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/hypervisor/link.h"
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

/* Of the old database, if there is one: what it knows, or (not an error) NULL
 * with the reason. */
static gboolean
read_old(const Rebuild *rebuild,
         GPtrArray **ret_hosts,
         GError **ret_reason,
         GError **error)
{
    g_autoptr(VmcStore) store = NULL;
    g_autoptr(GError) cause = NULL;

    *ret_hosts = NULL;
    if (!g_file_test(rebuild->path, G_FILE_TEST_EXISTS))
        return TRUE;
    store = vmc_store_open(rebuild->path, &cause);
    if (store != NULL)
        *ret_hosts = stored_hosts(store, &cause);
    if (cause != NULL && !is_expected(cause)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    *ret_reason = g_steal_pointer(&cause);
    return TRUE;
}

static GPtrArray *
find_hosts(const Rebuild *rebuild, GError **error)
{
    g_autoptr(GPtrArray) stored = NULL;
    g_autoptr(GError) reason = NULL;

    if (!read_old(rebuild, &stored, &reason, error))
        return NULL;
    if (rebuild->hosts != NULL)
        return parse_hosts(rebuild, error);
    if (stored != NULL && stored->len > 0)
        return g_steal_pointer(&stored);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "'%s' does not say which hosts there are%s%s: give each as "
                "'--host NAME=URI'",
                rebuild->path, reason != NULL ? ": " : "",
                reason != NULL ? reason->message : "");
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
read_host(Rebuild *rebuild, const VmcHost *wanted, GError **error)
{
    const guint timeout_ms = rebuild->settings->connect_timeout_s * 1000;
    g_autoptr(VmcCall) list = vmc_call_new(VMC_CALL_LIST_DOMAINS, NULL);
    g_autoptr(VmcHost) facts = NULL;
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!vmc_link_probe(wanted->uri, wanted->domain_type, timeout_ms, NULL,
                        &facts, error) ||
        !vmc_link_ask(wanted->uri, list, timeout_ms, NULL, &reply, error)) {
        g_prefix_error(error, "nothing was rebuilt: host '%s': ", wanted->name);
        return FALSE;
    }
    take_host(rebuild, wanted, facts);
    return take_domains(rebuild, wanted, reply.domains, error);
}

/* ---- the new database ---------------------------------------------------- */

static char *
replace_database(const Rebuild *rebuild, GError **error)
{
    g_autofree char *aside = NULL;

    if (!vmc_store_replace(rebuild->path, rebuild->fleet, vmc_clock_now_s(),
                           &aside, error))
        return NULL;
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
