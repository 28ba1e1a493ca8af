/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/resize-order.h"

#include "core/error.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* One host of 8 CPUs and 16 GiB with web1: 2 vCPUs of at most 6, 4 GiB of
 * 2 to 12 GiB; and other, which takes 8 GiB. */
static VmcFleet *
make_fleet(void)
{
    g_autoptr(VmcFleet) empty = vmc_fleet_new();
    g_autoptr(VmcHost) host = vmc_host_new("h1", "sim://h1");
    g_autoptr(VmcVm) web = vmc_vm_new("1", "web1");
    g_autoptr(VmcVm) other = vmc_vm_new("2", "other");

    host->state = VMC_HOST_UP;
    host->physical = VMC_RESOURCES(8000, 16 * GIB, 0, 0);
    web->host = g_strdup("h1");
    web->is_managed = TRUE;
    web->size = VMC_RESOURCES(2000, 4 * GIB, 0, 0);
    web->size_min = VMC_RESOURCES(1000, 2 * GIB, 0, 0);
    web->size_max = VMC_RESOURCES(6000, 12 * GIB, 0, 0);
    other->host = g_strdup("h1");
    other->size = VMC_RESOURCES(1000, 8 * GIB, 0, 0);
    g_autoptr(VmcFleet) one = vmc_fleet_with_host(empty, host);
    g_autoptr(VmcFleet) two = vmc_fleet_with_vm(one, web);
    return vmc_fleet_with_vm(two, other);
}

typedef struct {
    const char *name;
    VmcResizeOrder order;
    int code; /* -1: it may be */
    const char *word;
} Case;

static const Case cases[] = {
    {"grow", {4, 6 * GIB}, -1, NULL},
    {"shrink", {1, 2 * GIB}, -1, NULL},
    {"nothing-asked", {0, 0}, VMC_ERROR_INVALID, "nothing to resize"},
    {"above-maximum-vcpus", {7, 0}, VMC_ERROR_REFUSED, "at most 6"},
    {"above-maximum-memory", {0, 13 * GIB}, VMC_ERROR_REFUSED, "at most 12GiB"},
    {"below-minimum", {0, GIB}, VMC_ERROR_REFUSED, "must keep 2GiB"},
    /* as it was asked for, not as it was rounded */
    {"far-below-minimum", {0, 100 * MIB}, VMC_ERROR_REFUSED, "become 100MiB:"},
    {"host-is-full", {0, 9 * GIB}, VMC_ERROR_REFUSED, "cannot grow"},
};

static void
test_case(gconstpointer data)
{
    const Case *item = data;
    g_autoptr(VmcFleet) fleet = make_fleet();
    const VmcVm *vm = vmc_fleet_find_vm(fleet, "web1");
    g_autoptr(VmcVm) reserve = NULL;
    g_autoptr(GError) error = NULL;
    VmcResizeOrder order = item->order;
    gboolean ok = vmc_resize_order_prepare(&order, fleet, vm, &reserve, &error);

    if (item->code < 0) {
        g_assert_no_error(error);
        g_assert_true(ok);
        /* meanwhile it counts with the larger of both sizes */
        g_assert_true(vmc_resources_fit(vm->size, reserve->size, NULL));
        g_assert_true(vmc_resources_fit(vmc_resize_order_size(&order, vm),
                                        reserve->size, NULL));
        return;
    }
    g_assert_false(ok);
    g_assert_error(error, VMC_ERROR, item->code);
    g_assert_nonnull(strstr(error->message, item->word));
    g_assert_null(reserve);
}

/* Who may not be resized at all. */
static void
test_wrong_vm(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    VmcResizeOrder order = {1, 0};
    g_autoptr(VmcVm) reserve = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(vmc_resize_order_prepare(
        &order, fleet, vmc_fleet_find_vm(fleet, "other"), &reserve, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_REFUSED);
    g_clear_error(&error);
    g_autoptr(VmcVm) moving = vmc_vm_copy(vmc_fleet_find_vm(fleet, "web1"));
    moving->destination = g_strdup("h2");
    g_assert_false(
        vmc_resize_order_prepare(&order, fleet, moving, &reserve, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_BUSY);
}

/* Memory comes in blocks: rounded up, for the client to be told; down only at
 * the maximum. */
static void
test_rounding(void)
{
    g_autoptr(VmcFleet) fleet = make_fleet();
    g_autoptr(VmcVm) vm = vmc_vm_copy(vmc_fleet_find_vm(fleet, "web1"));
    g_autoptr(VmcVm) reserve = NULL, at_most = NULL;
    VmcResizeOrder order = {0, 5 * GIB + 1};

    g_assert_true(vmc_resize_order_prepare(&order, fleet, vm, &reserve, NULL));
    g_assert_cmpuint(order.memory_bytes, ==, 5 * GIB + 128 * MIB);
    g_assert_cmpuint(reserve->size.amount[VMC_MEMORY], ==, order.memory_bytes);

    vm->size_max.amount[VMC_MEMORY] = 5 * GIB + MIB;
    order.memory_bytes = 5 * GIB + MIB;
    g_assert_true(vmc_resize_order_prepare(&order, fleet, vm, &at_most, NULL));
    g_assert_cmpuint(order.memory_bytes, ==, 5 * GIB + MIB);
}

static void
test_intent_round_trip(void)
{
    const VmcResizeOrder orders[] = {{3, 0}, {0, 7 * GIB}, {2, GIB}};

    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(JsonObject) intent = vmc_resize_order_to_intent(&orders[i]);
        VmcResizeOrder back;
        g_assert_true(vmc_resize_order_from_intent(intent, &back, NULL));
        g_assert_cmpuint(back.vcpus, ==, orders[i].vcpus);
        g_assert_cmpuint(back.memory_bytes, ==, orders[i].memory_bytes);
    }
    g_autoptr(JsonObject) bad = json_object_new();
    g_autoptr(GError) error = NULL;
    VmcResizeOrder untouched = {9, 9};
    json_object_set_string_member(bad, "vcpus", "three");
    g_assert_false(vmc_resize_order_from_intent(bad, &untouched, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_INVALID);
    g_assert_cmpuint(untouched.vcpus, ==, 9);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path =
            g_strdup_printf("/resize-order/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/resize-order/wrong-vm", test_wrong_vm);
    g_test_add_func("/resize-order/rounding", test_rounding);
    g_test_add_func("/resize-order/intent-round-trip", test_intent_round_trip);
    return g_test_run();
}
