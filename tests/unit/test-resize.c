/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/resize.h"

#include <glib.h>

/* Single cases are in tests/corpus/resize; here is what must hold for all. */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define BLOCK (128 * MIB)

static void
test_rung_names(void)
{
    for (guint i = 0; i < VMC_N_RUNGS; i++) {
        VmcRung rung;
        const char *name = vmc_rung_to_name((VmcRung) i);
        g_assert_true(vmc_rung_from_name(name, &rung));
        g_assert_cmpuint(rung, ==, i);
    }
    VmcRung untouched = VMC_RUNG_DONE;
    g_assert_false(vmc_rung_from_name("plug", &untouched));
    g_assert_cmpuint(untouched, ==, VMC_RUNG_DONE);
}

static guint64
random_blocks(GRand *rand, gint most)
{
    return (guint64) g_rand_int_range(rand, 0, most) * BLOCK;
}

static GPtrArray *
random_dimms(GRand *rand)
{
    GPtrArray *dimms = vmc_dimms_new();
    gint n_dimms = g_rand_int_range(rand, 0, 3);

    for (gint i = 0; i < n_dimms; i++) {
        g_autofree char *alias = g_strdup_printf("dimm%d", i);
        g_ptr_array_add(dimms,
                        vmc_dimm_new(alias, BLOCK + random_blocks(rand, 8)));
    }
    return dimms;
}

static VmcVmShape
random_shape(GRand *rand)
{
    VmcVmShape shape = {.is_running = g_rand_int_range(rand, 0, 8) != 0,
                        .can_unplug_vcpus = g_rand_boolean(rand),
                        .vcpus_max = 16,
                        .vcpus_floor = (guint) g_rand_int_range(rand, 1, 3),
                        .vcpus_plugged = (guint) g_rand_int_range(rand, 3, 17),
                        .vcpus_config = (guint) g_rand_int_range(rand, 1, 17),
                        .boot_bytes = BLOCK + random_blocks(rand, 16),
                        .balloon_stats = g_rand_boolean(rand),
                        .agent_answers = g_rand_boolean(rand),
                        .dimm_slots_free = (guint) g_rand_int_range(rand, 0, 3),
                        .dimms = random_dimms(rand),
                        .dimm_slots_config_free =
                            (guint) g_rand_int_range(rand, 0, 3),
                        .dimms_config = random_dimms(rand),
                        .has_virtio_mem = g_rand_int_range(rand, 0, 4) != 0};

    if (shape.agent_answers)
        shape.vcpus_online =
            (guint) g_rand_int_range(rand, 1, (gint) shape.vcpus_plugged + 1);
    if (shape.has_virtio_mem) {
        guint64 requested = random_blocks(rand, 64);
        guint64 current = random_blocks(rand, 64);
        shape.virtio_mem_size_bytes = random_blocks(rand, 64);
        shape.virtio_mem_block_bytes = 2 * MIB;
        shape.virtio_mem_requested_bytes =
            MIN(requested, shape.virtio_mem_size_bytes);
        shape.virtio_mem_current_bytes =
            MIN(current, shape.virtio_mem_size_bytes);
    }
    guint64 dimm_bytes = vmc_vm_shape_dimm_bytes(&shape);
    guint64 stored_bytes = vmc_vm_shape_dimm_config_bytes(&shape);
    shape.max_bytes = shape.boot_bytes + shape.virtio_mem_size_bytes +
                      MAX(dimm_bytes, stored_bytes) + random_blocks(rand, 16);
    shape.balloon_bytes = shape.boot_bytes + dimm_bytes;
    shape.balloon_config_bytes = shape.boot_bytes + stored_bytes;
    if (g_rand_boolean(rand))
        shape.balloon_bytes -= 32 * MIB;
    if (shape.agent_answers || shape.balloon_stats) {
        shape.guest_total_bytes =
            vmc_vm_shape_memory_plugged(&shape) - 40 * MIB;
        shape.guest_usable_bytes =
            shape.guest_total_bytes / (guint64) g_rand_int_range(rand, 1, 20);
    }
    return shape;
}

static VmcResizeTarget
random_target(GRand *rand)
{
    VmcResizeTarget target = {.vcpus = (guint) g_rand_int_range(rand, 0, 18)};

    if (g_rand_int_range(rand, 0, 5) != 0)
        target.memory_bytes =
            random_blocks(rand, 100) + (guint64) g_rand_int_range(rand, 0, 9);
    return target;
}

static guint64
devices_bytes(const VmcVmShape *shape)
{
    return vmc_vm_shape_dimm_bytes(shape) +
           (shape->has_virtio_mem ? shape->virtio_mem_size_bytes : 0);
}

/* What no step may do, whatever the VM looks like. */
static void
assert_step_is_safe(const VmcVmShape *shape, const VmcResizeStep *step)
{
    guint64 free_bytes = shape->guest_usable_bytes;

    switch ((guint) step->rung) {
    case VMC_RUNG_UNPLUG_VCPUS:
        g_assert_true(shape->can_unplug_vcpus);
        g_assert_cmpuint(step->amount, >=, shape->vcpus_floor);
        break;
    case VMC_RUNG_PLUG_VCPUS:
        g_assert_cmpuint(step->amount, <=, shape->vcpus_max);
        break;
    case VMC_RUNG_VIRTIO_MEM:
        g_assert_cmpuint(step->amount, <=, shape->virtio_mem_size_bytes);
        g_assert_cmpuint(step->amount % shape->virtio_mem_block_bytes, ==, 0);
        if (step->amount > shape->virtio_mem_requested_bytes &&
            step->amount > shape->virtio_mem_current_bytes && free_bytes > 0)
            g_assert_cmpuint(step->amount - shape->virtio_mem_current_bytes, <=,
                             16 * free_bytes);
        break;
    case VMC_RUNG_ATTACH_DIMM:
        g_assert_cmpuint(step->amount % BLOCK, ==, 0);
        g_assert_cmpuint(shape->dimm_slots_free, >, 0);
        g_assert_cmpuint(shape->boot_bytes + devices_bytes(shape) +
                             step->amount,
                         <=, shape->max_bytes);
        break;
    case VMC_RUNG_STORE_DIMM:
        g_assert_cmpuint(step->amount % BLOCK, ==, 0);
        g_assert_cmpuint(shape->dimm_slots_config_free, >, 0);
        g_assert_cmpuint(shape->boot_bytes + shape->virtio_mem_size_bytes +
                             vmc_vm_shape_dimm_config_bytes(shape) +
                             step->amount,
                         <=, shape->max_bytes);
        break;
    case VMC_RUNG_DETACH_DIMM:
        g_assert_cmpuint(step->amount + BLOCK, <=, free_bytes);
        break;
    case VMC_RUNG_INFLATE_BALLOON:
        g_assert_cmpuint(shape->balloon_bytes - step->amount + BLOCK, <=,
                         free_bytes);
        break;
    default:
        break;
    }
}

/* What is stored is written once everything live is over. */
static void
assert_order(gboolean *is_storing, const VmcResizeStep *step)
{
    gboolean stores = step->rung == VMC_RUNG_CONFIG_VCPUS ||
                      step->rung == VMC_RUNG_CONFIG_MEMORY ||
                      step->rung == VMC_RUNG_STORE_DIMM ||
                      step->rung == VMC_RUNG_FORGET_DIMM ||
                      step->rung == VMC_RUNG_CONFIG_BALLOON;

    if (*is_storing && step->rung > VMC_RUNG_GIVE_UP)
        g_assert_true(stores);
    *is_storing = stores;
}

/* Each step either works, does nothing, or is refused by the guest, at random;
 * the ladder must end, and every step must be safe. */
static void
climb(GRand *rand, VmcVmShape *shape, const VmcResizeTarget *target)
{
    guint32 tried = 0;
    gboolean is_storing = FALSE;

    for (guint i = 0; i < 300; i++) {
        g_autoptr(VmcResizeStep) step = vmc_resize_next(shape, target, tried);
        if (step->rung <= VMC_RUNG_GIVE_UP)
            return;
        assert_step_is_safe(shape, step);
        assert_order(&is_storing, step);
        if (g_rand_int_range(rand, 0, 4) != 0)
            vmc_resize_apply(shape, step);
        else
            tried |= 1u << step->rung;
    }
    g_assert_not_reached();
}

static void
test_always_safe_and_finite(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    guint n_entered = 0;

    for (guint i = 0; i < 20000; i++) {
        g_auto(VmcVmShape) shape = random_shape(rand);
        VmcResizeTarget target = random_target(rand);
        vmc_resize_begin(&target, &shape);
        if (!vmc_resize_check(&shape, &target, NULL))
            continue;
        n_entered++;
        climb(rand, &shape, &target);
    }
    /* the test is of no use if all is refused */
    g_assert_cmpuint(n_entered, >, 3000);
}

/* Rounding again changes nothing, never goes down except at the maximum, and
 * what it gives is reached exactly when every step works. */
static void
test_rounded_is_reached(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);

    for (guint i = 0; i < 5000; i++) {
        g_auto(VmcVmShape) shape = random_shape(rand);
        VmcResizeTarget target = random_target(rand);
        guint64 asked_bytes = target.memory_bytes;
        vmc_resize_begin(&target, &shape);
        g_assert_cmpuint(vmc_resize_round_memory(&shape, target.memory_bytes),
                         ==, target.memory_bytes);
        g_assert_cmpuint(target.memory_bytes + BLOCK, >, asked_bytes);
        if (!shape.is_running || !vmc_resize_check(&shape, &target, NULL))
            continue;
        g_autoptr(GPtrArray) plan = vmc_resize_plan(&shape, &target);
        for (guint k = 0; k < plan->len; k++)
            vmc_resize_apply(&shape, plan->pdata[k]);
        const VmcResizeStep *last = plan->pdata[plan->len - 1];
        if (last->rung == VMC_RUNG_DONE && target.memory_bytes != 0)
            g_assert_cmpuint(vmc_vm_shape_memory_plugged(&shape) / MIB, ==,
                             target.memory_bytes / MIB);
        if (last->rung == VMC_RUNG_DONE && target.vcpus != 0)
            g_assert_cmpuint(shape.vcpus_config, ==, target.vcpus);
    }
}

/* A second run finds nothing to do. */
static void
test_second_run_does_nothing(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);

    for (guint i = 0; i < 5000; i++) {
        g_auto(VmcVmShape) shape = random_shape(rand);
        VmcResizeTarget target = random_target(rand);
        vmc_resize_begin(&target, &shape);
        if (!vmc_resize_check(&shape, &target, NULL))
            continue;
        g_autoptr(GPtrArray) plan = vmc_resize_plan(&shape, &target);
        const VmcResizeStep *last = plan->pdata[plan->len - 1];
        if (last->rung != VMC_RUNG_DONE)
            continue;
        for (guint k = 0; k < plan->len; k++)
            vmc_resize_apply(&shape, plan->pdata[k]);
        vmc_resize_begin(&target, &shape);
        g_autoptr(VmcResizeStep) step = vmc_resize_next(&shape, &target, 0);
        if (shape.vcpus_online <= target.vcpus || target.vcpus == 0)
            g_assert_cmpuint(step->rung, ==, VMC_RUNG_DONE);
    }
}

/* Protects "done when the guest has it": the guest's count is believed before
 * the hypervisor's late news, but only all of it, and only an agent's. */
static void
test_guest_is_credited(void)
{
    const VmcResizeTarget target = {.overhead_bytes = 104 * MIB};
    VmcVmShape shape = {.is_running = TRUE,
                        .agent_answers = TRUE,
                        .boot_bytes = 256 * MIB,
                        .balloon_bytes = 256 * MIB,
                        .has_virtio_mem = TRUE,
                        .virtio_mem_requested_bytes = 256 * MIB,
                        .virtio_mem_current_bytes = 128 * MIB,
                        .guest_total_bytes = 407 * MIB};

    vmc_resize_credit_guest(&target, &shape);
    g_assert_cmpuint(shape.virtio_mem_current_bytes, ==, 128 * MIB);
    shape.guest_total_bytes = 408 * MIB;
    shape.agent_answers = FALSE;
    vmc_resize_credit_guest(&target, &shape);
    g_assert_cmpuint(shape.virtio_mem_current_bytes, ==, 128 * MIB);
    shape.agent_answers = TRUE;
    vmc_resize_credit_guest(&target, &shape);
    g_assert_cmpuint(shape.virtio_mem_current_bytes, ==, 256 * MIB);
    shape.virtio_mem_requested_bytes = 128 * MIB; /* what it gives back */
    vmc_resize_credit_guest(&target, &shape);
    g_assert_cmpuint(shape.virtio_mem_current_bytes, ==, 256 * MIB);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/resize/rung-names", test_rung_names);
    g_test_add_func("/resize/guest-is-credited", test_guest_is_credited);
    g_test_add_func("/resize/always-safe-and-finite",
                    test_always_safe_and_finite);
    g_test_add_func("/resize/rounded-is-reached", test_rounded_is_reached);
    g_test_add_func("/resize/second-run-does-nothing",
                    test_second_run_does_nothing);
    return g_test_run();
}
