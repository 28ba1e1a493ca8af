/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "daemon/hypervisor/facts.h"

/*
 * Which host has seen which domain, in what state, and how fresh that is: how a
 * VM that moved by another hand is found, and one that runs twice.
 */

/**
 * VmcSight:
 * @host: (transfer none): who sees it
 * @state: as what
 * @stamp: of the fleet, when the host was asked
 */
typedef struct {
    const char *host;
    VmcRunState state;
    guint64 stamp;
} VmcSight;

typedef struct _VmcSightings VmcSightings;

VmcSightings *vmc_sightings_new(void);
void vmc_sightings_free(VmcSightings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcSightings, vmc_sightings_free)

/* What @host was last seen to have of @uuid. */
void vmc_sightings_note(VmcSightings *self,
                        const char *host,
                        const char *uuid,
                        VmcRunState state,
                        guint64 stamp);
void vmc_sightings_forget(VmcSightings *self,
                          const char *host,
                          const char *uuid);
void vmc_sightings_forget_host(VmcSightings *self, const char *host);

/**
 * vmc_sightings_get:
 * @self: the sightings
 * @host: a host
 * @uuid: a domain
 * @ret_sight: (out): what it saw
 *
 * Returns: %FALSE when @host does not see @uuid
 */
gboolean vmc_sightings_get(VmcSightings *self,
                           const char *host,
                           const char *uuid,
                           VmcSight *ret_sight);

/**
 * vmc_sightings_find_other:
 * @self: the sightings
 * @host: a host
 * @uuid: a domain
 * @ret_sight: (out): what another host sees, one where it is active first
 *
 * Returns: %FALSE when no other host sees @uuid
 */
gboolean vmc_sightings_find_other(VmcSightings *self,
                                  const char *host,
                                  const char *uuid,
                                  VmcSight *ret_sight);

/* On how many hosts its CPUs run. */
guint vmc_sightings_count_running(VmcSightings *self, const char *uuid);
