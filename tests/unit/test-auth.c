/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/auth.h"

#include "core/error.h"

#include <glib.h>

#include <sys/socket.h>
#include <unistd.h>

#define OWN 900
#define GROUP 905
#define STRANGER 1000

typedef struct {
    const char *name;
    uid_t uid;
    gid_t gid;
    gid_t extra; /* a supplementary group, 0: none */
    gboolean has_group;
    gboolean others_read;
    gboolean may_read;
    gboolean may_write;
} Row;

static const Row rows[] = {
    {"root", 0, 0, 0, FALSE, FALSE, TRUE, TRUE},
    {"own-user", OWN, OWN, 0, FALSE, FALSE, TRUE, TRUE},
    {"member", STRANGER, STRANGER, GROUP, TRUE, FALSE, TRUE, TRUE},
    {"primary-group", STRANGER, GROUP, 0, TRUE, FALSE, TRUE, TRUE},
    {"stranger", STRANGER, STRANGER, 7, TRUE, FALSE, FALSE, FALSE},
    {"stranger-reads", STRANGER, STRANGER, 7, TRUE, TRUE, TRUE, FALSE},
    {"no-such-group", STRANGER, GROUP, GROUP, FALSE, FALSE, FALSE, FALSE},
    {"group-0-is-not-root", STRANGER, 0, 0, FALSE, FALSE, FALSE, FALSE},
};

/* Who may do what, one row a case: this table is the security of the API. */
static void
test_row(gconstpointer data)
{
    const Row *row = data;
    gid_t extra = row->extra;
    const VmcPeer peer = {.uid = row->uid,
                          .gid = row->gid,
                          .groups = &extra,
                          .n_groups = row->extra != 0 ? 1 : 0};
    const VmcAuthRules rules = {.own_uid = OWN,
                                .has_group = row->has_group,
                                .group = row->has_group ? GROUP : 0,
                                .others_read = row->others_read};
    g_autoptr(GError) read_error = NULL;
    g_autoptr(GError) write_error = NULL;

    g_assert_cmpint(vmc_auth_check(&rules, &peer, VMC_ACCESS_READ, &read_error),
                    ==, row->may_read);
    g_assert_cmpint(
        vmc_auth_check(&rules, &peer, VMC_ACCESS_WRITE, &write_error), ==,
        row->may_write);
    g_assert_cmpint(vmc_auth_is_trusted(&rules, &peer), ==, row->may_write);
    g_assert_true(row->may_read ||
                  vmc_error_of(read_error) == VMC_ERROR_DENIED);
    g_assert_true(row->may_write ||
                  vmc_error_of(write_error) == VMC_ERROR_DENIED);
}

/* The kernel's answer is understood, whatever groups there are. */
static void
test_peer_of_socket(void)
{
    int fds[2];
    g_autoptr(GError) error = NULL;
    g_auto(VmcPeer) peer = {0};

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==,
                    0);
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fds[0], &error);
    g_assert_no_error(error);
    g_assert_true(vmc_peer_read(socket, &peer, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(peer.uid, ==, geteuid());
    g_assert_cmpuint(peer.gid, ==, getegid());
    g_assert_cmpint((int) peer.n_groups, ==, getgroups(0, NULL));
    close(fds[1]);
}

/* What is no socket of a peer gives an error, not a stranger with uid 0. */
static void
test_peer_of_inet_socket(void)
{
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_autoptr(GError) error = NULL;
    g_auto(VmcPeer) peer = {.uid = 12345};

    g_assert_false(vmc_peer_read(socket, &peer, &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_FAILED);
    g_assert_cmpuint(peer.uid, ==, 12345);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/auth/", rows[i].name, NULL);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/auth/peer-of-socket", test_peer_of_socket);
    g_test_add_func("/auth/peer-of-inet-socket", test_peer_of_inet_socket);
    return g_test_run();
}
