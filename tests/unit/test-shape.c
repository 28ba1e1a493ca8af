/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/shape.h"

#include <glib.h>

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static VmcVmShape
make_shape(void)
{
    VmcVmShape shape = {.is_running = TRUE,
                        .vcpus_plugged = 2,
                        .vcpus_config = 2,
                        .vcpus_online = 2,
                        .boot_bytes = 512 * MIB,
                        .balloon_bytes = 512 * MIB,
                        .balloon_config_bytes = 512 * MIB,
                        .has_virtio_mem = TRUE,
                        .virtio_mem_size_bytes = 1024 * MIB,
                        .virtio_mem_block_bytes = 2 * MIB};

    return shape;
}

/* The balloon's number has the DIMMs in it and not virtio-mem: counting either
 * twice would resize to the wrong size. */
static void
test_plugged(void)
{
    g_auto(VmcVmShape) shape = make_shape();

    shape.dimms = vmc_dimms_new();
    g_ptr_array_add(shape.dimms, vmc_dimm_new("dimm0", 256 * MIB));
    shape.balloon_bytes = 768 * MIB;
    shape.virtio_mem_current_bytes = 128 * MIB;
    g_assert_cmpuint(vmc_vm_shape_dimm_bytes(&shape), ==, 256 * MIB);
    g_assert_cmpuint(vmc_vm_shape_memory_plugged(&shape), ==, 896 * MIB);
}

/* libvirt stores currentMemory as all there may be when no balloon is set. */
static void
test_stored(void)
{
    g_auto(VmcVmShape) shape = make_shape();

    shape.balloon_config_bytes = 1536 * MIB;
    shape.virtio_mem_config_bytes = 256 * MIB;
    g_assert_cmpuint(vmc_vm_shape_memory_stored(&shape), ==, 768 * MIB);
    shape.balloon_config_bytes = 384 * MIB;
    g_assert_cmpuint(vmc_vm_shape_memory_stored(&shape), ==, 640 * MIB);
}

/* The coarser of guest block and virtio-mem block rules, with hugepages above
 * all. */
static void
test_block(void)
{
    g_auto(VmcVmShape) shape = make_shape();

    g_assert_cmpuint(vmc_vm_shape_block(&shape), ==, 128 * MIB);
    shape.guest_block_bytes = 2048 * MIB;
    g_assert_cmpuint(vmc_vm_shape_block(&shape), ==, 2048 * MIB);
    shape.guest_block_bytes = 128 * MIB;
    shape.virtio_mem_block_bytes = 1024 * MIB;
    g_assert_cmpuint(vmc_vm_shape_block(&shape), ==, 1024 * MIB);
}

static void
test_copy(void)
{
    g_auto(VmcVmShape) shape = make_shape();
    shape.dimms = vmc_dimms_new();
    g_ptr_array_add(shape.dimms, vmc_dimm_new("dimm0", 256 * MIB));
    g_auto(VmcVmShape) copy = vmc_vm_shape_copy(&shape);

    g_ptr_array_set_size(shape.dimms, 0);
    g_assert_cmpuint(vmc_vm_shape_dimm_bytes(&copy), ==, 256 * MIB);
    vmc_vm_shape_clear(&copy);
    g_assert_null(copy.dimms);
    g_assert_cmpuint(copy.boot_bytes, ==, 0);
}

static void
assert_pending(const VmcVmShape *shape, const char *wanted)
{
    g_autofree char *pending = vmc_vm_shape_pending(shape);

    g_assert_cmpstr(pending, ==, wanted);
}

/* What an operator must know is said; and nothing is said when all is well. */
static void
test_pending(void)
{
    g_auto(VmcVmShape) shape = make_shape();

    assert_pending(&shape, NULL);
    shape.vcpus_online = 1;
    assert_pending(&shape, "vCPUs offline in the guest: 1 of 2");
    shape.vcpus_online = 0;
    assert_pending(&shape, NULL);
    shape.vcpus_config = 1;
    assert_pending(&shape, "the next power cycle changes vCPUs from 2 to 1");
    shape.vcpus_config = 2;
    shape.virtio_mem_current_bytes = 256 * MIB;
    shape.virtio_mem_config_bytes = 256 * MIB;
    assert_pending(&shape, "the guest has yet to free virtio memory: 256MiB of "
                           "it, to be 0B");
    shape.virtio_mem_requested_bytes = 512 * MIB;
    shape.virtio_mem_config_bytes = 512 * MIB;
    assert_pending(&shape,
                   "the guest has yet to take virtio memory: 256MiB of it, to "
                   "be 512MiB; the next power cycle changes memory from 768MiB "
                   "to 1GiB");
    shape.is_running = FALSE;
    assert_pending(&shape, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shape/plugged", test_plugged);
    g_test_add_func("/shape/stored", test_stored);
    g_test_add_func("/shape/block", test_block);
    g_test_add_func("/shape/copy", test_copy);
    g_test_add_func("/shape/pending", test_pending);
    return g_test_run();
}
