/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/hypervisor/link.h"

/**
 * VmcJobEvent:
 * @kind: what happened to the job's VM
 * @detail: (nullable): in words
 */
typedef struct {
    VmcEventKind kind;
    char *detail;
} VmcJobEvent;

void vmc_job_event_free(VmcJobEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcJobEvent, vmc_job_event_free)

/*
 * Where a job's thread sleeps: until an event about its VM, which the main
 * thread puts in, until it is woken, or until a time has passed.
 */

typedef struct _VmcJobMailbox VmcJobMailbox;

/**
 * vmc_job_mailbox_new:
 * @vm_uuid: (nullable): the VM whose events are wanted
 *
 * Returns: (transfer full): an empty mailbox
 */
VmcJobMailbox *vmc_job_mailbox_new(const char *vm_uuid);

/* Events end. */
void vmc_job_mailbox_free(VmcJobMailbox *mailbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmcJobMailbox, vmc_job_mailbox_free)

/**
 * vmc_job_mailbox_listen:
 * @mailbox: a mailbox
 * @link: the link whose events are wanted too; once is enough
 */
void vmc_job_mailbox_listen(VmcJobMailbox *mailbox, VmcLink *link);

/* Any thread. Ends the present wait, or the next one. */
void vmc_job_mailbox_wake(VmcJobMailbox *mailbox);

/**
 * vmc_job_mailbox_wait:
 * @mailbox: a mailbox
 * @end_us: until when, by g_get_monotonic_time()
 * @want_event: whether an event ends it
 *
 * Returns: (transfer full) (nullable): the oldest event, %NULL when it was
 * woken or the time is over
 */
VmcJobEvent *vmc_job_mailbox_wait(VmcJobMailbox *mailbox,
                                  gint64 end_us,
                                  gboolean want_event);
