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
#include "daemon/store/host-ledger.h"
#include "daemon/store/store.h"

#include <gio/gio.h>

#include <string.h>

typedef struct {
    const VmcSettings *settings;
    const char *const *hosts;
    char *path;
    VmcFleet *fleet; /* what was found so far */
    guint n_managed;
    GString *strangers; /* hosts of which nothing but the URI was known */
} Rebuild;

/* ---- which hosts --------------------------------------------------------- */

/* (transfer none) (nullable) */
static const VmcHost *
find_host(const GPtrArray *hosts, const char *name)
{
    for (guint i = 0; i < hosts->len; i++) {
        const VmcHost *host = hosts->pdata[i];
        if (g_str_equal(host->name, name))
            return host;
    }
    return NULL;
}

static VmcHost *
new_stranger(Rebuild *rebuild, const char *name)
{
    VmcHost *host = vmc_host_new(name, "");

    host->reserved = rebuild->settings->reserved;
    host->ceiling_milli = rebuild->settings->ceiling_milli;
    g_string_append_printf(rebuild->strangers, "%s'%s'",
                           rebuild->strangers->len > 0 ? ", " : "", name);
    return host;
}

/* A host that is named has a new URI; what is known of it stays. */
static VmcHost *
parse_host(Rebuild *rebuild,
           const GPtrArray *known,
           const char *text,
           GError **error)
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
    const VmcHost *old = find_host(known, name);
    VmcHost *host =
        old != NULL ? vmc_host_copy(old) : new_stranger(rebuild, name);
    g_free(host->uri);
    host->uri = g_strdup(equals + 1);
    return host;
}

static GPtrArray *
new_hosts(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) vmc_host_unref);
}

static GPtrArray *
parse_hosts(Rebuild *rebuild, const GPtrArray *known, GError **error)
{
    g_autoptr(GPtrArray) hosts = new_hosts();

    for (guint i = 0; rebuild->hosts[i] != NULL; i++) {
        VmcHost *host = parse_host(rebuild, known, rebuild->hosts[i], error);
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

/* (transfer full) (nullable): %NULL with @error when it cannot be read, without
 * when there is none */
static GPtrArray *
read_database(const Rebuild *rebuild, GError **error)
{
    if (!g_file_test(rebuild->path, G_FILE_TEST_EXISTS))
        return NULL;
    g_autoptr(VmcStore) store = vmc_store_open(rebuild->path, error);
    return store != NULL ? stored_hosts(store, error) : NULL;
}

static GPtrArray *
read_ledger(const Rebuild *rebuild, GError **error)
{
    g_autofree char *path = vmc_host_ledger_path(rebuild->path);

    return vmc_host_ledger_read(path, error);
}

/* What is known of hosts: by the old database, if it can be read, else by the
 * ledger beside it. @ret_reason: (nullable): why it is not more. */
static GPtrArray *
read_known(const Rebuild *rebuild, GError **ret_reason, GError **error)
{
    g_autoptr(GError) local = NULL;
    GPtrArray *hosts = read_database(rebuild, &local);

    if (hosts == NULL && local != NULL && !is_expected(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (hosts == NULL) {
        g_clear_error(&local);
        hosts = read_ledger(rebuild, &local);
    }
    *ret_reason = g_steal_pointer(&local);
    return hosts != NULL ? hosts : new_hosts();
}

static GPtrArray *
find_hosts(Rebuild *rebuild, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GPtrArray) known = read_known(rebuild, &reason, error);

    if (known == NULL)
        return NULL;
    if (rebuild->hosts != NULL)
        return parse_hosts(rebuild, known, error);
    if (known->len > 0)
        return g_steal_pointer(&known);
    g_set_error(error, VMC_ERROR, VMC_ERROR_INVALID,
                "nothing in '%s' says which hosts there are%s%s: give each as "
                "'--host NAME=URI'",
                rebuild->settings->state_dir, reason != NULL ? ": " : "",
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

/* What is not of the host's own making: that it shall be empty. */
static void
keep_drained(VmcHost *host, const VmcHost *wanted)
{
    if (wanted->state != VMC_HOST_DRAINING && wanted->state != VMC_HOST_DRAINED)
        return;
    host->state = wanted->state;
    host->state_reason = g_strdup(wanted->state_reason);
    host->state_since_s = wanted->state_since_s;
}

static void
take_host(Rebuild *rebuild, const VmcHost *wanted, const VmcHost *facts)
{
    g_autoptr(VmcHost) host =
        vmc_admission_merge(wanted, facts, vmc_clock_now_s());

    keep_drained(host, wanted);
    VmcFleet *fleet = vmc_fleet_with_host(rebuild->fleet, host);
    vmc_fleet_unref(rebuild->fleet);
    rebuild->fleet = fleet;
}

/* Where all VMs of ours are emulated, somebody said so when the host was added.
 * (transfer none) (nullable): %NULL leaves it to what the host says */
static const char *
infer_domain_type(const GPtrArray *domains)
{
    gboolean is_emulated = FALSE;

    for (guint i = 0; i < domains->len; i++) {
        const VmcDomainFacts *facts = domains->pdata[i];
        if (!facts->is_managed)
            continue;
        if (g_strcmp0(facts->domain_type, "qemu") != 0)
            return NULL;
        is_emulated = TRUE;
    }
    return is_emulated ? "qemu" : NULL;
}

static gboolean
ask_host(Rebuild *rebuild,
         const VmcHost *wanted,
         VmcReply *reply,
         VmcHost **ret_facts,
         GError **error)
{
    const guint timeout_ms = rebuild->settings->connect_timeout_s * 1000;
    g_autoptr(VmcCall) list = vmc_call_new(VMC_CALL_LIST_DOMAINS, NULL);

    if (!vmc_link_ask(wanted->uri, list, timeout_ms, NULL, reply, error))
        return FALSE;
    const char *type = wanted->domain_type != NULL
                           ? wanted->domain_type
                           : infer_domain_type(reply->domains);
    return vmc_link_probe(wanted->uri, type, timeout_ms, NULL, ret_facts,
                          error);
}

static gboolean
read_host(Rebuild *rebuild, const VmcHost *wanted, GError **error)
{
    g_autoptr(VmcHost) facts = NULL;
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    if (!ask_host(rebuild, wanted, &reply, &facts, error)) {
        g_prefix_error(error, "nothing was rebuilt: host '%s': ", wanted->name);
        return FALSE;
    }
    take_host(rebuild, wanted, facts);
    return take_domains(rebuild, wanted, reply.domains, error);
}

/* ---- the new database ---------------------------------------------------- */

static char *
summarise(const Rebuild *rebuild, const char *aside)
{
    GString *text = g_string_new(NULL);
    const guint n_hosts = vmc_fleet_n_hosts(rebuild->fleet);

    g_string_append_printf(text, "rebuilt '%s': %u host%s, %u managed VM%s",
                           rebuild->path, n_hosts, n_hosts == 1 ? "" : "s",
                           rebuild->n_managed,
                           rebuild->n_managed == 1 ? "" : "s");
    if (aside != NULL)
        g_string_append_printf(text, "; the old database is kept as '%s'",
                               aside);
    if (rebuild->strangers->len > 0)
        g_string_append_printf(text,
                               "; what these were added with is not known, so "
                               "they have no labels, and reserve and ceiling "
                               "of the settings: %s",
                               rebuild->strangers->str);
    return g_string_free(text, FALSE);
}

static char *
replace_database(const Rebuild *rebuild, GError **error)
{
    g_autofree char *aside = NULL;

    if (!vmc_store_replace(rebuild->path, rebuild->fleet, vmc_clock_now_s(),
                           &aside, error))
        return NULL;
    return summarise(rebuild, aside);
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
        .strangers = g_string_new(NULL),
    };

    vmc_libvirt_init();
    g_task_set_task_data(task, &rebuild, NULL);
    g_task_run_in_thread(task, run_in_thread);
    g_main_loop_run(loop);
    char *summary = g_task_propagate_pointer(task, error);
    vmc_fleet_unref(rebuild.fleet);
    g_string_free(rebuild.strangers, TRUE);
    g_free(rebuild.path);
    return summary;
}
