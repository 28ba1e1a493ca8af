/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/link.h"

#include "core/error.h"
#include "daemon/hypervisor/sim-fault.h"
#include "daemon/hypervisor/sim-world.h"

#include <string.h>

#define URI "sim://kvm1"

static void
add_fault(VmcSimFaultKind kind, const char *call, guint times)
{
    VmcSimFault fault = {.kind = kind, .call = call, .times = times};

    vmc_sim_fault_add(&fault);
}

/* A host that answers says what it is. */
static void
test_probe(void)
{
    g_autoptr(VmcHost) host = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_link_probe(URI, NULL, 1000, NULL, &host, &error));
    g_assert_no_error(error);
    g_assert_true(g_uuid_string_is_valid(host->uuid));
}

static void
assert_probe_fails(guint timeout_ms, GCancellable *cancellable, VmcError code)
{
    g_autoptr(VmcHost) host = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(
        vmc_link_probe(URI, NULL, timeout_ms, cancellable, &host, &error));
    g_assert_error(error, VMC_ERROR, (int) code);
    g_assert_nonnull(strstr(error->message, "sim://kvm1"));
    g_assert_null(host);
}

/* A host that does not open, or opens and says nothing, is unreachable after
 * its time, however long it blocks on. */
static void
test_probe_hangs(void)
{
    add_fault(VMC_SIM_FAULT_HANG, "open", 1);
    assert_probe_fails(30, NULL, VMC_ERROR_UNREACHABLE);
    add_fault(VMC_SIM_FAULT_HANG, "read-host", 1);
    assert_probe_fails(30, NULL, VMC_ERROR_UNREACHABLE);
    vmc_sim_fault_clear();
}

static gpointer
cancel_in_thread(gpointer cancellable)
{
    while (vmc_sim_fault_count() == 0)
        g_thread_yield();
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void
test_probe_cancelled(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    add_fault(VMC_SIM_FAULT_HANG, "open", 1);
    GThread *thread = g_thread_new("cancel", cancel_in_thread, cancellable);
    assert_probe_fails(60000, cancellable, VMC_ERROR_CANCELLED);
    g_thread_join(thread);
    vmc_sim_fault_clear();
}

/* A host is asked for the domain type it is added with. */
static void
test_probe_domain_type(void)
{
    g_autoptr(VmcHost) host = NULL;
    g_autoptr(VmcHost) none = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_link_probe(URI, "qemu", 1000, NULL, &host, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(host->domain_type, ==, "qemu");
    g_assert_false(vmc_link_probe("sim://tcg?domain_type=qemu", "kvm", 1000,
                                  NULL, &none, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED);
}

/* What is no URI, or asks for what there is not, is said to be wrong. */
static void
test_probe_bad_uri(void)
{
    g_autoptr(VmcHost) host = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(
        vmc_link_probe("sim://kvm1?wings=2", NULL, 1000, NULL, &host, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "'wings'"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link-probe/answers", test_probe);
    g_test_add_func("/link-probe/hangs", test_probe_hangs);
    g_test_add_func("/link-probe/cancelled", test_probe_cancelled);
    g_test_add_func("/link-probe/domain-type", test_probe_domain_type);
    g_test_add_func("/link-probe/bad-uri", test_probe_bad_uri);
    return g_test_run();
}
