/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-error.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <errno.h>
#include <string.h>

/* Jobs decide by the code what to do next: above all whether something may
 * have happened (unknown) or cannot have (busy). */
static void
test_codes(void)
{
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_NO_DOMAIN, 0, NULL), ==,
                    VMC_ERROR_NOT_FOUND);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_OPERATION_INVALID, 0, NULL),
                    ==, VMC_ERROR_REFUSED);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_OPERATION_ABORTED, 0, NULL),
                    ==, VMC_ERROR_CANCELLED);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_XML_INVALID_SCHEMA, 0, NULL),
                    ==, VMC_ERROR_INVALID);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_RESOURCE_BUSY, 0, NULL), ==,
                    VMC_ERROR_BUSY);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_INTERNAL_ERROR, 0, "odd"), ==,
                    VMC_ERROR_FAILED);
}

/* libvirt gives a lock that was not got and an unplug that was not answered
 * the same number. */
static void
test_timeouts(void)
{
    g_assert_cmpint(
        vmc_libvirt_error_map(VIR_ERR_OPERATION_TIMEOUT, 0,
                              "Timed out during operation: cannot acquire "
                              "state change lock (held by monitor=x)"),
        ==, VMC_ERROR_BUSY);
    g_assert_cmpint(
        vmc_libvirt_error_map(VIR_ERR_OPERATION_TIMEOUT, 0,
                              "Timed out during operation: vcpu unplug "
                              "request timed out"),
        ==, VMC_ERROR_UNKNOWN);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_OPERATION_TIMEOUT, 0, NULL),
                    ==, VMC_ERROR_UNKNOWN);
}

/* A full disk has an exit code of its own, whether libvirt met it or
 * qemu-img. */
static void
test_disk_full(void)
{
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_SYSTEM_ERROR, ENOSPC, NULL),
                    ==, VMC_ERROR_NO_SPACE);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_SYSTEM_ERROR, EACCES, NULL),
                    ==, VMC_ERROR_DENIED);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_SYSTEM_ERROR, EINVAL, NULL),
                    ==, VMC_ERROR_FAILED);
    g_assert_cmpint(vmc_libvirt_error_map(VIR_ERR_INTERNAL_ERROR, 0,
                                          "qemu-img: No space left on device"),
                    ==, VMC_ERROR_NO_SPACE);
}

/* Any call of libvirt, in the arguments of the message as well, forgets the
 * error: it has to be kept before. */
static const char *
forget(void)
{
    virResetLastError();
    return "web1";
}

static void
drop(void *user_data, virErrorPtr error)
{
}

static void
test_kept(void)
{
    g_autoptr(GError) error = NULL;

    virSetErrorFunc(NULL, drop);
    g_assert_null(virDomainLookupByName(NULL, "web1"));
    g_assert_false(
        vmc_libvirt_error_set(&error, "cannot start '%s'", forget()));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_true(g_str_has_prefix(error->message, "cannot start 'web1': "));
    g_assert_nonnull(strstr(error->message, "invalid connection"));
}

static void
test_no_reason(void)
{
    g_autoptr(GError) error = NULL;

    virResetLastError();
    g_assert_false(vmc_libvirt_error_set(&error, "cannot start"));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* before it, libvirt takes another library's memory for its last error */
    g_assert_cmpint(virInitialize(), ==, 0);
    g_test_add_func("/libvirt-error/codes", test_codes);
    g_test_add_func("/libvirt-error/timeouts", test_timeouts);
    g_test_add_func("/libvirt-error/disk-full", test_disk_full);
    g_test_add_func("/libvirt-error/kept", test_kept);
    g_test_add_func("/libvirt-error/no-reason", test_no_reason);
    return g_test_run();
}
