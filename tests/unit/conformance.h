/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/driver.h"

/*
 * What every driver must do alike, so that jobs that work on one work on the
 * other. It runs against the simulated driver with the unit tests, and against
 * libvirt and real guests in the lab. A test makes its own domain, and takes
 * it away again.
 */

typedef struct _VmcConformance VmcConformance;

/**
 * VmcConformanceXml:
 * @suite: the suite
 * @uuid: UUID of the domain
 * @name: its name
 *
 * Returns: (transfer full): XML of a domain that boots a guest with agent and
 * balloon, all hot-plug drivers, and memory and vCPUs online by themselves or
 * by the agent; with 1 vCPU of at most 2 or more, a virtio-mem device of
 * 256 MiB or more of which nothing is requested, a free DIMM slot with room
 * for 128 MiB, no disk, and a console
 */
typedef char *(*VmcConformanceXml)(const VmcConformance *suite,
                                   const char *uuid,
                                   const char *name);

/**
 * VmcConformance:
 * @prefix: of the tests' paths, as "/conformance/sim"
 * @driver: the driver
 * @uri: a host
 * @other_uri: (nullable): another one, for migrations
 * @migration_uri: (nullable): how @uri reaches @other_uri
 * @pool: (nullable): storage pool of @uri that may be written to
 * @image: (nullable): volume of @pool to clone from
 * @make_xml: makes a domain
 * @data: closure of @make_xml
 * @guest_timeout_ms: how long a guest may take to boot or to react
 */
struct _VmcConformance {
    const char *prefix;
    const VmcDriver *driver;
    const char *uri;
    const char *other_uri;
    const char *migration_uri;
    const char *pool;
    const char *image;
    VmcConformanceXml make_xml;
    gpointer data;
    guint guest_timeout_ms;
};

/* Adds the tests to the program. @suite must stay. */
void vmc_conformance_add_tests(const VmcConformance *suite);
