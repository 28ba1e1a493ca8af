/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "sim-fixture.h"

#include "daemon/control/observe.h"
#include "daemon/hypervisor/link.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-host.h"

void
vmc_sim_fixture_init(VmcDaemonFixture *fixture,
                     gboolean has_monitor,
                     const char *dir)
{
    fixture->deadline_max_ms = 500;
    fixture->has_monitor = has_monitor;
    vmc_daemon_fixture_init(fixture, dir);
    fixture->settings->vcpu_timeout_s = 1;
    fixture->settings->memory_timeout_s = 1;
    fixture->settings->guest_online_timeout_s = 1;
}

void
vmc_sim_fixture_set_up(VmcDaemonFixture *fixture, gboolean has_monitor)
{
    g_autofree char *dir = g_dir_make_tmp("vmctl-daemon-XXXXXX", NULL);

    g_assert_nonnull(dir);
    vmc_sim_fixture_init(fixture, has_monitor, dir);
    vmc_daemon_fixture_begin(fixture);
}

/* ---- domains ------------------------------------------------------------ */

VmcDomainFacts *
vmc_sim_fixture_look(VmcDaemonFixture *fixture,
                     const char *host,
                     const char *uuid)
{
    const char *uri = g_hash_table_lookup(fixture->uris, host);
    g_autoptr(VmcCall) call = vmc_call_new(VMC_CALL_READ_GUEST, uuid);
    g_auto(VmcReply) reply = VMC_REPLY_INIT;
    g_autoptr(GError) error = NULL;
    VmcConnection *connection = vmc_sim_driver.open(uri, NULL, NULL, &error);

    g_assert_no_error(error);
    (void) vmc_sim_driver.perform(connection, call, &reply, &error);
    vmc_sim_driver.close(connection);
    if (reply.domain != NULL)
        return vmc_domain_facts_ref(reply.domain);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
    return NULL;
}

char *
vmc_sim_fixture_adopt(VmcDaemonFixture *fixture, const char *host)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("%s-vm1", host);
    char *uuid = vmc_sim_uuid_of(name);
    g_autoptr(VmcDomainFacts) facts = vmc_sim_fixture_look(fixture, host, uuid);
    VmcObservation seen = {.facts = facts, .host = host, .now_s = 1};
    g_autoptr(VmcVm) vm = vmc_vm_observe(&seen);

    vm->is_managed = TRUE;
    g_assert_true(vmc_store_put_vm(fixture->store, vm, &error));
    g_assert_no_error(error);
    vmc_live_fleet_put_vm(fixture->live_fleet, vm);
    return uuid;
}

typedef struct {
    VmcLink *link;
    const VmcCall *call;
    gboolean ok;
    gint is_over;
} Question;

static gpointer
ask(gpointer data)
{
    Question *question = data;
    g_auto(VmcReply) reply = VMC_REPLY_INIT;

    question->ok =
        vmc_link_call(question->link, question->call, &reply, NULL, NULL);
    g_atomic_int_set(&question->is_over, 1);
    return NULL;
}

static gboolean
is_over(gpointer data)
{
    return g_atomic_int_get(&((Question *) data)->is_over);
}

gboolean
vmc_sim_fixture_call(VmcDaemonFixture *fixture,
                     const char *host,
                     const VmcCall *call)
{
    g_autoptr(VmcLink) link = vmc_live_fleet_link(fixture->live_fleet, host);
    Question question = {.link = link, .call = call};
    GThread *thread = g_thread_new("ask", ask, &question);

    vmc_fixture_wait_until(is_over, &question);
    g_thread_join(thread);
    return question.ok;
}

/* ---- faults and crashes ------------------------------------------------- */

static gboolean
has_struck(gpointer data)
{
    return vmc_sim_fault_count() > 0;
}

void
vmc_sim_fixture_await_fault(void)
{
    vmc_fixture_wait_until(has_struck, NULL);
}

void
vmc_sim_fixture_restart(VmcDaemonFixture *fixture)
{
    vmc_daemon_fixture_end(fixture);
    vmc_sim_fault_clear();
    vmc_daemon_fixture_begin(fixture);
}
