/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/fleet.h"

#include <glib.h>

static VmcFleet *
put_host(VmcFleet *fleet, const char *name)
{
    g_autoptr(VmcHost) host = vmc_host_new(name, "test:///default");
    VmcFleet *changed = vmc_fleet_with_host(fleet, host);

    vmc_fleet_unref(fleet);
    return changed;
}

static VmcVm *
make_vm(const char *uuid, const char *name, const char *host)
{
    VmcVm *vm = vmc_vm_new(uuid, name);

    vm->host = g_strdup(host);
    vm->is_managed = TRUE;
    vm->size = VMC_RESOURCES(2000, 1024, 10, 0);
    vm->factors.of[VMC_CPU] = vmc_factor_fixed(500, VMC_FACTOR_FROM_VM);
    return vm;
}

/* Takes both. */
static VmcFleet *
put_vm(VmcFleet *fleet, VmcVm *vm)
{
    VmcFleet *changed = vmc_fleet_with_vm(fleet, vm);

    vmc_fleet_unref(fleet);
    vmc_vm_unref(vm);
    return changed;
}

static void
assert_use(const VmcFleet *fleet, const char *host, guint n_vms)
{
    VmcHostUse use = vmc_fleet_host_use(fleet, host);

    g_assert_cmpuint(use.n_vms, ==, n_vms);
    g_assert_true(vmc_resources_equal(
        use.size, VMC_RESOURCES(2000 * n_vms, 1024 * n_vms, 10 * n_vms, 0)));
    g_assert_true(vmc_resources_equal(
        use.claim, VMC_RESOURCES(1000 * n_vms, 1024 * n_vms, 10 * n_vms, 0)));
}

static void
test_sorted_and_found(void)
{
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();

    fleet = put_host(fleet, "b");
    fleet = put_host(fleet, "a");
    fleet = put_vm(fleet,
                   make_vm("00000000-0000-0000-0000-00000000000a", "z", "a"));
    fleet = put_vm(fleet,
                   make_vm("00000000-0000-0000-0000-00000000000b", "y", "a"));
    g_assert_cmpstr(vmc_fleet_host_at(fleet, 0)->name, ==, "a");
    g_assert_cmpstr(vmc_fleet_host_at(fleet, 1)->name, ==, "b");
    g_assert_cmpstr(vmc_fleet_vm_at(fleet, 0)->name, ==, "y");
    g_assert_cmpstr(vmc_fleet_find_host(fleet, "b")->name, ==, "b");
    g_assert_null(vmc_fleet_find_host(fleet, "c"));
    g_assert_cmpstr(vmc_fleet_find_vm(fleet, "z")->name, ==, "z");
    /* a UUID is the same in capitals */
    const VmcVm *found =
        vmc_fleet_find_vm(fleet, "00000000-0000-0000-0000-00000000000B");
    g_assert_cmpstr(found->name, ==, "y");
    g_assert_null(vmc_fleet_find_vm(fleet, "x"));
}

/* An old snapshot is not touched by what is made from it. */
static void
test_snapshot_stays(void)
{
    g_autoptr(VmcFleet) fleet = put_host(vmc_fleet_new(), "a");
    fleet = put_vm(fleet, make_vm("1", "web1", "a"));
    g_autoptr(VmcFleet) old = vmc_fleet_ref(fleet);

    fleet = put_vm(fleet, make_vm("2", "web2", "a"));
    g_autoptr(VmcFleet) gone = vmc_fleet_without_vm(fleet, "1");
    g_autoptr(VmcFleet) bare = vmc_fleet_without_host(fleet, "a");

    assert_use(old, "a", 1);
    assert_use(fleet, "a", 2);
    assert_use(gone, "a", 1);
    g_assert_cmpuint(vmc_fleet_n_vms(old), ==, 1);
    g_assert_nonnull(vmc_fleet_find_vm(old, "1"));
    g_assert_null(vmc_fleet_find_vm(gone, "1"));
    g_assert_null(vmc_fleet_find_vm(gone, "web1"));
    g_assert_cmpuint(vmc_fleet_n_hosts(bare), ==, 0);
    g_assert_cmpuint(vmc_fleet_n_hosts(fleet), ==, 1);
}

/* A VM is its UUID: with a new name or host the old entry goes. */
static void
test_rename_and_move(void)
{
    g_autoptr(VmcFleet) fleet = put_vm(vmc_fleet_new(), make_vm("1", "x", "a"));

    fleet = put_vm(fleet, make_vm("1", "y", "b"));
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, 1);
    g_assert_null(vmc_fleet_find_vm(fleet, "x"));
    g_assert_nonnull(vmc_fleet_find_vm(fleet, "y"));
    assert_use(fleet, "a", 0);
    assert_use(fleet, "b", 1);
}

/* The hard rule must hold on both ends of a move while it lasts. */
static void
test_in_transit_counts_twice(void)
{
    VmcVm *vm = make_vm("1", "x", "a");
    vm->destination = g_strdup("b");
    g_autoptr(VmcFleet) fleet = put_vm(vmc_fleet_new(), vm);

    assert_use(fleet, "a", 1);
    assert_use(fleet, "b", 1);
    /* but it is asked of the pool only once */
    g_assert_cmpuint(vmc_fleet_total_claim(fleet).amount[VMC_CPU], ==, 1000);
    fleet = put_vm(fleet, make_vm("1", "x", "b"));
    assert_use(fleet, "a", 0);
    assert_use(fleet, "b", 1);

    VmcVm *odd = make_vm("1", "x", "b");
    odd->destination = g_strdup("b");
    fleet = put_vm(fleet, odd);
    assert_use(fleet, "b", 1);
}

/* A sum beyond 64 bits shows as the largest number, and comes back to the
 * exact value once the huge VM goes. */
static void
test_huge_sums(void)
{
    VmcVm *huge = make_vm("2", "huge", "a");
    huge->size.amount[VMC_MEMORY] = G_MAXUINT64;
    g_autoptr(VmcFleet) fleet = put_vm(vmc_fleet_new(), make_vm("1", "x", "a"));

    fleet = put_vm(fleet, huge);
    VmcHostUse use = vmc_fleet_host_use(fleet, "a");
    g_assert_cmpuint(use.size.amount[VMC_MEMORY], ==, G_MAXUINT64);
    g_autoptr(VmcFleet) after = vmc_fleet_without_vm(fleet, "2");
    assert_use(after, "a", 1);
}

/* Found domains may share a name; the managed VM of that name is meant. */
static void
test_same_name_twice(void)
{
    VmcVm *found = make_vm("1", "web", "a");
    found->is_managed = FALSE;
    g_autoptr(VmcFleet) fleet = put_vm(vmc_fleet_new(), found);

    fleet = put_vm(fleet, make_vm("2", "web", "b"));
    g_assert_cmpuint(vmc_fleet_n_vms(fleet), ==, 2);
    g_assert_cmpstr(vmc_fleet_find_vm(fleet, "web")->uuid, ==, "2");
    g_autoptr(VmcFleet) after = vmc_fleet_without_vm(fleet, "2");
    g_assert_cmpstr(vmc_fleet_find_vm(after, "web")->uuid, ==, "1");
}

static void
assert_use_by_counting(const VmcFleet *fleet, const char *host)
{
    guint n_vms = 0;

    for (guint i = 0; i < vmc_fleet_n_vms(fleet); i++) {
        const VmcVm *vm = vmc_fleet_vm_at(fleet, i);
        if (g_strcmp0(vm->host, host) == 0 ||
            g_strcmp0(vm->destination, host) == 0)
            n_vms++;
    }
    assert_use(fleet, host, n_vms);
}

/* After any history, the kept sums are what counting gives. */
static void
test_sums_after_many_changes(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    g_autoptr(VmcFleet) fleet = vmc_fleet_new();
    static const char *const hosts[] = {"a", "b", "c", NULL};

    for (guint round = 0; round < 6000; round++) {
        g_autofree char *uuid =
            g_strdup_printf("%d", g_rand_int_range(rand, 0, 400));
        if (g_rand_int_range(rand, 0, 4) == 0) {
            VmcFleet *changed = vmc_fleet_without_vm(fleet, uuid);
            vmc_fleet_unref(fleet);
            fleet = changed;
            continue;
        }
        VmcVm *vm = make_vm(uuid, uuid, hosts[g_rand_int_range(rand, 0, 4)]);
        vm->destination = g_strdup(hosts[g_rand_int_range(rand, 0, 4)]);
        fleet = put_vm(fleet, vm);
    }
    for (guint i = 0; hosts[i] != NULL; i++)
        assert_use_by_counting(fleet, hosts[i]);
    g_assert_cmpuint(vmc_fleet_total_claim(fleet).amount[VMC_CPU], ==,
                     1000 * vmc_fleet_n_vms(fleet));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet/sorted-and-found", test_sorted_and_found);
    g_test_add_func("/fleet/snapshot-stays", test_snapshot_stays);
    g_test_add_func("/fleet/rename-and-move", test_rename_and_move);
    g_test_add_func("/fleet/in-transit-counts-twice",
                    test_in_transit_counts_twice);
    g_test_add_func("/fleet/huge-sums", test_huge_sums);
    g_test_add_func("/fleet/same-name-twice", test_same_name_twice);
    g_test_add_func("/fleet/sums-after-many-changes",
                    test_sums_after_many_changes);
    return g_test_run();
}
