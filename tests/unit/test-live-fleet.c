/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/live-fleet.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"

static VmcVm *
make_vm(const char *name, const char *host)
{
    VmcVm *vm = vmc_vm_new(UUID_1, name);

    vm->host = g_strdup(host);
    return vm;
}

static void
append_vm(VmcLiveFleet *live, VmcVm *vm, gpointer data)
{
    g_string_append_printf(data, "+%s ", vm->name);
}

static void
append_vm_gone(VmcLiveFleet *live, const char *uuid, const char *n, gpointer s)
{
    g_assert_cmpstr(uuid, ==, UUID_1);
    g_string_append_printf(s, "-%s ", n);
}

static void
append_host(VmcLiveFleet *live, VmcHost *host, gpointer data)
{
    g_string_append_printf(data, "+%s ", host->name);
}

static void
append_host_gone(VmcLiveFleet *live, const char *name, gpointer data)
{
    g_string_append_printf(data, "-%s ", name);
}

static VmcLiveFleet *
make_watched(GString *events)
{
    VmcLiveFleet *live = vmc_live_fleet_new(NULL);

    g_signal_connect(live, "vm-changed", G_CALLBACK(append_vm), events);
    g_signal_connect(live, "vm-gone", G_CALLBACK(append_vm_gone), events);
    g_signal_connect(live, "host-changed", G_CALLBACK(append_host), events);
    g_signal_connect(live, "host-gone", G_CALLBACK(append_host_gone), events);
    return live;
}

/* Each change makes a new snapshot and tells of it; old ones stay as they are.
 * A host takes along what was only found on it. */
static void
test_changes(void)
{
    g_autoptr(GString) events = g_string_new(NULL);
    g_autoptr(VmcLiveFleet) live = make_watched(events);
    g_autoptr(VmcFleet) empty = vmc_live_fleet_snapshot(live);
    g_autoptr(VmcHost) host = vmc_host_new("h1", "sim://h1");
    g_autoptr(VmcVm) vm = make_vm("web1", "h1");

    vmc_live_fleet_put_host(live, host);
    vmc_live_fleet_put_vm(live, vm);
    vmc_live_fleet_remove_vm(live, "nobody");
    g_autoptr(VmcFleet) full = vmc_live_fleet_snapshot(live);
    vmc_live_fleet_remove_host(live, "h1");
    vmc_live_fleet_remove_host(live, "h1");
    g_autoptr(VmcFleet) last = vmc_live_fleet_snapshot(live);

    g_assert_cmpstr(events->str, ==, "+h1 +web1 -web1 -h1 ");
    g_assert_cmpuint(vmc_fleet_n_vms(empty), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_vms(full), ==, 1);
    g_assert_cmpuint(vmc_fleet_n_vms(last), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_hosts(last), ==, 0);
}

/* What was read before a change is older than it, even for a VM that is gone:
 * else a late reading would bring it back. */
static void
test_stamps(void)
{
    g_autoptr(VmcLiveFleet) live = vmc_live_fleet_new(NULL);
    g_autoptr(VmcVm) vm = make_vm("web1", NULL);
    guint64 before = vmc_live_fleet_stamp(live);

    g_assert_false(vmc_live_fleet_changed_since(live, UUID_1, before));
    vmc_live_fleet_put_vm(live, vm);
    g_assert_true(vmc_live_fleet_changed_since(live, UUID_1, before));
    guint64 between = vmc_live_fleet_stamp(live);
    g_assert_false(vmc_live_fleet_changed_since(live, UUID_1, between));
    vmc_live_fleet_remove_vm(live, UUID_1);
    g_assert_true(vmc_live_fleet_changed_since(live, UUID_1, between));

    guint64 free = vmc_live_fleet_stamp(live);
    vmc_live_fleet_hold_vm(live, UUID_1);
    g_assert_true(vmc_live_fleet_is_held(live, UUID_1));
    g_assert_true(vmc_live_fleet_changed_since(live, UUID_1, free));
    g_auto(GStrv) held = vmc_live_fleet_list_held(live);
    g_assert_cmpuint(g_strv_length(held), ==, 1);
    vmc_live_fleet_release_vm(live, UUID_1);
    g_assert_false(vmc_live_fleet_is_held(live, UUID_1));
}

/* ---- other threads --------------------------------------------------------
 */

#define ROUNDS 200

typedef struct {
    VmcLiveFleet *live;
    guint number;
    gint *n_running;
} Writer;

/* Each thread has a VM of its own, and must see its own last word at once. */
static gpointer
write_rounds(gpointer data)
{
    Writer *writer = data;
    g_autofree char *uuid =
        g_strdup_printf("00000000-0000-4000-8000-%012u", writer->number);

    for (guint i = 0; i < ROUNDS; i++) {
        g_autoptr(VmcVm) vm = vmc_vm_new(uuid, uuid);
        vm->vcpus.requested = i;
        vmc_live_fleet_put_vm(writer->live, vm);
        g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(writer->live);
        g_assert_cmpuint(vmc_fleet_find_vm(fleet, uuid)->vcpus.requested, ==,
                         i);
    }
    g_atomic_int_add(writer->n_running, -1);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void
test_threads(void)
{
    g_autoptr(VmcLiveFleet) live = vmc_live_fleet_new(NULL);
    GThread *threads[4];
    Writer writers[G_N_ELEMENTS(threads)];
    gint n_running = G_N_ELEMENTS(threads);

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        writers[i] = (Writer){live, i, &n_running};
        threads[i] = g_thread_new("writer", write_rounds, &writers[i]);
    }
    while (g_atomic_int_get(&n_running) > 0)
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(live);
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, G_N_ELEMENTS(threads));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/live-fleet/changes", test_changes);
    g_test_add_func("/live-fleet/stamps", test_stamps);
    g_test_add_func("/live-fleet/threads", test_threads);
    return g_test_run();
}
