/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/store/store-lock.h"

#include "core/error.h"
#include "daemon/store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

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
        vmc_store_set_errno(error, errno, "lock the state with", lock_path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            set_busy(error, fd, path);
        else
            vmc_store_set_errno(error, errno, "lock the state with", lock_path);
        close(fd);
        return -1;
    }
    write_pid(fd);
    return fd;
}
