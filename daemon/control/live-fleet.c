/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/live-fleet.h"

/* Stamps of VMs that are gone are forgotten after so many changes: no read of a
 * host takes that long. */
#define STAMPS_KEPT 100000

enum {
    SIGNAL_VM_CHANGED,
    SIGNAL_VM_GONE,
    SIGNAL_HOST_CHANGED,
    SIGNAL_HOST_GONE,
    SIGNAL_LINK_CHANGED,
    N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _VmcLiveFleet {
    GObject parent_instance;
    GThread *owner;
    GMutex mutex;      /* over fleet and links; never held while emitting */
    VmcFleet *fleet;   /* replaced, never changed */
    GHashTable *links; /* name of a host → VmcLink */
    /* main thread only */
    GHashTable *held;   /* UUIDs that a job has */
    GHashTable *stamps; /* UUID → guint64: when it last changed */
    guint64 stamp;
};

G_DEFINE_TYPE(VmcLiveFleet, vmc_live_fleet, G_TYPE_OBJECT)

static void
vmc_live_fleet_finalize(GObject *object)
{
    VmcLiveFleet *self = VMC_LIVE_FLEET(object);

    g_mutex_clear(&self->mutex);
    vmc_fleet_unref(self->fleet);
    g_hash_table_unref(self->links);
    g_hash_table_unref(self->held);
    g_hash_table_unref(self->stamps);
    G_OBJECT_CLASS(vmc_live_fleet_parent_class)->finalize(object);
}

static void
add_signal(guint index, const char *name, guint n_params)
{
    signals[index] =
        n_params == 1
            ? g_signal_new(name, VMC_TYPE_LIVE_FLEET, G_SIGNAL_RUN_LAST, 0,
                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER)
            : g_signal_new(name, VMC_TYPE_LIVE_FLEET, G_SIGNAL_RUN_LAST, 0,
                           NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_POINTER,
                           G_TYPE_POINTER);
}

static void
vmc_live_fleet_class_init(VmcLiveFleetClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = vmc_live_fleet_finalize;
    add_signal(SIGNAL_VM_CHANGED, "vm-changed", 1);
    add_signal(SIGNAL_VM_GONE, "vm-gone", 2);
    add_signal(SIGNAL_HOST_CHANGED, "host-changed", 1);
    add_signal(SIGNAL_HOST_GONE, "host-gone", 1);
    add_signal(SIGNAL_LINK_CHANGED, "link-changed", 2);
}

static void
vmc_live_fleet_init(VmcLiveFleet *self)
{
    self->owner = g_thread_self();
    g_mutex_init(&self->mutex);
    self->links =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
    self->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->stamps =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* ---- internal: changes, main thread ---------------------------------------
 */

static gboolean
forget_old_stamp(gpointer uuid, gpointer stamp, gpointer user_data)
{
    VmcLiveFleet *self = user_data;

    return *(guint64 *) stamp + STAMPS_KEPT < self->stamp &&
           vmc_fleet_find_vm(self->fleet, uuid) == NULL;
}

static void
touch(VmcLiveFleet *self, const char *uuid)
{
    guint64 stamp = ++self->stamp;

    g_hash_table_replace(self->stamps, g_strdup(uuid),
                         g_memdup2(&stamp, sizeof stamp));
    if (stamp % STAMPS_KEPT == 0)
        g_hash_table_foreach_remove(self->stamps, forget_old_stamp, self);
}

static void
take_fleet(VmcLiveFleet *self, VmcFleet *fleet)
{
    g_mutex_lock(&self->mutex);
    VmcFleet *old = self->fleet;
    self->fleet = fleet;
    g_mutex_unlock(&self->mutex);
    vmc_fleet_unref(old);
}

static void
put_vm(VmcLiveFleet *self, gpointer vm)
{
    touch(self, ((VmcVm *) vm)->uuid);
    take_fleet(self, vmc_fleet_with_vm(self->fleet, vm));
    g_signal_emit(self, signals[SIGNAL_VM_CHANGED], 0, vm);
}

static void
remove_vm(VmcLiveFleet *self, gpointer uuid)
{
    VmcVm *vm = vmc_fleet_find_vm(self->fleet, uuid);

    touch(self, uuid);
    if (vm == NULL)
        return;
    g_autoptr(VmcVm) gone = vmc_vm_ref(vm);
    take_fleet(self, vmc_fleet_without_vm(self->fleet, gone->uuid));
    g_signal_emit(self, signals[SIGNAL_VM_GONE], 0, gone->uuid, gone->name);
}

static void
put_host(VmcLiveFleet *self, gpointer host)
{
    take_fleet(self, vmc_fleet_with_host(self->fleet, host));
    g_signal_emit(self, signals[SIGNAL_HOST_CHANGED], 0, host);
}

static void
remove_found_vms(VmcLiveFleet *self, const char *host_name)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self);

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (!vm->is_managed && g_strcmp0(vm->host, host_name) == 0)
            remove_vm(self, vm->uuid);
    }
}

static void
remove_host(VmcLiveFleet *self, gpointer name)
{
    vmc_live_fleet_set_link(self, name, NULL);
    if (vmc_fleet_find_host(self->fleet, name) == NULL)
        return;
    remove_found_vms(self, name);
    take_fleet(self, vmc_fleet_without_host(self->fleet, name));
    g_signal_emit(self, signals[SIGNAL_HOST_GONE], 0, name);
}

/* ---- internal: messages from other threads --------------------------------
 */

typedef void (*ChangeFunc)(VmcLiveFleet *self, gpointer what);

/* Lives on the stack of the thread that waits for it. */
typedef struct {
    VmcLiveFleet *self;
    ChangeFunc func;
    gpointer what;
    GMutex mutex;
    GCond cond;
    gboolean is_done;
} Message;

static gboolean
deliver(gpointer user_data)
{
    Message *message = user_data;

    message->func(message->self, message->what);
    g_mutex_lock(&message->mutex);
    message->is_done = TRUE;
    g_cond_signal(&message->cond);
    g_mutex_unlock(&message->mutex);
    return G_SOURCE_REMOVE;
}

static void
send_and_wait(VmcLiveFleet *self, ChangeFunc func, gpointer what)
{
    Message message = {.self = self, .func = func, .what = what};
    g_autoptr(GSource) source = g_idle_source_new();

    g_mutex_init(&message.mutex);
    g_cond_init(&message.cond);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, deliver, &message, NULL);
    g_source_attach(source, NULL);

    g_mutex_lock(&message.mutex);
    while (!message.is_done)
        g_cond_wait(&message.cond, &message.mutex);
    g_mutex_unlock(&message.mutex);
    g_mutex_clear(&message.mutex);
    g_cond_clear(&message.cond);
}

static void
change(VmcLiveFleet *self, ChangeFunc func, gpointer what)
{
    if (g_thread_self() == self->owner)
        func(self, what);
    else
        send_and_wait(self, func, what);
}

/* ---- public ---------------------------------------------------------------
 */

VmcLiveFleet *
vmc_live_fleet_new(VmcFleet *initial)
{
    VmcLiveFleet *self = g_object_new(VMC_TYPE_LIVE_FLEET, NULL);

    self->fleet = initial != NULL ? vmc_fleet_ref(initial) : vmc_fleet_new();
    return self;
}

VmcFleet *
vmc_live_fleet_snapshot(VmcLiveFleet *self)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self), NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

    return vmc_fleet_ref(self->fleet);
}

void
vmc_live_fleet_put_vm(VmcLiveFleet *self, VmcVm *vm)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && vm != NULL);
    change(self, put_vm, vm);
}

void
vmc_live_fleet_put_measured(VmcLiveFleet *self, VmcVm *vm)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && vm != NULL);
    g_return_if_fail(g_thread_self() == self->owner);
    take_fleet(self, vmc_fleet_with_vm(self->fleet, vm));
}

void
vmc_live_fleet_remove_vm(VmcLiveFleet *self, const char *uuid)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && uuid != NULL);
    g_autofree char *key = g_strdup(uuid); /* may be of the VM that goes */
    change(self, remove_vm, key);
}

void
vmc_live_fleet_put_host(VmcLiveFleet *self, VmcHost *host)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && host != NULL);
    change(self, put_host, host);
}

void
vmc_live_fleet_remove_host(VmcLiveFleet *self, const char *name)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && name != NULL);
    g_autofree char *key = g_strdup(name);
    change(self, remove_host, key);
}

VmcLink *
vmc_live_fleet_link(VmcLiveFleet *self, const char *host_name)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self) && host_name != NULL, NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
    VmcLink *link = g_hash_table_lookup(self->links, host_name);

    return link != NULL ? g_object_ref(link) : NULL;
}

void
vmc_live_fleet_set_link(VmcLiveFleet *self,
                        const char *host_name,
                        VmcLink *link)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && host_name != NULL);
    g_autoptr(VmcLink) old = vmc_live_fleet_link(self, host_name);

    g_mutex_lock(&self->mutex);
    if (link != NULL)
        g_hash_table_replace(self->links, g_strdup(host_name),
                             g_object_ref(link));
    else
        g_hash_table_remove(self->links, host_name);
    g_mutex_unlock(&self->mutex); /* only now may @old end */
    if (link != old)
        g_signal_emit(self, signals[SIGNAL_LINK_CHANGED], 0, host_name, link);
}

/* ---- public: who may change a VM ------------------------------------------
 */

void
vmc_live_fleet_hold_vm(VmcLiveFleet *self, const char *uuid)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && uuid != NULL);
    touch(self, uuid);
    g_hash_table_add(self->held, g_strdup(uuid));
}

void
vmc_live_fleet_release_vm(VmcLiveFleet *self, const char *uuid)
{
    g_return_if_fail(VMC_IS_LIVE_FLEET(self) && uuid != NULL);
    touch(self, uuid);
    g_hash_table_remove(self->held, uuid);
}

gboolean
vmc_live_fleet_is_held(VmcLiveFleet *self, const char *uuid)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self) && uuid != NULL, FALSE);
    return g_hash_table_contains(self->held, uuid);
}

GStrv
vmc_live_fleet_list_held(VmcLiveFleet *self)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self), NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, self->held);
    while (g_hash_table_iter_next(&iter, &uuid, NULL))
        g_strv_builder_add(builder, uuid);
    return g_strv_builder_end(builder);
}

guint64
vmc_live_fleet_stamp(VmcLiveFleet *self)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self), 0);
    return self->stamp;
}

gboolean
vmc_live_fleet_changed_since(VmcLiveFleet *self,
                             const char *uuid,
                             guint64 stamp)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(self) && uuid != NULL, FALSE);
    const guint64 *changed = g_hash_table_lookup(self->stamps, uuid);

    return changed != NULL && *changed > stamp;
}
