/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/seed-image.h"

#include "core/error.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#define IMAGE "seed.iso"
#define USER_DATA "user-data"
#define META_DATA "meta-data"

/* ---- a directory of our own ---------------------------------------------- */

typedef struct {
    char *path;
    char *image;
    char *user_data;
    char *meta_data;
} SeedDir;

/* What is in it is known, so nothing is searched and nothing followed. */
static void
seed_dir_clear(SeedDir *dir)
{
    if (dir->path != NULL) {
        (void) g_unlink(dir->image);
        (void) g_unlink(dir->user_data);
        (void) g_unlink(dir->meta_data);
        (void) g_rmdir(dir->path);
    }
    g_free(dir->path);
    g_free(dir->image);
    g_free(dir->user_data);
    g_free(dir->meta_data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SeedDir, seed_dir_clear)

/* With mode 0700: user-data may hold secrets. */
static gboolean
seed_dir_make(SeedDir *dir, GError **error)
{
    dir->path = g_dir_make_tmp("vmctl-seed-XXXXXX", error);
    if (dir->path == NULL)
        return FALSE;
    dir->image = g_build_filename(dir->path, IMAGE, NULL);
    dir->user_data = g_build_filename(dir->path, USER_DATA, NULL);
    dir->meta_data = g_build_filename(dir->path, META_DATA, NULL);
    return TRUE;
}

/* ---- xorriso ------------------------------------------------------------- */

static void
set_xorriso_error(GError **error, const char *said)
{
    g_autofree char *text = g_strstrip(g_strdup(said != NULL ? said : ""));

    g_strdelimit(text, "\n", ' ');
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "xorriso cannot make it: %s",
                *text != '\0' ? text : "it gives no reason");
}

static gboolean
run_xorriso(const SeedDir *dir, GError **error)
{
    g_autofree char *user_data =
        g_strconcat(USER_DATA "=", dir->user_data, NULL);
    g_autofree char *meta_data =
        g_strconcat(META_DATA "=", dir->meta_data, NULL);
    const char *argv[] = {
        "xorriso",  "-no_rc",         "-as",           "mkisofs",
        "-quiet",   "-no-pad",        "-volid",        "cidata",
        "-joliet",  "-rational-rock", "-graft-points", "-output",
        dir->image, user_data,        meta_data,       NULL,
    };
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *said = NULL;
    g_autoptr(GError) local = NULL;

    process = g_subprocess_newv(argv,
                                G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                    G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                &local);
    if (process == NULL) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                    "cannot run xorriso: %s", local->message);
        return FALSE;
    }
    if (!g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &said, error))
        return FALSE;
    if (g_subprocess_get_successful(process))
        return TRUE;
    set_xorriso_error(error, said);
    return FALSE;
}

/* ---- public -------------------------------------------------------------- */

static GBytes *
make_image(const char *user_data, const char *meta_data, GError **error)
{
    g_auto(SeedDir) dir = {0};
    char *image = NULL;
    gsize n_bytes = 0;

    if (!seed_dir_make(&dir, error) ||
        !g_file_set_contents(dir.user_data, user_data, -1, error) ||
        !g_file_set_contents(dir.meta_data, meta_data, -1, error) ||
        !run_xorriso(&dir, error) ||
        !g_file_get_contents(dir.image, &image, &n_bytes, error))
        return NULL;
    return g_bytes_new_take(image, n_bytes);
}

GBytes *
vmc_seed_image_new(const char *user_data, const char *meta_data, GError **error)
{
    GBytes *image = NULL;

    g_return_val_if_fail(user_data != NULL && meta_data != NULL, NULL);

    image = make_image(user_data, meta_data, error);
    if (image == NULL)
        g_prefix_error(error, "cannot make a seed image: ");
    return image;
}
