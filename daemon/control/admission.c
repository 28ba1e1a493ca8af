/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/admission.h"

#include "core/error.h"
#include "daemon/clock.h"
#include "daemon/log.h"

#include <string.h>

/* Shared with the threads that do the work, so it outlives its owner. */
struct _VmcAdmission {
    gatomicrefcount refs;
    const VmcSettings *settings;
    VmcLiveFleet *live_fleet;
    GMutex mutex;        /* over what follows, and over the use of the store */
    VmcStore *store;     /* (nullable): closed */
    GHashTable *pending; /* names, URIs and UUIDs of hosts being added */
};

static VmcAdmission *
admission_ref(VmcAdmission *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

static void
admission_unref(VmcAdmission *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    g_hash_table_unref(self->pending);
    g_object_unref(self->live_fleet);
    g_mutex_clear(&self->mutex);
    g_free(self);
}

/* ---- links --------------------------------------------------------------- */

static void
start_link(VmcAdmission *self, const VmcHost *host)
{
    g_autoptr(VmcLink) link = vmc_link_new(host->name, host->uri);
    VmcLinkTuning tuning = vmc_link_tuning_default();

    tuning.connect_timeout_ms = self->settings->connect_timeout_s * 1000;
    tuning.liveness_ms = self->settings->keepalive_interval_s * 1000;
    vmc_link_set_tuning(link, &tuning);
    vmc_live_fleet_set_link(self->live_fleet, host->name, link);
    vmc_link_start(link);
}

void
vmc_admission_connect_all(VmcAdmission *self)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++)
        start_link(self, vmc_fleet_host_at(fleet, i));
}

/* ---- one operation ------------------------------------------------------- */

typedef struct {
    VmcAdmission *self;
    VmcHost *host;     /* wanted, then as it is */
    gboolean has_uuid; /* its UUID is pending */
    GTask *answer;     /* for who asked */
} Operation;

static Operation *
operation_new(VmcAdmission *self,
              const VmcHost *host,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
    Operation *operation = g_new0(Operation, 1);

    operation->self = admission_ref(self);
    operation->host = vmc_host_copy(host);
    operation->answer = g_task_new(NULL, cancellable, callback, user_data);
    /* What was stored is told, even to who no longer wants it. */
    g_task_set_check_cancellable(operation->answer, FALSE);
    return operation;
}

static void
operation_free(gpointer data)
{
    Operation *operation = data;

    vmc_host_unref(operation->host);
    g_object_unref(operation->answer);
    admission_unref(operation->self);
    g_free(operation);
}

static void
operation_start(Operation *operation,
                GTaskThreadFunc work,
                GAsyncReadyCallback done)
{
    g_autoptr(GTask) task =
        g_task_new(NULL, g_task_get_cancellable(operation->answer), done, NULL);

    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, operation, operation_free);
    g_task_run_in_thread(task, work);
}

/* ---- adding -------------------------------------------------------------- */

static gboolean
refuse_twin(const VmcHost *wanted,
            const VmcHost *twin,
            const char *what,
            GError **error)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                "host '%s' cannot be added: %s is in the fleet already, as "
                "host '%s' at '%s'",
                wanted->name, what, twin->name, twin->uri);
    return FALSE;
}

/* Name, address and machine must be new; the machine is known only once it has
 * answered. */
static gboolean
check_new(VmcAdmission *self, const VmcHost *wanted, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        const VmcHost *other = vmc_fleet_host_at(fleet, i);
        if (g_str_equal(other->name, wanted->name))
            return refuse_twin(wanted, other, "a host of this name", error);
        if (g_str_equal(other->uri, wanted->uri))
            return refuse_twin(wanted, other, "this URI", error);
        if (wanted->uuid != NULL && g_strcmp0(other->uuid, wanted->uuid) == 0)
            return refuse_twin(wanted, other, "this machine", error);
    }
    return TRUE;
}

/* Two requests may be about the same host. self->mutex is held. */
static gboolean
claim(VmcAdmission *self, const char *key, const VmcHost *host, GError **error)
{
    if (key == NULL || g_hash_table_add(self->pending, g_strdup(key)))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                "host '%s' cannot be added: it is being added already, here as "
                "'%s'",
                host->name, key);
    return FALSE;
}

static gboolean
claim_name_and_uri(VmcAdmission *self, const VmcHost *host, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    if (!claim(self, host->name, host, error))
        return FALSE;
    if (claim(self, host->uri, host, error))
        return TRUE;
    g_hash_table_remove(self->pending, host->name);
    return FALSE;
}

static void
release(Operation *operation)
{
    VmcAdmission *self = operation->self;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    g_hash_table_remove(self->pending, operation->host->name);
    g_hash_table_remove(self->pending, operation->host->uri);
    if (operation->has_uuid && operation->host->uuid != NULL)
        g_hash_table_remove(self->pending, operation->host->uuid);
}

static gboolean
probe(Operation *operation, GCancellable *cancellable, GError **error)
{
    VmcAdmission *self = operation->self;
    VmcHost *wanted = operation->host;
    g_autoptr(VmcHost) facts = NULL;

    if (!vmc_link_probe(wanted->uri, wanted->domain_type,
                        self->settings->connect_timeout_s * 1000, cancellable,
                        &facts, error)) {
        g_prefix_error(error, "host '%s' was not added: ", wanted->name);
        return FALSE;
    }
    operation->host = vmc_admission_merge(wanted, facts, vmc_clock_now_s());
    vmc_host_unref(wanted);
    return TRUE;
}

/* The store may be used while self->mutex is held. */
static gboolean
check_open(VmcAdmission *self, GError **error)
{
    if (self->store != NULL)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_CANCELLED, "vmctld is stopping");
    return FALSE;
}

static gboolean
store_new(Operation *operation, GCancellable *cancellable, GError **error)
{
    VmcAdmission *self = operation->self;
    const VmcHost *host = operation->host;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
        !check_open(self, error) || !check_new(self, host, error) ||
        !claim(self, host->uuid, host, error))
        return FALSE;
    operation->has_uuid = TRUE;
    return vmc_store_put_host(self->store, host, error);
}

static void
add_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *gone)
{
    Operation *operation = data;
    GError *error = NULL;

    if (probe(operation, gone, &error) && store_new(operation, gone, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
on_added(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Operation *operation = g_task_get_task_data(G_TASK(result));
    VmcAdmission *self = operation->self;
    VmcHost *host = operation->host;
    GError *error = NULL;
    const gboolean is_stored = g_task_propagate_boolean(G_TASK(result), &error);

    if (is_stored)
        vmc_live_fleet_put_host(self->live_fleet, host);
    release(operation);
    if (!is_stored) {
        g_task_return_error(operation->answer, error);
        return;
    }
    vmc_log_notice(VMC_LOG("host", .host = host->name),
                   "host '%s' at '%s' joined the fleet", host->name, host->uri);
    start_link(self, host);
    g_task_return_pointer(operation->answer, vmc_host_copy(host),
                          (GDestroyNotify) vmc_host_unref);
}

void
vmc_admission_add_host_async(VmcAdmission *self,
                             const VmcHost *host,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
    Operation *operation =
        operation_new(self, host, cancellable, callback, user_data);
    GError *error = NULL;

    if (!check_new(self, host, &error) ||
        !claim_name_and_uri(self, host, &error)) {
        g_task_return_error(operation->answer, error);
        operation_free(operation);
        return;
    }
    operation_start(operation, add_in_thread, on_added);
}

VmcHost *
vmc_admission_add_host_finish(VmcAdmission *self,
                              GAsyncResult *result,
                              GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- removing ------------------------------------------------------------ */

static gboolean
is_on(const VmcVm *vm, const char *host_name)
{
    return g_strcmp0(vm->host, host_name) == 0 ||
           g_strcmp0(vm->destination, host_name) == 0;
}

static gboolean
check_empty(VmcAdmission *self, const char *name, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    const VmcVm *first = NULL;
    guint n_managed = 0;

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (!vm->is_managed || !is_on(vm, name))
            continue;
        first = first != NULL ? first : vm;
        n_managed++;
    }
    if (n_managed == 0)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                "host '%s' cannot be removed: it has %u managed VM%s, one of "
                "them '%s': migrate or delete them first",
                name, n_managed, n_managed == 1 ? "" : "s", first->name);
    return FALSE;
}

/* A domain that is just being adopted is not managed yet. */
static gboolean
check_no_job(VmcAdmission *self, const char *name, GError **error)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (!is_on(vm, name) ||
            !vmc_live_fleet_is_held(self->live_fleet, vm->uuid))
            continue;
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "host '%s' cannot be removed: a job is at work on '%s' "
                    "there",
                    name, vm->name);
        return FALSE;
    }
    return TRUE;
}

static void
forget_in_thread(GTask *task,
                 gpointer source,
                 gpointer data,
                 GCancellable *none)
{
    Operation *operation = data;
    VmcAdmission *self = operation->self;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
    GError *error = NULL;

    if (check_open(self, &error) &&
        vmc_store_remove_host(self->store, operation->host->name, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
restore_in_thread(GTask *task,
                  gpointer source,
                  gpointer data,
                  GCancellable *none)
{
    Operation *operation = data;
    VmcAdmission *self = operation->self;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
    GError *error = NULL;

    if (check_open(self, &error) &&
        vmc_store_put_host(self->store, operation->host, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
on_restored(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Operation *operation = g_task_get_task_data(G_TASK(result));
    GError *error = NULL;

    if (g_task_propagate_boolean(G_TASK(result), &error))
        check_empty(operation->self, operation->host->name, &error);
    if (error == NULL)
        error = g_error_new(VMC_ERROR, VMC_ERROR_BUSY,
                            "host '%s' was not removed: a VM came to it just "
                            "then",
                            operation->host->name);
    g_task_return_error(operation->answer, error);
}

/* While the store forgot the host, a VM may have been placed on it: then it
 * stays. */
static void
on_forgotten(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Operation *operation = g_task_get_task_data(G_TASK(result));
    VmcAdmission *self = operation->self;
    const char *name = operation->host->name;
    GError *error = NULL;

    if (!g_task_propagate_boolean(G_TASK(result), &error)) {
        g_task_return_error(operation->answer, error);
        return;
    }
    if (!check_empty(self, name, NULL) || !check_no_job(self, name, NULL)) {
        Operation *undo = g_memdup2(operation, sizeof *operation);
        admission_ref(self);
        vmc_host_ref(undo->host);
        g_object_ref(undo->answer);
        operation_start(undo, restore_in_thread, on_restored);
        return;
    }
    g_autoptr(VmcLink) link = vmc_live_fleet_link(self->live_fleet, name);
    vmc_live_fleet_remove_host(self->live_fleet, name);
    if (link != NULL)
        vmc_link_stop(link);
    vmc_log_notice(VMC_LOG("host", .host = name), "host '%s' left the fleet",
                   name);
    g_task_return_boolean(operation->answer, TRUE);
}

void
vmc_admission_remove_host_async(VmcAdmission *self,
                                const char *name,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    const VmcHost *host = vmc_fleet_find_host(fleet, name);
    GError *error = NULL;

    if (host == NULL)
        g_set_error(&error, VMC_ERROR, VMC_ERROR_NOT_FOUND,
                    "there is no host '%s'", name);
    if (host == NULL || !check_empty(self, name, &error) ||
        !check_no_job(self, name, &error)) {
        g_autoptr(GTask) answer = g_task_new(NULL, NULL, callback, user_data);
        g_task_return_error(answer, error);
        return;
    }
    operation_start(operation_new(self, host, NULL, callback, user_data),
                    forget_in_thread, on_forgotten);
}

gboolean
vmc_admission_remove_host_finish(VmcAdmission *self,
                                 GAsyncResult *result,
                                 GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- public -------------------------------------------------------------- */

VmcHost *
vmc_admission_merge(const VmcHost *wanted, const VmcHost *facts, gint64 now_s)
{
    VmcHost *host = vmc_host_copy(facts);

    g_free(host->name);
    host->name = g_strdup(wanted->name);
    g_free(host->uri);
    host->uri = g_strdup(wanted->uri);
    g_free(host->migration_uri);
    host->migration_uri = g_strdup(wanted->migration_uri);
    if (wanted->domain_type != NULL) {
        g_free(host->domain_type);
        host->domain_type = g_strdup(wanted->domain_type);
    }
    g_strfreev(host->labels);
    host->labels = g_strdupv(wanted->labels);
    host->reserved = wanted->reserved;
    host->ceiling_milli = wanted->ceiling_milli;
    host->state = VMC_HOST_UP;
    g_clear_pointer(&host->state_reason, g_free);
    host->state_since_s = now_s;
    return host;
}

VmcAdmission *
vmc_admission_new(const VmcSettings *settings,
                  VmcStore *store,
                  VmcLiveFleet *live_fleet)
{
    VmcAdmission *self = g_new0(VmcAdmission, 1);

    g_atomic_ref_count_init(&self->refs);
    self->settings = settings;
    self->store = store;
    self->live_fleet = g_object_ref(live_fleet);
    self->pending =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&self->mutex);
    return self;
}

void
vmc_admission_free(VmcAdmission *self)
{
    if (self == NULL)
        return;
    g_mutex_lock(&self->mutex);
    self->store = NULL;
    g_mutex_unlock(&self->mutex);
    admission_unref(self);
}
