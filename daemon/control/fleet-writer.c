/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/fleet-writer.h"

#include "daemon/control/observe.h"
#include "daemon/log.h"

/* So that no job waits long for the store. */
#define BATCH_MAX 500

struct _VmcFleetWriter {
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    GThreadPool *thread; /* one */

    GMutex mutex;      /* over what follows; not held while it writes */
    GHashTable *hosts; /* name → VmcHost, as last seen */
    GHashTable *vms;   /* UUID → VmcVm, as last seen */
    gboolean is_due;   /* the thread was told that there is something */
    gboolean is_stopped;
};

/* ---- in its thread --------------------------------------------------------
 */

/* Moves entries to @batch until it is full. */
static void
take(GHashTable *waiting, GPtrArray *batch, guint n_max)
{
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, waiting);
    while (batch->len < n_max && g_hash_table_iter_next(&iter, &key, &value)) {
        g_ptr_array_add(batch, value);
        g_hash_table_iter_steal(&iter);
    }
}

/* With the mutex. */
static void
tell_thread(VmcFleetWriter *self)
{
    gboolean has_any =
        g_hash_table_size(self->hosts) > 0 || g_hash_table_size(self->vms) > 0;

    if (self->is_due || self->is_stopped || !has_any)
        return;
    self->is_due = TRUE;
    g_thread_pool_push(self->thread, self, NULL);
}

static void
replace_host(GPtrArray *hosts, guint i, VmcHost *now)
{
    vmc_host_unref(hosts->pdata[i]);
    hosts->pdata[i] = vmc_host_ref(now);
}

static void
replace_vm(GPtrArray *vms, guint i, VmcVm *now)
{
    vmc_vm_unref(vms->pdata[i]);
    vms->pdata[i] = vmc_vm_ref(now);
}

/* What is stored is what the fleet has now: a job may have made more of it
 * since it was seen, and what left the fleet does not come back. */
static void
take_what_is_now(VmcFleetWriter *self, GPtrArray *hosts, GPtrArray *vms)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = hosts->len; i > 0; i--) {
        const VmcHost *seen = hosts->pdata[i - 1];
        VmcHost *now = vmc_fleet_find_host(fleet, seen->name);
        if (now != NULL)
            replace_host(hosts, i - 1, now);
        else
            g_ptr_array_remove_index_fast(hosts, i - 1);
    }
    for (guint i = vms->len; i > 0; i--) {
        const VmcVm *seen = vms->pdata[i - 1];
        VmcVm *now = vmc_fleet_find_vm(fleet, seen->uuid);
        if (now != NULL)
            replace_vm(vms, i - 1, now);
        else
            g_ptr_array_remove_index_fast(vms, i - 1);
    }
}

/* A job that ended while they were written may have stored something newer
 * before that: those are to be written again. */
static void
keep_changed(VmcFleetWriter *self, GPtrArray *vms)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = vms->len; i > 0; i--) {
        const VmcVm *written = vms->pdata[i - 1];
        const VmcVm *now = vmc_fleet_find_vm(fleet, written->uuid);
        if (now == NULL || vmc_vm_is_stored_same(now, written))
            g_ptr_array_remove_index_fast(vms, i - 1);
    }
}

static void
write_once(VmcFleetWriter *self, const GPtrArray *hosts, const GPtrArray *vms)
{
    g_autoptr(GError) error = NULL;

    /* what cannot be stored now is seen again after a restart */
    if (!vmc_store_observe(self->store, hosts, vms, &error))
        vmc_log_notice(VMC_LOG("store", .error = error),
                       "cannot store what was seen of %u hosts and %u VMs, "
                       "ignoring",
                       hosts->len, vms->len);
}

static void
write_batch(VmcFleetWriter *self, GPtrArray *hosts, GPtrArray *vms)
{
    take_what_is_now(self, hosts, vms);
    while (hosts->len + vms->len > 0) {
        write_once(self, hosts, vms);
        g_ptr_array_set_size(hosts, 0);
        keep_changed(self, vms);
        take_what_is_now(self, hosts, vms);
    }
}

static void
work(gpointer data, gpointer user_data)
{
    VmcFleetWriter *self = data;
    g_autoptr(GPtrArray) hosts =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_host_unref);
    g_autoptr(GPtrArray) vms =
        g_ptr_array_new_with_free_func((GDestroyNotify) vmc_vm_unref);

    g_mutex_lock(&self->mutex);
    self->is_due = FALSE;
    if (!self->is_stopped) {
        take(self->hosts, hosts, BATCH_MAX);
        take(self->vms, vms, BATCH_MAX);
        tell_thread(self); /* if that was not all */
    }
    g_mutex_unlock(&self->mutex);
    write_batch(self, hosts, vms);
}

/* ---- public ---------------------------------------------------------------
 */

VmcFleetWriter *
vmc_fleet_writer_new(VmcStore *store, VmcLiveFleet *live_fleet)
{
    g_return_val_if_fail(store != NULL && live_fleet != NULL, NULL);
    VmcFleetWriter *self = g_new0(VmcFleetWriter, 1);

    self->store = store;
    self->live_fleet = g_object_ref(live_fleet);
    g_mutex_init(&self->mutex);
    /* the keys are the values' own */
    self->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify) vmc_host_unref);
    self->vms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                      (GDestroyNotify) vmc_vm_unref);
    self->thread = g_thread_pool_new(work, NULL, 1, FALSE, NULL);
    return self;
}

void
vmc_fleet_writer_free(VmcFleetWriter *self)
{
    if (self == NULL)
        return;
    g_mutex_lock(&self->mutex);
    self->is_stopped = TRUE;
    g_mutex_unlock(&self->mutex);
    g_thread_pool_free(self->thread, FALSE, TRUE);
    g_hash_table_unref(self->hosts);
    g_hash_table_unref(self->vms);
    g_mutex_clear(&self->mutex);
    g_object_unref(self->live_fleet);
    g_free(self);
}

void
vmc_fleet_writer_put_host(VmcFleetWriter *self, VmcHost *host)
{
    g_return_if_fail(self != NULL && host != NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    g_hash_table_replace(self->hosts, host->name, vmc_host_ref(host));
    tell_thread(self);
}

void
vmc_fleet_writer_put_vm(VmcFleetWriter *self, VmcVm *vm)
{
    g_return_if_fail(self != NULL && vm != NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    g_hash_table_replace(self->vms, vm->uuid, vmc_vm_ref(vm));
    tell_thread(self);
}
