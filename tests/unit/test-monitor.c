/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/monitor.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"
#include "tests/unit/daemon-fixture.h"
#include "tests/unit/sim-xml.h"

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

static void
set_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    fixture->has_monitor = TRUE;
    vmc_daemon_fixture_set_up(fixture, data);
}

typedef struct {
    VmcDaemonFixture *fixture;
    const char *key;
    guint64 number;
    const char *text;
} Sought;

/* ---- what is there --------------------------------------------------------
 */

static gboolean
fleet_has(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(sought->fixture->live_fleet);

    return vmc_fleet_n_vms(fleet) == sought->number;
}

static void
wait_for_n_vms(VmcDaemonFixture *fixture, guint number)
{
    Sought sought = {.fixture = fixture, .number = number};

    vmc_fixture_wait_until(fleet_has, &sought);
}

/* What runs on a host that joins is seen, and not taken over. */
static void
test_inventory(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_sim_host(fixture, "h1", "cores=4&vms=3");
    wait_for_n_vms(fixture, 3);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    const VmcHost *host = vmc_fleet_find_host(fleet, "h1");
    const VmcVm *vm = vmc_fleet_vm_at(fleet, 0);

    g_assert_cmpuint(host->n_cores, ==, 4);
    g_assert_nonnull(host->uuid);
    g_assert_false(vm->is_managed);
    g_assert_cmpstr(vm->host, ==, "h1");
    g_assert_cmpint(vm->state, ==, VMC_VM_RUNNING);
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 1000);
    g_assert_cmpuint(vm->vcpus.plugged, ==, 1);
    g_assert_cmpuint(vm->memory_bytes.plugged, >, 0);

    g_autoptr(VmcFleet) stored = vmc_store_load_fleet(fixture->store, NULL);
    g_assert_cmpuint(vmc_fleet_n_vms(stored), ==, 0);
}

static gboolean
store_has(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcFleet) fleet =
        vmc_store_load_fleet(sought->fixture->store, NULL);

    return vmc_fleet_n_vms(fleet) == sought->number;
}

/* Ours are known by their metadata, and stored. */
static void
test_managed_are_stored(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture, .number = 2};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", "vms=2&vms_managed=yes");
    wait_for_n_vms(fixture, 2);
    vmc_fixture_wait_until(store_has, &sought);
}

/* ---- what happens ---------------------------------------------------------
 */

static void
test_events(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_SUSPEND, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_PAUSED);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_SHUT_OFF);
}

static gboolean
guest_is_seen(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(sought->fixture, UUID_1);

    return vm->vcpus.usable == 1 && vm->memory_bytes.usable > 0;
}

/* All three numbers come to be known without anybody asking. */
static void
test_guest_numbers(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_fixture_wait_until(guest_is_seen, &sought);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpuint(vm->vcpus.requested, ==, 1);
    g_assert_cmpuint(vm->vcpus.plugged, ==, 1);
    g_assert_cmpuint(vm->memory_bytes.plugged, ==,
                     G_GUINT64_CONSTANT(512) << 20);
}

static gboolean
reason_has(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(sought->fixture, sought->key);

    return vm != NULL && vm->state_reason != NULL &&
           strstr(vm->state_reason, sought->text) != NULL;
}

static void
wait_for_reason(VmcDaemonFixture *fixture, const char *uuid, const char *text)
{
    Sought sought = {.fixture = fixture, .key = uuid, .text = text};

    vmc_fixture_wait_until(reason_has, &sought);
}

/* A VM of ours that somebody undefined is never silently dropped; a found one
 * just goes. */
static void
test_lost(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_sim_host(fixture, "h1", "vms=1");
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    wait_for_n_vms(fixture, 2);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, UUID_1);
    wait_for_reason(fixture, UUID_1, "host 'h1' has no domain of it");
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpint(vm->state, ==, VMC_VM_UNKNOWN);
    g_assert_cmpstr(vm->host, ==, "h1");

    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    const VmcVm *found = vmc_fleet_vm_at(fleet, 0);
    if (found->is_managed)
        found = vmc_fleet_vm_at(fleet, 1);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_DESTROY, found->uuid);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_UNDEFINE, found->uuid);
    wait_for_n_vms(fixture, 1);
}

/* ---- hosts that do not answer ---------------------------------------------
 */

static gboolean
host_is(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(sought->fixture->live_fleet);

    return vmc_fleet_find_host(fleet, sought->key)->state == sought->number;
}

static void
wait_for_host_state(VmcDaemonFixture *fixture, VmcHostState state)
{
    Sought sought = {.fixture = fixture, .key = "h1", .number = state};

    vmc_fixture_wait_until(host_is, &sought);
}

static gpointer
resume_by_link(gpointer link)
{
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_RESUME, UUID_1);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    g_assert_false(vmc_link_call(link, call, &reply, NULL, NULL));
    return NULL;
}

/* Breaks the connection of control, and lets no new one come about. */
static void
cut_off(VmcDaemonFixture *fixture)
{
    VmcSimFault cut = {.kind = VMC_SIM_FAULT_DISCONNECT, .call = "resume"};
    VmcSimFault no_open = {.kind = VMC_SIM_FAULT_REFUSE,
                           .call = "open",
                           .code = VMC_ERROR_UNREACHABLE};
    g_autoptr(VmcLink) link = vmc_live_fleet_link(fixture->live_fleet, "h1");

    vmc_sim_fault_add(&no_open);
    vmc_sim_fault_add(&cut);
    g_thread_join(g_thread_new("caller", resume_by_link, link));
}

/* A host that goes away takes nothing with it, and all is seen again when it
 * is back. */
static void
test_down_and_up(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);

    cut_off(fixture);
    wait_for_host_state(fixture, VMC_HOST_UNREACHABLE);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_UNKNOWN);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_nonnull(strstr(vm->state_reason, "host 'h1' does not answer"));
    g_assert_cmpuint(vm->size.amount[VMC_CPU], ==, 1000);

    vmc_sim_fault_clear();
    wait_for_host_state(fixture, VMC_HOST_UP);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
}

/* A host that answers, but does not say what it runs, is not quite well. */
static void
test_degraded(VmcDaemonFixture *fixture, gconstpointer data)
{
    VmcSimFault mute = {.kind = VMC_SIM_FAULT_REFUSE,
                        .call = "list-domains",
                        .message = "no list today"};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_sim_fault_add(&mute);
    wait_for_host_state(fixture, VMC_HOST_DEGRADED);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);
    g_assert_nonnull(strstr(vmc_fleet_find_host(fleet, "h1")->state_reason,
                            "no list today"));
    vmc_sim_fault_clear();
    wait_for_host_state(fixture, VMC_HOST_UP);
}

/* What was stored is not shown as if it had been seen. */
static void
test_old_until_asked(VmcDaemonFixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_add_host(fixture, "h9");
    vmc_daemon_fixture_add_vm(fixture, UUID_1, "web1", "h9");
    vmc_daemon_fixture_end(fixture);
    vmc_daemon_fixture_begin(fixture);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcFleet) fleet = vmc_live_fleet_snapshot(fixture->live_fleet);

    g_assert_cmpint(vm->state, ==, VMC_VM_UNKNOWN);
    g_assert_cmpint(vmc_fleet_find_host(fleet, "h9")->state, ==,
                    VMC_HOST_UNREACHABLE);
}

/* ---- jobs -----------------------------------------------------------------
 */

static gboolean
is_paused_and_large(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(sought->fixture, UUID_1);

    return vm->state == VMC_VM_PAUSED && vm->size.amount[VMC_CPU] == 4000 &&
           g_strcmp0(vm->pending, "a job's word") == 0;
}

/* What a job has reserved stands, whatever the host still says. */
static void
test_held(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);

    vmc_live_fleet_hold_vm(fixture->live_fleet, UUID_1);
    g_autoptr(VmcVm) known = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_autoptr(VmcVm) reserve = vmc_vm_copy(known);
    reserve->size.amount[VMC_CPU] = 4000;
    g_free(reserve->pending);
    reserve->pending = g_strdup("a job's word");
    vmc_live_fleet_put_vm(fixture->live_fleet, reserve);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_SUSPEND, UUID_1);
    vmc_fixture_wait_until(is_paused_and_large, &sought);

    vmc_live_fleet_release_vm(fixture->live_fleet, UUID_1);
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_RESUME, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
    g_autoptr(VmcVm) after = vmc_daemon_fixture_vm(fixture, UUID_1);
    g_assert_cmpuint(after->size.amount[VMC_CPU], ==, 1000);
}

/* ---- two hosts ------------------------------------------------------------
 */

static void
define_on(VmcDaemonFixture *fixture, const char *host)
{
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);

    vmc_daemon_fixture_define(fixture, host, UUID_1, "web1");
    /* the fleet goes on to think it is where it was */
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
}

static gboolean
is_on_h2(gpointer data)
{
    Sought *sought = data;
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(sought->fixture, UUID_1);

    return g_strcmp0(vm->host, "h2") == 0 && vm->state == VMC_VM_RUNNING;
}

/* A VM that somebody moved by hand is found where it is. */
static void
test_moved(VmcDaemonFixture *fixture, gconstpointer data)
{
    Sought sought = {.fixture = fixture};

    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_add_sim_host(fixture, "h2", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_SHUT_OFF);
    define_on(fixture, "h2");
    vmc_daemon_fixture_call(fixture, "h2", VMC_CALL_START, UUID_1);
    vmc_fixture_wait_until(is_on_h2, &sought);
}

/* Running twice is the worst that can be: it is said, until it is over. */
static void
test_twice(VmcDaemonFixture *fixture, gconstpointer data)
{
    GLogLevelFlags fatal = g_log_set_always_fatal(G_LOG_FATAL_MASK);

    vmc_daemon_fixture_add_sim_host(fixture, "h1", NULL);
    vmc_daemon_fixture_add_sim_host(fixture, "h2", NULL);
    vmc_daemon_fixture_define(fixture, "h1", UUID_1, "web1");
    vmc_daemon_fixture_call(fixture, "h1", VMC_CALL_START, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
    define_on(fixture, "h2");
    vmc_daemon_fixture_call(fixture, "h2", VMC_CALL_START, UUID_1);
    g_assert_cmpuint(vmc_sim_world_count_running(UUID_1), ==, 2);
    wait_for_reason(fixture, UUID_1, "runs twice: on host 'h1' and on host");

    vmc_daemon_fixture_call(fixture, "h2", VMC_CALL_DESTROY, UUID_1);
    vmc_daemon_fixture_wait_for_vm(fixture, UUID_1, VMC_VM_RUNNING);
    g_autoptr(VmcVm) vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    while (vm->state_reason != NULL) {
        g_main_context_iteration(NULL, TRUE);
        vmc_vm_unref(vm);
        vm = vmc_daemon_fixture_vm(fixture, UUID_1);
    }
    g_assert_cmpstr(vm->host, ==, "h1");
    g_log_set_always_fatal(fatal);
}

#define ADD(name, func)                                                        \
    g_test_add("/monitor/" name, VmcDaemonFixture, NULL, set_up, func,         \
               vmc_daemon_fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("inventory", test_inventory);
    ADD("managed-are-stored", test_managed_are_stored);
    ADD("events", test_events);
    ADD("guest-numbers", test_guest_numbers);
    ADD("lost", test_lost);
    ADD("down-and-up", test_down_and_up);
    ADD("degraded", test_degraded);
    ADD("old-until-asked", test_old_until_asked);
    ADD("held", test_held);
    ADD("moved", test_moved);
    ADD("twice", test_twice);
    return g_test_run();
}
