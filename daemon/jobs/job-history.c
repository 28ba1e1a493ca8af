/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-history.h"

struct _VmcJobHistory {
    const VmcSettings *settings;
    GQueue records; /* VmcJobRecord, newest first */
};

VmcJobHistory *
vmc_job_history_new(const VmcSettings *settings)
{
    g_return_val_if_fail(settings != NULL, NULL);
    VmcJobHistory *self = g_new0(VmcJobHistory, 1);

    self->settings = settings;
    g_queue_init(&self->records);
    return self;
}

void
vmc_job_history_free(VmcJobHistory *self)
{
    if (self == NULL)
        return;
    g_queue_clear_full(&self->records, (GDestroyNotify) vmc_job_record_free);
    g_free(self);
}

gboolean
vmc_job_history_load(VmcJobHistory *self, VmcStore *store, GError **error)
{
    g_return_val_if_fail(self != NULL, FALSE);
    g_autoptr(GPtrArray) records =
        vmc_store_load_jobs(store, self->settings->job_history, error);

    if (records == NULL)
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        VmcJobRecord *record = g_ptr_array_index(records, i);
        if (vmc_job_state_is_final(record->state))
            g_queue_push_tail(&self->records, vmc_job_record_copy(record));
    }
    return TRUE;
}

void
vmc_job_history_add(VmcJobHistory *self, VmcJobRecord *record)
{
    g_return_if_fail(self != NULL && record != NULL);
    g_queue_push_head(&self->records, record);
    while (g_queue_get_length(&self->records) > self->settings->job_history)
        vmc_job_record_free(g_queue_pop_tail(&self->records));
}

const VmcJobRecord *
vmc_job_history_find(VmcJobHistory *self, guint64 id)
{
    g_return_val_if_fail(self != NULL, NULL);

    for (GList *link = self->records.head; link != NULL; link = link->next)
        if (((VmcJobRecord *) link->data)->id == id)
            return link->data;
    return NULL;
}

void
vmc_job_history_copy_to(VmcJobHistory *self, GPtrArray *records)
{
    g_return_if_fail(self != NULL && records != NULL);
    for (GList *link = self->records.head; link != NULL; link = link->next)
        g_ptr_array_add(records, vmc_job_record_copy(link->data));
}
