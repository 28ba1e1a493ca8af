/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/error.h"
#include "daemon/store/store.h"

/*
 * A folder of its own for a store, and what tests keep in it.
 */

#define UUID_1 "00000000-0000-4000-8000-000000000001"
#define UUID_2 "00000000-0000-4000-8000-000000000002"

typedef struct {
    char *dir;
    char *path; /* of the database, which is not made yet */
} VmcStoreFixture;

void vmc_store_fixture_set_up(VmcStoreFixture *fixture, gconstpointer data);
void vmc_store_fixture_tear_down(VmcStoreFixture *fixture, gconstpointer data);

/* (transfer full) */
VmcStore *vmc_store_fixture_open(VmcStoreFixture *fixture);
void vmc_store_fixture_open_fails(VmcStoreFixture *fixture,
                                  VmcError code,
                                  const char *advice);

/* A managed VM that runs. (transfer full) */
VmcVm *vmc_test_make_vm(const char *uuid, const char *name, const char *host);
/* One that starts web1. (transfer full) */
VmcJobRecord *vmc_test_make_job(guint64 id, VmcJobState state);

void vmc_test_put_host(VmcStore *store, const char *name);
void vmc_test_put_job(VmcStore *store, guint64 id, VmcJobState state);

/* h1 with web1, which is UUID_1, on it. */
void vmc_test_put_example(VmcStore *store);

/* All hosts and VMs of the store as JSON. (transfer full) */
char *vmc_test_fleet_text(VmcStore *store);
