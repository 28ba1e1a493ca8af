/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/conformance.h"
#include "tests/unit/sim-xml.h"

static char *
make_xml(const VmcConformance *suite, const char *uuid, const char *name)
{
    return sim_xml_new(uuid, name);
}

static const VmcConformance suite = {
    .prefix = "/conformance/sim",
    .driver = &vmc_sim_driver,
    .uri = "sim://kvm1?memory=16GiB&images=debian.qcow2&guest_ms=5&boot_ms=10",
    .other_uri = "sim://kvm2?memory=16GiB&guest_ms=5&boot_ms=10",
    .migration_uri = "sim://kvm2",
    .pool = "default",
    .image = "debian.qcow2",
    .make_xml = make_xml,
    .guest_timeout_ms = 10000,
};

/* A guest that does nothing by itself: the suite must reach the same through
 * the agent. */
static const VmcConformance passive_suite = {
    .prefix = "/conformance/sim-passive-guest",
    .driver = &vmc_sim_driver,
    .uri = "sim://kvm3?memory=16GiB&online_cpus=no&guest_ms=5&boot_ms=10"
           "&domain_type=kvm&images=debian.qcow2&shared_pools=yes",
    .other_uri = "sim://kvm4?online_cpus=no&shared_pools=yes",
    .migration_uri = "sim://kvm4",
    .pool = "default",
    .image = "debian.qcow2",
    .make_xml = make_xml,
    .guest_timeout_ms = 10000,
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vmc_conformance_add_tests(&suite);
    vmc_conformance_add_tests(&passive_suite);
    return g_test_run();
}
