/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-connection.h"
#include "daemon/hypervisor/libvirt-driver.h"
#include "tests/lab/lab-world.h"
#include "tests/unit/conformance.h"

/* The suite that every driver passes, on real hosts with real guests. */

#define IMAGE "conformance.qcow2"
#define IMAGE_BYTES "1G"

static char *
make_xml(const VmcConformance *suite, const char *uuid, const char *name)
{
    return lab_guest_xml(name, uuid, /* disk_path= */ NULL);
}

static VmcConformance suite = {
    .prefix = "/conformance/libvirt",
    .driver = &vmc_libvirt_driver,
    .pool = "default",
    .image = IMAGE,
    .make_xml = make_xml,
    .guest_timeout_ms = 60000,
};

int
main(int argc, char **argv)
{
    int status = 0;

    g_test_init(&argc, &argv, NULL);
    vmc_libvirt_init();
    lab_read();
    suite.uri = lab_get("uri_host1");
    suite.other_uri = lab_get("uri_host2");
    suite.migration_uri = lab_get("tcp_host2");
    lab_run("host-exec", "host1", "qemu-img", "create", "-q", "-f", "qcow2",
            "/var/lib/libvirt/images/" IMAGE, IMAGE_BYTES, NULL);
    vmc_conformance_add_tests(&suite);
    status = g_test_run();
    lab_run("host-exec", "host1", "rm", "-f", "/var/lib/libvirt/images/" IMAGE,
            NULL);
    return status;
}
