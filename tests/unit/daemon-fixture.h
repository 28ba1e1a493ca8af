/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/control/live-fleet.h"
#include "daemon/control/monitor.h"
#include "daemon/jobs/job-queue.h"
#include "daemon/settings.h"
#include "daemon/store/store.h"

/*
 * A daemon without its API: store, live fleet, queue and monitor in a folder of
 * their own, and simulated hosts. It can be ended and begun again over the same
 * folder; the hosts live on meanwhile, as hosts do.
 */

typedef struct {
    char *dir;
    char *path; /* of the database */
    VmcSettings *settings;
    VmcStore *store;
    VmcLiveFleet *live_fleet;
    VmcJobQueue *queue;
    VmcMonitor *monitor;        /* (nullable) */
    VmcJobKindFinder find_kind; /* NULL: the real ones */
    gboolean has_monitor;       /* watch the hosts */
    guint deadline_max_ms;      /* of calls to hosts; 0: as call.c says */
    GHashTable *uris;           /* simulated hosts: name → URI */
} VmcDaemonFixture;

/* Set find_kind and has_monitor before, if they are wanted. */
void vmc_daemon_fixture_set_up(VmcDaemonFixture *fixture, gconstpointer data);
void vmc_daemon_fixture_tear_down(VmcDaemonFixture *fixture,
                                  gconstpointer data);

/* The parts: init() only prepares; begin() opens the store and recovers; end()
 * shuts down. */
void vmc_daemon_fixture_init(VmcDaemonFixture *fixture, const char *dir);
void vmc_daemon_fixture_begin(VmcDaemonFixture *fixture);
void vmc_daemon_fixture_end(VmcDaemonFixture *fixture);

/* Runs the main loop until @func says TRUE; aborts after a minute. */
typedef gboolean (*VmcConditionFunc)(gpointer data);
void vmc_fixture_wait_until(VmcConditionFunc func, gpointer data);

/**
 * vmc_daemon_fixture_add_sim_host:
 * @fixture: the daemon
 * @name: its name, with no host of that name in another fixture at a time
 * @parameters: (nullable): of its URI, as "cores=4&vms=2"
 *
 * A host with pool "default" in /sim/NAME/default, network "default" and next
 * to no latency. Returns when its link is up, and with a monitor, when the
 * fleet shows what it has.
 */
void vmc_daemon_fixture_add_sim_host(VmcDaemonFixture *fixture,
                                     const char *name,
                                     const char *parameters);

/* Waits until the link is up and, with a monitor, the fleet says so. */
void vmc_daemon_fixture_wait_for_host(VmcDaemonFixture *fixture,
                                      const char *name);

/**
 * vmc_daemon_fixture_define:
 * @fixture: the daemon
 * @host: a simulated host
 * @uuid: of the new domain
 * @name: its name
 *
 * Defines a domain on @host past the daemon, managed, shut off, and puts its VM
 * into store and fleet.
 */
void vmc_daemon_fixture_define(VmcDaemonFixture *fixture,
                               const char *host,
                               const char *uuid,
                               const char *name);

/* Asks a host for what needs only a VM, past the daemon; aborts on error. */
void vmc_daemon_fixture_call(VmcDaemonFixture *fixture,
                             const char *host,
                             VmcCallKind kind,
                             const char *uuid);

/* Asks a host for anything, past the daemon; aborts on error. */
void vmc_daemon_fixture_perform(VmcDaemonFixture *fixture,
                                const char *host,
                                const VmcCall *call);

/* What a host says of a domain. (transfer full) */
VmcDomainFacts *vmc_daemon_fixture_look(VmcDaemonFixture *fixture,
                                        const char *host,
                                        const char *uuid);

/* Waits until the fleet shows a VM in a state. */
void vmc_daemon_fixture_wait_for_vm(VmcDaemonFixture *fixture,
                                    const char *uuid,
                                    VmcVmState state);

/* Stores a host, and puts it into the fleet, without a link. */
void vmc_daemon_fixture_add_host(VmcDaemonFixture *fixture, const char *name);

/* Stores a running VM and puts it into the fleet. */
void vmc_daemon_fixture_add_vm(VmcDaemonFixture *fixture,
                               const char *uuid,
                               const char *name,
                               const char *host);

/* The VM as the fleet has it. (transfer full) (nullable) */
VmcVm *vmc_daemon_fixture_vm(VmcDaemonFixture *fixture, const char *uuid);

/* Submits a job; aborts when it is refused. */
guint64 vmc_daemon_fixture_submit(VmcDaemonFixture *fixture,
                                  const char *kind,
                                  const char *vm_uuid,
                                  const char *intent_json);

/* Waits until a job has ended. (transfer full) */
VmcJobRecord *vmc_daemon_fixture_finish(VmcDaemonFixture *fixture, guint64 id);

/* Waits until a job is in @state. */
void vmc_daemon_fixture_wait_for(VmcDaemonFixture *fixture,
                                 guint64 id,
                                 VmcJobState state);

/* Whether the trail has a note with @text in it. */
gboolean vmc_fixture_trail_has(const VmcJobRecord *record, const char *text);

/* Asserts how a job has ended; else shows its trail. */
void vmc_fixture_assert_ended(const VmcJobRecord *record, VmcJobState state);
