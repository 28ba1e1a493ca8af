/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <sys/types.h>

/*
 * Who may do what. The kernel says who is at the other end of a UNIX socket:
 * user, group and supplementary groups as they were when it connected. That
 * needs no look-up of names, which could block.
 */

/**
 * VmcPeer:
 * @uid: its effective user
 * @gid: its effective group
 * @groups: (array length=n_groups): its supplementary groups
 * @n_groups: how many
 *
 * The process at the other end.
 */
typedef struct {
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    guint n_groups;
} VmcPeer;

/**
 * vmc_peer_read:
 * @socket: a connected UNIX socket
 * @ret_peer: (out): who is at the other end; vmc_peer_clear() it
 * @error: %VMC_ERROR_FAILED when the kernel does not say
 *
 * Returns: whether @ret_peer was set
 */
gboolean vmc_peer_read(GSocket *socket, VmcPeer *ret_peer, GError **error);
void vmc_peer_clear(VmcPeer *peer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VmcPeer, vmc_peer_clear)

typedef enum {
    VMC_ACCESS_READ,
    VMC_ACCESS_WRITE,
} VmcAccess;

/**
 * VmcAuthRules:
 * @own_uid: the user the daemon runs as
 * @has_group: whether there is a group that may write
 * @group: that group
 * @others_read: whether anybody else may read
 */
typedef struct {
    uid_t own_uid;
    gboolean has_group;
    gid_t group;
    gboolean others_read;
} VmcAuthRules;

/**
 * vmc_auth_is_trusted:
 * @rules: the rules
 * @peer: who asks
 *
 * Returns: whether @peer may do everything: root, the daemon's own user and
 * members of the group may
 */
gboolean vmc_auth_is_trusted(const VmcAuthRules *rules, const VmcPeer *peer);

/**
 * vmc_auth_check:
 * @rules: the rules
 * @peer: who asks
 * @access: what for
 * @error: %VMC_ERROR_DENIED, and what would help
 *
 * Returns: whether @peer may
 */
gboolean vmc_auth_check(const VmcAuthRules *rules,
                        const VmcPeer *peer,
                        VmcAccess access,
                        GError **error);
