/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/placement.h"

#include "core/error.h"

#include <glib.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static VmcHost *
make_host(const char *name, guint n_cores, guint64 memory_bytes)
{
    VmcHost *host = vmc_host_new(name, "sim://x");

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(n_cores * 1000, memory_bytes, 0, 0);
    host->ceiling_milli = VMC_RESOURCES(8000, 1000, 0, 0);
    return host;
}

/* small: 4 CPUs, 8 GiB; big: 16 CPUs, 64 GiB */
static VmcFleet *
make_fleet(void)
{
    g_autoptr(VmcHost) small = make_host("small", 4, 8 * GIB);
    g_autoptr(VmcHost) big = make_host("big", 16, 64 * GIB);
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    g_autoptr(VmcFleet) one = vmc_fleet_with_host(empty, small);

    return vmc_fleet_with_host(one, big);
}

static VmcFleet *
with_vm(VmcFleet *fleet, const char *host, const char *destination)
{
    g_autoptr(VmcVm) vm =
        vmc_vm_new("11111111-1111-1111-1111-111111111111", "old");

    vm->host = g_strdup(host);
    vm->destination = g_strdup(destination);
    vm->is_managed = TRUE;
    vm->factors = vmc_factors_default();
    vm->size = VMC_RESOURCES(2000, 6 * GIB, 0, 0);
    return vmc_fleet_with_vm(fleet, vm);
}

static VmcPlacementRequest
make_request(guint n_cores, guint64 memory_bytes)
{
    VmcResources size = VMC_RESOURCES(n_cores * 1000, memory_bytes, 0, 0);

    return (VmcPlacementRequest){.vm_name = "new", .size = size, .claim = size};
}

static void
assert_refused(VmcFleet *fleet,
               const VmcPlacementRequest *request,
               const char *host,
               const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(vmc_placement_check(fleet, request, host, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("'%s' does not match '%s'", error->message, pattern);
}

/* Best fit keeps the big holes whole. */
static void
test_best_fit_takes_the_small_host(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    VmcPlacementRequest request = make_request(1, 2 * GIB);
    g_autoptr(VmcPlacement) placement = vmc_placement_find(fleet, &request);

    g_assert_cmpstr(placement->host, ==, "small");
    g_assert_cmpuint(placement->candidates->len, ==, 2);
}

/* The hard rule, and what it says when it is broken. */
static void
test_claim_is_a_hard_rule(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    VmcPlacementRequest request = make_request(1, 9 * GIB);

    assert_refused(fleet, &request, "small",
                   "*'small'*'new'*memory: claims 9GiB, 8GiB left of 8GiB*");
    g_assert_true(vmc_placement_check(fleet, &request, "big", NULL));
    request.claim.amount[VMC_MEMORY] = 8 * GIB;
    request.size.amount[VMC_MEMORY] = 8 * GIB;
    g_assert_true(vmc_placement_check(fleet, &request, "small", NULL));
}

/* Σ size has a ceiling of its own, however small the claims are. */
static void
test_ceiling_is_a_hard_rule(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    VmcPlacementRequest request = make_request(33, GIB);

    request.claim.amount[VMC_CPU] = 10;
    assert_refused(fleet, &request, "small", "*overcommit ceiling*");
    g_assert_true(vmc_placement_check(fleet, &request, "big", NULL));
}

/* A VM in transit holds its room on both hosts. */
static void
test_transit_counts_on_both(void)
{
    g_autoptr(VmcFleet) bare = make_fleet();
    g_autoptr(VmcFleet) fleet = with_vm(bare, "big", "small");
    VmcPlacementRequest request = make_request(1, 3 * GIB);

    assert_refused(fleet, &request, "small", "*2GiB left of 8GiB*");
    request = make_request(1, 59 * GIB);
    assert_refused(fleet, &request, "big", "*58GiB left of 64GiB*");
}

/* A VM that grows where it is does not compete with itself. */
static void
test_own_use_is_left_out(void)
{
    g_autoptr(VmcFleet) bare = make_fleet();
    g_autoptr(VmcFleet) fleet = with_vm(bare, "small", NULL);
    VmcPlacementRequest request = make_request(4, 8 * GIB);

    assert_refused(fleet, &request, "small", "*");
    request.vm_uuid = "11111111-1111-1111-1111-111111111111";
    g_assert_true(vmc_placement_check(fleet, &request, "small", NULL));
}

/* A host that is too full of one resource still lets its VMs grow by another,
 * and lets them keep what they have. */
static void
test_what_it_has_it_keeps(void)
{
    g_autoptr(VmcFleet) bare = make_fleet();
    g_autoptr(VmcFleet) full = with_vm(bare, "small", NULL);
    g_autoptr(VmcHost) host = make_host("small", 1, 8 * GIB);
    VmcPlacementRequest request = make_request(2, 7 * GIB);

    host->ceiling_milli = VMC_RESOURCES(1000, 1000, 0, 0);
    g_autoptr(VmcFleet) fleet = vmc_fleet_with_host(full, host);
    assert_refused(fleet, &request, "small", "*cpu: claims 2*");
    request.vm_uuid = "11111111-1111-1111-1111-111111111111";
    g_assert_true(vmc_placement_check(fleet, &request, "small", NULL));
    request.claim.amount[VMC_CPU] = 3000;
    assert_refused(fleet, &request, "small", "*cpu: claims 3*");
    request.claim.amount[VMC_CPU] = 2000;
    request.size.amount[VMC_CPU] = 3000;
    assert_refused(fleet, &request, "small", "*cpu: is given 3*");
}

static void
test_wishes(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(GPtrArray) wishes = vmc_wishes_new();
    VmcPlacementRequest request = make_request(1, GIB);

    request.wishes = wishes;
    g_ptr_array_add(wishes, vmc_wish_new(FALSE, FALSE, "big", NULL));
    g_autoptr(VmcPlacement) preferred = vmc_placement_find(fleet, &request);
    g_assert_cmpstr(preferred->host, ==, "big");
    g_assert_true(vmc_placement_check(fleet, &request, "small", NULL));

    g_ptr_array_add(wishes, vmc_wish_new(TRUE, FALSE, NULL, "ssd"));
    assert_refused(fleet, &request, "big", "*must be on hosts labelled 'ssd'*");
}

/* A host that is not up takes nothing; the error names state and reason. */
static void
test_states(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcHost) down =
        vmc_host_copy(vmc_fleet_find_host(fleet, "small"));

    down->state = VMC_HOST_UNREACHABLE;
    down->state_reason = g_strdup("no route");
    g_autoptr(VmcFleet) broken = vmc_fleet_with_host(fleet, down);
    VmcPlacementRequest request = make_request(1, GIB);
    assert_refused(broken, &request, "small", "*unreachable: no route*");
}

static void
test_hardware(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    const char *const pools[] = {"fast", NULL};
    VmcPlacementRequest request = make_request(1, GIB);

    /* an empty list of models means it could not be asked */
    request.cpu_model = "Skylake-Server";
    g_assert_true(vmc_placement_check(fleet, &request, "big", NULL));
    request.pools = (GStrv) pools;
    assert_refused(fleet, &request, "big", "*no active storage pool 'fast'*");
}

/* A guest under KVM cannot go on where there is only emulation; an emulated one
 * can go anywhere. */
static void
test_no_kvm(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcHost) host = vmc_host_copy(vmc_fleet_find_host(fleet, "big"));
    VmcPlacementRequest request = make_request(1, GIB);

    g_free(host->domain_type);
    host->domain_type = g_strdup("qemu");
    g_autoptr(VmcFleet) slow = vmc_fleet_with_host(fleet, host);
    request.domain_type = "qemu";
    g_assert_true(vmc_placement_check(slow, &request, "big", NULL));
    request.domain_type = "kvm";
    assert_refused(slow, &request, "big", "*it has no KVM*");
}

static void
test_nowhere_to_go(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    VmcPlacementRequest request = make_request(1, 100 * GIB);
    g_autoptr(VmcPlacement) placement = vmc_placement_find(fleet, &request);
    g_autoptr(GError) error = vmc_placement_to_error(placement, &request);

    g_assert_null(placement->host);
    g_assert_true(
        g_pattern_match_simple("*big: memory*small: memory*", error->message));
    g_autoptr(VmcPlacement) none = vmc_placement_find(empty, &request);
    g_autoptr(GError) no_hosts = vmc_placement_to_error(none, &request);
    g_assert_true(g_pattern_match_simple("*no hosts*", no_hosts->message));
}

/* Rules of the fleet hold for a new VM, by its name or its template, and for
 * one that moves; staying where it is breaks nothing. */
static void
test_rules(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcFleet) used = with_vm(fleet, "big", NULL);
    g_autoptr(VmcPlacementRule) rule =
        vmc_placement_rule_new("web-apart", VMC_PLACEMENT_RULE_APART);
    const char *const vms[] = {"old", NULL};
    const char *const templates[] = {"web", NULL};
    VmcPlacementRequest request = make_request(1, GIB);

    rule->must = TRUE;
    g_strfreev(rule->vms);
    rule->vms = g_strdupv((GStrv) vms);
    g_strfreev(rule->templates);
    rule->templates = g_strdupv((GStrv) templates);
    g_autoptr(VmcFleet) ruled = vmc_fleet_with_rule(used, rule);
    g_assert_true(vmc_placement_check(ruled, &request, "big", NULL));
    request.template_name = "web";
    assert_refused(ruled, &request, "big", "*rule 'web-apart' keeps it apart*");
    g_assert_true(vmc_placement_check(ruled, &request, "small", NULL));
    g_autoptr(VmcPlacement) placement = vmc_placement_find(ruled, &request);
    g_assert_cmpstr(placement->host, ==, "small");
    request.vm_uuid = "11111111-1111-1111-1111-111111111111";
    g_assert_true(vmc_placement_check(ruled, &request, "big", NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/placement/best-fit", test_best_fit_takes_the_small_host);
    g_test_add_func("/placement/claim", test_claim_is_a_hard_rule);
    g_test_add_func("/placement/ceiling", test_ceiling_is_a_hard_rule);
    g_test_add_func("/placement/transit", test_transit_counts_on_both);
    g_test_add_func("/placement/own-use", test_own_use_is_left_out);
    g_test_add_func("/placement/keeps", test_what_it_has_it_keeps);
    g_test_add_func("/placement/wishes", test_wishes);
    g_test_add_func("/placement/states", test_states);
    g_test_add_func("/placement/hardware", test_hardware);
    g_test_add_func("/placement/no-kvm", test_no_kvm);
    g_test_add_func("/placement/nowhere", test_nowhere_to_go);
    g_test_add_func("/placement/rules", test_rules);
    return g_test_run();
}
