/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/meter.h"

#include "daemon/control/demand-window.h"
#include "daemon/log.h"

/* Parts of the interval: a part of the hosts is asked in each. */
#define PARTS 16
#define READERS 8

/* The memory of guests costs ten times the rest. */
#define MEMORY_EVERY_N_ROUNDS 4

struct _VmcMeter {
    gatomicrefcount refs; /* of the owner, and of each reading */
    gint is_stopped;      /* atomic: readers drop what they have not begun */
    VmcLiveFleet *live_fleet;
    guint interval_ms;
    GHashTable *windows;  /* UUID of a VM → VmcDemandWindow */
    GHashTable *is_asked; /* set of names of hosts: a reading is under way */
    GThreadPool *readers;
    guint part;
    guint n_rounds;
    guint timer_id;
};

static void
meter_unref(VmcMeter *self)
{
    if (g_atomic_ref_count_dec(&self->refs))
        g_free(self);
}

/* ---- one reading --------------------------------------------------------- */

typedef struct {
    VmcMeter *self;
    VmcLink *link;
    gboolean with_memory;
    VmcUsage *usage; /* (nullable): what came back */
} Reading;

static void
reading_free(gpointer data)
{
    Reading *reading = data;

    g_object_unref(reading->link);
    g_clear_pointer(&reading->usage, vmc_usage_free);
    meter_unref(reading->self);
    g_free(reading);
}

static void
take_domain(VmcMeter *self,
            const VmcFleet *fleet,
            const char *host,
            const VmcDomainUsage *usage,
            gint64 read_us)
{
    const VmcVm *vm = vmc_fleet_find_vm(fleet, usage->uuid);
    VmcDemandWindow *window = g_hash_table_lookup(self->windows, usage->uuid);

    if (vm == NULL || g_strcmp0(vm->host, host) != 0)
        return;
    if (window == NULL) {
        window = vmc_demand_window_new();
        g_hash_table_insert(self->windows, g_strdup(usage->uuid), window);
    }
    vmc_demand_window_add(window, host, usage, read_us);
    if (vmc_demand_window_sampled_us(window) != read_us)
        return;
    g_autoptr(VmcVm) measured = vmc_vm_copy(vm);
    vmc_demand_window_measure(window, measured);
    vmc_live_fleet_put_measured(self->live_fleet, measured);
}

static gboolean
on_read(gpointer data)
{
    Reading *reading = data;
    VmcMeter *self = reading->self;
    const VmcUsage *usage = reading->usage;
    const char *host = vmc_link_get_host_name(reading->link);

    if (g_atomic_int_get(&self->is_stopped))
        return G_SOURCE_REMOVE;
    g_hash_table_remove(self->is_asked, host);
    if (usage == NULL)
        return G_SOURCE_REMOVE;
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);
    for (guint i = 0; i < usage->domains->len; i++)
        take_domain(self, fleet, host, usage->domains->pdata[i],
                    usage->read_us);
    return G_SOURCE_REMOVE;
}

/* In a reader's thread. That a host does not answer its link says, and shows.
 */
static void
perform(gpointer data, gpointer user_data)
{
    Reading *reading = data;
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_USAGE, NULL);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;
    GSource *source = g_idle_source_new();

    if (reading->with_memory)
        call->flags = VMC_CALL_WITH_MEMORY;
    if (!g_atomic_int_get(&reading->self->is_stopped) &&
        !vmc_link_call(reading->link, call, &reply, NULL, &error))
        vmc_log_debug(VMC_LOG("meter", .error = error),
                      "host '%s' is not measured this time",
                      vmc_link_get_host_name(reading->link));
    reading->usage = g_steal_pointer(&reply.usage);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_read, reading, reading_free);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

static void
ask_host(VmcMeter *self, const char *host)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(self->live_fleet, host);

    if (link == NULL || !vmc_link_is_up(link) ||
        !g_hash_table_add(self->is_asked, g_strdup(host)))
        return;
    Reading *reading = g_new0(Reading, 1);
    g_atomic_ref_count_inc(&self->refs);
    reading->self = self;
    reading->link = g_steal_pointer(&link);
    reading->with_memory = self->n_rounds % MEMORY_EVERY_N_ROUNDS == 0;
    g_thread_pool_push(self->readers, reading, NULL);
}

/* ---- what gets old ------------------------------------------------------- */

static void
put_age(VmcMeter *self, const VmcVm *vm, gint64 age_s)
{
    g_autoptr(VmcVm) aged = vmc_vm_copy(vm);

    aged->demand_age_s = age_s;
    vmc_live_fleet_put_measured(self->live_fleet, aged);
}

/* One look at all windows. */
typedef struct {
    VmcMeter *self;
    const VmcFleet *fleet; /* as it was when it began: nobody comes between */
} Aging;

/* TRUE: the VM is gone, and its window with it. */
static gboolean
show_age(gpointer uuid, gpointer value, gpointer data)
{
    const Aging *aging = data;
    VmcMeter *self = aging->self;
    const VmcDemandWindow *window = value;
    const VmcVm *vm = vmc_fleet_find_vm(aging->fleet, uuid);
    gint64 sampled_us = vmc_demand_window_sampled_us(window);
    gint64 age_us = g_get_monotonic_time() - sampled_us;

    if (vm == NULL)
        return TRUE;
    if (sampled_us == 0 || age_us < (gint64) self->interval_ms * 1500)
        return FALSE;
    put_age(self, vm, age_us / G_USEC_PER_SEC);
    return FALSE;
}

/* ---- rounds -------------------------------------------------------------- */

static gboolean
on_part(gpointer data)
{
    VmcMeter *self = data;
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = self->part; i < vmc_fleet_n_hosts(fleet); i += PARTS)
        ask_host(self, vmc_fleet_host_at(fleet, i)->name);
    if (++self->part == PARTS) {
        self->part = 0;
        self->n_rounds++;
        g_hash_table_foreach_remove(self->windows, show_age,
                                    &(Aging){self, fleet});
    }
    return G_SOURCE_CONTINUE;
}

/* What the store kept of a VM was measured nobody knows when. */
static void
forget_demand(VmcMeter *self)
{
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(self->live_fleet);

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (vm->demand_age_s >= 0)
            put_age(self, vm, -1);
    }
}

/* ---- public -------------------------------------------------------------- */

VmcMeter *
vmc_meter_new(VmcLiveFleet *live_fleet, guint interval_ms)
{
    g_return_val_if_fail(live_fleet != NULL && interval_ms > 0, NULL);
    VmcMeter *self = g_new0(VmcMeter, 1);

    g_atomic_ref_count_init(&self->refs);
    self->live_fleet = g_object_ref(live_fleet);
    self->interval_ms = interval_ms;
    self->windows =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                              (GDestroyNotify) vmc_demand_window_free);
    self->is_asked =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->readers = g_thread_pool_new(perform, NULL, READERS, FALSE, NULL);
    forget_demand(self);
    self->timer_id = g_timeout_add(MAX(interval_ms / PARTS, 1), on_part, self);
    return self;
}

void
vmc_meter_free(VmcMeter *self)
{
    if (self == NULL)
        return;
    g_source_remove(self->timer_id);
    g_atomic_int_set(&self->is_stopped, TRUE);
    /* a reader that is stuck is not waited for: nobody reads what it brings */
    g_thread_pool_free(self->readers, FALSE, FALSE);
    g_clear_pointer(&self->windows, g_hash_table_unref);
    g_clear_pointer(&self->is_asked, g_hash_table_unref);
    g_clear_object(&self->live_fleet);
    meter_unref(self);
}
