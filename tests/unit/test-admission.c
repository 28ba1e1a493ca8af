/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/control/admission.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/store/store-private.h"
#include "tests/unit/daemon-fixture.h"

#include <string.h>

#define UUID_1 "00000000-0000-4000-8000-000000000001"

typedef struct {
    VmcDaemonFixture daemon;
    VmcAdmission *admission;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    vmc_daemon_fixture_set_up(&fixture->daemon, NULL);
    fixture->daemon.settings->connect_timeout_s = 1;
    fixture->admission =
        vmc_admission_new(fixture->daemon.settings, fixture->daemon.store,
                          fixture->daemon.live_fleet);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VmcFleet) fleet =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);

    for (guint i = 0; i < vmc_fleet_n_hosts(fleet); i++) {
        const char *name = vmc_fleet_host_at(fleet, i)->name;
        g_autoptr(VmcLink) link =
            vmc_live_fleet_link(fixture->daemon.live_fleet, name);
        if (link != NULL)
            vmc_link_stop(link);
        vmc_live_fleet_set_link(fixture->daemon.live_fleet, name, NULL);
    }
    g_clear_pointer(&fleet, vmc_fleet_unref);
    vmc_admission_free(fixture->admission);
    vmc_daemon_fixture_tear_down(&fixture->daemon, NULL);
}

/* ---- asking -------------------------------------------------------------- */

typedef struct {
    gboolean is_over;
    VmcHost *host; /* that was added */
    GError *error;
} Outcome;

static void
outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->host, vmc_host_unref);
    g_clear_error(&outcome->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static void
on_added(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Outcome *outcome = user_data;

    outcome->host =
        vmc_admission_add_host_finish(NULL, result, &outcome->error);
    outcome->is_over = TRUE;
}

static void
on_removed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Outcome *outcome = user_data;

    vmc_admission_remove_host_finish(NULL, result, &outcome->error);
    outcome->is_over = TRUE;
}

static gboolean
is_over(gpointer data)
{
    return ((Outcome *) data)->is_over;
}

static void
begin_add(Fixture *fixture,
          const char *name,
          const char *uri,
          GCancellable *cancellable,
          Outcome *outcome)
{
    g_autoptr(VmcHost) host = vmc_host_new(name, uri);

    vmc_admission_add_host_async(fixture->admission, host, cancellable,
                                 on_added, outcome);
}

static void
add_host(Fixture *fixture, const char *name, const char *uri)
{
    g_auto(Outcome) outcome = {0};

    begin_add(fixture, name, uri, NULL, &outcome);
    vmc_fixture_wait_until(is_over, &outcome);
    g_assert_no_error(outcome.error);
    g_assert_cmpstr(outcome.host->name, ==, name);
}

static void
assert_error(const Outcome *outcome, VmcError code, const char *reason)
{
    g_assert_error(outcome->error, VMC_ERROR, (int) code);
    g_test_message("%s", outcome->error->message);
    g_assert_nonnull(strstr(outcome->error->message, reason));
}

static void
assert_not_added(Fixture *fixture,
                 const char *name,
                 const char *uri,
                 VmcError code,
                 const char *reason)
{
    g_auto(Outcome) outcome = {0};

    begin_add(fixture, name, uri, NULL, &outcome);
    vmc_fixture_wait_until(is_over, &outcome);
    assert_error(&outcome, code, reason);
    g_assert_null(outcome.host);
}

static void
assert_not_removed(Fixture *fixture,
                   const char *name,
                   VmcError code,
                   const char *reason)
{
    g_auto(Outcome) outcome = {0};

    vmc_admission_remove_host_async(fixture->admission, name, on_removed,
                                    &outcome);
    vmc_fixture_wait_until(is_over, &outcome);
    assert_error(&outcome, code, reason);
}

/* What is shown is what is stored. */
static void
assert_hosts(Fixture *fixture, guint n_hosts)
{
    g_autoptr(VmcFleet) shown =
        vmc_live_fleet_snapshot(fixture->daemon.live_fleet);
    g_autoptr(VmcFleet) stored =
        vmc_store_load_fleet(fixture->daemon.store, NULL);

    g_assert_cmpuint(vmc_fleet_n_hosts(shown), ==, n_hosts);
    g_assert_cmpuint(vmc_fleet_n_hosts(stored), ==, n_hosts);
}

static VmcVm *
make_vm(const char *host)
{
    VmcVm *vm = vmc_vm_new(UUID_1, "web1");

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    return vm;
}

/* ---- joining ------------------------------------------------------------- */

static gboolean
is_linked(gpointer data)
{
    Fixture *fixture = data;
    g_autoptr(VmcLink) link =
        vmc_live_fleet_link(fixture->daemon.live_fleet, "h1");

    return vmc_link_is_up(link);
}

static void
test_joins(Fixture *fixture, gconstpointer data)
{
    add_host(fixture, "h1", "sim://h1");
    assert_hosts(fixture, 1);
    vmc_fixture_wait_until(is_linked, fixture);
}

/* The same machine is one host, whatever it is called and how it is reached. */
static void
test_known(Fixture *fixture, gconstpointer data)
{
    add_host(fixture, "h1", "sim://h1");
    assert_not_added(fixture, "h1", "sim://h2", VMC_ERROR_EXISTS,
                     "a host of this name");
    assert_not_added(fixture, "h2", "sim://h1", VMC_ERROR_EXISTS, "this URI");
    assert_not_added(fixture, "h2", "sim://h1?cores=8", VMC_ERROR_EXISTS,
                     "this machine is in the fleet already, as host 'h1'");
    assert_hosts(fixture, 1);
}

/* Two who add one machine at a time, by two names: one of them wins. */
static void
test_known_at_once(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) first = {0};
    g_auto(Outcome) second = {0};
    g_auto(Outcome) third = {0};

    begin_add(fixture, "h1", "sim://h1", NULL, &first);
    begin_add(fixture, "h2", "sim://h1?cores=8", NULL, &second);
    begin_add(fixture, "h1", "sim://h3", NULL, &third);
    vmc_fixture_wait_until(is_over, &first);
    vmc_fixture_wait_until(is_over, &second);
    vmc_fixture_wait_until(is_over, &third);
    assert_error(&third, VMC_ERROR_BUSY, "being added already");
    g_assert_true((first.host == NULL) != (second.host == NULL));
    assert_hosts(fixture, 1);
}

/* A host that does not answer in time does not join when it answers late, and
 * can be asked again then. */
static void
test_answers_late(Fixture *fixture, gconstpointer data)
{
    VmcSimFault late = {VMC_SIM_FAULT_HANG, .call = "open", .times = 1};

    vmc_sim_fault_add(&late);
    assert_not_added(fixture, "h1", "sim://h1", VMC_ERROR_UNREACHABLE,
                     "did not answer within 1 s; check the address");
    vmc_sim_fault_clear();
    assert_hosts(fixture, 0);
    add_host(fixture, "h1", "sim://h1");
    assert_hosts(fixture, 1);
}

static void
test_cancelled(Fixture *fixture, gconstpointer data)
{
    VmcSimFault hang = {VMC_SIM_FAULT_HANG, .call = "open", .times = 1};
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(Outcome) outcome = {0};

    vmc_sim_fault_add(&hang);
    begin_add(fixture, "h1", "sim://h1", cancellable, &outcome);
    g_cancellable_cancel(cancellable);
    vmc_fixture_wait_until(is_over, &outcome);
    assert_error(&outcome, VMC_ERROR_CANCELLED, "h1");
    vmc_sim_fault_clear();
    assert_hosts(fixture, 0);
    add_host(fixture, "h1", "sim://h1");
}

/* What cannot be stored is not shown, and room makes it possible. */
static void
test_full_disk(Fixture *fixture, gconstpointer data)
{
    VmcStore *store = fixture->daemon.store;
    /* more than a page holds, so that the row needs new ones */
    g_autofree char *long_uri = g_strnfill(5000, ',');
    g_autofree char *uri =
        g_strconcat("sim://h1?networks=default", long_uri, NULL);

    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 1", NULL));
    assert_not_added(fixture, "h1", uri, VMC_ERROR_NO_SPACE, "free some space");
    assert_hosts(fixture, 0);
    g_assert_true(vmc_store_exec(store, "PRAGMA max_page_count = 9999", NULL));
    add_host(fixture, "h1", uri);
    assert_hosts(fixture, 1);
}

/* vmctld ends while a host is asked: the store is not touched any more. */
static void
test_ends_meanwhile(Fixture *fixture, gconstpointer data)
{
    VmcSimFault hang = {VMC_SIM_FAULT_HANG, .call = "read-host", .times = 1};
    g_auto(Outcome) outcome = {0};

    vmc_sim_fault_add(&hang);
    begin_add(fixture, "h1", "sim://h1", NULL, &outcome);
    while (vmc_sim_fault_count() == 0)
        g_main_context_iteration(NULL, FALSE);
    g_clear_pointer(&fixture->admission, vmc_admission_free);
    vmc_sim_fault_clear();
    vmc_fixture_wait_until(is_over, &outcome);
    assert_error(&outcome, VMC_ERROR_CANCELLED, "vmctld is stopping");
    assert_hosts(fixture, 0);
}

/* ---- leaving ------------------------------------------------------------- */

static void
test_leaves(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) outcome = {0};

    add_host(fixture, "h1", "sim://h1");
    vmc_admission_remove_host_async(fixture->admission, "h1", on_removed,
                                    &outcome);
    vmc_fixture_wait_until(is_over, &outcome);
    g_assert_no_error(outcome.error);
    assert_hosts(fixture, 0);
    assert_not_removed(fixture, "h1", VMC_ERROR_NOT_FOUND, "no host 'h1'");
    add_host(fixture, "h1", "sim://h1");
}

static void
test_has_vms(Fixture *fixture, gconstpointer data)
{
    add_host(fixture, "h1", "sim://h1");
    vmc_daemon_fixture_add_vm(&fixture->daemon, UUID_1, "web1", "h1");
    assert_not_removed(fixture, "h1", VMC_ERROR_REFUSED,
                       "1 managed VM, one of them 'web1'");
    assert_hosts(fixture, 1);
}

/* A VM comes to it while the store forgets it: it stays, in the store too. */
static void
test_vm_comes_meanwhile(Fixture *fixture, gconstpointer data)
{
    g_auto(Outcome) outcome = {0};
    g_autoptr(VmcVm) vm = make_vm("h1");

    add_host(fixture, "h1", "sim://h1");
    vmc_admission_remove_host_async(fixture->admission, "h1", on_removed,
                                    &outcome);
    vmc_live_fleet_put_vm(fixture->daemon.live_fleet, vm);
    vmc_fixture_wait_until(is_over, &outcome);
    assert_error(&outcome, VMC_ERROR_REFUSED, "'web1'");
    assert_hosts(fixture, 1);
}

#define ADD(name, func)                                                        \
    g_test_add("/admission/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("joins", test_joins);
    ADD("known", test_known);
    ADD("known-at-once", test_known_at_once);
    ADD("answers-late", test_answers_late);
    ADD("cancelled", test_cancelled);
    ADD("full-disk", test_full_disk);
    ADD("ends-meanwhile", test_ends_meanwhile);
    ADD("leaves", test_leaves);
    ADD("has-vms", test_has_vms);
    ADD("vm-comes-meanwhile", test_vm_comes_meanwhile);
    return g_test_run();
}
