/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/auth.h"

#include "core/error.h"

#include <errno.h>
#include <sys/socket.h>

#define MAX_GROUPS 65536 /* NGROUPS_MAX of Linux */

/* ---- who it is ----------------------------------------------------------- */

static gboolean
fail(GError **error, const char *what)
{
    g_set_error(error, VMC_ERROR, VMC_ERROR_FAILED,
                "the kernel does not say who connected: %s: %s", what,
                g_strerror(errno));
    return FALSE;
}

static gboolean
read_groups(int fd, VmcPeer *peer, GError **error)
{
    socklen_t length = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0)
        return TRUE;
    if (errno != ERANGE || length > MAX_GROUPS * sizeof(gid_t))
        return fail(error, "SO_PEERGROUPS");
    peer->groups = g_malloc(length);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &length) != 0)
        return fail(error, "SO_PEERGROUPS");
    peer->n_groups = (guint) (length / sizeof(gid_t));
    return TRUE;
}

gboolean
vmc_peer_read(GSocket *socket, VmcPeer *ret_peer, GError **error)
{
    const int fd = g_socket_get_fd(socket);
    struct ucred credentials = {0};
    socklen_t length = sizeof credentials;
    g_auto(VmcPeer) peer = {0};

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return fail(error, "SO_PEERCRED");
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    if (!read_groups(fd, &peer, error))
        return FALSE;
    *ret_peer = peer;
    peer.groups = NULL;
    return TRUE;
}

void
vmc_peer_clear(VmcPeer *peer)
{
    g_clear_pointer(&peer->groups, g_free);
    peer->n_groups = 0;
}

/* ---- what it may --------------------------------------------------------- */

static gboolean
is_member(const VmcPeer *peer, gid_t group)
{
    if (peer->gid == group)
        return TRUE;
    for (guint i = 0; i < peer->n_groups; i++)
        if (peer->groups[i] == group)
            return TRUE;
    return FALSE;
}

gboolean
vmc_auth_is_trusted(const VmcAuthRules *rules, const VmcPeer *peer)
{
    return peer->uid == 0 || peer->uid == rules->own_uid ||
           (rules->has_group && is_member(peer, rules->group));
}

gboolean
vmc_auth_check(const VmcAuthRules *rules,
               const VmcPeer *peer,
               VmcAccess access,
               GError **error)
{
    if (vmc_auth_is_trusted(rules, peer))
        return TRUE;
    if (access == VMC_ACCESS_READ && rules->others_read)
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_DENIED,
                "user %u may not %s: only root%s may (see 'socket_group' and "
                "'others_read' in vmctld.conf)",
                (guint) peer->uid,
                access == VMC_ACCESS_READ ? "look at this" : "do this",
                rules->has_group ? " and members of vmctld's group" : "");
    return FALSE;
}
