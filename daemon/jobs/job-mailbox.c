/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/jobs/job-mailbox.h"

/* A VM that changes faster than its job looks: the oldest news are dropped. */
#define EVENTS_MAX 64

typedef struct {
    VmcLink *link;
    gulong handler;
} Subscription;

struct _VmcJobMailbox {
    gatomicrefcount refs; /* of the job, and of each subscription */
    char *vm_uuid;
    GArray *subscriptions; /* the job's thread only */
    GMutex mutex;          /* over the rest */
    GCond cond;
    GQueue events; /* VmcJobEvent, oldest first */
    gboolean is_woken;
};

void
vmc_job_event_free(VmcJobEvent *event)
{
    if (event == NULL)
        return;
    g_free(event->detail);
    g_free(event);
}

static VmcJobMailbox *
mailbox_ref(VmcJobMailbox *mailbox)
{
    g_atomic_ref_count_inc(&mailbox->refs);
    return mailbox;
}

static void
mailbox_unref(gpointer data, GClosure *closure)
{
    VmcJobMailbox *mailbox = data;

    if (!g_atomic_ref_count_dec(&mailbox->refs))
        return;
    g_queue_clear_full(&mailbox->events, (GDestroyNotify) vmc_job_event_free);
    g_array_unref(mailbox->subscriptions);
    g_mutex_clear(&mailbox->mutex);
    g_cond_clear(&mailbox->cond);
    g_free(mailbox->vm_uuid);
    g_free(mailbox);
}

VmcJobMailbox *
vmc_job_mailbox_new(const char *vm_uuid)
{
    VmcJobMailbox *mailbox = g_new0(VmcJobMailbox, 1);

    g_atomic_ref_count_init(&mailbox->refs);
    mailbox->vm_uuid = g_strdup(vm_uuid);
    mailbox->subscriptions = g_array_new(FALSE, FALSE, sizeof(Subscription));
    g_mutex_init(&mailbox->mutex);
    g_cond_init(&mailbox->cond);
    g_queue_init(&mailbox->events);
    return mailbox;
}

void
vmc_job_mailbox_free(VmcJobMailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    for (guint i = 0; i < mailbox->subscriptions->len; i++) {
        Subscription *subscription =
            &g_array_index(mailbox->subscriptions, Subscription, i);
        g_signal_handler_disconnect(subscription->link, subscription->handler);
        g_object_unref(subscription->link);
    }
    g_array_set_size(mailbox->subscriptions, 0);
    mailbox_unref(mailbox, NULL);
}

/* Main thread. */
static void
on_event(VmcLink *link,
         VmcEventKind kind,
         const char *uuid,
         const char *detail,
         gpointer user_data)
{
    VmcJobMailbox *mailbox = user_data;

    if (uuid == NULL || g_strcmp0(uuid, mailbox->vm_uuid) != 0)
        return;
    VmcJobEvent *event = g_new0(VmcJobEvent, 1);
    event->kind = kind;
    event->detail = g_strdup(detail);

    g_mutex_lock(&mailbox->mutex);
    if (g_queue_get_length(&mailbox->events) >= EVENTS_MAX)
        vmc_job_event_free(g_queue_pop_head(&mailbox->events));
    g_queue_push_tail(&mailbox->events, event);
    g_cond_broadcast(&mailbox->cond);
    g_mutex_unlock(&mailbox->mutex);
}

void
vmc_job_mailbox_listen(VmcJobMailbox *mailbox, VmcLink *link)
{
    g_return_if_fail(mailbox != NULL && link != NULL);
    for (guint i = 0; i < mailbox->subscriptions->len; i++)
        if (g_array_index(mailbox->subscriptions, Subscription, i).link == link)
            return;

    Subscription subscription = {.link = g_object_ref(link)};
    subscription.handler =
        g_signal_connect_data(link, "event", G_CALLBACK(on_event),
                              mailbox_ref(mailbox), mailbox_unref, 0);
    g_array_append_val(mailbox->subscriptions, subscription);
}

void
vmc_job_mailbox_wake(VmcJobMailbox *mailbox)
{
    g_return_if_fail(mailbox != NULL);
    g_mutex_lock(&mailbox->mutex);
    mailbox->is_woken = TRUE;
    g_cond_broadcast(&mailbox->cond);
    g_mutex_unlock(&mailbox->mutex);
}

VmcJobEvent *
vmc_job_mailbox_wait(VmcJobMailbox *mailbox, gint64 end_us, gboolean want_event)
{
    g_return_val_if_fail(mailbox != NULL, NULL);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mailbox->mutex);
    gboolean in_time = TRUE;

    while (in_time && !mailbox->is_woken &&
           !(want_event && !g_queue_is_empty(&mailbox->events)))
        in_time = g_cond_wait_until(&mailbox->cond, &mailbox->mutex, end_us);
    mailbox->is_woken = FALSE;
    return want_event ? g_queue_pop_head(&mailbox->events) : NULL;
}
