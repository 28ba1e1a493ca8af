/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/console-set.h"

#include <sys/socket.h>

struct _VmcConsoleSet {
    gatomicrefcount refs;
    GMutex lock;
    GArray *fds; /* of int: our ends of the sockets of open consoles */
    gboolean is_shut;
};

VmcConsoleSet *
vmc_console_set_new(void)
{
    VmcConsoleSet *set = g_new0(VmcConsoleSet, 1);

    g_atomic_ref_count_init(&set->refs);
    g_mutex_init(&set->lock);
    set->fds = g_array_new(FALSE, FALSE, sizeof(int));
    return set;
}

VmcConsoleSet *
vmc_console_set_ref(VmcConsoleSet *set)
{
    g_atomic_ref_count_inc(&set->refs);
    return set;
}

void
vmc_console_set_unref(VmcConsoleSet *set)
{
    if (!g_atomic_ref_count_dec(&set->refs))
        return;
    g_array_unref(set->fds);
    g_mutex_clear(&set->lock);
    g_free(set);
}

void
vmc_console_set_shut(VmcConsoleSet *set)
{
    g_mutex_lock(&set->lock);
    set->is_shut = TRUE;
    for (guint i = 0; i < set->fds->len; i++)
        (void) shutdown(g_array_index(set->fds, int, i), SHUT_RDWR);
    g_mutex_unlock(&set->lock);
}

void
vmc_console_set_add(VmcConsoleSet *set, int fd)
{
    g_mutex_lock(&set->lock);
    g_array_append_val(set->fds, fd);
    if (set->is_shut)
        (void) shutdown(fd, SHUT_RDWR);
    g_mutex_unlock(&set->lock);
}

void
vmc_console_set_remove(VmcConsoleSet *set, int fd)
{
    g_mutex_lock(&set->lock);
    for (guint i = 0; i < set->fds->len; i++) {
        if (g_array_index(set->fds, int, i) == fd) {
            g_array_remove_index_fast(set->fds, i);
            break;
        }
    }
    g_mutex_unlock(&set->lock);
}
