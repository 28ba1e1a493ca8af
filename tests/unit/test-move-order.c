/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/move-order.h"

#include "core/error.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static VmcFleet *
add_host(VmcFleet *fleet, const char *name, guint64 memory_gib)
{
    g_autofree char *uri = g_strdup_printf("qemu+tcp://%s/system", name);
    g_autoptr(VmcHost) host = vmc_host_new(name, uri);

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(8000, memory_gib * GIB, 0, 0);
    VmcFleet *changed = vmc_fleet_with_host(fleet, host);
    vmc_fleet_unref(fleet);
    return changed;
}

/* web1 of 4 GiB on h1; h2 has 32 GiB, h3 8, h4 only 2. */
static VmcFleet *
make_fleet(void)
{
    VmcFleet *fleet = add_host(vmc_fleet_new(), "h1", 16);
    g_autoptr(VmcVm) vm = vmc_vm_new("1", "web1");

    fleet = add_host(fleet, "h2", 32);
    fleet = add_host(fleet, "h3", 8);
    fleet = add_host(fleet, "h4", 2);
    vm->host = g_strdup("h1");
    vm->is_managed = TRUE;
    vm->state = VMC_VM_RUNNING;
    vm->size = VMC_RESOURCES(2000, 4 * GIB, 0, 0);
    VmcFleet *changed = vmc_fleet_with_vm(fleet, vm);
    vmc_fleet_unref(fleet);
    return changed;
}

typedef struct {
    const char *to;
    const char *chosen; /* NULL: refused */
    int code;
    const char *word;
} Case;

static const Case cases[] = {
    {NULL, "h3", 0, NULL}, /* the tightest fit, and never where it is */
    {"h2", "h2", 0, NULL},
    {"h1", NULL, VMC_ERROR_REFUSED, "already"},
    {"h4", NULL, VMC_ERROR_REFUSED, "memory"},
    {"h9", NULL, VMC_ERROR_NOT_FOUND, "no host 'h9'"},
};

static void
test_where_to(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    const VmcVm *vm = vmc_fleet_find_vm(fleet, "web1");

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(VmcMoveOrder) order = {.to = g_strdup(cases[i].to)};
        g_autoptr(VmcVm) reserve = NULL;
        g_autoptr(GError) error = NULL;
        gboolean ok =
            vmc_move_order_prepare(&order, fleet, vm, &reserve, &error);
        if (cases[i].chosen == NULL) {
            g_assert_false(ok);
            g_assert_error(error, VMC_ERROR, cases[i].code);
            g_assert_nonnull(strstr(error->message, cases[i].word));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(order.to, ==, cases[i].chosen);
        g_assert_cmpstr(order.from, ==, "h1");
        g_assert_true(order.is_chosen == (cases[i].to == NULL));
        /* counted on both meanwhile */
        g_assert_cmpstr(reserve->host, ==, "h1");
        g_assert_cmpstr(reserve->destination, ==, cases[i].chosen);
    }
}

/* That it is not moved to where it is, is not told as a wish it has. */
static void
test_reason_of_own_host(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    const VmcVm *vm = vmc_fleet_find_vm(fleet, "web1");
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcPlacement) placement =
        vmc_move_order_find(&order, fleet, vm, NULL);
    const VmcCandidate *own = placement->candidates->pdata[0];

    g_assert_cmpstr(own->host, ==, "h1");
    g_assert_cmpint(own->verdict, ==, VMC_CANDIDATE_REFUSED);
    g_assert_cmpstr(own->reason, ==, "the VM is there now");
}

/* A wish of the VM is kept, though another host fits better. */
static void
test_keeps_wishes(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcVm) vm = vmc_vm_copy(vmc_fleet_find_vm(fleet, "web1"));
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcVm) reserve = NULL;

    g_ptr_array_add(vm->wishes, vmc_wish_new(TRUE, TRUE, "h3", NULL));
    g_assert_true(vmc_move_order_prepare(&order, fleet, vm, &reserve, NULL));
    g_assert_cmpstr(order.to, ==, "h2");
}

static void
test_moving_already(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcVm) vm = vmc_vm_copy(vmc_fleet_find_vm(fleet, "web1"));
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcVm) reserve = NULL;
    g_autoptr(GError) error = NULL;

    vm->destination = g_strdup("h2");
    g_assert_false(vmc_move_order_prepare(&order, fleet, vm, &reserve, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_BUSY);
}

static void
test_intent_round_trip(void)
{
    g_auto(VmcMoveOrder) order = {.from = g_strdup("h1"),
                                  .to = g_strdup("h2"),
                                  .is_chosen = TRUE,
                                  .bandwidth_mib_per_s = 64};
    g_auto(VmcMoveOrder) back = {0};
    g_autoptr(JsonObject) intent = vmc_move_order_to_intent(&order);
    g_autoptr(JsonObject) empty = json_object_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(vmc_move_order_from_intent(intent, &back, NULL));
    g_assert_cmpstr(back.from, ==, "h1");
    g_assert_cmpstr(back.to, ==, "h2");
    g_assert_true(back.is_chosen);
    g_assert_cmpuint(back.bandwidth_mib_per_s, ==, 64);
    g_assert_false(vmc_move_order_from_intent(empty, &back, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
}

/* ---- the call ----------------------------------------------------------- */

typedef struct {
    const char *pools;  /* of the VM */
    const char *shared; /* of the settings */
    VmcRunState state;
    gboolean is_refused;
    gboolean pools_shared;
    gboolean copy_disks;
} StorageCase;

static const StorageCase storage_cases[] = {
    {"", "", VMC_RUN_RUNNING, FALSE, TRUE, FALSE},
    {"nfs", "nfs", VMC_RUN_RUNNING, FALSE, TRUE, FALSE},
    {"local", "nfs", VMC_RUN_RUNNING, FALSE, FALSE, TRUE},
    {"local,nfs", "nfs", VMC_RUN_RUNNING, TRUE, FALSE, FALSE},
    {"local", "", VMC_RUN_SHUT_OFF, TRUE, FALSE, FALSE},
    {"nfs", "nfs", VMC_RUN_SHUT_OFF, FALSE, TRUE, FALSE},
};

/* Disks on shared storage are never copied onto themselves, and none is left
 * behind. */
static void
test_storage(void)
{
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcHost) host = vmc_host_new("h2", "qemu+tcp://h2/system");

    for (gsize i = 0; i < G_N_ELEMENTS(storage_cases); i++) {
        const StorageCase *item = &storage_cases[i];
        g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new("1", "web1");
        g_auto(GStrv) shared = g_strsplit(item->shared, ",", -1);
        g_autoptr(GError) error = NULL;
        facts->pools = g_strsplit(item->pools, ",", -1);
        facts->state = item->state;
        g_autoptr(VmcCall) call =
            vmc_move_order_make_call(&order, host, facts, shared, &error);
        if (item->is_refused) {
            g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
            continue;
        }
        g_assert_no_error(error);
        g_assert_true(call->migration->pools_shared == item->pools_shared);
        g_assert_true(call->migration->copy_disks == item->copy_disks);
    }
}

/* The URI must mean the destination where the source reads it. */
static void
test_destination_uri(void)
{
    static const struct {
        const char *uri;
        const char *migration_uri;
        const char *wanted;
    } uri_cases[] = {
        {"qemu+tcp://10.0.0.2/system", NULL, "qemu+tcp://10.0.0.2/system"},
        {"qemu:///system", NULL, "qemu+ssh://h2/system"},
        {"qemu+unix:///system?socket=/run/x", "qemu+tcp://10.0.0.2/system",
         "qemu+tcp://10.0.0.2/system"},
        {"sim://h2?cores=4", NULL, "sim://h2?cores=4"},
    };
    g_auto(VmcMoveOrder) order = {0};
    g_autoptr(VmcDomainFacts) facts = vmc_domain_facts_new("1", "web1");

    facts->state = VMC_RUN_RUNNING;
    for (gsize i = 0; i < G_N_ELEMENTS(uri_cases); i++) {
        g_autoptr(VmcHost) host = vmc_host_new("h2", uri_cases[i].uri);
        host->migration_uri = g_strdup(uri_cases[i].migration_uri);
        g_autoptr(VmcCall) call =
            vmc_move_order_make_call(&order, host, facts, NULL, NULL);
        g_assert_cmpstr(call->migration->destination_uri, ==,
                        uri_cases[i].wanted);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/move-order/where-to", test_where_to);
    g_test_add_func("/move-order/reason-of-own-host", test_reason_of_own_host);
    g_test_add_func("/move-order/keeps-wishes", test_keeps_wishes);
    g_test_add_func("/move-order/moving-already", test_moving_already);
    g_test_add_func("/move-order/intent-round-trip", test_intent_round_trip);
    g_test_add_func("/move-order/storage", test_storage);
    g_test_add_func("/move-order/destination-uri", test_destination_uri);
    return g_test_run();
}
