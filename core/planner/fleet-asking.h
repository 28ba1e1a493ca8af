/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/host-fit.h"
#include "core/planner/fleet-model.h"

/**
 * VmcFleetAsking:
 * @needs: what it needs of a host
 * @wishes: (element-type VmcWish): those that must hold count
 * @rules: indexes of rules of kind pin and avoid that must hold, one for all
 *   that ask for the same hosts
 * @n_rules: how many
 * @kin: (nullable): it runs on a host of this kind, where hosts differ
 * @home: (nullable): where it may be whatever the host lacks
 *
 * All that a VM asks for of its hosts, so that those that ask for the same
 * share what is made of it. Borrows everything.
 */
typedef struct {
    VmcHostNeeds needs;
    GPtrArray *wishes;
    const guint32 *rules;
    guint n_rules;
    const VmcHost *kin;
    const VmcHost *home;
} VmcFleetAsking;

/**
 * vmc_fleet_asking_is_empty:
 * @asking: what a VM asks for
 *
 * Returns: whether any host will do
 */
gboolean vmc_fleet_asking_is_empty(const VmcFleetAsking *asking);

/* For hash tables: by what is asked for, not by who asks. */
guint vmc_fleet_asking_hash(gconstpointer asking);
gboolean vmc_fleet_asking_equal(gconstpointer one, gconstpointer other);
