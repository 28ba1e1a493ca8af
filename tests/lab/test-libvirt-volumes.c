/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/seed-image.h"
#include "tests/lab/lab-world.h"

/*
 * Volumes on real hosts: calls cut in two, full disks, sizes.
 */

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define POOL "default"
#define FOLDER "/var/lib/libvirt/images/"
#define IMAGE "volumes-test-image.qcow2"
#define DISK "volumes-test-root.qcow2"
#define SEED "volumes-test-seed.iso"
#define IMAGE_PATH FOLDER IMAGE
#define DISK_PATH FOLDER DISK
#define SEED_PATH FOLDER SEED

/* libvirtd dies while it copies an image: half a disk, with the size of a whole
 * one, is left. Asking again must make it whole. */
static void
test_half_copied(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");
    g_autoptr(LabHost) again = NULL;
    g_autoptr(GError) error = NULL;
    LabTask *copying = NULL;

    lab_host_do(host, lab_delete_call(POOL, DISK), NULL);
    lab_run("host-exec", "host1", "sh", "-c",
            "head -c 400M /dev/urandom >" FOLDER "raw && "
            "qemu-img convert -O qcow2 " FOLDER "raw " IMAGE_PATH
            " && rm " FOLDER "raw",
            NULL);
    copying = lab_task_begin(host, lab_disk_call(POOL, DISK, IMAGE, 400 * MIB));
    lab_run("host-exec", "host1", "sh", "-c",
            "until [ -s " DISK_PATH " ]; do sleep 0.02; done", NULL);
    lab_run("host-kill", "host1", NULL);
    g_assert_false(lab_task_end(copying, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN);
    lab_run("host-restart", "host1", NULL);
    again = lab_host_open("host1");
    lab_host_do(again, lab_disk_call(POOL, DISK, IMAGE, 400 * MIB), NULL);
    lab_run("host-exec", "host1", "qemu-img", "compare", IMAGE_PATH, DISK_PATH,
            NULL);
    lab_host_do(again, lab_delete_call(POOL, DISK), NULL);
    lab_host_do(again, lab_delete_call(POOL, IMAGE), NULL);
}

/* A disk is as large as was asked for, whatever its image is; and never
 * smaller than that. */
static void
test_clone_size(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");

    lab_host_do(host, lab_disk_call(POOL, IMAGE, NULL, 64 * MIB), NULL);
    lab_host_do(host, lab_disk_call(POOL, DISK, IMAGE, 96 * MIB), NULL);
    lab_run("host-exec", "host1", "sh", "-c",
            "qemu-img info " DISK_PATH " | grep -q '(100663296 bytes)'", NULL);
    lab_host_refuse(host, lab_disk_call(POOL, DISK, IMAGE, 128 * MIB),
                    VMC_ERROR_EXISTS);
    lab_host_do(host, lab_delete_call(POOL, DISK), NULL);
    lab_host_refuse(host, lab_disk_call(POOL, DISK, IMAGE, 32 * MIB),
                    VMC_ERROR_REFUSED);
    lab_run("host-exec", "host1", "sh", "-c", "test ! -e " DISK_PATH "*", NULL);
    lab_host_do(host, lab_delete_call(POOL, IMAGE), NULL);
}

/* A full disk is said to be one, and nothing half-made stays on it. */
static void
test_disk_full(void)
{
    g_autoptr(LabHost) host = lab_host_open("host1");

    lab_run("host-exec", "host1", "sh", "-c",
            "mkdir -p /var/lib/vmc-small && "
            "mount -t tmpfs -o size=16m tmpfs /var/lib/vmc-small && "
            "head -c 10M /dev/urandom >/var/lib/vmc-small/image",
            NULL);
    lab_run("virsh", "host1", "pool-create-as", "small", "dir", "--target",
            "/var/lib/vmc-small", NULL);
    lab_host_refuse(host, lab_disk_call("small", DISK, "image", 10 * MIB),
                    VMC_ERROR_NO_SPACE);
    lab_run("host-exec", "host1", "sh", "-c",
            "test \"$(ls /var/lib/vmc-small)\" = image", NULL);
    lab_run("virsh", "host1", "pool-destroy", "small", NULL);
    lab_run("host-exec", "host1", "umount", "/var/lib/vmc-small", NULL);
}

/* What is uploaded is what the guest will read, also when it is another one
 * the second time. */
static void
test_seed(void)
{
    static const char *const meta_data[] = {"instance-id: first",
                                            "instance-id: second-and-longer"};
    g_autoptr(LabHost) host = lab_host_open("host1");

    for (gsize i = 0; i < G_N_ELEMENTS(meta_data); i++) {
        VmcCall *call = vmc_call_new(VMC_CALL_CREATE_SEED, NULL);
        g_autofree char *look = g_strdup_printf(
            "xorriso -no_rc -osirrox on -indev " SEED_PATH
            " -extract_single /meta-data " SEED_PATH ".found 2>/dev/null && "
            "test \"$(cat " SEED_PATH ".found)\" = '%s'; "
            "r=$?; rm -f " SEED_PATH ".found; exit $r",
            meta_data[i]);

        call->pool = g_strdup(POOL);
        call->volume = g_strdup(SEED);
        call->data = vmc_seed_image_new("#cloud-config\n", meta_data[i], NULL);
        g_assert_nonnull(call->data);
        lab_host_do(host, call, NULL);
        lab_run("host-exec", "host1", "sh", "-c", look, NULL);
    }
    lab_host_do(host, lab_delete_call(POOL, SEED), NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    lab_read();
    lab_serve();
    g_test_add_func("/lab/libvirt-volumes/half-copied", test_half_copied);
    g_test_add_func("/lab/libvirt-volumes/clone-size", test_clone_size);
    g_test_add_func("/lab/libvirt-volumes/disk-full", test_disk_full);
    g_test_add_func("/lab/libvirt-volumes/seed", test_seed);
    return g_test_run();
}
