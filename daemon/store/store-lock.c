/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-lock.h"

#include "core/error.h"

#include <gio/gio.h>
#include <glib-unix.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static VmcError
code_of_errno(int number)
{
    g_autoptr(GError) io_error =
        g_error_new_literal(G_IO_ERROR, g_io_error_from_errno(number), "");

    return vmc_error_of(io_error);
}

static const char *
advice_for_errno(int number)
{
    switch (number) {
    case ENOENT:
        return "make the state folder, or name another with --state-dir";
    case ENOSPC:
        return "free some space there";
    default:
        return "make the state folder writable for vmctld, or name another "
               "with --state-dir";
    }
}

static void
set_error_from_errno(GError **error, int number, const char *path)
{
    g_set_error(error, VMC_ERROR, code_of_errno(number),
                "cannot lock the state with '%s': %s: %s", path,
                g_strerror(number), advice_for_errno(number));
}

static void
set_busy(GError **error, int fd, const char *path)
{
    char text[32] = "";
    gssize length = pread(fd, text, sizeof text - 1, 0);
    gint64 pid = length > 0 ? g_ascii_strtoll(text, NULL, 10) : 0;

    if (pid > 0)
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "the state '%s' is in use by another vmctld, process "
                    "%" G_GINT64_FORMAT ": stop that one first",
                    path, pid);
    else
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "the state '%s' is in use by another vmctld: stop that "
                    "one first",
                    path);
}

/* For set_busy() of another process: the lock holds without it, so a full disk
 * does not matter here. */
static void
write_pid(int fd)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int) getpid());

    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) < 0)
        (void) ftruncate(fd, 0);
}

int
vmc_store_lock(const char *path, GError **error)
{
    g_return_val_if_fail(path != NULL, -1);
    g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
    int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        set_error_from_errno(error, errno, lock_path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            set_busy(error, fd, path);
        else
            set_error_from_errno(error, errno, lock_path);
        close(fd);
        return -1;
    }
    write_pid(fd);
    return fd;
}
