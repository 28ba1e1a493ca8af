/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/api/job-reply.h"

#include "daemon/clock.h"

/* A request that waits for its job to be in the journal. */
typedef struct {
    VmcRequest *request;
    VmcJobQueue *jobs;
    guint64 id;
    gulong handler;
} Reply;

static void
answer(VmcRequest *request, const VmcJobRecord *record)
{
    /* Forgotten at once: the journal could not be written. */
    if (record->state == VMC_JOB_FAILED && record->started_s == 0) {
        g_autoptr(GError) error = g_error_new_literal(
            VMC_ERROR, (int) record->error_code, record->error_message);
        vmc_request_fail(request, error);
        return;
    }
    vmc_request_answer_job(request, record);
}

/* The first change of a job says that it is in the journal, or not. */
static void
on_changed(VmcJobQueue *jobs, VmcJobRecord *record, gpointer user_data)
{
    Reply *reply = user_data;

    if (record->id != reply->id)
        return;
    g_signal_handler_disconnect(jobs, reply->handler);
    answer(reply->request, record);
    vmc_request_unref(reply->request);
    g_object_unref(reply->jobs);
    g_free(reply);
}

static VmcJobRecord *
make_record(VmcRequest *request,
            const char *kind,
            const VmcVm *vm,
            JsonObject *intent)
{
    VmcJobRecord *record = vmc_job_record_new(kind, vm->uuid, vm->name, intent);

    record->requested_by =
        g_strdup_printf("uid %u", (guint) vmc_request_peer(request)->uid);
    record->created_s = vmc_clock_now_s();
    return record;
}

gboolean
vmc_job_reply_submit(VmcRequest *request,
                     const char *kind,
                     const VmcVm *vm,
                     JsonObject *intent,
                     VmcVm *reserve,
                     GError **error)
{
    VmcJobQueue *jobs = vmc_request_api(request)->jobs;
    const guint64 id = vmc_job_queue_submit(
        jobs, make_record(request, kind, vm, intent), reserve, error);

    if (id == 0)
        return FALSE;
    Reply *reply = g_new0(Reply, 1);
    reply->request = vmc_request_ref(request);
    reply->jobs = g_object_ref(jobs);
    reply->id = id;
    reply->handler =
        g_signal_connect(jobs, "changed", G_CALLBACK(on_changed), reply);
    return TRUE;
}
