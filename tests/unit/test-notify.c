/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/notify.h"

#include "core/error.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
listen_at(const char *name, gsize length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, name, length);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(
        bind(fd, (struct sockaddr *) &address,
             (socklen_t) (G_STRUCT_OFFSET(struct sockaddr_un, sun_path) +
                          length)),
        ==, 0);
    return fd;
}

static void
assert_receives(int fd, const char *expected)
{
    char buffer[128] = "";

    g_assert_cmpint(recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT), ==,
                    (gssize) strlen(expected));
    g_assert_cmpstr(buffer, ==, expected);
    g_close(fd, NULL);
}

/* The manager gets the very words, by a path and by an abstract name. */
static void
test_sends(void)
{
    g_autofree char *folder = g_dir_make_tmp("notify-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    g_autofree char *abstract = g_strdup_printf("@vmctl-test-%d", getpid());
    g_autofree char *abstract_name = g_strdup(abstract);
    g_autoptr(GError) error = NULL;
    int fd = listen_at(path, strlen(path));

    g_setenv("NOTIFY_SOCKET", path, TRUE);
    vmc_notify("READY=1", &error);
    g_assert_no_error(error);
    assert_receives(fd, "READY=1");
    g_unlink(path);
    g_rmdir(folder);

    abstract_name[0] = '\0';
    fd = listen_at(abstract_name, strlen(abstract));
    g_setenv("NOTIFY_SOCKET", abstract, TRUE);
    g_assert_true(vmc_notify("STOPPING=1", NULL));
    assert_receives(fd, "STOPPING=1");
}

/* In the foreground there is no manager, and that is no error. */
static void
test_nobody_listens(void)
{
    g_unsetenv("NOTIFY_SOCKET");
    g_assert_true(vmc_notify("READY=1", NULL));
}

static void
test_bad_socket(void)
{
    g_autoptr(GError) error = NULL;

    g_setenv("NOTIFY_SOCKET", "relative", TRUE);
    g_assert_false(vmc_notify("READY=1", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_FAILED);
    g_clear_error(&error);
    g_setenv("NOTIFY_SOCKET", "/nonexistent/socket", TRUE);
    g_assert_false(vmc_notify("READY=1", &error));
    g_assert_error(error, VMC_ERROR, VMC_ERROR_FAILED);
}

static guint
watchdog_ms(const char *usec, const char *pid)
{
    if (usec != NULL)
        g_setenv("WATCHDOG_USEC", usec, TRUE);
    else
        g_unsetenv("WATCHDOG_USEC");
    if (pid != NULL)
        g_setenv("WATCHDOG_PID", pid, TRUE);
    else
        g_unsetenv("WATCHDOG_PID");
    return vmc_notify_watchdog_ms();
}

/* Half of what is allowed, and only when it is meant for this process. */
static void
test_watchdog(void)
{
    g_autofree char *own = g_strdup_printf("%d", getpid());

    g_assert_cmpuint(watchdog_ms(NULL, NULL), ==, 0);
    g_assert_cmpuint(watchdog_ms("30000000", NULL), ==, 15000);
    g_assert_cmpuint(watchdog_ms("30000000", own), ==, 15000);
    g_assert_cmpuint(watchdog_ms("30000000", "1"), ==, 0);
    g_assert_cmpuint(watchdog_ms("1", NULL), ==, 1);
    g_assert_cmpuint(watchdog_ms("soon", NULL), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notify/sends", test_sends);
    g_test_add_func("/notify/nobody-listens", test_nobody_listens);
    g_test_add_func("/notify/bad-socket", test_bad_socket);
    g_test_add_func("/notify/watchdog", test_watchdog);
    return g_test_run();
}
