/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/listener.h"

#include "core/error.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOMEBODY 65534

typedef struct {
    char *dir;
    char *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = g_dir_make_tmp("vmctl-listener-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->dir, "run", "sock", NULL);
    g_assert_cmpint(g_chmod(fixture->dir, 0755), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_path_get_dirname(fixture->path);

    g_unlink(fixture->path);
    g_rmdir(folder);
    g_rmdir(fixture->dir);
    g_free(fixture->path);
    g_free(fixture->dir);
}

static VmcAuthRules
own_rules(void)
{
    return (VmcAuthRules){.own_uid = geteuid()};
}

static VmcListener *
open_listener(Fixture *fixture, const VmcAuthRules *rules)
{
    g_autoptr(GError) error = NULL;
    VmcListener *listener = vmc_listener_open(fixture->path, rules, &error);

    g_assert_no_error(error);
    return listener;
}

static void
assert_refused(Fixture *fixture, VmcError code, const char *advice)
{
    const VmcAuthRules rules = own_rules();
    g_autoptr(GError) error = NULL;

    g_assert_null(vmc_listener_open(fixture->path, &rules, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, VMC_ERROR, (int) code);
    g_assert_nonnull(strstr(error->message, fixture->path));
    g_assert_nonnull(strstr(error->message, advice));
}

static GSocket *
connect_to(Fixture *fixture, GError **error)
{
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(fixture->path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, NULL);

    return g_socket_connect(socket, address, NULL, error)
               ? g_steal_pointer(&socket)
               : NULL;
}

/* ---- who may connect ----------------------------------------------------- */

static void
assert_mode(Fixture *fixture, mode_t mode, gid_t group)
{
    GStatBuf info;

    g_assert_cmpint(g_stat(fixture->path, &info), ==, 0);
    g_assert_cmphex(info.st_mode & 07777, ==, mode);
    g_assert_cmpuint(info.st_gid, ==, group);
}

/* Whatever the umask: the file says who may connect at all. */
static void
test_modes(Fixture *fixture, gconstpointer data)
{
    static const mode_t masks[] = {0, 022, 0117};
    VmcAuthRules rules = own_rules();

    for (gsize i = 0; i < G_N_ELEMENTS(masks); i++) {
        mode_t before = umask(masks[i]);
        rules.others_read = FALSE;
        VmcListener *closed = open_listener(fixture, &rules);
        assert_mode(fixture, 0660, getegid());
        vmc_listener_free(closed);
        rules.others_read = TRUE;
        VmcListener *open = open_listener(fixture, &rules);
        assert_mode(fixture, 0666, getegid());
        vmc_listener_free(open);
        umask(before);
    }
}

/* Runs in a child as somebody else: exits with 0 when it may connect. */
static gboolean
may_somebody_connect(Fixture *fixture, gid_t group)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        g_autoptr(GSocket) socket = NULL;
        if (setgid(group) != 0 || setuid(SOMEBODY) != 0)
            _exit(2);
        socket = connect_to(fixture, NULL);
        _exit(socket != NULL ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

static void
test_group(Fixture *fixture, gconstpointer data)
{
    VmcAuthRules rules = {.has_group = TRUE, .group = 12};

    if (geteuid() != 0) {
        g_test_skip("only root can give files to other groups");
        return;
    }
    g_autoptr(VmcListener) listener = open_listener(fixture, &rules);
    assert_mode(fixture, 0660, 12);
    g_assert_true(may_somebody_connect(fixture, 12));
    g_assert_false(may_somebody_connect(fixture, 13));
}

/* Who connected is said by the kernel, not by the client. */
static void
test_peer(Fixture *fixture, gconstpointer data)
{
    VmcAuthRules rules = {.others_read = TRUE};
    g_auto(VmcPeer) peer = {0};
    g_autoptr(GError) error = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can become somebody else");
        return;
    }
    g_autoptr(VmcListener) listener = open_listener(fixture, &rules);
    g_assert_true(may_somebody_connect(fixture, 13));
    g_autoptr(GSocket) socket =
        g_socket_accept(vmc_listener_socket(listener), NULL, &error);
    g_assert_no_error(error);
    g_assert_true(vmc_peer_read(socket, &peer, &error));
    g_assert_cmpuint(peer.uid, ==, SOMEBODY);
    g_assert_cmpuint(peer.gid, ==, 13);
    g_assert_true(vmc_auth_check(&rules, &peer, VMC_ACCESS_READ, NULL));
    g_assert_false(vmc_auth_check(&rules, &peer, VMC_ACCESS_WRITE, NULL));
}

/* ---- what is there already ----------------------------------------------- */

/* As a vmctld that was killed leaves it. */
static void
leave_stale_socket(Fixture *fixture)
{
    g_autofree char *folder = g_path_get_dirname(fixture->path);
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(fixture->path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, NULL);

    g_mkdir(folder, 0755);
    g_assert_true(g_socket_bind(socket, address, FALSE, NULL));
    g_assert_true(g_socket_listen(socket, NULL));
}

static void
test_stale(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = own_rules();

    leave_stale_socket(fixture);
    g_assert_true(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
    g_autoptr(VmcListener) listener = open_listener(fixture, &rules);
    g_autoptr(GSocket) client = connect_to(fixture, NULL);
    g_assert_nonnull(client);
}

static void
test_in_use(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = own_rules();
    g_autoptr(VmcListener) listener = open_listener(fixture, &rules);

    assert_refused(fixture, VMC_ERROR_BUSY, "another vmctld does: stop it");
    g_autoptr(GSocket) client = connect_to(fixture, NULL);
    g_assert_nonnull(client);
}

/* One that is too busy to accept is not taken for dead. */
static void
test_full_backlog(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = own_rules();
    g_autoptr(VmcListener) listener = open_listener(fixture, &rules);
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(fixture->path);
    g_autoptr(GPtrArray) clients =
        g_ptr_array_new_with_free_func(g_object_unref);
    gboolean ok = TRUE;

    while (ok) {
        GSocket *socket =
            g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_DEFAULT, NULL);
        g_ptr_array_add(clients, socket);
        g_socket_set_blocking(socket, FALSE);
        ok = g_socket_connect(socket, address, NULL, NULL);
    }
    g_assert_cmpuint(clients->len, >, 10);
    assert_refused(fixture, VMC_ERROR_BUSY, "another vmctld");
}

static void
test_other_file(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_path_get_dirname(fixture->path);
    g_autofree char *text = NULL;

    g_mkdir(folder, 0755);
    g_assert_true(g_file_set_contents(fixture->path, "precious", -1, NULL));
    assert_refused(fixture, VMC_ERROR_EXISTS, "remove it, or set");
    g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "precious");
}

/* A link is not followed: it could lead to somebody else's socket. */
static void
test_link(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_path_get_dirname(fixture->path);

    g_mkdir(folder, 0755);
    g_assert_cmpint(symlink("/nonexistent/sock", fixture->path), ==, 0);
    assert_refused(fixture, VMC_ERROR_EXISTS, "something else than a socket");
}

static void
test_no_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_path_get_dirname(fixture->path);

    g_assert_true(g_file_set_contents(folder, "a file", -1, NULL));
    assert_refused(fixture, VMC_ERROR_FAILED, "set 'socket_path'");
    g_unlink(folder);
}

/* ---- its end ------------------------------------------------------------- */

static void
test_removes_its_own(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = own_rules();

    vmc_listener_free(open_listener(fixture, &rules));
    g_assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

/* Somebody removed the file and another vmctld listens there now. */
static void
test_leaves_what_took_its_place(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = own_rules();
    VmcListener *first = open_listener(fixture, &rules);

    g_unlink(fixture->path);
    g_autoptr(VmcListener) second = open_listener(fixture, &rules);
    vmc_listener_free(first);
    g_autoptr(GSocket) client = connect_to(fixture, NULL);
    g_assert_nonnull(client);
}

#define ADD(name, func)                                                        \
    g_test_add("/listener/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("modes", test_modes);
    ADD("group", test_group);
    ADD("peer", test_peer);
    ADD("stale", test_stale);
    ADD("in-use", test_in_use);
    ADD("full-backlog", test_full_backlog);
    ADD("other-file", test_other_file);
    ADD("link", test_link);
    ADD("no-folder", test_no_folder);
    ADD("removes-its-own", test_removes_its_own);
    ADD("leaves-what-took-its-place", test_leaves_what_took_its_place);
    return g_test_run();
}
