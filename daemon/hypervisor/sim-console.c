/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/sim-console.h"

#include "core/error.h"

#include <glib-unix.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Main context. @user_data is unused: the descriptor, a copy, is all there is
 * to an echo. */
static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    char buffer[512];
    ssize_t n = read(fd, buffer, sizeof buffer);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0 && send(fd, buffer, (size_t) n, MSG_NOSIGNAL) == n)
        return G_SOURCE_CONTINUE;
    g_close(fd, NULL);
    return G_SOURCE_REMOVE;
}

static void
greet(VmcSimDomain *domain, int fd)
{
    g_autofree char *banner =
        g_strdup_printf("\r\n%s: simulated console\r\n", domain->name);
    gsize length = strlen(banner);

    if (send(fd, banner, length, MSG_NOSIGNAL) != (ssize_t) length)
        shutdown(fd, SHUT_RDWR);
}

/* Whoever had it has gone without telling us, as clients do. */
static gboolean
is_abandoned(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLIN};

    return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP) != 0;
}

int
vmc_sim_console_open(VmcSimDomain *domain, gboolean force, GError **error)
{
    int fds[2];

    if (domain->console_fd >= 0 && !force &&
        !is_abandoned(domain->console_fd)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "the console of '%s' is open elsewhere; force takes it",
                    domain->name);
        return -1;
    }
    vmc_sim_console_close(domain);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                    "could not open the console of '%s': %s", domain->name,
                    g_strerror(errno));
        return -1;
    }
    greet(domain, fds[0]);
    domain->console_fd = fds[0];
    int echo_fd = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
    g_unix_set_fd_nonblocking(echo_fd, TRUE, NULL);
    g_unix_fd_add(echo_fd, G_IO_IN | G_IO_HUP, on_readable, NULL);
    return fds[1];
}

void
vmc_sim_console_close(VmcSimDomain *domain)
{
    if (domain->console_fd < 0)
        return;
    /* Wakes the echo, which then closes its own descriptor. */
    shutdown(domain->console_fd, SHUT_RDWR);
    g_close(domain->console_fd, NULL);
    domain->console_fd = -1;
}
