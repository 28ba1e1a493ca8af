/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "vmctl/job-watch.h"

#include "core/error.h"
#include "vmctl/event-feed.h"
#include "vmctl/datum.h"
#include "vmctl/progress.h"

#include <glib-unix.h>
#include <signal.h>

#define FIRST_RETRY_MS 100
#define LONGEST_RETRY_MS 2000
#define PATIENCE_S 60

typedef struct _Watch Watch;

/* A question to vmctld. It may outlive the watch, which then lets go of it. */
typedef struct {
    Watch *watch; /* (nullable): nobody wants to know any more */
    GCancellable *cancellable;
    guint late_id;
    gboolean is_late;
} Question;

struct _Watch {
    VmcClient *client;
    VmcWatchManner manner;
    VmcProgress *progress;
    GMainLoop *loop;
    JsonNode *job; /* as it was last seen */
    gint64 id;
    VmcEventFeed *feed;
    guint retry_source;
    guint retry_ms;
    gint64 lost_since_us; /* 0: vmctld answers */
    Question *look;       /* (nullable): what became of the job */
    Question *cancel;     /* (nullable): whether it can be cancelled */
    gboolean has_asked_to_cancel;
    GError *error; /* why it cannot be followed to its end */
};

static void open_feed(Watch *watch);

gboolean
vmc_job_is_ended(JsonObject *job)
{
    const char *state = vmc_json_text(job, "state");

    return g_strcmp0(state, "queued") != 0 && g_strcmp0(state, "running") != 0;
}

char *
vmc_job_label(JsonObject *job)
{
    const char *kind = vmc_json_text(job, "kind");
    const char *vm = vmc_json_text(job, "vm_name");

    return vm ? g_strdup_printf("%s '%s'", kind ? kind : "job", vm)
              : g_strdup(kind ? kind : "job");
}

/* ---- asking without blocking, so that Ctrl-C is heard ---------------------
 */

static gboolean
on_late(gpointer user_data)
{
    Question *question = user_data;

    question->late_id = 0;
    question->is_late = TRUE;
    g_cancellable_cancel(question->cancellable);
    return G_SOURCE_REMOVE;
}

/* 0: for as long as any request may take */
static Question *
ask(Watch *watch,
    const char *method,
    const char *path,
    guint limit_ms,
    GAsyncReadyCallback callback)
{
    Question *question = g_new0(Question, 1);

    question->watch = watch;
    question->cancellable = g_cancellable_new();
    if (limit_ms > 0)
        question->late_id = g_timeout_add(limit_ms, on_late, question);
    vmc_client_send_async(watch->client, method, path, question->cancellable,
                          callback, question);
    return question;
}

static void
let_go(Question **question)
{
    if (*question == NULL)
        return;
    g_clear_handle_id(&(*question)->late_id, g_source_remove);
    (*question)->watch = NULL;
    g_cancellable_cancel((*question)->cancellable);
    *question = NULL;
}

static JsonNode *
take_answer(Question *question, GAsyncResult *result, GError **error)
{
    JsonNode *answer = vmc_client_send_finish(result, error);

    if (answer == NULL && question->is_late) {
        g_clear_error(error);
        g_set_error(error, VMC_ERROR, VMC_ERROR_UNREACHABLE,
                    "vmctld does not answer");
    }
    g_clear_handle_id(&question->late_id, g_source_remove);
    g_object_unref(question->cancellable);
    g_free(question);
    return answer;
}

/* ---- what is learned ----------------------------------------------------- */

static void
end_with(Watch *watch, GError *error)
{
    g_clear_error(&watch->error);
    watch->error = error;
    g_main_loop_quit(watch->loop);
}

static void
show_progress(Watch *watch)
{
    JsonObject *object = json_node_get_object(watch->job);

    vmc_progress_update(watch->progress, vmc_json_text(object, "step"),
                        (guint) vmc_json_number(object, "progress_milli"));
}

static void
take_job(Watch *watch, JsonNode *job)
{
    JsonObject *object = json_node_get_object(job);

    if (vmc_json_number(object, "id") != watch->id)
        return;
    g_clear_pointer(&watch->job, json_node_unref);
    watch->job = json_node_ref(job);
    if (watch->lost_since_us != 0)
        vmc_progress_say(watch->progress, "vmctld is back");
    watch->lost_since_us = 0;
    watch->retry_ms = FIRST_RETRY_MS;
    if (vmc_job_is_ended(object))
        g_main_loop_quit(watch->loop);
    else
        show_progress(watch);
}

static void
on_event(const char *name, JsonNode *thing, gpointer user_data)
{
    if (g_str_equal(name, "job"))
        take_job(user_data, thing);
}

/* ---- when the feed is lost ----------------------------------------------- */

static void
note_absence(Watch *watch)
{
    gint64 now_us = g_get_monotonic_time();

    if (watch->lost_since_us == 0) {
        watch->lost_since_us = now_us;
        vmc_progress_say(watch->progress,
                         "lost vmctld, waiting for it to come back");
    } else if (now_us - watch->lost_since_us > PATIENCE_S * G_USEC_PER_SEC) {
        end_with(watch,
                 g_error_new(VMC_ERROR, VMC_ERROR_UNKNOWN,
                             "vmctld has not come back for %d s, so the end of "
                             "job %" G_GINT64_FORMAT
                             " is not known; when it runs again, 'vmctl job "
                             "wait %" G_GINT64_FORMAT "' follows it",
                             PATIENCE_S, watch->id, watch->id));
    }
}

static gboolean
is_absence(const GError *error)
{
    return vmc_error_of(error) == VMC_ERROR_UNREACHABLE ||
           vmc_error_of(error) == VMC_ERROR_FAILED;
}

static void
on_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Watch *watch = ((Question *) user_data)->watch;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) job = take_answer(user_data, result, &error);
    guint retry_ms;

    if (watch == NULL)
        return;
    watch->look = NULL;
    retry_ms = watch->retry_ms;
    if (job != NULL)
        take_job(watch, job);
    else if (is_absence(error))
        note_absence(watch);
    else
        end_with(watch, g_steal_pointer(&error));
    watch->retry_ms = MIN(retry_ms * 2, LONGEST_RETRY_MS);
    open_feed(watch);
}

/* The job is asked for once before the feed is opened again: it may have ended
 * meanwhile, and this works also where there is no feed to be had. */
static gboolean
retry(gpointer user_data)
{
    Watch *watch = user_data;
    g_autofree char *path =
        g_strdup_printf("/v1/jobs/%" G_GINT64_FORMAT, watch->id);

    watch->retry_source = 0;
    watch->look = ask(watch, SOUP_METHOD_GET, path,
                      vmc_client_patience(watch->client)->look_ms, on_looked);
    return G_SOURCE_REMOVE;
}

static void
on_ended(const GError *reason, gpointer user_data)
{
    Watch *watch = user_data;

    g_clear_pointer(&watch->feed, vmc_event_feed_close);
    if (watch->retry_source == 0)
        watch->retry_source = g_timeout_add(watch->retry_ms, retry, watch);
}

static const VmcEventFeedFuncs feed_funcs = {on_event, on_ended};

static void
open_feed(Watch *watch)
{
    g_autofree char *path =
        g_strdup_printf("/v1/events?job=%" G_GINT64_FORMAT, watch->id);

    watch->feed = vmc_event_feed_open(watch->client, path, &feed_funcs, watch);
}

/* ---- Ctrl-C -------------------------------------------------------------- */

static void
detach(Watch *watch)
{
    end_with(
        watch,
        g_error_new(VMC_ERROR, VMC_ERROR_UNKNOWN,
                    "detached: job %" G_GINT64_FORMAT
                    "%s goes on; 'vmctl job wait %" G_GINT64_FORMAT
                    "' follows it again",
                    watch->id,
                    watch->has_asked_to_cancel ? " was asked to stop, and" : "",
                    watch->id));
}

static void
on_cancel_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Watch *watch = ((Question *) user_data)->watch;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) answer = take_answer(user_data, result, &error);

    if (watch == NULL)
        return;
    watch->cancel = NULL;
    if (answer != NULL)
        vmc_progress_say(watch->progress,
                         "asked vmctld to cancel job %" G_GINT64_FORMAT
                         "; Ctrl-C again leaves it to its end",
                         watch->id);
    else
        vmc_progress_say(watch->progress,
                         "job %" G_GINT64_FORMAT
                         " cannot be cancelled: %s; Ctrl-C again leaves it to "
                         "its end",
                         watch->id, error->message);
}

static void
ask_to_cancel(Watch *watch)
{
    g_autofree char *path =
        g_strdup_printf("/v1/jobs/%" G_GINT64_FORMAT "/cancel", watch->id);

    watch->has_asked_to_cancel = TRUE;
    watch->cancel = ask(watch, SOUP_METHOD_POST, path, 0, on_cancel_answered);
}

static gboolean
on_interrupt(gpointer user_data)
{
    Watch *watch = user_data;

    if (watch->manner == VMC_WATCH_DETACHES || watch->has_asked_to_cancel)
        detach(watch);
    else
        ask_to_cancel(watch);
    return G_SOURCE_CONTINUE;
}

/* ---- public -------------------------------------------------------------- */

static gboolean
on_second(gpointer user_data)
{
    Watch *watch = user_data;

    vmc_progress_tick(watch->progress);
    return G_SOURCE_CONTINUE;
}

static void
run(Watch *watch, const VmcTerminal *terminal)
{
    guint interrupt = g_unix_signal_add(SIGINT, on_interrupt, watch);
    guint second = terminal->stderr_is_tty
                       ? g_timeout_add_seconds(1, on_second, watch)
                       : 0;

    vmc_progress_tick(watch->progress); /* before vmctld has said a word */
    open_feed(watch);
    g_main_loop_run(watch->loop);
    g_source_remove(interrupt);
    g_clear_handle_id(&second, g_source_remove);
    g_clear_handle_id(&watch->retry_source, g_source_remove);
    let_go(&watch->look);
    let_go(&watch->cancel);
    g_clear_pointer(&watch->feed, vmc_event_feed_close);
}

JsonNode *
vmc_job_watch(VmcClient *client,
              const VmcTerminal *terminal,
              JsonNode *job,
              VmcWatchManner manner,
              GError **error)
{
    JsonObject *object = json_node_get_object(job);
    g_autofree char *label = vmc_job_label(object);
    Watch watch = {
        .client = client,
        .manner = manner,
        .job = json_node_ref(job),
        .id = vmc_json_number(object, "id"),
        .retry_ms = FIRST_RETRY_MS,
    };

    if (vmc_job_is_ended(object))
        return watch.job;
    watch.progress = vmc_progress_new(terminal, label);
    show_progress(&watch);
    watch.loop = g_main_loop_new(NULL, FALSE);
    run(&watch, terminal);
    vmc_progress_free(watch.progress);
    g_main_loop_unref(watch.loop);
    if (vmc_job_is_ended(json_node_get_object(watch.job))) {
        g_clear_error(&watch.error);
        return watch.job;
    }
    json_node_unref(watch.job);
    g_propagate_error(error, watch.error);
    return NULL;
}
