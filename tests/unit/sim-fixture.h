/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon-fixture.h"

/*
 * What the tests of jobs on running VMs need beside the daemon: short limits,
 * so that what does not come is given up soon, VMs that simulated hosts come
 * with, and a new daemon in the middle of a job.
 */

/* Torn down as the daemon's own fixture. The monitor raises the alarm, which
 * ends a test, when a VM runs twice: a test of that goes without. */
void vmc_sim_fixture_set_up(VmcDaemonFixture *fixture, gboolean has_monitor);

/* Only prepares, in a folder that is given. */
void vmc_sim_fixture_init(VmcDaemonFixture *fixture,
                          gboolean has_monitor,
                          const char *dir);

/* Takes the domain "HOST-vm1" into the fleet as managed. Returns its UUID. */
char *vmc_sim_fixture_adopt(VmcDaemonFixture *fixture, const char *host);

/* The domain as the host has it now, the guest included. (transfer full)
 * (nullable): it is not there */
VmcDomainFacts *vmc_sim_fixture_look(VmcDaemonFixture *fixture,
                                     const char *host,
                                     const char *uuid);

/* Asks a host over the daemon's link, from a thread as a job would be. */
gboolean vmc_sim_fixture_call(VmcDaemonFixture *fixture,
                              const char *host,
                              const VmcCall *call);

/* Ends the daemon and begins a new one over the same hosts, as after a crash:
 * what the old one would have undone is left as it is. */
void vmc_sim_fixture_restart(VmcDaemonFixture *fixture);

/* Waits until a fault has struck. */
void vmc_sim_fixture_await_fault(void);
