/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/notify.h"

#include "core/error.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static gboolean
fail(GError **error, const char *what, int code)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "cannot tell the service manager: %s: %s", what,
                g_strerror(code));
    return FALSE;
}

/* A path, or with a leading '@' a name in the abstract namespace. */
static gboolean
parse_address(const char *text,
              struct sockaddr_un *ret_address,
              socklen_t *ret_length,
              GError **error)
{
    const gsize length = strlen(text);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if ((text[0] != '/' && text[0] != '@') || length < 2 ||
        length >= sizeof address.sun_path)
        return fail(error, "NOTIFY_SOCKET", EINVAL);
    memcpy(address.sun_path, text, length);
    if (text[0] == '@')
        address.sun_path[0] = '\0';
    *ret_address = address;
    *ret_length =
        (socklen_t) (G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + length);
    return TRUE;
}

gboolean
vmc_notify(const char *state, GError **error)
{
    const char *socket_name = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t length = 0;

    if (socket_name == NULL || *socket_name == '\0')
        return TRUE;
    if (!parse_address(socket_name, &address, &length, error))
        return FALSE;
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(error, "socket", errno);
    const ssize_t sent =
        sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
               (const struct sockaddr *) &address, length);
    const int code = errno;
    g_close(fd, NULL);
    return sent >= 0 ? TRUE : fail(error, "sendto", code);
}

/* WATCHDOG_PID says whom it is meant for: a child inherits the variables. */
guint
vmc_notify_watchdog_ms(void)
{
    const char *usec = g_getenv("WATCHDOG_USEC");
    const char *pid = g_getenv("WATCHDOG_PID");
    guint64 number = 0;

    if (usec == NULL ||
        !g_ascii_string_to_unsigned(usec, 10, 1, G_MAXINT64, &number, NULL))
        return 0;
    const guint64 half_ms = number / 2000;
    if (pid != NULL &&
        (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &number, NULL) ||
         (pid_t) number != getpid()))
        return 0;
    return (guint) CLAMP(half_ms, 1, G_MAXINT32);
}
