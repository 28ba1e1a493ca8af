/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-dispatcher.h"

#include "daemon/jobs/job-hosts.h"

#define LOOK_FOR_HOSTS_INTERVAL_S 2

struct _VmcJobDispatcher {
    VmcLiveFleet *live_fleet;
    const VmcSettings *settings;
    gulong host_handler;
    VmcJobRunFunc ended;
    gpointer user_data;
    GThreadPool *workers;
    GQueue pending; /* VmcJobRun, oldest first */
    guint n_running;
    guint look_id; /* while a job waits for a host */
    gboolean is_stopped;
};

/* ---- running --------------------------------------------------------------
 */

/* Who frees the dispatcher waits for its threads, so this needs no reference
 * to it. */
typedef struct {
    VmcJobDispatcher *self;
    VmcJobRun *run;
} Worked;

static void
worked_free(gpointer user_data)
{
    Worked *worked = user_data;

    vmc_job_run_unref(worked->run);
    g_free(worked);
}

static gboolean
on_worked(gpointer user_data)
{
    Worked *worked = user_data;
    VmcJobDispatcher *self = worked->self;

    self->n_running--;
    self->ended(worked->run, self->user_data);
    vmc_job_dispatcher_run(self);
    return G_SOURCE_REMOVE;
}

/* In the job's thread. */
static void
work(gpointer data, gpointer user_data)
{
    Worked worked = {user_data, data};

    vmc_job_run_execute(worked.run);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_worked,
                    g_memdup2(&worked, sizeof worked), worked_free);
}

static void
start(VmcJobDispatcher *self, VmcJobRun *run)
{
    g_queue_remove(&self->pending, run);
    run->is_started = TRUE;
    self->n_running++;
    g_thread_pool_push(self->workers, vmc_job_run_ref(run), NULL);
}

/* ---- waiting for hosts ----------------------------------------------------
 */

static void
note_waiting(VmcJobRun *run, const char *host)
{
    if (run->is_waiting_noted)
        return;
    run->is_waiting_noted = TRUE;
    g_autofree char *text =
        g_strdup_printf("waits for host '%s' to answer", host);
    vmc_job_run_add_note(run, "recovery", text);
    vmc_job_run_tell(run, TRUE);
}

/* A new job finds out by itself that a host does not answer, and fails; one
 * that was cut off may have had effects there, and waits. */
static gboolean
may_start(VmcJobDispatcher *self, VmcJobRun *run)
{
    g_autofree char *missing = NULL;

    if (run->is_ending)
        return FALSE;
    if (!run->is_resumed)
        return TRUE;
    missing = vmc_job_hosts_find_missing(run->record, self->live_fleet);
    if (missing != NULL)
        note_waiting(run, missing);
    return missing == NULL;
}

static gboolean
look_for_hosts(gpointer user_data)
{
    VmcJobDispatcher *self = user_data;

    self->look_id = 0;
    vmc_job_dispatcher_run(self);
    return G_SOURCE_REMOVE;
}

static void
on_host_changed(VmcLiveFleet *live_fleet, VmcHost *host, gpointer user_data)
{
    vmc_job_dispatcher_run(user_data);
}

/* ---- public ---------------------------------------------------------------
 */

VmcJobDispatcher *
vmc_job_dispatcher_new(VmcLiveFleet *live_fleet,
                       const VmcSettings *settings,
                       VmcJobRunFunc ended,
                       gpointer user_data)
{
    g_return_val_if_fail(VMC_IS_LIVE_FLEET(live_fleet), NULL);
    g_return_val_if_fail(settings != NULL && ended != NULL, NULL);
    VmcJobDispatcher *self = g_new0(VmcJobDispatcher, 1);

    self->live_fleet = g_object_ref(live_fleet);
    self->ended = ended;
    self->user_data = user_data;
    self->settings = settings;
    g_queue_init(&self->pending);
    self->workers = g_thread_pool_new(
        work, self, (gint) settings->max_running_jobs, FALSE, NULL);
    self->host_handler = g_signal_connect(live_fleet, "host-changed",
                                          G_CALLBACK(on_host_changed), self);
    return self;
}

void
vmc_job_dispatcher_free(VmcJobDispatcher *self)
{
    if (self == NULL)
        return;
    vmc_job_dispatcher_stop(self);
    g_thread_pool_free(self->workers, TRUE, FALSE);
    g_queue_clear(&self->pending);
    g_object_unref(self->live_fleet);
    g_free(self);
}

void
vmc_job_dispatcher_add(VmcJobDispatcher *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    g_queue_push_tail(&self->pending, run);
}

void
vmc_job_dispatcher_remove(VmcJobDispatcher *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && run != NULL);
    g_queue_remove(&self->pending, run);
}

void
vmc_job_dispatcher_run(VmcJobDispatcher *self)
{
    g_return_if_fail(self != NULL);
    guint n_waiting = 0;

    if (self->is_stopped)
        return;
    for (GList *link = self->pending.head, *next; link != NULL; link = next) {
        VmcJobRun *run = link->data;
        next = link->next;
        if (self->n_running >= self->settings->max_running_jobs)
            break;
        if (may_start(self, run))
            start(self, run);
        else
            n_waiting++;
    }
    if (n_waiting > 0 && self->look_id == 0)
        self->look_id = g_timeout_add_seconds(LOOK_FOR_HOSTS_INTERVAL_S,
                                              look_for_hosts, self);
}

void
vmc_job_dispatcher_stop(VmcJobDispatcher *self)
{
    g_return_if_fail(self != NULL);
    if (self->is_stopped)
        return;
    self->is_stopped = TRUE;
    g_signal_handler_disconnect(self->live_fleet, self->host_handler);
    g_clear_handle_id(&self->look_id, g_source_remove);
}

gboolean
vmc_job_dispatcher_is_busy(VmcJobDispatcher *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return self->n_running > 0;
}
