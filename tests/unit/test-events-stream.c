/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/events-stream.h"

#include "daemon/api/http.h"
#include "daemon/api/listener.h"
#include "daemon/control/observe.h"
#include "tests/unit/daemon-fixture.h"

#include <gio/gunixsocketaddress.h>

#include <string.h>
#include <unistd.h>

#define N_VMS 50
#define UUID_FORMAT "00000000-0000-4000-8000-%012u"
#define HEAD_END "\r\n\r\n"

/* A daemon that serves its API, and clients of it in the same loop. */
typedef struct {
    VmcDaemonFixture daemon;
    VmcEvents *events;
    VmcApi api;
    VmcListener *listener;
    VmcHttp *http;
    gboolean is_idle; /* no client is left */
} Fixture;

typedef struct {
    GSocket *socket;
    GString *text;
    gboolean is_over;
} Client;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    const VmcAuthRules rules = {.own_uid = geteuid()};
    VmcDaemonFixture *daemon = &fixture->daemon;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    vmc_daemon_fixture_set_up(daemon, NULL);
    daemon->settings->max_connections = 8;
    daemon->settings->request_timeout_s = 1;
    vmc_daemon_fixture_add_host(daemon, "h1");
    fixture->events =
        vmc_events_new(daemon->settings, daemon->live_fleet, daemon->queue);
    fixture->api = (VmcApi){.settings = daemon->settings,
                            .live_fleet = daemon->live_fleet,
                            .jobs = daemon->queue,
                            .events = fixture->events};
    path = g_build_filename(daemon->dir, "sock", NULL);
    fixture->listener = vmc_listener_open(path, &rules, &error);
    g_assert_no_error(error);
    fixture->http = vmc_http_new(&fixture->api, &rules);
    vmc_http_listen(fixture->http, vmc_listener_socket(fixture->listener));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->events, vmc_events_free);
    vmc_http_free(fixture->http);
    vmc_listener_free(fixture->listener);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    vmc_daemon_fixture_tear_down(&fixture->daemon, NULL);
}

/* ---- clients ------------------------------------------------------------- */

static Client *
ask(Fixture *fixture, const char *target)
{
    Client *client = g_new0(Client, 1);
    g_autofree char *path = g_build_filename(fixture->daemon.dir, "sock", NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: x" HEAD_END, target);
    g_autoptr(GError) error = NULL;

    client->text = g_string_new(NULL);
    client->socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_socket_connect(client->socket, address, NULL, &error);
    g_assert_no_error(error);
    g_socket_send(client->socket, request, strlen(request), NULL, &error);
    g_assert_no_error(error);
    g_socket_set_blocking(client->socket, FALSE);
    return client;
}

static void
hang_up(Client *client)
{
    g_object_unref(client->socket);
    g_string_free(client->text, TRUE);
    g_free(client);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, hang_up)

static void
receive(Client *client)
{
    char buffer[65536];
    gssize n_bytes;
    g_autoptr(GError) error = NULL;

    while ((n_bytes = g_socket_receive(client->socket, buffer, sizeof buffer,
                                       NULL, &error)) > 0)
        g_string_append_len(client->text, buffer, n_bytes);
    client->is_over = n_bytes == 0 || !g_error_matches(error, G_IO_ERROR,
                                                       G_IO_ERROR_WOULD_BLOCK);
}

typedef struct {
    Client *client;
    const char *text; /* NULL: its end */
} Awaited;

static gboolean
has_come(gpointer data)
{
    Awaited *awaited = data;

    receive(awaited->client);
    return awaited->text != NULL
               ? strstr(awaited->client->text->str, awaited->text) != NULL
               : awaited->client->is_over;
}

static void
await(Client *client, const char *text)
{
    Awaited awaited = {client, text};

    vmc_fixture_wait_until(has_come, &awaited);
}

static Client *
listen_to(Fixture *fixture, const char *target)
{
    Client *client = ask(fixture, target);

    await(client, HEAD_END);
    g_assert_true(g_str_has_prefix(client->text->str, "HTTP/1.1 200 "));
    return client;
}

static void
note_idle(gpointer user_data)
{
    Fixture *fixture = user_data;

    fixture->is_idle = TRUE;
}

static gboolean
is_idle(gpointer data)
{
    return ((Fixture *) data)->is_idle;
}

static void
await_idle(Fixture *fixture)
{
    vmc_http_when_idle(fixture->http, note_idle, fixture);
    vmc_fixture_wait_until(is_idle, fixture);
}

static guint
count(const char *text, const char *what)
{
    guint n = 0;

    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

/* ---- what changes -------------------------------------------------------- */

/* The reason of its state tells which change it was. */
static void
change_vm(Fixture *fixture, guint index, guint round)
{
    g_autofree char *uuid = g_strdup_printf(UUID_FORMAT, index);
    g_autofree char *name = g_strdup_printf("vm%u", index);
    g_autofree char *reason = g_strdup_printf("round %u", round);
    g_autoptr(VmcVm) vm = vmc_vm_new(uuid, name);

    vm->host = g_strdup("h1");
    vmc_vm_set_state(vm, VMC_VM_RUNNING, reason, round);
    vmc_live_fleet_put_vm(fixture->daemon.live_fleet, vm);
}

static void
change_all(Fixture *fixture, guint round)
{
    for (guint i = 0; i < N_VMS; i++)
        change_vm(fixture, i, round);
}

/* All that changes comes to who wants all, and only it to who wants one. */
static void
test_filter(Fixture *fixture, gconstpointer data)
{
    change_vm(fixture, 7, 1);
    g_autoptr(Client) all = listen_to(fixture, "/v1/events");
    g_autoptr(Client) one = listen_to(fixture, "/v1/events?vm=vm7");

    await(one, "\"round 1\""); /* as it is now, first of all */
    change_vm(fixture, 8, 2);
    change_vm(fixture, 7, 3);
    await(all, "\"round 3\"");
    await(one, "\"round 3\"");
    g_assert_nonnull(strstr(all->text->str, "\"round 2\""));
    g_assert_null(strstr(all->text->str, "\"round 1\""));
    g_assert_null(strstr(one->text->str, "\"round 2\""));
    vmc_live_fleet_remove_host(fixture->daemon.live_fleet, "h1");
    await(all, "event: host-gone\n");
    g_assert_null(strstr(one->text->str, "host-gone"));
}

/* Who does not read is sent the latest state of each thing when it does, and
 * not every state between: what waits for it stays as small as the fleet. */
static void
test_slow_reader(Fixture *fixture, gconstpointer data)
{
    const guint n_rounds = 200;
    guint n_events;

    fixture->daemon.settings->request_timeout_s = 3600;
    g_autoptr(Client) client = listen_to(fixture, "/v1/events");
    for (guint round = 1; round <= n_rounds; round++) {
        change_all(fixture, round);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    /* put last while it waited, so it comes last */
    change_vm(fixture, N_VMS, n_rounds + 1);
    await(client, "\"round 201\"");
    n_events = count(client->text->str, "event: vm\n");
    g_test_message("%u of %u", n_events, N_VMS * n_rounds);
    g_assert_cmpuint(n_events, <, N_VMS * n_rounds / 2);
    g_assert_cmpuint(count(client->text->str, "\"round 200\""), ==, N_VMS);
}

static gboolean
change_and_look(gpointer data)
{
    Fixture *fixture = data;

    change_all(fixture, 1);
    return fixture->is_idle;
}

/* Who takes nothing for too long is cut off, and leaves nothing behind. */
static void
test_stalled_reader(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Client) client = listen_to(fixture, "/v1/events");

    vmc_http_when_idle(fixture->http, note_idle, fixture);
    vmc_fixture_wait_until(change_and_look, fixture);
    await(client, NULL);
}

/* Who hangs up is forgotten at once, though nothing is sent to it. */
static void
test_disconnect(Fixture *fixture, gconstpointer data)
{
    hang_up(listen_to(fixture, "/v1/events"));
    await_idle(fixture);
    change_all(fixture, 1);
}

/* In the middle of what is sent to it, too. */
static void
test_disconnect_while_sending(Fixture *fixture, gconstpointer data)
{
    Client *client = listen_to(fixture, "/v1/events");

    change_all(fixture, 1);
    change_all(fixture, 2);
    hang_up(client);
    change_all(fixture, 3);
    await_idle(fixture);
}

/* Listeners leave room for those who ask and act. */
static void
test_too_many(Fixture *fixture, gconstpointer data)
{
    Client *clients[4];

    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        clients[i] = listen_to(fixture, "/v1/events");
    g_autoptr(Client) fifth = ask(fixture, "/v1/events");
    await(fifth, NULL);
    g_assert_true(g_str_has_prefix(fifth->text->str, "HTTP/1.1 409 "));
    g_assert_nonnull(strstr(fifth->text->str, "urn:vmctl:problem:busy"));
    g_assert_nonnull(strstr(fifth->text->str, "max_connections"));
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        hang_up(clients[i]);
    await_idle(fixture);
}

/* When vmctld ends, streams end, and no new one begins. */
static void
test_closed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Client) client = listen_to(fixture, "/v1/events");

    vmc_events_close(fixture->events);
    await(client, NULL);
    g_autoptr(Client) late = ask(fixture, "/v1/events");
    await(late, NULL);
    g_assert_nonnull(strstr(late->text->str, "vmctld is stopping"));
}

#define ADD(name, func)                                                        \
    g_test_add("/events-stream/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("filter", test_filter);
    ADD("slow-reader", test_slow_reader);
    ADD("stalled-reader", test_stalled_reader);
    ADD("disconnect", test_disconnect);
    ADD("disconnect-while-sending", test_disconnect_while_sending);
    ADD("too-many", test_too_many);
    ADD("closed", test_closed);
    return g_test_run();
}
