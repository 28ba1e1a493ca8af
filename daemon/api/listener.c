/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/listener.h"

#include "core/error.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 128

struct _VmcListener {
    GSocket *socket;
    char *path;
    dev_t device;
    ino_t inode;
};

static gboolean
fail(GError **error, int number, const char *what, const char *path)
{
    const GIOErrorEnum io_code = g_io_error_from_errno(number);
    g_autoptr(GError) cause =
        g_error_new_literal(G_IO_ERROR, (int) io_code, "");

    g_set_error(error, VMC_ERROR, vmc_error_of(cause),
                "cannot listen on '%s': %s: %s: set 'socket_path' to where "
                "vmctld may make a socket",
                path, what, g_strerror(number));
    return FALSE;
}

/* ---- what is there already ----------------------------------------------- */

static gboolean
somebody_listens(GSocketAddress *address)
{
    g_autoptr(GSocket) probe =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_autoptr(GError) error = NULL;

    if (probe == NULL)
        return TRUE;
    /* A full backlog does not answer either: not blocking, it says so. */
    g_socket_set_blocking(probe, FALSE);
    return g_socket_connect(probe, address, NULL, &error) ||
           !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static gboolean
make_way(const char *path, GSocketAddress *address, GError **error)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return errno == ENOENT ? TRUE : fail(error, errno, "stat", path);
    if (!S_ISSOCK(info.st_mode)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                    "cannot listen on '%s': there is something else than a "
                    "socket: remove it, or set 'socket_path'",
                    path);
        return FALSE;
    }
    if (somebody_listens(address)) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_BUSY,
                    "cannot listen on '%s': another vmctld does: stop it, or "
                    "give this one its own --socket and --state-dir",
                    path);
        return FALSE;
    }
    return g_unlink(path) == 0 || fail(error, errno, "unlink", path);
}

static gboolean
make_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_mkdir_with_parents(folder, 0755) == 0 ||
           fail(error, errno, "its folder cannot be made", path);
}

/* ---- the new one --------------------------------------------------------- */

static gboolean
set_access(VmcListener *listener, const VmcAuthRules *rules, GError **error)
{
    const mode_t mode = rules->others_read ? 0666 : 0660;
    struct stat info;

    if (rules->has_group &&
        chown(listener->path, (uid_t) -1, rules->group) != 0)
        return fail(error, errno, "chown to the group", listener->path);
    if (chmod(listener->path, mode) != 0)
        return fail(error, errno, "chmod", listener->path);
    if (stat(listener->path, &info) != 0)
        return fail(error, errno, "stat", listener->path);
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    return TRUE;
}

static gboolean
bind_socket(VmcListener *listener, GSocketAddress *address, GError **error)
{
    g_autoptr(GError) cause = NULL;

    listener->socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                    G_SOCKET_PROTOCOL_DEFAULT, error);
    if (listener->socket == NULL)
        return FALSE;
    g_socket_set_listen_backlog(listener->socket, BACKLOG);
    if (g_socket_bind(listener->socket, address, FALSE, &cause))
        return TRUE;
    g_set_error(error, VMC_ERROR, vmc_error_of(cause),
                "cannot listen on '%s': %s", listener->path, cause->message);
    return FALSE;
}

/* ---- public -------------------------------------------------------------- */

/* Between bind() and listen() nobody can connect, so the mode is right from
 * the first client on. */
VmcListener *
vmc_listener_open(const char *path, const VmcAuthRules *rules, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);

    if (!make_folder(path, error) || !make_way(path, address, error))
        return NULL;
    g_autoptr(VmcListener) listener = g_new0(VmcListener, 1);
    listener->path = g_strdup(path);
    if (!bind_socket(listener, address, error) ||
        !set_access(listener, rules, error) ||
        !g_socket_listen(listener->socket, error))
        return NULL;
    return g_steal_pointer(&listener);
}

GSocket *
vmc_listener_socket(VmcListener *listener)
{
    return listener->socket;
}

void
vmc_listener_free(VmcListener *listener)
{
    struct stat info;

    if (listener == NULL)
        return;
    if (stat(listener->path, &info) == 0 && info.st_dev == listener->device &&
        info.st_ino == listener->inode)
        g_unlink(listener->path);
    g_clear_object(&listener->socket);
    g_free(listener->path);
    g_free(listener);
}
