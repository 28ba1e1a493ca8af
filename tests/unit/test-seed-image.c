/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "daemon/hypervisor/seed-image.h"

#include <glib/gstdio.h>

#include <string.h>

/* ISO 9660: the volume's name stands 40 bytes into sector 16. */
#define SECTOR_BYTES 2048
#define VOLUME_NAME_AT (16 * SECTOR_BYTES + 40)

static gboolean
contains(GBytes *image, const char *text)
{
    gsize n_bytes = 0;
    const char *bytes = g_bytes_get_data(image, &n_bytes);

    return memmem(bytes, n_bytes, text, strlen(text)) != NULL;
}

static gboolean
skip_without_xorriso(void)
{
    g_autofree char *path = g_find_program_in_path("xorriso");

    if (path == NULL)
        g_test_skip("xorriso is not installed");
    return path == NULL;
}

/* cloud-init looks for a volume of this name with these two files. */
static void
test_content(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) image = NULL;
    gsize n_bytes = 0;
    const char *bytes = NULL;

    if (skip_without_xorriso())
        return;
    image = vmc_seed_image_new("#cloud-config\nhostname: it's \"web1\"\n",
                               "instance-id: 42\n", &error);
    g_assert_no_error(error);
    bytes = g_bytes_get_data(image, &n_bytes);
    g_assert_cmpuint(n_bytes, >, VOLUME_NAME_AT + 6);
    g_assert_cmpmem(bytes + VOLUME_NAME_AT, 6, "cidata", 6);
    g_assert_true(contains(image, "#cloud-config\nhostname: it's \"web1\"\n"));
    g_assert_true(contains(image, "instance-id: 42\n"));
    g_assert_true(contains(image, "user-data"));
    g_assert_true(contains(image, "meta-data"));
}

/* User-data may hold secrets: nothing of it may stay on the disk. */
static void
test_leaves_nothing(void)
{
    g_autofree char *tmp = NULL;
    g_autoptr(GBytes) image = NULL;
    g_autoptr(GDir) dir = NULL;

    if (g_test_subprocess()) {
        image = vmc_seed_image_new("a", "b", NULL);
        g_assert_nonnull(image);
        dir = g_dir_open(g_get_tmp_dir(), 0, NULL);
        g_assert_null(g_dir_read_name(dir));
        return;
    }
    if (skip_without_xorriso())
        return;
    tmp = g_dir_make_tmp("test-seed-XXXXXX", NULL);
    g_setenv("TMPDIR", tmp, TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_unsetenv("TMPDIR");
    g_assert_cmpint(g_rmdir(tmp), ==, 0);
}

/* The host may lack it; then the message must name it. */
static void
test_no_xorriso(void)
{
    g_autoptr(GError) error = NULL;

    if (g_test_subprocess()) {
        g_setenv("PATH", "/nonexistent", TRUE);
        g_assert_null(vmc_seed_image_new("a", "b", &error));
        g_assert_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, "xorriso"));
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seed-image/content", test_content);
    g_test_add_func("/seed-image/leaves-nothing", test_leaves_nothing);
    g_test_add_func("/seed-image/no-xorriso", test_no_xorriso);
    return g_test_run();
}
