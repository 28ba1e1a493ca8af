/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/error.h"
#include "vmctl/datum.h"
#include "vmctl/job-watch.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A vmctld that does as it is told, in a thread of its own. */
typedef struct {
    const char *const *feeds; /* states each feed sends; NULL: refused, and a
                               * "." at the end leaves it open */
    const char *const *gets;  /* state each GET gives; NULL: no such job; "?":
                               * no answer */
    const VmcPatience *patience; /* NULL: the usual one */
    guint n_feeds;
    guint n_gets;
    guint n_cancels;
    guint n_interrupts; /* Ctrl-C so often: at a feed, then at each cancel */
    const char *after_cancel;
    char *socket_path;
    SoupServer *server;
    SoupServerMessage *open_feed;
    GMainLoop *loop;
    GThread *thread;
} Fake;

static char *
job_json(const char *state)
{
    return g_strdup_printf("{\"id\": 1, \"kind\": \"create\", \"vm_name\": "
                           "\"web1\", \"state\": \"%s\", \"step\": \"s\", "
                           "\"progress_milli\": 500}",
                           state);
}

static void
interrupt(Fake *fake)
{
    if (fake->n_interrupts == 0)
        return;
    fake->n_interrupts--;
    kill(getpid(), SIGINT);
}

static void
answer(SoupServerMessage *message, guint status, const char *text)
{
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, "application/json",
                                     SOUP_MEMORY_COPY, text, strlen(text));
}

static void
send_state(SoupServerMessage *message, const char *state)
{
    g_autofree char *job = job_json(state);
    char *event = g_strdup_printf("event: job\ndata: %s\n\n", job);

    soup_message_body_append_take(
        soup_server_message_get_response_body(message), (guchar *) event,
        strlen(event));
}

static void
serve_feed(Fake *fake, SoupServerMessage *message)
{
    const char *plan = fake->feeds[fake->n_feeds++];
    g_auto(GStrv) states = NULL;

    if (plan == NULL) {
        answer(message, 409, "{\"type\": \"urn:vmctl:problem:busy\"}");
        return;
    }
    states = g_strsplit(plan, " ", -1);
    soup_server_message_set_status(message, 200, NULL);
    soup_message_headers_set_encoding(
        soup_server_message_get_response_headers(message),
        SOUP_ENCODING_CHUNKED);
    for (guint i = 0; states[i] != NULL; i++)
        if (!g_str_equal(states[i], "."))
            send_state(message, states[i]);
    if (g_str_has_suffix(plan, "."))
        fake->open_feed = message;
    else
        soup_message_body_complete(
            soup_server_message_get_response_body(message));
    interrupt(fake);
}

static void
serve_cancel(Fake *fake, SoupServerMessage *message)
{
    g_autofree char *job = job_json("running");
    g_autofree char *text = g_strdup_printf("{\"job\": %s}", job);

    fake->n_cancels++;
    answer(message, 202, text);
    interrupt(fake);
    if (fake->after_cancel == NULL || fake->open_feed == NULL)
        return;
    send_state(fake->open_feed, fake->after_cancel);
    soup_message_body_complete(
        soup_server_message_get_response_body(fake->open_feed));
    soup_server_message_unpause(fake->open_feed);
}

static void
serve_get(Fake *fake, SoupServerMessage *message)
{
    const char *state = fake->gets[fake->n_gets++];
    g_autofree char *job = state ? job_json(state) : NULL;

    if (g_strcmp0(state, "?") == 0)
        soup_server_message_pause(message);
    else if (state != NULL)
        answer(message, 200, job);
    else
        answer(message, 404,
               "{\"type\": \"urn:vmctl:problem:not-found\","
               " \"detail\": \"there is no job '1'\"}");
}

static void
serve(SoupServer *server,
      SoupServerMessage *message,
      const char *path,
      GHashTable *query,
      gpointer user_data)
{
    if (g_str_equal(path, "/v1/events"))
        serve_feed(user_data, message);
    else if (g_str_equal(path, "/v1/jobs/1/cancel"))
        serve_cancel(user_data, message);
    else if (g_str_equal(path, "/v1/jobs/1"))
        serve_get(user_data, message);
    else
        answer(message, 500, "{}");
}

static gpointer
run_server(gpointer user_data)
{
    Fake *fake = user_data;
    g_autoptr(GMainContext) context = g_main_loop_get_context(fake->loop);

    g_main_context_ref(context);
    g_main_context_push_thread_default(context);
    g_autoptr(GSocketAddress) address =
        g_unix_socket_address_new(fake->socket_path);
    g_autoptr(SoupServer) server = soup_server_new(NULL, NULL);
    soup_server_add_handler(server, NULL, serve, fake, NULL);
    g_assert_true(soup_server_listen(server, address, 0, NULL));
    g_atomic_pointer_set(&fake->server, server);
    g_main_loop_run(fake->loop);
    soup_server_disconnect(server);
    while (g_main_context_iteration(context, FALSE))
        ;
    g_main_context_pop_thread_default(context);
    return NULL;
}

static void
fake_start(Fake *fake)
{
    g_autofree char *folder = g_dir_make_tmp("vmctl-test-XXXXXX", NULL);
    g_autoptr(GMainContext) context = g_main_context_new();

    fake->socket_path = g_build_filename(folder, "sock", NULL);
    fake->loop = g_main_loop_new(context, FALSE);
    fake->thread = g_thread_new("fake", run_server, fake);
    while (g_atomic_pointer_get(&fake->server) == NULL)
        g_thread_yield();
}

static void
fake_stop(Fake *fake)
{
    g_autofree char *folder = g_path_get_dirname(fake->socket_path);

    g_main_loop_quit(fake->loop);
    g_thread_join(fake->thread);
    g_main_loop_unref(fake->loop);
    g_unlink(fake->socket_path);
    g_rmdir(folder);
    g_free(fake->socket_path);
}

/* Watches job 1 of @fake. Returns its last state, or NULL and the error. */
static char *
watch(Fake *fake, VmcWatchManner manner, GError **error)
{
    VmcTerminal nowhere = {0};
    g_autofree char *text = job_json("queued");
    g_autoptr(JsonNode) job = json_from_string(text, NULL);
    g_autoptr(JsonNode) end = NULL;

    fake_start(fake);
    g_autoptr(VmcClient) client = vmc_client_new(fake->socket_path, NULL);
    if (fake->patience != NULL)
        vmc_client_set_patience(client, fake->patience);
    end = vmc_job_watch(client, &nowhere, job, manner, error);
    g_clear_pointer(&client, vmc_client_free);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    fake_stop(fake);
    return end ? g_strdup(vmc_json_text(json_node_get_object(end), "state"))
               : NULL;
}

static void
assert_end(Fake *fake, const char *state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *end = watch(fake, VMC_WATCH_CANCELS, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(end, ==, state);
}

/* The usual course: the feed tells it all, and nothing is asked twice. */
static void
test_feed(void)
{
    const char *const feeds[] = {"queued running running done", NULL};
    Fake fake = {.feeds = feeds};

    assert_end(&fake, "done");
    g_assert_cmpuint(fake.n_feeds, ==, 1);
    g_assert_cmpuint(fake.n_gets, ==, 0);
}

/* The job ended while the feed was lost. */
static void
test_ended_meanwhile(void)
{
    const char *const feeds[] = {"running", "running .", NULL};
    const char *const gets[] = {"failed", NULL};
    Fake fake = {.feeds = feeds, .gets = gets};

    assert_end(&fake, "failed");
    g_assert_cmpuint(fake.n_gets, ==, 1);
}

/* The job goes on: so does the watch, on a new feed. */
static void
test_new_feed(void)
{
    const char *const feeds[] = {"running", "running partial", NULL};
    const char *const gets[] = {"running", NULL};
    Fake fake = {.feeds = feeds, .gets = gets};

    assert_end(&fake, "partial");
    g_assert_cmpuint(fake.n_feeds, ==, 2);
}

/* No feed is to be had: asking again and again works as well. */
static void
test_no_feed(void)
{
    const char *const feeds[] = {NULL, NULL, NULL, NULL};
    const char *const gets[] = {"running", "running", "done", NULL};
    Fake fake = {.feeds = feeds, .gets = gets};

    assert_end(&fake, "done");
}

/* A vmctld that has forgotten the job is believed. */
static void
test_forgotten(void)
{
    const char *const feeds[] = {"running", "running .", NULL};
    const char *const gets[] = {NULL};
    Fake fake = {.feeds = feeds, .gets = gets};
    g_autoptr(GError) error = NULL;
    g_autofree char *end = watch(&fake, VMC_WATCH_CANCELS, &error);

    g_assert_null(end);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_NOT_FOUND);
}

static const VmcPatience little_patience = {
    .answer_s = 90, .silence_ms = 100, .look_ms = 100};

/* A vmctld that hangs keeps the feed open: that nothing comes is enough. */
static void
test_silent_feed(void)
{
    const char *const feeds[] = {"running .", NULL};
    const char *const gets[] = {"done", NULL};
    Fake fake = {.feeds = feeds, .gets = gets, .patience = &little_patience};

    assert_end(&fake, "done");
    g_assert_cmpuint(fake.n_gets, ==, 1);
}

/* Nor is a look waited for without end; and when it comes to itself again, the
 * watch goes on. */
static void
test_silent_look(void)
{
    const char *const feeds[] = {"running .", "running done", NULL};
    const char *const gets[] = {"?", NULL};
    Fake fake = {.feeds = feeds, .gets = gets, .patience = &little_patience};

    assert_end(&fake, "done");
    g_assert_cmpuint(fake.n_feeds, ==, 2);
}

/* Ctrl-C asks to cancel, once, and waits for what becomes of it. */
static void
test_cancel(void)
{
    const char *const feeds[] = {"running .", NULL};
    Fake fake = {
        .feeds = feeds, .n_interrupts = 1, .after_cancel = "cancelled"};

    assert_end(&fake, "cancelled");
    g_assert_cmpuint(fake.n_cancels, ==, 1);
}

/* The job was faster than the wish to cancel it: it is done. */
static void
test_cancel_too_late(void)
{
    const char *const feeds[] = {"running .", NULL};
    Fake fake = {.feeds = feeds, .n_interrupts = 1, .after_cancel = "done"};

    assert_end(&fake, "done");
}

static void
assert_detached(Fake *fake, VmcWatchManner manner, guint n_cancels)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *end = watch(fake, manner, &error);

    g_assert_null(end);
    g_assert_error(error, VMC_ERROR, VMC_ERROR_UNKNOWN);
    g_assert_nonnull(strstr(
        error->message, n_cancels > 0 ? "job 1 was asked to stop, and goes on;"
                                      : "job 1 goes on;"));
    g_assert_cmpuint(fake->n_cancels, ==, n_cancels);
}

/* A second Ctrl-C does not wait for what the first one asked for. */
static void
test_detach(void)
{
    const char *const feeds[] = {"running .", NULL};
    Fake fake = {.feeds = feeds, .n_interrupts = 2};

    assert_detached(&fake, VMC_WATCH_CANCELS, 1);
}

/* Who only looks on cancels nothing. */
static void
test_look_on(void)
{
    const char *const feeds[] = {"running .", NULL};
    Fake fake = {.feeds = feeds, .n_interrupts = 1};

    assert_detached(&fake, VMC_WATCH_DETACHES, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job-watch/feed", test_feed);
    g_test_add_func("/job-watch/ended-meanwhile", test_ended_meanwhile);
    g_test_add_func("/job-watch/new-feed", test_new_feed);
    g_test_add_func("/job-watch/no-feed", test_no_feed);
    g_test_add_func("/job-watch/forgotten", test_forgotten);
    g_test_add_func("/job-watch/silent-feed", test_silent_feed);
    g_test_add_func("/job-watch/silent-look", test_silent_look);
    g_test_add_func("/job-watch/cancel", test_cancel);
    g_test_add_func("/job-watch/cancel-too-late", test_cancel_too_late);
    g_test_add_func("/job-watch/detach", test_detach);
    g_test_add_func("/job-watch/look-on", test_look_on);
    return g_test_run();
}
