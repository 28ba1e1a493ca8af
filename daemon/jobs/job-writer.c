/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-writer.h"

struct _VmcJobWriter {
    VmcJobWrittenFunc new_written;
    VmcJobWrittenFunc end_written;
    gpointer user_data;
    GThreadPool *thread; /* (nullable): until it is stopped */
    guint n_open;        /* written or to be, and not told of */
};

typedef struct {
    VmcJobWriter *self;
    VmcJobRun *run;
    GError *why;   /* (nullable): it is to end with this; else it is new */
    GError *error; /* (nullable): why it could not be written */
} Write;

static void
write_free(gpointer user_data)
{
    Write *write = user_data;

    vmc_job_run_unref(write->run);
    g_clear_error(&write->why);
    g_clear_error(&write->error);
    g_free(write);
}

static gboolean
tell(gpointer user_data)
{
    Write *write = user_data;
    VmcJobWriter *self = write->self;

    self->n_open--;
    if (write->why != NULL)
        self->end_written(write->run, write->error, self->user_data);
    else
        self->new_written(write->run, write->error, self->user_data);
    return G_SOURCE_REMOVE;
}

static void
write_end(VmcJobRun *run, const GError *why)
{
    /* first what the fleet was: an ended job is not looked at again */
    g_autoptr(GError) error = NULL;
    gboolean ok = TRUE;

    if (run->reserve != NULL && run->before != NULL)
        ok = vmc_store_put_vm(run->store, run->before, &error);
    else if (run->reserve != NULL)
        ok = vmc_store_remove_vm(run->store, run->reserve->uuid, &error);
    if (!ok)
        vmc_job_run_add_note(run, "job", error->message);
    vmc_job_run_finish(run, why);
}

static void
write_new(VmcJobRun *run, GError **error)
{
    g_autoptr(VmcJobRecord) record = vmc_job_run_copy_record(run);

    if (!vmc_store_submit_job(run->store, record, run->reserve, error))
        g_prefix_error(error, "the job was not begun, since it could not be "
                              "journalled: ");
}

/* In the writer's thread. */
static void
perform(gpointer data, gpointer user_data)
{
    Write *write = data;

    if (write->why != NULL)
        write_end(write->run, write->why);
    else
        write_new(write->run, &write->error);
    g_idle_add_full(G_PRIORITY_DEFAULT, tell, write, write_free);
}

VmcJobWriter *
vmc_job_writer_new(VmcJobWrittenFunc new_written,
                   VmcJobWrittenFunc end_written,
                   gpointer user_data)
{
    g_return_val_if_fail(new_written != NULL && end_written != NULL, NULL);
    VmcJobWriter *self = g_new0(VmcJobWriter, 1);

    self->new_written = new_written;
    self->end_written = end_written;
    self->user_data = user_data;
    self->thread = g_thread_pool_new(perform, NULL, 1, FALSE, NULL);
    return self;
}

void
vmc_job_writer_free(VmcJobWriter *self)
{
    if (self == NULL)
        return;
    vmc_job_writer_stop(self);
    g_free(self);
}

static void
push(VmcJobWriter *self, VmcJobRun *run, GError *why)
{
    Write write = {self, vmc_job_run_ref(run), why, NULL};

    self->n_open++;
    g_thread_pool_push(self->thread, g_memdup2(&write, sizeof write), NULL);
}

void
vmc_job_writer_write_new(VmcJobWriter *self, VmcJobRun *run)
{
    g_return_if_fail(self != NULL && self->thread != NULL && run != NULL);
    push(self, run, NULL);
}

void
vmc_job_writer_write_end(VmcJobWriter *self, VmcJobRun *run, GError *why)
{
    g_return_if_fail(self != NULL && self->thread != NULL && run != NULL);
    g_return_if_fail(why != NULL);
    push(self, run, why);
}

gboolean
vmc_job_writer_is_busy(VmcJobWriter *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return self->n_open > 0;
}

void
vmc_job_writer_stop(VmcJobWriter *self)
{
    g_return_if_fail(self != NULL);
    if (self->thread != NULL)
        g_thread_pool_free(g_steal_pointer(&self->thread), FALSE, TRUE);
}
